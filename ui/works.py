"""What documents refer to, and everything else that the library says of the same work.

Owns the lists of references and the page of one work. Reads through the façade only.
"""

import re
from collections.abc import Sequence

from almanac import Almanac
from kb.errors import DocumentNotFound
from kb.types import Chunk, DocumentInfo, Reference
from ui.cards import card
from ui.links import DocumentState, href
from ui.render import act, count, dated, empty, esc, heading, link, name_of, note, outside, shorten, spans
from ui.state import levels_of

GROUPS = {
    "arxiv": "Papers",
    "doi": "Publications",
    "title": "Works without a link",
    "github": "Repositories",
    "url": "Pages",
}
ONE = {"arxiv": "Paper", "doi": "Publication", "title": "Work", "github": "Repository", "url": "Page"}
SHOWN = 12
"""References of one group that are listed before the rest is asked for."""
_ADDRESS = re.compile(r"https?://\S+|arxiv\s*:\s*\S+", re.I)
OPINIONS = frozenset({"very-good", "good", "useful", "interesting", "question"})


class Titles:
    """Documents by id, each looked up once; None for what is not in the library."""

    def __init__(self, almanac: Almanac) -> None:
        self._almanac = almanac
        self._known: dict[str, DocumentInfo | None] = {}

    def __call__(self, doc_id: str) -> DocumentInfo | None:
        """Return a document without its text."""
        if doc_id not in self._known:
            try:
                self._known[doc_id] = self._almanac.info(doc_id)
            except DocumentNotFound:
                self._known[doc_id] = None
        return self._known[doc_id]


def references_html(almanac: Almanac, doc_id: str, state: DocumentState) -> str:
    """Return the works that a document names, each with the other documents that name it."""
    groups: dict[str, dict[str, Reference]] = {}
    for reference in almanac.references(doc_id):
        known = groups.setdefault(reference.kind, {})
        if reference.key not in known or (reference.title and not known[reference.key].title):
            known[reference.key] = reference
    if not groups:
        return ""
    titles = Titles(almanac)
    made = []
    for kind, name in GROUPS.items():
        found = list(groups.get(kind, {}).values())
        if not found:
            continue
        shown = found if state.refs == "all" else found[:SHOWN]
        rows = "".join(_row(almanac, reference, doc_id, titles) for reference in shown)
        rest = len(found) - len(shown)
        more = f"<p>{act(state.href(refs='all'), f'{rest} more', stay=True)}</p>" if rest else ""
        made.append(f"<h4>{name} <span>{len(found)}</span></h4><ul>{rows}</ul>{more}")
    return f'<section class="al-refs">{"".join(made)}</section>'


def _row(almanac: Almanac, reference: Reference, doc_id: str, titles: Titles) -> str:
    mentions = almanac.mentions(reference.kind, reference.key)
    others = list(dict.fromkeys(mention.doc_id for mention in mentions if mention.doc_id != doc_id))
    page = _way(reference, work_title(mentions, _own(reference, titles)) or short_key(reference))
    remark = f' <span class="al-dim">{esc(shorten(reference.remark, 140))}</span>' if reference.remark else ""
    return f"<li>{page}{remark}{_also(others, titles)}</li>"


def _also(others: list[str], titles: Titles) -> str:
    """Return the other documents that name a work."""
    if not others:
        return ""
    known = [info for other in others[:3] if (info := titles(other)) is not None]
    links = ", ".join(link(href("document", id=info.id), esc(shorten(name_of(info), 44))) for info in known)
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return f'<div class="al-also">Also in {links}{more}</div>'


def in_library(almanac: Almanac, arxiv_id: str) -> bool:
    """Tell whether a paper itself is in the library."""
    return Titles(almanac)(f"arxiv:{arxiv_id}") is not None


def works_html(almanac: Almanac, limit: int = 60) -> str:
    """Return the papers and repositories that most documents name, with what the library lacks."""
    rows = ""
    titles = Titles(almanac)
    for reference, number, doc_id in almanac.most_mentioned(limit):
        mentions = almanac.mentions(reference.kind, reference.key)
        title = work_title(mentions, titles(doc_id) if doc_id else None)
        words = "" if title else f' <span class="al-dim">{esc(shorten(called(almanac, mentions), 100))}</span>'
        own = link(href("document", id=doc_id), "in the library") if doc_id else "not in the library"
        line = spans((ONE[reference.kind], esc(short_key(reference)), f"in {count(number, 'document')}", own))
        rows += f'<li>{_way(reference, title or short_key(reference))}{words}<div class="al-meta">{line}</div></li>'
    if not rows:
        return empty("No document names a paper or a repository yet")
    return f'<section class="al-refs"><ul>{rows}</ul></section>'


