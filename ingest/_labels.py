"""What a note's line says about itself: year, venue, reference count, author, opinion, stock label.

Owns the vocabulary of labels. Refuses opinions inside sentences: only leading words count, and only
where what follows shows that they judge a work. Invariant: reading a line never changes it; the
title alone has annotations taken off.
"""

import re
from dataclasses import dataclass

from ingest._annotations import take_annotations
from kb.text import normalise

_EN_WORDS: tuple[tuple[str, str], ...] = (
    (
        "very-good",
        r"(?:very|really|extremely)\s+good|excellent|outstanding|must[- ]read|(?:highly|strongly)\s+recommend(?:ed)?",
    ),
    ("useful", r"(?:very|really|quite)\s+(?:useful|helpful)|useful|helpful"),
    ("interesting", r"(?:very|really|quite)\s+interesting|interesting"),
    ("good", r"(?:pretty|quite)\s+good|good|great|nice|recommend(?:ed)?"),
)
_OBJECT = (
    r"(?:articles?|papers?|parts?|posts?|blogs?|talks?|slides|videos?|read|readings?|summary|survey|overview|intro"
    r"|introduction|illustrations?|explanations?|references?|books?|tutorials?|courses?|materials?|resources?|list"
    r"|write-?up|works?|stuff|one|thread|comparison|charts?|figures?|tables?|examples?|analysis|study|report|docs?"
    r"|documentation|collection|starting\s+point|news|discussion|answer|findings?|insights?|ideas?|new\s+\w+)"
)
_FOLLOWS = (
    rf"\s*(?:$|[.,;!~:…)]|\s[-–—]\s|{_OBJECT}\b"
    r"|(?:as\s+)?to\s+(?:read|know|understand|see|learn|show|have|look|watch|revisit|compare|check|start)\b"
    rf"|(?:as|for)\s+(?:an?\s+|the\s+)?(?:{_OBJECT}|beginners?|understanding|learning|newcomers?|background)\b"
    r"|(?:and|but)\s+(?:very\s+)?(?:good|useful|interesting|detailed|clear|short|long|thorough|insightful|helpful"
    r"|practical)\b)"
)
_ZH_WORDS: tuple[tuple[str, str], ...] = (
    ("very-good", "(?:非常|很|极|超)好|非常不错|(?:强烈|非常|极其)推荐|力荐|必读|必看|(?:非常|太)棒了?"),
    ("useful", "(?:非常|很|十分|特别|挺|比较)?(?:有用|实用|有帮助)"),
    ("interesting", "(?:非常|很|十分|特别|挺|比较)?(?:有趣|有意思)"),
    ("good", "(?:挺|还)?不错|好文|推荐|值得一?[读看]|[写讲]得(?:好|不错)|好"),
)
_ZH_FOLLOWS = (
    r"(?:$|[\s。.,!;、~…]|的?(?:文章|论文|综述|总结|资料|图|课程|教程|博客|书|介绍|例子|思路|观点|部分|讲解|分享|入门|报告"
    r"|一篇|文))"
)
_OPINIONS = tuple((label, re.compile(rf"(?:a\s+)?(?:{words})\b{_FOLLOWS}")) for label, words in _EN_WORDS) + tuple(
    (label, re.compile(f"(?:{words}){_ZH_FOLLOWS}")) for label, words in _ZH_WORDS
)
_OPINION_WORDS = frozenset(
    "very really quite pretty extremely good great nice useful helpful interesting excellent outstanding recommended "
    "recommend highly strongly must read article paper post blog talk slides video book summary survey overview and "
    "but to a an one".split()
)
_REMARK = re.compile(r"\(([^()]{1,24})\)\W*$")
"""An opinion in brackets at a line's end, behind a title or an address."""
_QUESTION = re.compile(
    r"(?:(?:my|open|some|key)\s+)?questions?(?:\s+(?:to|for|about)\s+(?:ask|answer|myself|me|authors?))?"
    r"\s*(?:$|[:,.?])|q\s*:\s"
    r"|(?:(?:我的|几个|一些|个人|待解决的?|开放|遗留)(?:问题|疑问|疑惑)|疑问|疑惑|存疑|问题|待确认)(?:$|\s*[:,.?。])"
)
_RELATED = re.compile(
    r"(?:n\.\s*)?(?:related|referenced|relevant|similar)"
    r"(?:\s+(?:and\s+\w+\s+)?(?:materials?|works?|papers?|articles?|readings?|posts?|links?|resources?|topics?))?"
    r"\s*(?:$|[:(])|(?:further|additional|more)\s+readings?\b|see\s+also\b"
    r"|(?:相关|延伸|扩展|参考|更多)(?:资料|材料|工作|阅读|文章|论文|文献|链接|研究|内容)\s*(?:$|[:(])"
)
_STOCK = frozenset(
    word
    for words in (
        "highlights/highlight/key points/key point/key aspects/key ideas/key findings/key takeaways/takeaways",
        "main points",
        "related/related materials/related material/related works/related work/related papers/related articles",
        "related readings/related links/further reading/see also/references/reference/resources/links/readings/more",
        "my questions/my question/questions/question/open questions/others/other/misc/notes/note/comments/thoughts",
        "my thoughts/summary/overview/background/introduction/intro/conclusion/conclusions/motivation/discussion",
        "evaluation/results/pros/cons/pros and cons/advantages/disadvantages/limitations/limitation/drawbacks/problems",
        "problem/solutions/solution/examples/example/applications/todo/to read/directions/details/ideas",
        "重点/要点/亮点/核心观点/核心要点/关键点/关键要点/总结/小结/概述/概览/背景/简介/介绍/引言/前言/结论",
        "相关资料/相关材料/相关工作/相关论文/相关文章/相关阅读/相关链接/相关研究/参考资料/参考文献/参考/延伸阅读",
        "扩展阅读/更多资料/问题/疑问/我的问题/我的疑问/存疑/其他/其它/其他问题/备注/笔记/评论/想法/我的想法",
        "优点/缺点/优缺点/局限/不足/例子/示例/应用/讨论/实验/评估",
    )
    for word in words.split("/")
)
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"]*\")?\)")
_EMPHASIS = re.compile(r"\*\*(.+?)\*\*|__(.+?)__|(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])|`([^`]+)`")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LONGEST_TITLE = 4000


