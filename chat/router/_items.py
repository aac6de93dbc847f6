"""A question as a row of items: amounts, names of quantities, models, devices, number formats, words.

Owns what overlaps what: names of models stand above terms, terms with digits above amounts. Decides nothing.
Invariant: items are in order and do not overlap; places are those of the folded text.
"""

import itertools
import re
from dataclasses import dataclass, field, replace
from typing import Literal

import calculators
from chat.router._amounts import Amount, amounts, shared
from chat.router._formats import BLOCK_FORMAT, DTYPES
from chat.router._lexicon import GENERIC, Found, Meaning, lexicon
from chat.router._measures import DEVICE, MODEL
from chat.router._text import Folded, fold
from chat.router._withdrawn import taken_back

Sort = Literal["amount", "term", "model", "device", "dtype", "format", "list", "word"]
TAKEN = "\ue002"
_BARE_LIST = re.compile(
    r"(?:(?:quanti[sz]e|values?|vector|tensor|numbers|array|量化|数值|数组|向量|张量|取值)\s?(?:of|are|is|为|是)?\s?[:：]?\s?)"
    r"(?P<list>[-+]?\d*\.?\d+(?:(?:\s?[,，、]\s?(?:and\s)?|\sand\s|\s?和\s?)[-+]?\d*\.?\d+){2,60})(?![\d.])"
    r"(?=\s?(?:to|in|at|with|using|into|as|[,，;.。:)?？]|到|成|为|用|按|$))",
    re.IGNORECASE,
)
_LIST = re.compile(r"[\[{(]\s?[-+]?[\d.]+(?:\s?[,，;、]\s?[-+]?[\d.]+){1,60}\s?[\])}]")
_FORMULA_OF = re.compile(r"(?:'s)?[\s-]?(?:style|formula|type of count|公式|式)", re.IGNORECASE)
"""Behind the name of a model: it names a way to count rather than the model."""
_THINGS = re.compile(
    r"\s(?:[a-z]+\s){0,2}(?:alternatives|reasons|ways|tricks|examples|papers|advantages|kinds|types|benefits|problems|tips"
    r"|techniques|methods|ideas|takeaways|lessons|articles|posts|documents|notes|sentences|bullets?|people|colleagues)\b"
    r"|\s?[个条点篇](?:要点|原因|方法|例子|技巧|论文|文章|结论|问题|建议|理由)",
    re.IGNORECASE,
)
"""What people ask for by number, or bring with them, and no calculator counts."""
_COUNTED = re.compile(r"(?:\d|[x×*张块片台个]|\bnvidia)\s?$", re.IGNORECASE)
_BARE_CARD = re.compile(
    r"(?:张|块|片|卡|[x×*]|个|\b\d{1,3})\s?(?P<card>[345]090)(?![\d.])|(?<![\d.])(?P<plain>[345]090)(?=\s?(?:显卡|卡|GPU|s\b|上|跑|的|能|单))"
    r"|(?:\b(?:a|an|one|my|the|single)|单卡|一张)\s?(?P<mine>[345]090)(?![\d.])"
)
_ONE_LETTER = re.compile(r"[a-zA-Z]=?\d{1,4}")
_SHAPED = re.compile(r"(?<![A-Za-z0-9])[sbhSH]=?\d{1,6}[kK]?(?![A-Za-z0-9])")
"""Letters of a shape with their values, as no card is named."""
_REFERENCE = re.compile(
    r"(?:\b(?:sections?|sec\.?|figures?|figs?\.?|tables?|tab\.|chapters?|ch\.|appendix|equations?|eqs?\.?|pages?|pp\.|versions?|"
    r"ver\.|issues?|lines?|rows?|phase|lecture|part|rule|no\.|vol\.|question|q|slide|theorem|lemma|algorithm|exercise|"
    r"episode|gen|top-level|cuda|python|pytorch|torch|pcie|ddr|hbm|wifi|nvlink|tier|option|case|example)\s?|[#§第图]\s?|(?<!词)表\s?|(?<![A-Za-z])v|第)$",
    re.IGNORECASE,
)
_CHUNKED = re.compile(r"interleav|virtual|chunk|交错|虚拟", re.IGNORECASE)
_NAMED_VERSION = re.compile(
    r"(?<![A-Za-z0-9-])(?:EAGLE|Medusa|Flash[A-Z][a-z]+|Sarathi|Orca|Hydra|KIVI|AQLM|QuIP#?|Kimi[- ]K|GLM|Phi)-$", re.I
)
"""Systems whose names bear the number of a version."""
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b|-?D\b(?!P)|\s?(?:号|楼|名(?!额))", re.IGNORECASE)
_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = re.compile(rf"\s(?:of\s)?{_MONTHS}\b|\s?(?:pm|am)\b|月|号", re.IGNORECASE)
_DAY_BEFORE = re.compile(rf"\b{_MONTHS}\.?\s$", re.IGNORECASE)
_YEAR = re.compile(r"(?:\b(?:in|since|of|by|from|until|year|during)\s|年\s?)$", re.IGNORECASE)
_LED = re.compile(
    r"(?:[=:]|\b(?:of|to|with|for|is)|batch|bs|size|seq\w*|len\w*|ctx|[批长度为是取到])\s?$", re.IGNORECASE
)
"""What a number at the end of a text follows that is no year."""
_WIDTH = re.compile(r"(?P<value>\d{1,5})(?P<name>[hHa])(?![A-Za-z0-9])")
_GLUED = re.compile(r"(?<![A-Za-z0-9.])(?:\d{1,6}[hHaLlbsv]|[hHaLlbsv]=?\d{1,6})(?![A-Za-z0-9])")
_SHAPE = frozenset("layers heads seq_len micro_batch vocab ffn kv_heads".split())
_WORD = re.compile(r"[A-Za-z]+|[\u4e00-\u9fff]|[Ͱ-Ͽ]|[^\sA-Za-z\u4e00-\u9fff]")
_NUMERAL = re.compile(
    r"\d|[一二两三四五六七八九十千万]|\b(?:one|two|three|four|eight|dozen|hundred|thousand)\b", re.IGNORECASE
)
_DEVICE_WORDS = frozenset("nvidia amd intel google aws".split())


