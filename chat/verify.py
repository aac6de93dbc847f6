"""A model's sentences checked one by one against what they cite.

Owns the check between model and reader. Refuses links that no stored document has, markers of passages that were not
given, HTML and images. Invariant: a sentence is shown as supported only if `kb.evidence` finds its quotes, numbers,
names and words in a passage that it cites.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from chat.prompts import Passage
from kb.evidence import Span, supported
from kb.glossary import Glossary
from kb.text import fold_space, query_terms, sentences

_BRACKETED = re.compile(r"[\[【［]\s*\^?(\d{1,3}(?:\s*[,，、;]\s*\d{1,3})*)\s*[\]】］]")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)|<img\b[^>]*>", re.I)
_LINK = re.compile(r"\[([^\]]*)\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|<!--.*?-->", re.S)
_URL = re.compile(
    r"(?:(?:https?|ftp|file|data|javascript)\s*:\s*(?://)?|www\.)[^\s<>\"'）)\]}，。；]+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|ai|dev|co|cn|ru|xyz|info|app|top)\b(?:/[^\s<>\"'）)\]}，。；]*)?",
    re.I,
)
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+")
REMOVED = "(link removed)"
MIN_TERMS = 2
"""Words with a meaning that a sentence needs to be a statement."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One sentence of a model."""

    text: str
    """Without its markers and without links of nobody's."""
    numbers: tuple[int, ...]
    """Passages cited that bear it out, or that were cited where none does."""
    ok: bool
    reasons: tuple[str, ...]
    spans: tuple[tuple[int, Span], ...] = ()
    """(number of the passage, place in `Passage.whole`) of what bears it out."""


def split(text: str) -> Iterator[str]:
    """Yield the sentences of a model's text; markers that follow a full stop belong to the sentence before it."""
    held = ""
    for start, end in sentences(text):
        piece = text[start:end]
        bare = _BRACKETED.sub("", piece).strip(" .。;；,，")
        if held and not bare:
            held = f"{held} {piece}"
            continue
        lead = re.match(rf"^(?:\s*(?:{_BRACKETED.pattern}))+", piece)
        if held and lead:
            held, piece = f"{held} {lead.group()}", piece[lead.end() :]
        if held:
            yield held
        held = piece
    if held.strip():
        yield held


def clean(text: str, allowed: Collection[str]) -> tuple[str, bool]:
    """Return a sentence without images, tags and addresses that no stored document has; and whether any was there."""
    before = text
    text = _IMAGE.sub(" ", text)
    text = _LINK.sub(lambda match: match[0] if _known(match[2], allowed) else match[1], text)
    text = _TAG.sub(" ", text)
    text = _URL.sub(lambda match: match[0] if _known(match[0], allowed) else REMOVED, text)
    return _BULLET.sub("", fold_space(text)).replace("**", "").replace("__", ""), fold_space(before) != fold_space(text)


def _known(address: str, allowed: Collection[str]) -> bool:
    return address.rstrip(".,;:!?/") in {known.rstrip("/") for known in allowed}


def check(
    sentence: str,
    passages: Sequence[Passage],
    glossary: Glossary,
    allowed: Collection[str],
    about: Callable[[str], bool] | None = None,
) -> Checked | None:
    """Check one sentence; None where it says nothing, as an opening or a bare marker does.

    Args:
        allowed: addresses that may stand in it.
        about: tells whether a text, the sentence with what it rests on, speaks of what was asked.
    """
    text, altered = clean(sentence, allowed)
    known = {passage.number: passage for passage in passages}
    cited = [int(number) for match in _BRACKETED.finditer(text) for number in re.findall(r"\d+", match[1])]
    body = fold_space(re.sub(r"\s+([.,;:。，；：!?！？])", r"\1", _BRACKETED.sub("", text)))
    body = re.sub(r"(?<=[.。！？!?])\.$", "", body)  # of the mark alone: "… at most。 [7]."
    terms = query_terms(body)
    if not terms or not re.search(r"\w", body):
        return None
    valid = [number for number in dict.fromkeys(cited) if number in known]
    reasons = [f"[{number}] is none of the passages" for number in dict.fromkeys(cited) if number not in known]
    if altered and REMOVED in text:
        reasons.append("a link that no document of the library has was removed")
    if not valid:
        return Checked(body, (), False, (*reasons, "it cites no passage"))
    if len(terms) < MIN_TERMS:
        return Checked(body, tuple(valid), False, (*reasons, "it says too little to be checked"))
    evidence = [known[number].evidence for number in valid]
    found = supported(body, evidence, glossary=glossary)
    spans = tuple((valid[span.passage], span) for span in found.spans)
    if found.ok and about is not None:
        resting = [evidence[span.passage][span.start : span.end] for span in found.spans]
        if not about(" ".join((body, *resting))):
            return Checked(body, tuple(valid), False, (*reasons, "it has nothing to do with the question"), spans)
    bearing = tuple(dict.fromkeys(number for number, _ in spans)) if found.ok else tuple(valid)
    return Checked(body, bearing or tuple(valid), found.ok and not reasons, (*reasons, *found.reasons), spans)
