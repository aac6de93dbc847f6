"""The text of one record of a dump to title, authors, abstract and comment.

Owns what tells these apart: labels where there are any, else length, place and wording of lines.
Refuses to take a wrapped abstract's short last line for a comment. Pure.
"""

import re
from dataclasses import dataclass, field

from kb.chunk import count_units

_LABELS = {
    "title": "title", "标题": "title", "題目": "title", "题目": "title",
    "author": "authors", "authors": "authors", "author(s)": "authors", "作者": "authors",
    "abstract": "abstract", "summary": "abstract", "摘要": "abstract",
    "comment": "comment", "comments": "comment", "备注": "comment",
    "subject": "categories", "subjects": "categories", "categories": "categories", "category": "categories",
    "primary": "categories", "primary category": "categories",
    "journal-ref": "journal_ref", "journal ref": "journal_ref", "journal reference": "journal_ref",
    "doi": "doi", "related doi": "doi",
    "date": "date", "submitted": "date", "published": "date", "submitted on": "date", "日期": "date",
    "report-no": "", "msc-class": "", "acm-class": "", "license": "", "cite as": "", "url": "", "link": "", "pdf": "",
}  # fmt: skip
_LABEL = re.compile(
    r"[*#\s]*("
    + "|".join(re.escape(name) for name in sorted(_LABELS, key=len, reverse=True))
    + r")[*\s]*[:：][*\s]*(.*)",
    re.IGNORECASE,
)
_SUBMITTED = re.compile(r"[\[(]?Submitted on (\d{1,2} \w{3,9} \d{4})\b.{0,120}[\])]?\s*", re.IGNORECASE)
_ABSTRACT_HEAD = re.compile(r"\s*(?:abstract|摘要)\s*(?:[.:：—–-]\s*|$)", re.IGNORECASE)
_CONFERENCES = (
    "ieee|acm|cvpr|iccv|eccv|neurips|nips|icml|iclr|aaai|ijcai|acl|emnlp|naacl|coling|eacl|interspeech|icassp|sosp|osdi"
    "|nsdi|asplos|isca|micro|hpca|mlsys|sysml|eurosys|usenix|atc|fast|sigmod|vldb|icde|kdd|www|wsdm|sigir|sc|ppopp|ics"
    "|ipdps|dac|iccad|tpami|jmlr|tmlr|corl|icra|iros|wacv|bmvc|miccai|uai|aistats|colt|stoc|focs|soda"
)
_COMMENT = re.compile(
    r"\W*(?:\d+\s*(?:\+\s*\d+\s*)?(?:pages?|pp|figures?|figs?|tables?)\b|pages?\b|accepted|to appear"
    r"|appear(?:s|ed|ing)? (?:in|at)|published|publication|in proceedings|proceedings|camera[- ]ready"
    r"|project\b.{0,20}(?:page|website|site)|website|web ?page|home ?page|demo|video"
    r"|(?:the |our |source |all )?(?:codes?|data|datasets?|models?|weights|implementation)\b.{0,60}\b"
    r"(?:available|released?|open[- ]sourced?|https?:|at\b)|code\s*:|tech(?:nical)?\.? report|preprint|pre-print"
    r"|work in progress|wip\b|under (?:review|submission)|submitted|presented|invited|oral|spotlight|poster|best paper"
    r"|extended (?:version|abstract)|(?:full|long|journal|updated|first|this) version|version \d|v\d\b|draft"
    r"|supplementary|appendix|with appendix|this is (?:an?|the)\b|withdrawn|corrected|typos|revised|minor|added|fixed"
    r"|workshop|survey|thesis|master|ph\.?d|doctoral|book chapter|tutorial|equal contribution|github|https?://"
    rf"|(?:{_CONFERENCES})\b|会议|录用|接收|共\s*\d+\s*页|代码)",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?:[^\W\d_][\w.'’-]*|[A-Z]\.)(?:[ \t]+(?:(?:van|von|der|den|de|del|della|di|da|dos|du|la|le|bin|ben|al|el|y)\b"
    r"|[^\W\d_a-z][\w.'’-]*)){0,4}(?:\s*[\d*†‡,§]{1,4})?|[\u4e00-\u9fff·]{2,6}",
)
_TERMINAL = re.compile(r"[.!?。！？…)\]）」”\"]\s*$")
_RULE = re.compile(r"\s*(?:[-=_*~]{3,}|\\\\(?:\s*\(.*)?)\s*$")
"""Lines that divide records, in dumps and in arXiv's listing mails."""
_WRAP = 200
"""Longer lines are whole paragraphs; a text without any is wrapped by hand."""


@dataclass
class Fields:
    """What a record's text says, raw."""

    title: str = ""
    authors: tuple[str, ...] = ()
    abstract: str = ""
    comment: str = ""
    categories: tuple[str, ...] = ()
    journal_ref: str = ""
    doi: str = ""
    date: str = ""
    _labelled: dict[str, list[str]] = field(default_factory=dict)


def read_record(text: str) -> Fields:
    """The fields of one record."""
    fields = Fields()
    submitted = _SUBMITTED.search(text[:3000])
    if submitted:
        fields.date = submitted[1]
        text = text[: submitted.start()] + "\n" + text[submitted.end() :]
    lines = ["" if _RULE.match(line) else line for line in text.strip().split("\n")]
    rest = _take_labels(lines, fields)
    labelled = {name: " ".join(lines).strip() for name, lines in fields._labelled.items()}
    fields.title, fields.doi = labelled.get("title", ""), labelled.get("doi", "")
    fields.journal_ref, fields.date = labelled.get("journal_ref", ""), labelled.get("date", "") or fields.date
    fields.authors = split_names(labelled.get("authors", ""))
    fields.categories = tuple(re.findall(r"\(([a-z-]+(?:\.[A-Za-z-]+)?)\)", labelled.get("categories", "")))
    if not fields.categories:
        fields.categories = tuple(re.findall(r"\b[a-z-]+\.[A-Z]{2}\b", labelled.get("categories", "")))
    head, body, comment = _divide(fields._labelled.get("abstract") or rest)
    if "abstract" in fields._labelled:
        head = [line for line in rest if line.strip()][:4]
    _read_head(head, fields)
    fields.abstract = _join_paragraphs(body)
    fields.comment = " ".join([labelled.get("comment", ""), *comment]).strip()
    return fields


def split_names(text: str) -> tuple[str, ...]:
    """Names of a list with commas, semicolons or `and`."""
    parts = re.split(r"\s*(?:;|,|，|、|\band\b|&)\s*", re.sub(r"\([^()]{0,200}\)", "", text))
    return tuple(name for part in parts if (name := part.strip(" .*†‡")))


def _take_labels(lines: list[str], fields: Fields) -> list[str]:
    """Move labelled lines and what continues them into the fields; return the others."""
    rest: list[str] = []
    current: str | None = None
    for line in lines:
        match = _LABEL.match(line)
        if match:
            current = _LABELS[match[1].lower()]
            fields._labelled.setdefault(current, []).append(match[2])
        elif current == "abstract":
            fields._labelled["abstract"].append(line)
        elif current is not None and line.strip() and (line[:1].isspace() or _goes_on(fields._labelled[current])):
            fields._labelled[current].append(line.strip())
        else:
            current = None
            rest.append(line)
    return rest


def _goes_on(lines: list[str]) -> bool:
    """Whether a labelled list of names is not finished: its last line ends with a comma or `and`."""
    return re.search(r"(?:[,;，、]|\band)\s*$", lines[-1]) is not None


def _divide(lines: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Lines before the abstract, the abstract's (blank ones between its paragraphs), and comment lines after it."""
    lines = [line.rstrip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    heading = next((index for index, line in enumerate(lines[:12]) if line and _ABSTRACT_HEAD.match(line)), None)
    if heading is not None:
        first = _ABSTRACT_HEAD.sub("", lines[heading], count=1)
        head, lines = [line for line in lines[:heading] if line], [first, *lines[heading + 1 :]]
    elif max(map(len, lines), default=0) > _WRAP:
        start = next(index for index, line in enumerate(lines) if len(line) > _WRAP * 0.6)
        head, lines = [line for line in lines[:start] if line], lines[start:]
    else:
        head, lines = _divide_wrapped(lines)
    comment: list[str] = []
    while len(lines) > 1 and len(comment) < 20 and _is_comment(lines):
        comment.insert(0, lines.pop().strip())
        while lines and not lines[-1]:
            lines.pop()
    return head, lines, comment


def _divide_wrapped(lines: list[str]) -> tuple[list[str], list[str]]:
    """Head and body of a record without long lines: by paragraphs, else by a line of names."""
    starts = [0, *(index + 1 for index, line in enumerate(lines) if not line)]
    sizes = [count_units(" ".join(lines[a:b])) for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]
    body = starts[sizes.index(max(sizes))] if sizes else 0
    head = [line for line in lines[:body] if line]
    for index in range(body + 1, min(body + 4, len(lines) - 1)):
        if not head and _is_names(lines[index]) and not _TERMINAL.search(lines[index - 1]):
            return [line for line in lines[: index + 1] if line], lines[index + 1 :]
    return head, lines[body:]


def _is_comment(lines: list[str]) -> bool:
    """Whether the last line is the authors' comment: short, after a finished abstract."""
    last = lines[-1].strip()
    above = next((line for line in reversed(lines[:-1]) if line), "")
    apart = not lines[-2]
    worded = _COMMENT.match(last) is not None
    if not above or len(last) > (250 if worded else 160):
        return False
    if max(map(len, lines)) > _WRAP:
        return worded or (len(last.split()) <= 25 and len(above) > _WRAP * 0.6)
    finished = _TERMINAL.search(above) is not None
    # A line that had room for the next word was not broken by wrapping; a sentence would end with a stop.
    roomy = len(above) + 1 + len(last.split()[0]) <= max(map(len, lines[:-1]))
    alone = roomy or sum(map(bool, lines[:-1])) == 1 or not last.endswith((".", "。"))
    return finished and ((worded and (apart or alone)) or (apart and count_units(last) <= 12))


def _is_names(line: str) -> bool:
    names = split_names(line)
    if not names or len(line) > 1000 or line.rstrip().endswith((".", "?", ":")):
        return False
    return all(_NAME.fullmatch(name) for name in names) and (len(names) > 1 or 2 <= len(names[0].split()) <= 4)


def _read_head(head: list[str], fields: Fields) -> None:
    """Title and authors of the lines before the abstract."""
    marked = [line for line in head if line.lstrip().startswith("#")]
    head = [re.sub(r"^[#*\s]+|\*+$", "", line).strip() for line in marked[-1:] or head]
    if head and not fields.authors and len(head) > 1 and _is_names(head[-1]):
        fields.authors = split_names(head.pop())
    if head and not fields.title:
        fields.title = " ".join(head[-3:]) if len(" ".join(head[-3:])) <= 300 else head[-1]


def _join_paragraphs(lines: list[str]) -> str:
    """Wrapped lines joined; paragraphs apart."""
    long = max(map(len, lines), default=0) > _WRAP
    pieces: list[str] = []
    for line in lines:
        pieces.append(line.strip() + ("\n\n" if long or not line else " "))
    return re.sub(r"\n{3,}", "\n\n", "".join(pieces)).strip()