@dataclass(slots=True)
class Item:
    """A piece of a question."""

    sort: Sort
    start: int
    end: int
    text: str
    amount: Amount | None = None
    meanings: tuple[Meaning, ...] = ()
    name: str = ""
    """Registry key of a model or device, label of a number format, spelling of a term."""
    width: float = 0.0
    """Bytes of a number format."""
    values: tuple[float, ...] = ()
    """Numbers of a list in brackets."""

    def means(self, name: str) -> bool:
        """Whether it stands for the quantity, choice or concept of that name."""
        return any(item.name == name for item in self.meanings)


@dataclass(slots=True)
class Row:
    """A question as it was read."""

    folded: Folded
    items: list[Item] = field(default_factory=list)
    terms: list[Found] = field(default_factory=list)
    crossing: frozenset[str] = frozenset()
    """Concepts whose names lie across the ends of others."""

    def named(self, sort: Sort) -> list[Item]:
        """The items of that sort, in order."""
        return [item for item in self.items if item.sort == sort]


def read_row(question: str) -> Row:
    """Read a question into its items."""
    words = lexicon()
    folded = fold(question, words.speller.mend)
    text = folded.text
    names = _names(text)
    masked = _mask(text, names)
    fixed = [*names, *_formats(masked)]
    terms = [term for term in words.find_all(masked) if not _is_claimed(term, fixed)]
    named = [term for term in terms if any(meaning.sort == "choice" for meaning in term.meanings)]
    for item in [item for item in fixed if item.sort == "dtype"]:
        # "fp32 gradients" and "8-bit Adam" say more than a number format.
        if any(term.start <= item.start and item.end <= term.end for term in named):
            fixed.remove(item)
    claimed = bytearray(len(text))
    for item in fixed:
        claimed[item.start : item.end] = b"\1" * (item.end - item.start)
    terms = [term for term in terms if not any(claimed[term.start : term.end])]
    units = [(item.numeral.end, item.end) for item in amounts(masked)]
    for term in terms:
        if any(start < term.start and term.end <= end for start, end in units):
            continue  # the CO2 of "0.4 kg CO2/kWh"
        if _NUMERAL.search(text, term.start, term.end):
            fixed.append(_term(text, term))
            claimed[term.start : term.end] = b"\1" * (term.end - term.start)
    kept = _shared_units(
        masked, _amounts(masked, claimed, terms), {term.end for term in terms if _is_key(term) and not _is_timed(term)}
    )
    widths = _widths(text, kept, terms)
    fixed += widths
    for item in [*kept, *widths]:
        claimed[item.start : item.end] = b"\1" * (item.end - item.start)
    # Names are looked for again between the amounts: "per parameter" in "2 bytes per parameter".
    rest = "".join(
        TAKEN if taken and letter not in (DEVICE, MODEL) else letter
        for letter, taken in zip(masked, claimed, strict=True)
    )
    terms = words.find_all(rest)
    loose = [_term(text, term) for term in terms if not any(claimed[term.start : term.end])]
    for item in loose:
        claimed[item.start : item.end] = b"\1" * (item.end - item.start)
    ordered = sorted([*fixed, *kept, *loose, *_words(masked, claimed)], key=lambda item: (item.start, item.end))
    gone = taken_back(text, ordered, [_kind(item) for item in ordered])
    kept_items = [item for at, item in enumerate(ordered) if at not in gone]
    return Row(folded, kept_items, terms, frozenset(words.crossing(rest, terms)))


