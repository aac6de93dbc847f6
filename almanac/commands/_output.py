"""What commands share: JSON on standard output, bars on a terminal, batches of requests."""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kb.errors import AlmanacError, SourceError

Reply = dict[str, Any]
log = logging.getLogger("almanac")


def print_json(value: object) -> None:
    """Print one JSON value on one line."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def add_batch(parser: argparse.ArgumentParser, line: str) -> None:
    """Add `--batch`, whose lines are shaped as `line` says."""
    parser.add_argument("--batch", metavar="FILE", help=f"one request a line ({line}), one result a line; - is stdin")


def run_batch(file: str, answer: Callable[[Reply], Reply]) -> int:
    """Answer every line of a batch file in order; a bad line gives an error in its place.

    Raises:
        SourceError: the file cannot be read.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"The batch {file} cannot be read: {error}.", "Name a UTF-8 file of JSON lines.") from error
    for line in text.split("\n"):
        if line.strip():
            print_json(_answer(line, answer))
    return 0


def _answer(line: str, answer: Callable[[Reply], Reply]) -> Reply:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"id": None, "error": {"field": "", "message": f"not JSON: {error}"}}
    if not isinstance(request, dict):
        return {"id": None, "error": {"field": "", "message": "a request must be a JSON object"}}
    name = request.get("id")
    try:
        return {"id": name, **answer(request)}
    except FieldError as error:
        return {"id": name, "error": {"field": error.field, "message": error.message}}
    except AlmanacError as error:
        return {"id": name, "error": {"field": "", "message": error.message}}
    except Exception as error:
        # A fault of the product in one line must not cost the answers to the others.
        log.exception("A line of a batch failed")
        return {"id": name, "error": {"field": "", "message": f"a fault of the Almanac: {error!r}"}}


class FieldError(AlmanacError):
    """A field of a batch line is missing or wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}", "Mend the line.")
        self.field = field


def take(request: Reply, field: str, kind: type, default: Any = None) -> Any:
    """Return a field of a batch line, checked; `default` None makes it required."""
    value = request.get(field, default)
    if value is None:
        raise FieldError(field, "is missing")
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise FieldError(field, f"must be {kind.__name__}, not {type(value).__name__}")
    return value


@contextmanager
def bar(label: str, *, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar on a terminal; elsewhere, or where quiet, show nothing."""
    if quiet or not sys.stderr.isatty():
        yield lambda text, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None)

        def update(text: str, done: int, total: int) -> None:
            progress.update(task, description=f"{label}{text}", completed=done, total=total or None)

        yield update
