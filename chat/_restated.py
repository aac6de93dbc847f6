"""A sum's question with what the words after it change: "and with 16 microbatches?" takes the place of the 64.

Pure. Owns the wording in which a continued sum is shown. Refuses texts that the router does not read as going on from
the earlier one. Invariant: a part is replaced only where the router reads the new one for the same input; all else of
the earlier question stays as it was.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from chat.router import CalculatorRequest, route
from kb.text import fold_space

_CUE = re.compile(
    r"^(?:(?:and|but|so|then|now|ok|okay|or|also|again)[ ,]+)*"
    r"(?:(?:(?:what|how) about|what if|what happens (?:if|with|when|at)|suppose|if|let's say|say|try|make (?:it|that)|"
    r"change (?:it |that )?to|switch (?:it |that )?to)\s+)?"
    r"(?:(?:it|we|i|there|that|you) (?:were|was|is|are|had|have|use|used|uses|take|took)\s+)?"
    r"(?:(?:using|use|with|for|at|on|in|over|only|just)\s+)*(?:an?\s+|the\s+)?"
    r"(?:那么?|如果|要是|假如|若|再|又|还有|接着|然后|现在|改|就)*[，,]?\s*(?:把它?|将它?)?"
    r"(?:换成|换为|改成|改为|改用|变成|变为|调到|设为|增加到|减少到|提高到|降到|换|用|是|在)?\s*",
    re.I,
)
_TAIL = re.compile(r"\s*(?:呢|的话|会怎样|怎么样|instead|then|as well|too)?\s*[?？。.!！]*\s*$", re.I)
_QUANTITY = re.compile(
    r"(?<![\w.-])\d[\d.,]*(?:\s?(?:万亿|十亿|百万|千万|亿|万|千|billion|million|trillion|thousand)|[kKMBTb](?![A-Za-z]))?%?"
)
_ASKING = re.compile(r"\b(?:how|what|why|which|who|when)\b(?! about\b| if\b)|多少|多久|多大|几|为什么|怎么", re.I)
_TELLING = re.compile(
    r"\b(?:i|we|it|you|that|drops?|falls?|rises?|goes|becomes?|is|are|was|were|has|have|had|get|gets|got|only|just|want|need)\b"
    r"|(?:变|降|升|提高|减少|增加|只有|是|有)",
    re.I,
)
"""Words of a sentence about the part, which are none of its own."""
_RIVALS = (
    {"model", "params", "active_params", "layers", "hidden"},
    {"mfu", "flops_per_gpu", "achieved_flops", "tokens_per_s_per_gpu", "tokens_per_s"},
    {"schedule", "interleave"},
    {"accelerator", "peak_flops", "bandwidth", "gpu_mem_bytes"},
    {"gpus", "dp", "ranks", "chips"},
    {"dtype_bytes", "bits_per_weight", "format", "dtype"},
)
"""Inputs of which one takes the place of another."""
_JOINT = re.compile(r"(?:in|at|on|with|of|for|over|using|to|from)\s+", re.I)
_PLURAL = re.compile(r"(?:s(?![A-Za-z0-9]))?")
MOST_WORDS = 4
"""Words beside its numbers up to which the whole text of a follow-up stands for one part."""


@dataclass(slots=True)
class _Part:
    """A run of the text that the router reads for one or more inputs."""

    start: int
    end: int
    text: str
    fields: set[str] = field(default_factory=set)


def restated(form: str, before: Sequence[str]) -> str:
    """Return the earlier sum's question with the parts that a follow-up states anew; empty where it states none.

    Args:
        before: the earlier questions, oldest first, each as it stands alone.
    """
    read = route(form, [{"role": "user", "content": text} for text in before])
    earlier = read.continued
    known = route(earlier) if earlier else read
    if not earlier or known.kind == "library" or read.requests[0].calculator != known.requests[0].calculator:
        return ""
    fresh = _parts(read.requests[0], form)
    if not fresh:
        return ""
    if len(fresh) == 1 and not _ASKING.search(form):
        fresh = [_widened(fresh[0], form)]
    return _with(earlier, _placed(fresh, known.requests[0], read.requests[0], earlier))


def _parts(request: CalculatorRequest, text: str) -> list[_Part]:
    """Return what a request was read from in its own question, overlapping spans as one, in order."""
    found: list[_Part] = []
    for span in sorted((s for s in request.spans if not s.earlier), key=lambda s: (s.start, -s.end)):
        if text[span.start : span.end] != span.text or span.start == span.end:
            continue
        end = span.end + len(_PLURAL.match(text, span.end).group())  # type: ignore[union-attr]
        if found and span.start < found[-1].end:
            found[-1].end = max(found[-1].end, end)
            found[-1].text = text[found[-1].start : found[-1].end]
            found[-1].fields.add(span.parameter)
        else:
            found.append(_Part(span.start, end, text[span.start : end], {span.parameter}))
    return found


def _widened(part: _Part, form: str) -> _Part:
    """Return a follow-up's only part with the words beside it: "interleaving with 4 chunks", not "4 chunks"."""
    cue = _CUE.match(form)
    start = min(cue.end() if cue else 0, part.start)
    end = max(_TAIL.search(form).start(), part.end)  # type: ignore[union-attr]
    text = form[start:end]
    beside = len(re.findall(r"[A-Za-z]+|[\u4e00-\u9fff]{1,2}", text.replace(part.text, " ")))
    plain = beside <= MOST_WORDS and not _TELLING.search(text)
    return _Part(start, end, fold_space(text), part.fields) if plain else part


