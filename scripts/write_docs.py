"""Write the generated tables of README.md: settings, commands, calculators, topics and errors.

Owns what stands between the lines `<!-- begin: NAME -->` and `<!-- end: NAME -->`; the rest is
written by hand and left alone. Run `make docs` after adding one of them; a test fails until then.
"""

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
LIBRARY = ("kb", "ingest", "digests", "calculators", "chat", "almanac")


def settings() -> str:
    """Return the table of settings."""
    from kb.settings import Settings

    rows = [
        (f"`ALMANAC_{name.upper()}`", _shown(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return _table(("Variable", "Default", "Meaning"), rows)


def commands() -> str:
    """Return the table of commands."""
    from almanac.__main__ import discover

    rows = [(f"`python -m almanac {name}`", _sentence(module.HELP)) for name, module in discover().items()]
    return _table(("Command", "What it does"), rows)


def calculators() -> str:
    """Return the table of calculators."""
    from calculators import discover

    rows = [(f"`{name}`", calculator.title, calculator.question) for name, calculator in discover().items()]
    return _table(("Calculator", "Title", "Answers"), rows)


def topics() -> str:
    """Return the table of topics."""
    from kb.topics import load_topics

    rows = [(f"`{slug}`", topic.title, topic.description) for slug, topic in load_topics().items()]
    return _table(("Topic", "Title", "Is about"), rows)


def errors() -> str:
    """Return the list of errors, as the tree that they are."""
    return "\n".join(f"{'  ' * depth}- `{cls.__name__}`: {_first_line(cls)}" for depth, cls in error_classes())


def error_classes() -> list[tuple[int, type[Exception]]]:
    """Return every error class that a reader may see, with its depth in the tree."""
    for name in LIBRARY:
        if (ROOT / name / "__init__.py").exists():
            package = importlib.import_module(name)
            for found in pkgutil.walk_packages(package.__path__, f"{name}."):
                if not found.name.endswith("__main__"):
                    importlib.import_module(found.name)
    from calculators import CalculatorError
    from kb.errors import AlmanacError

    return [*_tree(AlmanacError, 0), *_tree(CalculatorError, 0)]


def _tree(root: type[Exception], depth: int) -> Iterator[tuple[int, type[Exception]]]:
    yield depth, root
    for child in sorted(root.__subclasses__(), key=lambda cls: cls.__name__):
        # Tests may derive errors of their own.
        if not child.__name__.startswith("_") and child.__module__.split(".")[0] in LIBRARY:
            yield from _tree(child, depth + 1)


SECTIONS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "commands": commands,
    "calculators": calculators,
    "topics": topics,
    "errors": errors,
}


def generate(text: str) -> str:
    """Return README's text with every generated part renewed.

    Raises:
        ValueError: a pair of marks is missing.
    """
    for name, make in SECTIONS.items():
        pattern = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"README.md lacks the marks of the generated part {name!r}")
        made = make()
        text = pattern.sub(lambda match, made=made: f"{match[1]}{made}\n{match[2]}", text)  # type: ignore[misc]
    return text


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _shown(value: object) -> str:
    if value is None or str(value) == "":
        return "(empty)"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _first_line(cls: type[Exception]) -> str:
    return _sentence((cls.__doc__ or "").strip().splitlines()[0])


def main() -> int:
    """Rewrite README.md and say whether anything changed."""
    before = README.read_text(encoding="utf-8")
    after = generate(before)
    README.write_text(after, encoding="utf-8")
    print("README.md was up to date." if before == after else "README.md was rewritten.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
