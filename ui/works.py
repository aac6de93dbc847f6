"""What documents refer to, and everything else that the library says of the same work.

Owns the lists of references and the page of one work. Reads through the façade only.
"""

from collections.abc import Iterable

from almanac import Almanac
from kb.errors import DocumentNotFound
from kb.types import Chunk, DocumentInfo, Reference
from ui.cards import card
from ui.links import DocumentState, href
from ui.render import act, count, dated, empty, esc, heading, link, name_of, outside, shorten, spans
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
    own = titles(f"arxiv:{reference.key}") if reference.kind == "arxiv" else None
    name = reference.title or (name_of(own) if own else "") or short_key(reference)
    page = link(href("work", kind=reference.kind, key=reference.key), esc(shorten(name, 110)))
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
    for reference, number, doc_id in almanac.most_mentioned(limit):
        words = esc(shorten(reference.title or short_key(reference), 110))
        page = link(href("work", kind=reference.kind, key=reference.key), words)
        own = link(href("document", id=doc_id), "in the library") if doc_id else "not in the library"
        line = spans((ONE[reference.kind], esc(short_key(reference)), f"in {count(number, 'document')}", own))
        rows += f'<li>{page}<div class="al-meta">{line}</div></li>'
    if not rows:
        return empty("No document names a paper or a repository yet")
    return f'<section class="al-refs"><ul>{rows}</ul></section>'


def short_key(reference: Reference) -> str:
    """Return what stands for a work without a title."""
    if reference.kind == "arxiv":
        return f"arXiv:{reference.key}"
    if reference.kind == "doi":
        return f"doi:{reference.key}"
    return reference.key.removeprefix("https://").removeprefix("http://").removesuffix("/")


def work_title(mentions: Iterable[Reference], info: DocumentInfo | None, fallback: str) -> str:
    """Return the best title of a work: its own document's, else the longest that a source gives it."""
    if info is not None and not info.title_estimated:
        return info.title
    given = sorted({m.title for m in mentions if m.title}, key=lambda title: (-min(len(title), 90), title))
    return given[0] if given else (name_of(info) if info is not None else fallback)


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
    body = f'<div class="al-meta">{spans(line)}</div>' + _group(almanac, "Your opinion", judged)
    body += _group(almanac, "Elsewhere" if judged else "What the library says", rest)
    return work_title(mentions, info, name), body, len(found)


def _group(almanac: Almanac, name: str, found: list[tuple[Chunk, DocumentInfo]]) -> str:
    if not found:
        return ""
    cards = "".join(card(chunk, info, levels=levels_of(almanac, chunk, info)) for chunk, info in found)
    return heading(name, len(found)) + cards
