"""The form of a question in which it is read, and the way back to what was typed.

Owns folding (full width, traditional characters, dashes, LaTeX) and the mending of misspelt words.
Knows no quantity. Invariant: every letter of the folded text knows which letter of the question it came from.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from kb.text import simplify

MAX_LETTERS = 1_200
"""A longer text was pasted: of it only the question at its beginning or its end is read."""
EDGE = 500
"""How far from either end of a pasted text its question is looked for."""
_FOLD = str.maketrans(
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code) != "，"}
    | dict.fromkeys("\u3000\xa0\u2009\u202f\u2002\u2003\t\r", " ")
    | dict.fromkeys("‐‑‒–—−－", "-")
    | dict.fromkeys("“”„″", '"')
    | dict.fromkeys("‘’′", "'")
    | {"µ": "μ", "。": ".", "；": ";", "：": ":", "≈": "~", "～": "~", "∼": "~", "✕": "×", "∗": "*"}
    | {"【": "[", "】": "]", "「": '"', "」": '"', "⟨": "(", "⟩": ")", "∙": "·", "⋅": "·", "＄": "$", "﹪": "%"}
)
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_PIECES = re.compile(
    r"(?P<url>(?:https?://|www\.)[^\s<>\"'()]{1,2000})"
    r"|(?P<power>(?<=\d)[⁰¹²³⁴-⁹⁻⁺]+)"
    r"|(?P<times>\\(?:times|cdot)\b)"
    r"|(?P<escape>\\[%$&_#,;! ])"
    r"|(?P<command>\\(?=[A-Za-z]))"
    r"|(?P<by>(?<=\d)[xX](?=[A-Za-z]{1,3}\d|\d{1,4}\s?[GTgt][iI]?[bB]?\b"
    r"|\d{1,3}\s?(?:GPUs?|gpus?|cards?|卡|张|块)))"
    r"|(?P<without>(?<![A-Za-z])[wW]/[oO](?![A-Za-z]))|(?P<along>(?<![A-Za-z0-9])[wW]/(?=\s|[A-Za-z0-9]))"
    r"|(?P<math>\$(?=[A-Za-z\\(])|(?<=[\w)}])\$(?!\s?\d|\s?/))"
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as it is read, with the place that each of its letters came from."""

    text: str
    origin: tuple[int, ...]
    source: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the source that `text[start:end]` came from, white space at its ends left out."""
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        if start == end:
            at = self.origin[start] if start < len(self.origin) else len(self.source)
            return at, at
        return self.origin[start], self.origin[end - 1] + 1


def fold(source: str, mend: Callable[[str], str] | None = None) -> Folded:
    """Fold a question; `mend` gives the right spelling of a lower-case word, or the word itself."""
    letters: list[str] = []
    origin: list[int] = []

    def put(text: str, start: int, end: int) -> None:
        for at, letter in enumerate(text):
            if letter == " " and letters[-1:] in ([" "], ["\n"]):
                continue  # runs of spaces read as one
            letters.append(letter)
            origin.append(min(start + at, end - 1) if at < len(text) - 1 else end - 1)

    for start, end in _windows(source):
        at = start
        for piece in _PIECES.finditer(source, start, end):
            put(_plain(source[at : piece.start()]), at, piece.start())
            put(_replacement(piece), piece.start(), piece.end())
            at = piece.end()
        put(_plain(source[at:end]), at, end)
        put(" ", max(end - 1, 0), max(end, 1))
    folded = Folded("".join(letters), tuple(origin), source)
    return folded if mend is None else _mended(folded, mend)


_SENTENCE = re.compile(r"[^\n.!?。！？]{1,400}(?:\.(?=\w)[^\n.!?。！？]{1,400}){0,8}[.!?。！？]?")
_QUESTION = re.compile(
    r"[?？]\s*$|多少|多大|多久|多长|几[个张块天倍]|算一下|估算|计算一下"
    r"|^\s*(?:how|what|which|why|who|when|where|is|are|does|do|can|could|will|would|should|calculate|compute|estimate|please|explain)\b",
    re.IGNORECASE,
)


def _windows(source: str) -> list[tuple[int, int]]:
    """What is read of a text: all of it, or of a long one the questions near its ends."""
    if len(source) <= MAX_LETTERS:
        return [(0, len(source))]
    found = []
    for start, end in ((0, EDGE), (len(source) - EDGE, len(source))):
        found += [
            match.span() for match in _SENTENCE.finditer(source, start, end) if _QUESTION.search(match[0].strip())
        ]
    return found


def _plain(text: str) -> str:
    return simplify(text.translate(_FOLD))


def _replacement(piece: re.Match[str]) -> str:
    if piece["power"]:
        return "^" + piece["power"].translate(_SUPERSCRIPT)
    if piece["times"]:
        return "×"
    if piece["by"]:
        return " × "
    if piece["without"] or piece["along"]:
        return "without" if piece["without"] else "with "
    if piece["escape"]:
        return piece["escape"][1:]
    return " "


_WORD = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z]{5,24}(?![A-Za-z0-9])")


def _mended(folded: Folded, mend: Callable[[str], str]) -> Folded:
    """The same text with misspelt words replaced."""
    letters: list[str] = []
    origin: list[int] = []
    at = 0
    for word in _WORD.finditer(folded.text):
        right = mend(word[0].lower())
        if right == word[0].lower():
            continue
        letters.append(folded.text[at : word.start()])
        origin += folded.origin[at : word.start()]
        places = folded.origin[word.start() : word.end()]
        letters.append(right)
        origin += [places[min(i, len(places) - 1)] for i in range(len(right) - 1)] + [places[-1]]
        at = word.end()
    if not letters:
        return folded
    letters.append(folded.text[at:])
    origin += folded.origin[at:]
    return Folded("".join(letters), tuple(origin), folded.source)
