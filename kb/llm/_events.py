"""The stream of an OpenAI-compatible server: bytes to lines, lines to events, events to what they say.

Pure. Refuses what is no JSON of the expected kind; unknown fields are left alone.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

LINE = 2_000_000
"""Bytes of one line that are taken."""


class Unreadable(ValueError):
    """What came is not what such a server sends; the message quotes it."""


@dataclass(frozen=True)
class Event:
    """What one event says."""

    text: str = ""
    finish: str = ""
    usage: dict[str, Any] | None = None
    error: str = ""
    done: bool = False


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield lines. They end at line feeds alone: texts may hold other characters that Python splits at."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip("\r")
        if len(rest) > LINE:
            raise Unreadable("a line without end")
    if rest:
        yield rest.decode("utf-8", "replace")


def events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of a stream; comments and fields other than `data` are passed over."""
    for line in lines(chunks):
        name, _, value = line.partition(":")
        if name != "data" or not value.strip():
            continue
        if value.strip() == "[DONE]":
            yield Event(done=True)
            return
        yield read_event(value)


def read_event(text: str) -> Event:
    """Return what a JSON object of the server says: a part of an answer, or a whole one.

    Raises:
        Unreadable: it is something else.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Unreadable(text.strip()[:120]) from error
    if not isinstance(found, dict):
        raise Unreadable(text.strip()[:120])
    if found.get("error"):
        return Event(error=complaint(text))
    usage = found.get("usage")
    choices: Any = found.get("choices")
    if choices == [] or (choices is None and usage):
        return Event(usage=usage if isinstance(usage, dict) else None)
    try:
        choice = choices[0]
        part = choice.get("delta") or choice.get("message") or {}
        content, finish = part.get("content"), choice.get("finish_reason")
    except (TypeError, AttributeError, LookupError) as error:
        raise Unreadable(text.strip()[:120]) from error
    if content is not None and not isinstance(content, str):
        raise Unreadable(text.strip()[:120])
    return Event(
        text=content or "",
        finish=finish if isinstance(finish, str) else "",
        usage=usage if isinstance(usage, dict) else None,
    )


def complaint(text: str) -> str:
    """Return the message of a server's error, whatever its form; at most 300 characters."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        return "" if "<html" in text[:500].lower() else " ".join(text.split())[:300]
    for _ in range(3):
        if not isinstance(found, dict):
            break
        found = next((found[name] for name in ("error", "message", "detail", "msg") if found.get(name)), "")
    return " ".join(str(found).split())[:300]