def _kind(item: Item) -> str:
    """What may replace an item: an amount of the same kind and size, a name of the same sort; empty for others."""
    if item.amount is not None:
        big = item.amount.kind == "number" and item.amount.numeral.value >= 1e6
        return f"{item.amount.kind} {big}"
    return item.sort if item.sort in ("model", "device", "dtype", "format") else ""


def _is_claimed(term: Found, fixed: list[Item]) -> bool:
    """Whether a model, device or format stands in the term's place; a format inside a longer term does not."""
    over = [item for item in fixed if item.start < term.end and term.start < item.end]
    return any(item.sort != "dtype" or not term.start <= item.start <= item.end <= term.end for item in over)


def _term(text: str, term: Found) -> Item:
    return Item("term", term.start, term.end, text[term.start : term.end], meanings=term.meanings, name=term.name)


def _names(text: str) -> list[Item]:
    found = [
        Item("model", mention.start, mention.end, text[mention.start : mention.end], name=mention.name)
        for mention in calculators.find_models(text)
        if _FORMULA_OF.match(text, mention.end) is None
    ]
    shaped = len(_SHAPED.findall(text)) > 1
    for mention in calculators.find_accelerators(text):
        if text.startswith(("a ", "an "), mention.start) or (
            text.startswith("A ", mention.start) and not _COUNTED.search(text[: mention.start])
        ):
            continue  # "a 10 TB checkpoint" and "A 40-STAGE PIPELINE" name no A10 and no A40
        if shaped and _ONE_LETTER.fullmatch(text[mention.start : mention.end]):
            continue  # "s4096 b2 a40 L40 t4" is a shape, not cards
        if re.match(r"[A-Za-z]\(", text[mention.start : mention.end]):
            continue  # "t(4)" is a time, not a T4
        if all(mention.end <= item.start or mention.start >= item.end for item in found):
            found.append(
                Item("device", mention.start, mention.end, text[mention.start : mention.end], name=mention.name)
            )
    for match in _BARE_CARD.finditer(text):
        group = next(name for name in ("card", "plain", "mine") if match[name])
        start, end = match.span(group)
        if all(end <= item.start or start >= item.end for item in found):
            found.append(Item("device", start, end, text[start:end], name=f"rtx-{text[start:end]}"))
    return found


