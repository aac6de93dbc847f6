"""Outline notes: a notebook whose numbered or bulleted lines form a tree, in any of many styles.

Owns one document a file, one section a node. Refuses to trust printed numbers and to invent
ancestors: a node whose parent line was lost is marked an orphan. Invariants: pure; no recursion;
every non-blank line of the outline is in the text.
"""

import re
from pathlib import PurePath

from ingest._boilerplate import furniture
from ingest._dates import parse_date, quarter_of
from ingest._frontmatter import FrontMatter, split_front_matter
from ingest._labels import Reading, is_stock, plain_title, read_line
from ingest._links import find_links
from ingest._markers import HEADING_FAMILIES, measure, read_heading, read_marker
from ingest._outline import Node, build
from ingest._tokens import Token, read_tokens
from kb.errors import ParseError
from kb.text import language_of, scrub, simplify
from kb.types import DateBasis, Document, Kind, Parsed, Section

KIND = Kind.NOTES

_SAMPLE_LINES = 3000
_SAMPLE_CHARACTERS = 400_000
_HEAD_TOKENS = 6
_LONGEST_DATE_LINE = 60
_LONGEST_TITLE = 160
_FILE_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(\d{1,2})[-_.]?(\d{1,2})(?!\d)[-_. ]*")
_DATE_WORDS = re.compile(
    r"(?:date|posted(?: on)?|published(?: on)?|created|written(?: on)?|日期|时间|時間|发布于|發佈於|写于|寫於|创建于)"
    r"\s*[:：]?\s*",
    re.I,
)
_FOREIGN = re.compile(r"\s*<(?:\?xml|!doctype|html|rss|feed|rdf|svg)\b", re.I)


