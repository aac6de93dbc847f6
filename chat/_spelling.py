"""How a name may be spelled: with or without its joints, as a plural, with a trade mark run into it.

Pure. Refuses to tell what is a name. Invariant: a pattern finds the name that it was made of.
"""

import re
from collections.abc import Iterator

from kb.text import HAN, normalise

CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
"""Where a name may be parted: AllReduce."""
PLURAL = re.compile(r"['’]s$|(?<=\d)s$")
_STAGES = (
    re.compile(r"(?P<name>[A-Za-z][\w-]*)[\s-](?:stage|phase|阶段)[\s-]?(?P<number>\d)\b", re.I),
    re.compile(r"(?P<name>[A-Za-z][\w-]*)\s?的?第(?P<number>[一二三四五六七八九\d])个?阶段"),
    re.compile(r"(?P<number>first|second|third|fourth|fifth|sixth)[\s-](?:stage|phase) of (?P<name>[A-Z][\w-]*)"),
)
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth".split()
_HAN = "一二三四五六七八九"


def stages_in(text: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield each numbered stage that a text names, with a pattern for it; another stage is nothing like it."""
    for match in (found for pattern in _STAGES for found in pattern.finditer(text)):
        said = match["number"].lower()
        number = _ORDINALS.index(said) + 1 if said in _ORDINALS else _HAN.find(said) + 1 or int(said)
        joined = name_pattern(f"{match['name']}-{number}")
        ordinal, han = _ORDINALS[max(number, 1) - 1], _HAN[max(number, 1) - 1]
        spelled = rf"(?:stage|phase|阶段)\s?-?{number}(?!\d)|第[{number}{han}]个?阶段|\b{ordinal}[\s-](?:stage|phase)"
        yield match.group(), re.compile(rf"{spelled}|{joined}")


def name_pattern(text: str) -> str:
    """A pattern for a name in any spelling of its joints: GPT-3, GPT 3, gpt3, and its plural."""
    normal = PLURAL.sub("", normalise(CAMEL.sub("-", text)))
    if re.search(f"[{HAN}]", normal):
        return re.escape(normal)
    parts = re.findall(r"[^\W\d_]+|\d+(?:\.\d+)*", normal)
    if not parts:
        return re.escape(normal)
    if len(parts[-1]) > 3 and parts[-1].endswith("s") and text[-2:-1].isupper():
        parts[-1] = parts[-1][:-1]
    # A trade mark may have run into the name: OpenVINOTM.
    last = r"s?(?![a-z\d]|[.]\d)" if parts[-1][0].isdigit() else r"s?(?:tm)?(?![a-z])"
    return r"(?<![a-z\d])" + r"[-\s._]?".join(_either_spelling(part) for part in parts) + last


def _either_spelling(part: str) -> str:
    return re.sub(r"i[sz](?=e|ation|ing)", "i[sz]", re.escape(part))