def _mask(text: str, names: list[Item]) -> str:
    for item in names:
        mark = DEVICE if item.sort == "device" else MODEL
        text = text[: item.start] + mark * (item.end - item.start) + text[item.end :]
    return text


def _formats(text: str) -> list[Item]:
    found: list[Item] = []

    def add(item: Item) -> None:
        if all(item.end <= other.start or item.start >= other.end for other in found):
            found.append(item)

    for match in BLOCK_FORMAT.finditer(text):
        add(Item("format", *match.span(), match[0], name=match[0].upper()))
    for pattern, label, width in DTYPES:
        for match in pattern.finditer(text):
            add(Item("dtype", *match.span(), match[0], name=label, width=width))
    lists = [match.span() for match in _LIST.finditer(text)]
    lists += [match.span("list") for match in _BARE_LIST.finditer(text) if re.search(r"[.-]", match["list"])]
    for start, end in lists:
        numbers = re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)", text[start:end])
        try:
            add(Item("list", start, end, text[start:end], values=tuple(float(number) for number in numbers)))
        except ValueError:
            continue
    return found


def _amounts(text: str, claimed: bytearray, terms: list[Found]) -> list[Item]:
    ends = {term.end for term in terms}
    found: list[Item] = []
    for amount in amounts(text):
        start = amount.start
        # "1.7M A100 hours" runs over the name of the device.
        own = [at for at in range(start, amount.end) if claimed[at] and text[at] != DEVICE]
        if own or _is_mark(text, amount) or (found and start < found[-1].end):
            continue
        before = text[start - 1] if start else " "
        if before.isalpha() and before.isascii() and start not in ends and not _after_letter(text, start):
            continue
        found.append(Item("amount", start, amount.end, text[start : amount.end], amount=amount))
    return found


_LIST_JOINT = re.compile(
    r"\s?(?:(?P<strong>/|(?:[,，]\s?)?\b(?:and|or|vs\.?|versus)\b|和|或|与|还是|、)|,|，)\s?", re.IGNORECASE
)
_SIZE_OF = re.compile(r"\b(?:for|at|with|size)\s$", re.IGNORECASE)
_LEAD = re.compile(r"(?:[\s-]|\b(?:of|is|are|at|about)\b|为|是)+$", re.IGNORECASE)


def _is_key(term: Found) -> bool:
    """Whether a name leads an amount."""
    leads = [meaning.mode == "key" for meaning in term.meanings if meaning.sort == "quantity"]
    return any(leads) and term.name.lower() not in GENERIC


def _is_timed(term: Found) -> bool:
    """Whether a name wants times: "step times of 11, 19 and 36 ms" bears the unit at its end only."""
    types = lexicon().types
    return all(types[meaning.name] == "time" for meaning in term.meanings if meaning.sort == "quantity")


def _shared_units(text: str, found: list[Item], led: set[int]) -> list[Item]:
    """Give the numbers of a list the unit or scale that only its last one bears: "7, 13 and 70B", "6, 10 and 19 ms"."""
    goes_on = False
    for at in range(len(found) - 1, 0, -1):
        left, right = found[at - 1].amount, found[at].amount
        joint = _LIST_JOINT.fullmatch(text, left.end, right.start) if left is not None and right is not None else None
        listed = joint is not None and (joint["strong"] or goes_on or _is_row(text, found, at))
        if left is None or right is None or not listed:
            goes_on = False
            continue
        bears = goes_on or (right.end > right.numeral.bare_end and right.kind != "money")
        if _SIZE_OF.search(text[: left.start]) and any(
            item.amount is not None and item.amount.kind == right.kind for item in found[: at - 1]
        ):
            goes_on = False  # "14 ms for size 1, 25 ms for 2 and 48 ms for 4"
            continue
        before = _LEAD.sub("", text[: left.start])
        named = before.endswith(("=", ":")) or len(before) in led or len(text[: left.start].rstrip()) in led
        if not bears or not _is_plain(left) or named:
            goes_on = False
            continue
        found[at - 1].amount = shared(left, right)
        goes_on = True
    for one, other in itertools.pairwise(found):
        whole, part = other.amount, one.amount
        if whole is None or part is None or not _is_plain(whole) or part.end == part.numeral.bare_end:
            continue
        if re.fullmatch(r"\s(?:out of|of a possible)\s(?:a )?", text[part.end : whole.start]):
            other.amount = shared(whole, part)
    return found