@dataclass(frozen=True, slots=True)
class Reading:
    """What one line says: its title without annotations, and its labels."""

    title: str
    labels: tuple[str, ...]
    opinions: tuple[str, ...] = ()
    """Opinions that the line opens with: they hold for the node above it too, if it has no children."""


def read_line(line: str) -> Reading:
    """Return the title and labels of an outline node's first line, its marker already taken off."""
    head, found = take_annotations(line) if len(line) < _LONGEST_TITLE else (line, ())
    title = plain_title(head) or plain_title(line)
    labels = dict.fromkeys(found)
    labels |= {f"author:{name}": None for name in read_authors(title)}
    start = normalise(title[:200]).strip(" \"'“”")
    opinions = _read_opinions(start)
    labels |= dict.fromkeys(opinions)
    remark = None if opinions else _REMARK.search(normalise(line[-40:]))
    labels |= dict.fromkeys(_read_opinions(remark[1].strip(" !,.。")) if remark else ())
    if _QUESTION.match(start):
        labels["question"] = None
    if _RELATED.match(start):
        labels["related"] = None
    if is_stock(title) or (opinions and _is_bare(start)):
        labels["stock"] = None
    return Reading(title, tuple(labels), opinions)


def is_stock(title: str) -> bool:
    """Tell whether a title is only a stock label (`highlights`, `相关资料`), useless by itself."""
    return len(title) < 40 and normalise(title).strip(" .:。…?") in _STOCK