def sniff(text: str, name: str) -> tuple[float, str]:
    """Return how surely a text is outline notes, 0 to 1, and why; the name of the file is not looked at."""
    matter, body = split_front_matter(text[:_SAMPLE_CHARACTERS])
    if _FOREIGN.match(body):
        return 0.0, "markup, not plain text"
    bodies: list[tuple[int, str]] = []
    for line in body.split("\n")[:_SAMPLE_LINES]:
        column, visible = measure(line)
        if visible and not visible.startswith(("```", "~~~", "{%")):
            bodies.append((column, visible))
    if not bodies:
        return 0.0, "no text"
    nodes, under = 0, 0
    columns: set[int] = set()
    families: set[str] = set()
    for column, visible in bodies:
        marker = read_marker(visible)
        if marker is not None and (marker.sure or marker.family == "decimal"):
            nodes += 1
            columns.add(column)
            families.add(f"{marker.family}{len(marker.parts)}")
        elif nodes and (column > 0 or read_heading(visible)):
            under += 1
    share = (nodes + under * 0.7) / len(bodies)
    if share < 0.25 or (nodes < 3 and share < 0.6):
        return round(min(0.2, share / 2), 2), f"{nodes} outline lines of {len(bodies)}"
    lengths = sorted(len(visible) for _, visible in bodies)
    nested = len(columns) > 1 or (len(families) > 2 and share >= 0.5)
    score = 0.2 + 0.6 * share + (0.2 if nested else 0.0) + (0.05 if matter.found else 0.0)
    if not nested:
        # A flat list of long lines is as likely a page of paragraphs with numbers.
        score -= 0.25 if lengths[len(lengths) // 2] > 160 else 0.1
    reason = f"{nodes} outline lines of {len(bodies)}, {len(columns)} indentation levels"
    return round(min(0.97, max(0.0, score)), 2), reason


def parse(text: str, *, name: str, source: str) -> Parsed:
    """Return the one notebook that a file of notes is.

    Raises ParseError where the text holds nothing to read.
    """
    matter, body = split_front_matter(scrub(text))
    tokens = read_tokens(body)
    warnings: list[str] = []
    stated = _take_date(tokens)
    _drop_furniture(tokens, warnings)
    nodes = build(tokens)
    if not nodes:
        raise ParseError("The file holds no text to read.", "Check that it is the one you meant, and not empty.")
    if not any(node.family not in ("prose", "heading") or node.marker for node in nodes):
        warnings.append("No outline line (numbered, bulleted or headed) was found; read as prose.")
    readings = [read_line(node.first) for node in nodes]
    labels = _spread_labels(nodes, readings)
    content, sections = _write(nodes, readings, labels)
    orphans = sum(node.orphan for node in nodes)
    if orphans:
        warnings.append(f"Shown as “parent missing”, since a line above was lost: {orphans} of {len(nodes)} nodes.")
    title, estimated = _title(matter, nodes, name)
    published, basis = _date(matter, stated, name)
    document = Document(
        id=f"notes:{name}",
        source=source,
        kind=KIND,
        url=matter.url,
        title=title,
        title_estimated=estimated,
        authors=matter.authors,
        published=published,
        published_basis=basis,
        quarter=quarter_of(published),
        language=language_of(content),
        text=content,
        categories=matter.tags,
        sections=sections,
        links=find_links(content),
    )
    return Parsed(kind=KIND, documents=(document,), warnings=tuple(warnings))


# --- what stands around the outline -----------------------------------------------------------


def _take_date(tokens: list[Token]) -> str:
    """Take a rendered date line such as `15 October 2023` off the head of the notes and return it."""
    for index, token in enumerate(tokens[:_HEAD_TOKENS]):
        if token.kind == "node":
            return ""
        if token.kind == "text" and len(token.text) <= _LONGEST_DATE_LINE:
            raw = _DATE_WORDS.sub("", token.text, count=1).strip(" *_")
            date = parse_date(raw)
            # A bare year may be a title.
            if date and len(date) > 4:
                del tokens[index]
                return date
    return ""


def _drop_furniture(tokens: list[Token], warnings: list[str]) -> None:
    """Drop what a page shows below the notes: comment boxes, share buttons, footers."""
    end = len(tokens)
    while end and tokens[end - 1].kind == "text" and tokens[end - 1].column == 0 and furniture(tokens[end - 1].text):
        end -= 1
    dropped = tokens[end:]
    if end and dropped:
        warnings.append(f"Page furniture below the notes left out: {' / '.join(token.text for token in dropped)[:160]}")
        del tokens[end:]


def _title(matter: FrontMatter, nodes: list[Node], name: str) -> tuple[str, bool]:
    if matter.title:
        return plain_title(matter.title), False
    first = nodes[0]
    if first.family in ("heading", "prose") and not first.marker and first.first.strip():
        title = plain_title(first.first)
        if not is_stock(title):
            return _clip(title), first.family == "prose"
    stem = PurePath(name).stem
    rest = _FILE_DATE.sub("", stem, count=1) if _file_date(stem) else stem
    return " ".join(re.sub(r"[-_]+", " ", rest).split()) or stem or name, True


def _clip(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1].rstrip() + "…"


def _date(matter: FrontMatter, stated: str, name: str) -> tuple[str, DateBasis | None]:
    if matter.published or stated:
        return matter.published or stated, "stated"
    dated = _file_date(PurePath(name).name)
    return (dated, "file name") if dated else ("", None)


def _file_date(name: str) -> str:
    match = _FILE_DATE.search(name)
    return (parse_date(f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}") or "") if match else ""


# --- labels and text --------------------------------------------------------------------------


def _spread_labels(nodes: list[Node], readings: list[Reading]) -> list[tuple[str, ...]]:
    """Return each node's labels, with the opinions of childless lines given to their parents too."""
    labels: list[dict[str, None]] = [dict.fromkeys(reading.labels) for reading in readings]
    for position, (node, reading) in enumerate(zip(nodes, readings, strict=True)):
        if node.family in HEADING_FAMILIES and simplify(reading.title) == "问题":
            labels[position].pop("question", None)  # a chapter on the problem, not a doubt
        if node.parent < 0 or node.family == "prose":
            continue
        if reading.opinions and not node.children:
            labels[node.parent] |= dict.fromkeys(reading.opinions)
        above = labels[node.parent]
        if "question" in above and "stock" in above and "stock" not in reading.labels:
            labels[position] |= {"question": None}
    return [tuple(found) for found in labels]


def _write(
    nodes: list[Node], readings: list[Reading], labels: list[tuple[str, ...]]
) -> tuple[str, tuple[Section, ...]]:
    """Return the readable text and its sections, one a node."""
    pieces: list[str] = []
    sections: list[Section] = []
    ids: list[str] = []
    counts: dict[int, int] = {}
    at = 0
    for node, reading, marks in zip(nodes, readings, labels, strict=True):
        lines = node.body if not node.first and node.body else [node.first, *node.body]
        piece = "\n".join(lines).rstrip() + "\n"
        ordinal = counts[node.parent] = counts.get(node.parent, 0) + 1
        ids.append(f"{ids[node.parent]}.{ordinal}" if node.parent >= 0 else str(ordinal))
        title = reading.title or (plain_title(node.body[0]) if node.body else "")
        section = Section(
            id=ids[-1],
            level=node.level,
            title=title,
            marker=node.marker,
            start=at,
            end=at + len(piece),
            labels=marks,
            orphan=node.orphan,
        )
        pieces.append(piece)
        sections.append(section)
        at += len(piece)
    return "".join(pieces), tuple(sections)
