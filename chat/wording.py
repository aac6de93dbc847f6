"""What the product itself says in an answer, in the question's language.

Owns every sentence that is neither quoted nor computed nor a model's. Refuses to say anything about a subject.
Invariant: both languages say the same.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from chat.question import Asked
from chat.scopes import Scoped
from chat.types import Candidate, Citation, Statement
from kb.text import fold_space, language_of
from kb.types import Language, Section

_STOCK = re.compile(
    r"(?:n\.\s*)?related (?:materials?|works?|papers?)|highlights?|相关(?:资料|材料|工作|论文)|重点", re.I
)
"""Titles that name nothing."""


def reply_language(text: str) -> Language:
    """Return the language to answer a message in: its own, Chinese where both stand in it."""
    return "zh" if language_of(text) in ("zh", "mixed") else "en"


def joined(statements: Sequence[Statement]) -> str:
    """Return statements as text, one a line: sources are never run together."""
    return "\n".join(fold_space(statement.marked) for statement in statements)


def context_of(citation: Citation, sections: Sequence[Section]) -> str:
    """Return what a quoted line stands under: in an outline its parent, elsewhere the work."""
    line = fold_space(citation.quote)
    parents = _ancestors(sections, citation.start) if sections else [*citation.path, citation.title]
    for parent in reversed(parents if sections else parents[-1:]):
        name = fold_space(parent)
        if name and name not in line and line not in name and not _STOCK.fullmatch(name):
            return name if len(name) <= 120 else name[:117] + "…"
    return ""


def _ancestors(sections: Sequence[Section], at: int) -> list[str]:
    """Return the titles above the section at an offset, outermost first; its own where the offset is further in."""
    chain: list[Section] = []
    for section in sections:
        if section.start > at:
            break
        while chain and chain[-1].level >= section.level:
            chain.pop()
        chain.append(section)
    return [section.title for section in chain if section.start < at]


def each_once(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in their order, without those that another one repeats or holds as a part."""
    kept: list[str] = []
    for name in names:
        low = name.lower()
        if not any(low == other.lower() or _part(low, other.lower()) for other in kept):
            kept = [other for other in kept if not _part(other.lower(), low)] + [name]
    return tuple(kept)


def whole_words(question: str, names: Iterable[str], terms: Iterable[str]) -> tuple[str, ...]:
    """Return names with the pairs of Chinese characters that overlap them in the question: 界杯 as 世界杯."""
    pairs = {text for text in terms if len(text) == 2 and not text.isascii()}
    return each_once(_widened(question, name, pairs) if name in pairs else name for name in names)


def _widened(question: str, name: str, pairs: Collection[str]) -> str:
    start = question.find(name)
    end = start + len(name)
    while start > 0 and end - start < LONGEST_WORD and question[start - 1 : start + 1] in pairs:
        start -= 1
    while 0 <= start < end < len(question) and end - start < LONGEST_WORD and question[end - 1 : end + 1] in pairs:
        end += 1
    return question[start:end] if start >= 0 else name


LONGEST_WORD = 6
LONGEST_NAME = 40


def _part(name: str, whole: str) -> bool:
    if name == whole:
        return False
    if not name.isascii():
        return name in whole
    return re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", whole) is not None


def declined(language: Language, unknown: Sequence[str], candidates: Sequence[Candidate]) -> str:
    """Return the text of an answer that there is none."""
    named = ", ".join(map(_short, unknown[:4]))
    if language != "en":
        text = "库里没有能回答这个问题的内容。" + (f"没有一处提到：{named}。" if unknown else "")
        near = "最接近的是：" + "；".join(_title(c) for c in candidates) + "。" if candidates else ""
        return text + near
    text = "This is not in your library." + (f" Nothing in it mentions {named}." if unknown else "")
    near = f" Nearest are: {'; '.join(_title(c) for c in candidates)}." if candidates else ""
    return text + near