def _is_row(text: str, found: list[Item], at: int) -> bool:
    """Whether two or more bare numbers stand right before this one, only commas in between: "9, 15, 28 ms"."""
    if at < 2:
        return False
    first, second, last = (found[place].amount for place in (at - 2, at - 1, at))
    if first is None or second is None or last is None or not (_is_plain(first) and _is_plain(second)):
        return False
    commas = all(re.fullmatch(r"\s?[,，]\s?", text[a.end : b.start]) for a, b in ((first, second), (second, last)))
    return commas and last.kind in ("time", "bytes", "rate", "flops_rate")


def _is_plain(amount: Amount) -> bool:
    """Whether a number has neither unit nor scale."""
    return amount.readings == (("number", amount.numeral.value),) and amount.numeral.scale == 1.0


def _after_letter(text: str, start: int) -> bool:
    """A number right behind one letter is a symbol's (p8) or a product's (x8); behind a longer word it is a name's."""
    return start < 2 or not text[start - 2].isalnum()


def _widths(text: str, found: list[Item], terms: list[Found]) -> list[Item]:
    """The h of "40 layers 5120h 40 heads" as the name of a width; the amounts before it lose it."""
    shape = {meaning.name for term in terms for meaning in term.meanings} & _SHAPE
    made = []
    for item in found if len(shape) > 1 or len(_GLUED.findall(text)) > 2 else ():
        match = _WIDTH.match(text, item.start)
        if match is None or item.amount is None or item.amount.kind not in ("time", "number"):
            continue
        name = "heads" if match["name"] == "a" else "hidden"
        if name == "hidden" and int(match["value"]) < LEAST_WIDTH:
            continue
        end = match.end("value")
        item.amount = replace(item.amount, end=end, readings=(("number", float(match["value"])),))
        item.end, item.text = end, match["value"]
        meaning = Meaning("quantity", name, "noun")
        made.append(Item("term", end, match.end(), text[end : match.end()], meanings=(meaning,), name=name))
    return made


LEAST_WIDTH = 256
"""Fewer are hours."""


def _is_mark(text: str, amount: Amount) -> bool:
    """Whether a number counts sections, versions or years rather than something."""
    before = text[max(0, amount.start - 16) : amount.start]
    chunks = before.endswith("v") and _CHUNKED.search(text) is not None  # "interleaved v4" is no version
    if amount.kind == "number" and (
        (_REFERENCE.search(before) and not chunks)
        or _NAMED_VERSION.search(before)
        or _ORDINAL.match(text, amount.end)
        or _THINGS.match(text, amount.end)
    ):
        return True
    dated = _DAY.match(text, amount.end) or (_DAY_BEFORE.search(before) and amount.numeral.value <= 31)
    if amount.kind == "number" and amount.numeral.scale == 1.0 and dated:
        return True
    written = text[amount.start : amount.end]
    year = amount.kind == "number" and re.fullmatch(r"(?:19[89]|20[0-3])\d", written) is not None
    last = not text[amount.end :].strip(" ?？.。!！") and _LED.search(before) is None and written >= "2015"
    return year and (bool(_YEAR.search(before)) or text[amount.end : amount.end + 2].lstrip().startswith("年") or last)


def _words(text: str, claimed: bytearray) -> list[Item]:
    return [
        Item("word", *match.span(), match[0])
        for match in _WORD.finditer(text)
        if not any(claimed[match.start() : match.end()]) and match[0].lower() not in _DEVICE_WORDS
    ]


def is_generic(item: Item) -> bool:
    """Whether a term is a function word, which names a quantity only where that quantity is looked for."""
    return item.text.lower() in GENERIC or item.name.lower() in GENERIC
