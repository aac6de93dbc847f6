"""A paper as an arXiv source states it, and the document made of it.

Owns arXiv identity: one document per base id, newest version kept, withdrawal shown. Refuses to
invent a title or a day: the opening words and the month of the id stand in, marked as estimates.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ingest._dates import parse_date, quarter_of
from ingest._writer import disarm, fold, opening, sections_of
from kb.text import language_of, scrub
from kb.types import DateBasis, Document, Kind

_WITHDRAWN = re.compile(
    r"(?:paper|article|submission|manuscript|preprint|work|version|it)\s+(?:(?:has|have)\s+been|is|was)\s+"
    r"(?:temporarily\s+|now\s+)?(?:withdrawn|retracted)|^\W*(?:temporarily\s+)?withdrawn\b|"
    r"\bwithdrawn\s+(?:by|due to|because|from arxiv)",
    re.IGNORECASE,
)
_IN_ABSTRACT = re.compile(
    r"^\W*(?:this|the)\s+(?:paper|article|submission|manuscript|preprint|work|version)\s+(?:(?:has|have)\s+been|is|was)\s+"
    r"(?:temporarily\s+|now\s+)?(?:withdrawn|retracted)|^\W*(?:temporarily\s+)?withdrawn\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Paper:
    """What one record says; empty where it says nothing. White space is folded on output."""

    base: str
    version: int | None = None
    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """The primary one first."""
    comment: str = ""
    journal_ref: str = ""
    doi: str = ""
    published: str = ""
    """Date of the first version, raw."""
    updated: str = ""
    """Date of this version, raw."""


def month_of(base: str) -> str:
    """Month such as `2024-03` in which a base id was given out; empty where the id holds none."""
    digits = base.rpartition("/")[2][:4]
    if not re.fullmatch(r"\d\d(?:0[1-9]|1[0-2])", digits):
        return ""
    century = "19" if digits[:2] >= "91" else "20"
    return f"{century}{digits[:2]}-{digits[2:]}"


def collapse(papers: Iterable[Paper]) -> tuple[list[Paper], list[str]]:
    """Papers in order, each base id once with its newest version, and what was put together."""
    kept: dict[str, Paper] = {}
    repeated: dict[str, None] = {}
    for paper in papers:
        other = kept.get(paper.base)
        if other is None:
            kept[paper.base] = paper
            continue
        repeated[paper.base] = None
        rank = [(p.version or 0, len(p.abstract), len(p.title)) for p in (other, paper)]
        newer, older = (paper, other) if rank[1] > rank[0] else (other, paper)
        gaps = {name: value for name, value in vars(older).items() if value and not getattr(newer, name)}
        kept[paper.base] = replace(newer, **gaps)
    shown = ", ".join(list(repeated)[:5]) + (" and others" if len(repeated) > 5 else "")
    warning = f"Papers that appear more than once were joined, newest version kept: {shown}."
    return list(kept.values()), [warning] if repeated else []


def to_document(paper: Paper, source: str) -> Document:
    """The document of a paper: its text is the abstract, its one section bears the title."""
    abstract = "\n\n".join(folded for part in scrub(paper.abstract).split("\n\n") if (folded := fold(part)))
    abstract, stated = disarm(abstract), disarm(fold(scrub(paper.title)))
    title = stated or opening(abstract)
    text = abstract or title
    published, basis = _published(paper)
    withdrawn = _WITHDRAWN.search(paper.comment) or _IN_ABSTRACT.search(abstract)
    return Document(
        id=f"arxiv:{paper.base}",
        source=source,
        kind=Kind.ARXIV,
        url=f"https://arxiv.org/abs/{paper.base}",
        title=title,
        title_estimated=not stated,
        authors=tuple(dict.fromkeys(name for raw in paper.authors if (name := fold(scrub(raw))))),
        published=published,
        published_basis=basis,
        updated=parse_date(paper.updated) or "",
        quarter=quarter_of(published),
        language=language_of(f"{title}\n{text}"),
        text=text,
        status="withdrawn" if withdrawn else "current",
        categories=tuple(dict.fromkeys(paper.categories)),
        comment=_comment(paper),
        version=paper.version,
        sections=sections_of(title, [], len(text)),
    )


def _published(paper: Paper) -> tuple[str, DateBasis | None]:
    stated = parse_date(paper.published)
    if stated:
        return stated, "stated"
    estimated = parse_date(month_of(paper.base))
    return (estimated, "id") if estimated else ("", None)


def _comment(paper: Paper) -> str:
    """The authors' comment, with journal reference and DOI, which have no field of their own."""
    parts = [fold(scrub(paper.comment))]
    if paper.journal_ref.strip():
        parts.append(f"Journal reference: {fold(scrub(paper.journal_ref))}")
    if paper.doi.strip():
        parts.append(f"DOI: {fold(scrub(paper.doi))}")
    return ". ".join(part.rstrip(".") if index + 1 < len(parts) else part for index, part in enumerate(parts) if part)