def plain_title(text: str) -> str:
    """Return a title without Markdown links, emphasis and doubled blanks."""
    text = text[:_LONGEST_TITLE]
    if "](" in text:
        text = _MARKDOWN_LINK.sub(r"\1", text)
    if "*" in text or "`" in text or "__" in text:
        text = _EMPHASIS.sub(lambda match: next(group for group in match.groups() if group is not None), text)
    return " ".join(text.split())


def _read_opinions(start: str) -> tuple[str, ...]:
    """Return the opinions that a line opens with; further short sentences count while they are opinions."""
    found: dict[str, None] = {}
    for piece in re.split(r"(?<=[.,!;。])\s*", start, maxsplit=3)[:3]:
        label = next((label for label, pattern in _OPINIONS if pattern.match(piece)), None)
        if label is None:
            break
        found[label] = None
    if "very-good" in found:
        found.pop("good", None)
    return tuple(found)


def _is_bare(start: str) -> bool:
    """Tell whether a line is an opinion and nothing else."""
    if _HAN.search(start):
        return len(start) <= 10 and not re.search(r"[a-z0-9]", start)
    return len(start) <= 60 and all(word in _OPINION_WORDS for word in re.findall(r"[a-z]+", start))


# --- authors ----------------------------------------------------------------------------------

_SUFFIX = re.compile(r"\s[-–—]\s+(?!.*\s[-–—]\s)(\S.{0,80})$")
_NAME_TOKEN = re.compile(r"[A-ZÀ-Þ][\w'’.-]*|[a-z]+[\w.-]*\d[\w.-]*|[a-z0-9-]+\.(?:com|io|ai|org|net|dev|cn|edu|me)")
_HANDLE = re.compile(r"[a-z][\w-]{2,30}")
_CJK_NAME = re.compile(r"[\u3400-\u9fffA-Za-z0-9_·•.\- ]{2,24}")
_PARTICLES = frozenset("van von de der den del della di da la le el al bin ibn y e dos das ter ten".split())
_NOT_NAMES = frozenset(
    "a an the part chapter section introduction overview summary conclusion good useful interesting very pros cons yes "
    "no new old highlights notes note update updated draft slides video paper survey tutorial ii iii iv v1 v2 v3 this "
    "that typically how why what when and or not only both all some most more less high low fast slow".split()
)


def read_authors(title: str) -> list[str]:
    """Return the names of a ` - Author` suffix; none where what follows the dash is no name."""
    match = _SUFFIX.search(title) if len(title) <= 600 else None
    if not match:
        return []
    before, suffix = title[: match.start()].strip(), match[1].strip()
    wide = len(_HAN.findall(before))
    if len(before) + wide < 12:
        return []
    names = [name.strip() for name in re.split(r",\s+|，|、|\s+(?:and|&)\s+", suffix)]
    article = bool(wide) or before.endswith(("?", "？", "!", "！"))
    if not all(is_name(name, handles=article) for name in names):
        return []
    return [re.sub(r"['’]s blog$", "", name) for name in names]


def is_name(name: str, *, handles: bool = False) -> bool:
    """Tell whether words read as a person's or publisher's name; `handles` admits one word in small letters."""
    initial = re.search(r"\b[A-Z]\.$|Jr\.$", name)
    if not name or (name.endswith((".", ":", "?", "!", "。", "：", "？")) and not initial):
        return False
    name = re.sub(r"\s*[(（][^()（）]{1,30}[)）]$", "", name)
    if _HAN.search(name):
        return _CJK_NAME.fullmatch(name) is not None and len(_HAN.findall(name)) <= 14
    words = name.removesuffix("'s blog").removesuffix("’s blog").split()
    if not 1 <= len(words) <= 4 or words[0].lower() in _NOT_NAMES:
        return False
    if all(_NAME_TOKEN.fullmatch(word) or word in _PARTICLES for word in words):
        return True
    return len(words) == 1 and _HANDLE.fullmatch(words[0]) is not None and (handles or "blog" in name)
