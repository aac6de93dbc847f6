"""Plain dumps of abstracts, and JSON lines of arXiv's metadata snapshot, to papers.

Owns the joining of marks and records. Refuses to file text under an id that it may not belong to:
text without a mark of its own is left out and counted. Pure.
"""

import json
import re
from typing import Any

from ingest._arxiv_marks import Mark, Reading, decide_reading, find_marks
from ingest._arxiv_record import read_record, split_names
from ingest._dates import parse_date
from ingest._paper import Paper, month_of
from kb.chunk import count_units
from kb.errors import ParseError
from kb.references import arxiv_id
from kb.text import scrub

_OWN_LINK = re.compile(
    r"^[ \t]*(?:[-*•][ \t]*)?(?:(?:url|link|abs|pdf)[ \t]*:[ \t]*)?"
    r"https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/(\S+)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SAMPLE = 200_000


_OUTLINE_LINE = re.compile(r"^\s*(?:\d{1,3}(?:\.\d{1,3})*[.)、]?|n\.|[-*+•]|#{1,6})\s", re.MULTILINE)


def score_dump(text: str) -> tuple[float, str]:
    """How surely a text is a dump of abstracts, 0..1, and why."""
    if is_json_lines(text):
        return 0.97, "JSON records with arXiv ids and abstracts"
    sample = text[:_SAMPLE]
    marks = find_marks(sample)
    if not marks:
        return 0.0, "no arXiv marks between abstracts"
    records, _ = _split(sample, marks, decide_reading(sample, marks)[0])
    long = sum(count_units(record[:2000]) >= 30 for _, record in records)
    numbered = len(_OUTLINE_LINE.findall(sample))
    share = long / len(marks)
    if marks[0].label:
        score = max(0.97 * share, 0.35 * (len(marks) > 1)) if numbered <= 2 * len(marks) else 0.4 * share
    else:
        # Links alone also divide lists of remarks on papers; those bear titles.
        bare = len(marks) > 2 and not numbered and not any(read_record(record).title for _, record in records)
        score = (0.85 if bare else 0.6) * share if numbered <= len(marks) else 0.2 * share
        if len(marks) == 1:
            # One link to a paper ends many a page and note.
            score = min(score, 0.3)
    return round(score, 2), f"{len(marks)} arXiv marks, {long} of them with an abstract"


def read_dump(text: str) -> tuple[list[Paper], list[str], int]:
    """Papers in order, warnings that name the reading taken, and how many pieces were left out.

    Raises:
        ParseError: the text holds no arXiv marks.
    """
    marks = find_marks(text)
    if not marks:
        raise ParseError(
            "The text holds no arXiv marks such as “arXiv:2309.06180” at the end or start of a line.",
            "Put each paper's mark on a line of its own, before or after its abstract.",
        )
    reading, evidence = decide_reading(text, marks)
    records, stray = _split(text, marks, reading)
    side = "after" if reading == "after" else "before"
    warnings = [f"{len(marks)} arXiv marks were read as standing {side} their abstracts: {evidence}."]
    papers: list[Paper] = []
    empty: list[str] = []
    ids = {mark.base for mark in marks}
    for mark, record in records:
        paper = _read_paper(mark, _OWN_LINK.sub(lambda link: _without(link, ids), record))
        if paper is None:
            empty.append(mark.base)
        else:
            papers.append(paper)
    if empty:
        warnings.append(f"Marks without an abstract were left out: {', '.join(empty[:5])}.")
    if count_units(stray[:2000]) >= 30:
        place = "the last" if reading == "after" else "the first"
        quoted = f"{len(stray)} characters, “{stray[:60].strip()}…”"
        warnings.append(f"The text beyond {place} mark ({quoted}) has no id and was left out.")
        empty.append("")
    return papers, warnings, len(empty)


def _without(link: re.Match[str], ids: set[str]) -> str:
    """Nothing where a line only repeats the address of one of the papers, else the line."""
    found = arxiv_id(link[1].removesuffix(".pdf"))
    return "" if found and found[0] in ids else link[0]


def _split(text: str, marks: list[Mark], reading: Reading) -> tuple[list[tuple[Mark, str]], str]:
    """Each mark with its record's text, and the text that belongs to none."""
    if reading == "after":
        starts = [0, *(mark.end for mark in marks)]
        records = [text[starts[index] : mark.start] for index, mark in enumerate(marks)]
        return list(zip(marks, records, strict=True)), text[marks[-1].end :].strip()
    ends = [*(mark.start for mark in marks[1:]), len(text)]
    records = [text[mark.end : ends[index]] for index, mark in enumerate(marks)]
    head = text[: marks[0].start].strip()
    shifted = _shift_titles(head, records)
    return list(zip(marks, shifted or records, strict=True)), "" if shifted else head


def _shift_titles(head: str, records: list[str]) -> list[str] | None:
    """Records with the titles that stand above their marks; None where titles do not stand there."""
    titles = [head]
    bodies: list[str] = []
    for record in records[:-1]:
        body, _, title = record.rstrip().rpartition("\n\n")
        titles.append(title.strip())
        bodies.append(body)
    bodies.append(records[-1])
    plausible = all(
        title and title.count("\n") < 4 and count_units(title) < 60 and not title.endswith(".") for title in titles
    )
    if not plausible or not all(count_units(body[:2000]) >= 15 for body in bodies):
        return None
    return [f"{title}\n\n{body.strip()}" for title, body in zip(titles, bodies, strict=True)]


def _read_paper(mark: Mark, record: str) -> Paper | None:
    if not record.strip():
        return None
    fields = read_record(record)
    if not fields.abstract and not fields.title:
        return None
    first = mark.version in (None, 1)
    # The date in arXiv's margin stamp is that of the version; it is the paper's own only for the first.
    stamped = mark.date if mark.date and (mark.version == 1 or _in_month(mark)) else ""
    return Paper(
        base=mark.base,
        version=mark.version,
        title=fields.title,
        abstract=fields.abstract,
        authors=fields.authors,
        categories=fields.categories or mark.categories,
        comment=fields.comment,
        journal_ref=fields.journal_ref,
        doi=fields.doi,
        published=fields.date or stamped,
        updated="" if first else mark.date,
    )


def _in_month(mark: Mark) -> bool:
    date = parse_date(mark.date)
    return mark.version is None and date is not None and date[:7] == month_of(mark.base)


def is_json_lines(text: str) -> bool:
    """Whether the text is records of arXiv's metadata snapshot, one a line or in a list."""
    head = text[:20_000].lstrip()
    return head[:1] in "{[" and all(f'"{name}"' in head for name in ("id", "abstract", "title"))


def read_json_lines(text: str) -> tuple[list[Paper], list[str], int]:
    """Papers of a metadata snapshot, warnings, and how many records were left out."""
    records: list[Any] = []
    broken = 0
    if text.lstrip().startswith("["):
        try:
            records = list(json.loads(text, strict=False))
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The JSON list is broken: {error}.", "Give it whole, or one record a line.") from error
    else:
        for line in text.split("\n"):
            try:
                records += [json.loads(line, strict=False)] if line.strip() else []
            except (ValueError, RecursionError):
                broken += 1
    papers = [paper for record in records if (paper := read_json_record(record)) is not None]
    lost = broken + len(records) - len(papers)
    return papers, [f"{lost} records are broken or name no arXiv id and were left out."] if lost else [], lost


def read_json_record(record: Any) -> Paper | None:
    """The paper of one record of a metadata snapshot, None where it names no arXiv id."""
    if not isinstance(record, dict):
        return None
    found = arxiv_id(str(record.get("id") or ""))
    if found is None:
        return None
    versions = [item for item in record.get("versions") or [] if isinstance(item, dict)]
    number = re.fullmatch(r"v(\d{1,3})", str(versions[-1].get("version"))) if versions else None
    names = record.get("authors_parsed")
    if isinstance(names, list) and all(isinstance(name, list) and len(name) >= 2 for name in names):
        authors = tuple(scrub(f"{name[1]} {name[0]}").strip() for name in names)
    else:
        authors = split_names(str(record.get("authors") or ""))
    raw = {name: scrub(str(record.get(name) or "")) for name in ("title", "abstract", "comments", "journal-ref", "doi")}
    return Paper(
        base=found[0],
        version=int(number[1]) if number else found[1],
        title=raw["title"],
        abstract=" ".join(raw["abstract"].split()),
        authors=authors,
        categories=tuple(scrub(str(record.get("categories") or "")).split()),
        comment=raw["comments"],
        journal_ref=raw["journal-ref"],
        doi=raw["doi"],
        published=str(versions[0].get("created") or "") if versions else "",
        updated=str(versions[-1].get("created") or "") if len(versions) > 1 else str(record.get("update_date") or ""),
    )