def _title(candidate: Candidate) -> str:
    tail = fold_space(candidate.path[-1]) if candidate.path else ""
    return f"{candidate.title} › {tail[:80]}" if tail and tail != candidate.title else candidate.title


def advice_for(language: Language, asked: Asked, unknown: Sequence[str], scoped: Scoped) -> str:
    """Return what the reader may add or change, where nothing answers; what the library knows is not asked for."""
    zh = language != "en"
    if not asked.content and not unknown:
        return "问题里没有可以查找的词，请用文字提问。" if zh else "It holds no words to look for: ask in words."
    if not scoped.scope.empty:
        if zh:
            return "这次只在筛选范围内查找；放宽日期、类型或标签后再问一次。"
        return "Only what passes the filters was looked at: ask again with wider dates, kinds or labels."
    if unknown:
        subject = ", ".join(map(_short, unknown[:3]))
        if zh:
            return f"可以添加一篇关于“{subject}”的论文、文章或笔记后再问。"
        return f"Add a paper, post or note about {subject}, then ask again."
    if zh:
        return "库里有相关的词，但没有一处回答它：可以换个问法，或添加一篇说到它的论文、文章或笔记后再问。"
    return "Its words are known, but nothing says this: ask in other words, or add a paper, post or note that does."


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def what_to_ask(language: Language) -> str:
    """Return what can be asked, to a greeting or thanks."""
    if language != "en":
        return (
            "可以问库里的论文、文章和笔记讲了什么（回答逐字引用并注明出处），也可以让计算器算显存、吞吐、通信或训练时间，"
            "或贴上一个说法来核对。"
        )
    return (
        "Ask what the papers, posts and notes in your library say: the answer quotes them word for word, with their "
        "sources. A sum of memory, throughput, communication or training time is computed, and a claim is checked."
    )


def nothing_to_compare(language: Language) -> str:
    """Return that a claim meets neither passage nor calculator."""
    if language != "en":
        return "库里没有可与这一说法比较的数字，计算器也缺少所需的输入。"
    return "Neither the library nor a calculator has a number to compare this claim with."


def compared(language: Language, claimed: str, found: str, gap: float | None, source: str) -> str:
    """Return how a claim's number and another one relate."""
    if language != "en":
        if not gap:
            return f"说法是 {claimed}，{source}给出 {found}：一致。"
        return f"说法是 {claimed}，{source}给出 {found}：相差 {gap:+.1%}。"
    if not gap:
        return f"The claim says {claimed}, {source} says {found}: they agree."
    return f"The claim says {claimed}, {source} says {found}: a gap of {gap:+.1%}."


def at_best(language: Language, claimed: str, found: str, share: float, source: str) -> str:
    """Return what a claimed time means where the utilisation is not known: its share of the best time."""
    if share > 1:
        if language != "en":
            return f"说法是 {claimed}，{source}给出满负荷时至少 {found}：不可能更快。"
        return f"The claim says {claimed}, {source} says at least {found} at full utilisation: it cannot be faster."
    if language != "en":
        return f"说法是 {claimed}，{source}给出满负荷时 {found}：相当于峰值的 {share:.1%}。"
    return f"The claim says {claimed}, {source} says {found} at full utilisation: that is {share:.1%} of the peak."


def source_name(language: Language, title: str) -> str:
    """Return how a source is called in a comparison; empty stands for a passage."""
    if not title:
        return "引文" if language != "en" else "the passage"
    return f"计算器 {title} " if language != "en" else f"the calculator {title}"


def fallback(language: Language, reason: str) -> str:
    """Return the notice that quotations stand in for a model's answer."""
    if language != "en":
        return f"模型没有给出可用的回答（{reason}），以下是原文引用。"
    return f"Quotations stand in for the model's answer: {reason}"


def nothing_supported(language: Language) -> str:
    """Return why a model's answer was thrown away."""
    return "模型写的内容没有一句得到库中材料的支持" if language != "en" else "nothing of what it wrote is borne out."
