"""What a model writes, made fit to be shown piece by piece: stop texts, reasoning, circles.

Pure text; knows no model. Invariant: what was let through is never taken back, so what may be the
beginning of a stop text waits until that is decided.
"""

import re
from collections.abc import Sequence

THINK, THOUGHT = "<think>", "</think>"
UNIT, TIMES, LEAST = 200, 6, 240
"""A text goes round in circles when its last `TIMES` units of at most `UNIT` characters, `LEAST` in all, are equal."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""Characters that no text to be read has."""


class Output:
    """The answer as it grows.

    Reasoning that a model writes before its answer, between `<think>` and `</think>`, is left out.
    """

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._stop = [text for text in stop if text]
        self._held = ""
        self._tail = ""
        self._thinking: bool | None = None
        self._blank = True
        """Whether blanks are dropped, as nothing else came yet."""
        self.stopped = False
        """Whether a stop text came; nothing is let through after it."""

    def feed(self, piece: str) -> str:
        """Take what the model wrote next; return what can be shown now."""
        if self.stopped:
            return ""
        self._held += _CONTROL.sub("", piece)
        if self._thinking is not False and not self._past_reasoning():
            return ""
        if self._blank:
            self._held = self._held.lstrip()
            self._blank = not self._held
        at = min((found for text in self._stop if (found := self._held.find(text)) >= 0), default=-1)
        if at >= 0:
            self.stopped = True
            return self._let(at)
        return self._let(len(self._held) - self._maybe_stop())

    def end(self) -> str:
        """Return what was held back, as nothing follows."""
        if self.stopped or self._thinking:
            return ""
        self._thinking = False
        if self._blank:
            self._held = self._held.lstrip()
        return self._let(len(self._held))

    @property
    def circles(self) -> bool:
        """Whether the text only repeats itself by now."""
        tail = self._tail
        for unit in range(1, UNIT + 1):
            span = max(TIMES * unit, LEAST)
            # One comparison in C: a text of that period equals itself shifted by it.
            if span <= len(tail) and tail[-span + unit :] == tail[-span:-unit]:
                return True
        return False

    def _let(self, length: int) -> str:
        text, self._held = self._held[:length], self._held[length:]
        self._tail = (self._tail + text)[-UNIT * TIMES :]
        return text

    def _past_reasoning(self) -> bool:
        begun = self._held.lstrip()
        if self._thinking is None:
            if len(begun) < len(THINK) and THINK.startswith(begun):
                return False
            self._thinking = begun.startswith(THINK)
        if self._thinking:
            at = self._held.find(THOUGHT)
            if at < 0:
                # Its end may arrive in parts; the rest is of no use.
                self._held = self._held[-len(THOUGHT) + 1 :]
                return False
            self._held = self._held[at + len(THOUGHT) :]
            self._blank = True
        self._thinking = False
        return True

    def _maybe_stop(self) -> int:
        """Return how many characters at the end may be the beginning of a stop text."""
        longest = 0
        for text in self._stop:
            for length in range(min(len(text) - 1, len(self._held)), longest, -1):
                if self._held.endswith(text[:length]):
                    longest = length
                    break
        return longest