def _way(reference: Reference, name: str) -> str:
    """Return the link to a work's page."""
    return link(href("work", kind=reference.kind, key=reference.key), esc(shorten(name, 110)))


def _own(reference: Reference, titles: Titles) -> DocumentInfo | None:
    return titles(f"arxiv:{reference.key}") if reference.kind == "arxiv" else None


def short_key(reference: Reference) -> str:
    """Return what stands for a work without a title."""
    if reference.kind == "arxiv":
        return f"arXiv:{reference.key}"
    if reference.kind == "doi":
        return f"doi:{reference.key}"
    return reference.key.removeprefix("https://").removeprefix("http://").removesuffix("/")


def work_title(mentions: Sequence[Reference], info: DocumentInfo | None) -> str:
    """Return a work's title: its own document's, else the longest that a source gives it; empty where unknown."""
    if info is not None and not info.title_estimated:
        return info.title
    if any(mention.kind == "github" for mention in mentions):
        # A repository is known by its name; words under a link to it say little.
        return ""
    given = sorted({m.title for m in mentions if " " in m.title.strip()}, key=lambda t: (-min(len(t), 90), t))
    return given[0] if given else (name_of(info) if info is not None else "")


def called(almanac: Almanac, mentions: Sequence[Reference]) -> str:
    """Return how a note calls a work whose title is unknown: the line that its address ends or follows."""
    return next((line for mention in mentions[:3] if (line := _naming_line(almanac, mention))), "")


def _naming_line(almanac: Almanac, mention: Reference) -> str:
    """Return the line of a note that names a work: its address stands at the end of it or below it."""
    lines = almanac.chunk(mention.chunk_id).text.split("\n")
    for number, line in enumerate(lines):
        at = line.find(mention.key)
        if at < 0:
            continue
        words = _ADDRESS.sub("", line).strip(" -–—:.,;()[]")
        if len(words) < 8 and number:
            words = _ADDRESS.sub("", lines[number - 1]).strip(" -–—:.,;()")
        return " ".join(words.split()) if 8 <= len(words) <= 160 else ""
    return ""


def work_html(almanac: Almanac, kind: str, key: str) -> tuple[str, str, int]:
    """Return a work's title, its head and its passages as HTML, and how many there are.

    The reader's own opinions come first, then the rest, oldest first.
    """
    mentions = almanac.mentions(kind, key)
    titles = Titles(almanac)
    info = titles(f"arxiv:{key}") if kind == "arxiv" else None
    name = short_key(Reference.model_construct(kind=kind, key=key, url=""))
    address = mentions[0].url if mentions else (f"https://arxiv.org/abs/{key}" if kind == "arxiv" else "")
    line = [ONE.get(kind, "Work"), outside(address, name)]
    if info is not None:
        line += [dated(info), link(href("document", id=info.id), "Read its abstract")]
    found: list[tuple[Chunk, DocumentInfo]] = []
    for chunk_id in dict.fromkeys(mention.chunk_id for mention in mentions):
        chunk = almanac.chunk(chunk_id)
        about = titles(chunk.doc_id)
        if about is not None and about.id != f"arxiv:{key}":
            found.append((chunk, about))
    judged = [pair for pair in found if OPINIONS.intersection(pair[0].labels)]
    rest = [pair for pair in found if not OPINIONS.intersection(pair[0].labels)]
    title = work_title(mentions, info)
    words = "" if title else called(almanac, mentions)
    body = note(f"Its title is unknown. A note calls it “{esc(words)}”.") if words else ""
    body += f'<div class="al-meta">{spans(line)}</div>' + _group(almanac, "Your opinion", judged)
    body += _group(almanac, "Elsewhere" if judged else "What the library says", rest)
    return title or name, body, len(found)


def _group(almanac: Almanac, name: str, found: list[tuple[Chunk, DocumentInfo]]) -> str:
    if not found:
        return ""
    cards = "".join(card(chunk, info, levels=levels_of(almanac, chunk, info)) for chunk, info in found)
    return heading(name, len(found)) + cards
