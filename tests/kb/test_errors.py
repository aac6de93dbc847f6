"""Errors are fit to be shown: message, hint, and one root to catch them by."""

import inspect

import pytest

from kb import errors
from kb.errors import AlmanacError

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, Exception)]


def test_message_and_hint_make_two_lines() -> None:
    error = AlmanacError("notes.md is empty.", "Save it again.")
    assert (error.message, error.hint) == ("notes.md is empty.", "Save it again.")
    assert str(error).splitlines() == ["notes.md is empty.", "Save it again."]


def test_without_a_hint_there_is_one_line() -> None:
    assert str(AlmanacError("notes.md is empty.")) == "notes.md is empty."


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_error_can_be_caught_as_one_of_ours(cls: type[Exception]) -> None:
    assert issubclass(cls, AlmanacError)


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        name = line.lstrip("│ ├└─")
        if name.isidentifier():
            drawn.append(((len(line) - len(name)) // 4, name))
    real: list[tuple[int, str]] = []

    def walk(cls: type[Exception], depth: int) -> None:
        real.append((depth, cls.__name__))
        for child in cls.__subclasses__():
            if child.__module__ == errors.__name__:
                walk(child, depth + 1)

    walk(AlmanacError, 0)
    assert drawn == real
