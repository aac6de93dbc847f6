"""Telling lines of program code from prose in text that lost its markup.

Owns the recognition of code lines and of listings whose line numbers were glued to the code.
Refuses to guess on a single line: only a run is believed. Invariant: characters of code are kept
as they are; the glued numbers alone are dropped.
"""

import re
from collections.abc import Sequence

_COMMAND = (
    r"(?:pip3?|conda|apt(?:-get)?|yum|brew|git|docker|kubectl|curl|wget|npm|npx|cmake|make|python3?|cd|mkdir|export|sudo|"
    r"source|torchrun|deepspeed|bash|sh|\./[\w./-]+|[a-z][\w]*-cli)"
)
_CODE = re.compile(
    r"\s*(?:"
    r"from\s+[\w.]+\s+import\s+[\w*(]|import\s+[\w.]+(?:\s+as\s+\w+|\s*;|,\s*\w+)*\s*$"
    r"|(?:async\s+)?(?:def|class|struct|enum|fn|func|function)\s+[\w:]+\s*[(:{<]"
    r"|(?:for|while|if|elif|else|try|except|with|switch|do)\b[^.?!]*[:{]\s*$"
    r"|(?:return|yield|raise|throw|assert|print|const|let|var|auto|int|float|void|using|namespace|template)\b"
    r"[^.?!]*[()=;<>\[\]][^.?!]*$"
    r"|(?:>>>|\$)\s+\S"
    rf"|{_COMMAND}\s+(?:\S+\s+)*(?:-\S|\S*/\S|\S+==\S|install\b|\S+\.(?:py|sh|txt|json|ya?ml|git)\b)"
    r"|[A-Za-z_][\w.\[\]\"']*\s*(?:[-+*/|&]?=)(?!=)\s*\S"
    r"|[A-Za-z_][\w.]*\([^.?!]*\)\s*[;:{,]?\s*$"
    r"|[{}()\[\]]+[;,]?\s*$"
    r"|(?://|/\*|#include\b|#define\b|#pragma\b|#!|@[a-z]\w*(?:\(|\s*$))"
    r"|[^.?!]*[=()<>\[\]][^.?!]*[;{]\s*$"
    r")",
    re.ASCII,
)
_SYMBOLS = re.compile(r"[()=_\[\]{}<>'\"#*+./:]")
_SUBNUMBER = re.compile(r"(?:\.\d+)+(?:\s|$)")
_MIN_RUN = 3


def is_code(line: str) -> bool:
    """Tell whether a line alone looks like program code or a shell command."""
    if len(line) > 400:
        return False
    ascii_part = line if line.isascii() else re.sub(r"[^\x00-\x7f]+", "", line)
    # Comments and strings may be Chinese, the code around them is not.
    return len(ascii_part) * 2 >= len(line) and _CODE.match(ascii_part) is not None


def glued_run(lines: Sequence[str], start: int) -> int:
    """Return the end of a listing whose lines open with glued numbers 1, 2, 3 …; `start` if there is none."""
    end, number = start, 1
    while end < len(lines) and lines[end].startswith(str(number)) and _fits(lines[end], number):
        end, number = end + 1, number + 1
    count = end - start
    if count == 0:
        return start
    bodies = [line[len(str(n)) :] for n, line in enumerate(lines[start:end], 1)]
    codelike = sum(_is_glued_code(body) for body in bodies)
    if count < _MIN_RUN:
        before = lines[start - 1].rstrip() if start else ""
        introduced = before.endswith((":", "："))
        return end if introduced and codelike == count and not any(" " in body.strip() for body in bodies) else start
    return end if codelike * 5 >= count * 3 else start


def strip_numbers(lines: Sequence[str]) -> list[str]:
    """Return the lines of a listing without the glued numbers 1, 2, 3 …."""
    return [line[len(str(number)) :].rstrip() for number, line in enumerate(lines, 1)]


def _fits(line: str, number: int) -> bool:
    rest = line[len(str(number)) :]
    # `1. text`, `1、text`, `1 text` and `2.3 text` are items and headings, not listings.
    return not rest or not (
        rest[0].isspace()
        or rest[0] in "、．）"
        or (rest[0] in ".):：" and rest[1:2] in ("", " "))
        or _SUBNUMBER.match(rest)
    )


def _is_glued_code(body: str) -> bool:
    body = body.strip()
    if not body:
        return True
    wide = sum(1 for char in body if char > "\u2e7f")
    if wide * 2 > len(body) and not re.search(r"[=()_]|\w\.\w", body, re.ASCII):
        return False
    return bool(_SYMBOLS.search(body)) or (body.isascii() and " " not in body)