def _placed(
    fresh: Sequence[_Part], known: CalculatorRequest, read: CalculatorRequest, earlier: str
) -> list[tuple[_Part | None, str]]:
    """Return for each new part the old one whose place it takes, None where there is none, and its words there."""
    kept = [(span.parameter, span.text) for span in read.spans if span.earlier]
    old = _parts(known, earlier)
    same = [next((one for one in old if one.fields & part.fields), None) for part in fresh]
    # What the router let go of, such as a size beside the name of a model, was replaced as well.
    gone = [
        one
        for one in old
        if not any(one is spot for spot in same)
        and not any(name in one.fields and text in one.text for name, text in kept)
    ]
    placed: list[tuple[_Part | None, str]] = []
    for part, spot in zip(fresh, same, strict=True):
        spot = spot or next((one for one in gone if _rival(one.fields, part.fields)), None)
        taken = any(spot is one for one, _ in placed)
        placed.append((None, part.text) if spot is None or taken else (spot, _worded(spot.text, part.text)))
    return placed


def _rival(one: set[str], other: set[str]) -> bool:
    return any(one & group and other & group for group in _RIVALS)


def _worded(old: str, new: str) -> str:
    """Return the new words as they stand in the old ones' place: 32 for "64 microbatches" is "32 microbatches"."""
    mine, theirs = _QUANTITY.search(new), _QUANTITY.search(old)
    percent = mine is not None and mine.group().endswith("%")
    if mine is None or theirs is None or (percent and not theirs.group().endswith("%")):
        joint = _JOINT.match(old)
        return new if joint is None or _JOINT.match(new) else joint.group() + new
    before, after = new[: mine.start()], new[mine.end() :]
    before = "" if _TELLING.search(before) else before
    had = old[theirs.end() :]
    if mine.group().isdigit() and not after.strip() and theirs.group()[-1:] == "B":
        # A model of 6B is followed by one of 8: billions as well.
        return (before or old[: theirs.start()]) + mine.group() + "B" + had
    if not after.strip() or had.strip().startswith(after.strip()):
        after = had
    return (before or old[: theirs.start()]) + mine.group() + after


def _with(earlier: str, placed: Sequence[tuple[_Part | None, str]]) -> str:
    text = earlier
    spots = [(spot, words) for spot, words in placed if spot is not None]
    for spot, words in sorted(spots, key=lambda one: -one[0].start):
        text = text[: spot.start] + words + text[spot.end :]
    added = [words for spot, words in placed if spot is None]
    if not added:
        return text
    end = re.search(r"\s*[?？。.]*\s*$", text)
    at = end.start() if end else len(text)
    mark = "，" if re.search(r"[\u4e00-\u9fff]", text) else ", "
    return text[:at] + mark + mark.join(added) + text[at:]
