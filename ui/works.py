"""What documents refer to, and everything else that the library says of the same work.

Owns the lists of references and the page of one work. Reads through the façade only.
"""

from collections.abc import Iterable

from almanac import Almanac
from kb.errors import DocumentNotFound
from kb.types import Chunk, DocumentInfo, Reference
from ui.cards import card
from ui.links import DocumentState, href
from ui.render import dated, esc, outside, shorten
from ui.state import levels_of

GROUPS = {"arxiv": "Papers", "doi": "Publications", "github": "Repositories", "url": "Pages"}
ONE = {"arxiv": "Paper", "doi": "Publication", "github": "Repository", "url": "Page"}
SHOWN = 12
"""References of one group that are listed before the rest is asked for."""
OPINIONS = frozenset({"very-good", "good", "useful", "interesting", "question"})


def references_html(almanac: Almanac, doc_id: str, state: DocumentState) -> str:
    """Return the works that a document names, each with the other documents that name it."""
    groups: dict[str, dict[str, Reference]] = {}
    for reference in almanac.references(doc_id):
        known = groups.setdefault(reference.kind, {})
        if reference.key not in known or (reference.title and not known[reference.key].title):
            known[reference.key] = reference
    if not groups:
        return ""
    titles: dict[str, DocumentInfo | None] = {}
    made = []
    for kind, name in GROUPS.items():
        found = list(groups.get(kind, {}).values())
        if not found:
            continue
        shown = found if state.refs == "all" else found[:SHOWN]
        rows = "".join(_row(almanac, reference, doc_id, titles) for reference in shown)
        rest = len(found) - len(shown)
        more = f'<p><a class="al-act" data-stay="1" href="{esc(state.href(refs="all"))}">{rest} more</a></p>' if rest else ""
        made.append(f"<h4>{name} <span>{len(found)}</span></h4><ul>{rows}</ul>{more}")
    return f'<section class="al-refs">{"".join(made)}</section>'


def _row(almanac: Almanac, reference: Reference, doc_id: str, titles: dict[str, DocumentInfo | None]) -> str:
    others = list(dict.fromkeys(m.doc_id for m in almanac.mentions(reference.kind, reference.key) if m.doc_id != doc_id))
    page = href("work", kind=reference.kind, key=reference.key)
    own = _info(almanac, f"arxiv:{reference.key}", titles) if reference.kind == "arxiv" else None
    name = reference.title or (own.title if own else "") or short_key(reference)
    remark = f' <span class="al-dim">{esc(shorten(reference.remark, 140))}</span>' if reference.remark else ""
    said = ""
    if others:
        known = [info for other in others[:3] if (info := _info(almanac, other, titles)) is not None]
        links = ", ".join(f'<a href="{esc(href("document", id=info.id))}">{esc(shorten(info.title, 44))}</a>' for info in known)
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        said = f'<div class="al-also">Also in {links}{more}</div>'
    return f'<li><a href="{esc(page)}">{esc(shorten(name, 110))}</a>{remark}{said}</li>'


def _info(almanac: Almanac, doc_id: str, known: dict[str, DocumentInfo | None]) -> DocumentInfo | None:
    if doc_id not in known:
        try:
            known[doc_id] = almanac.info(doc_id)
        except DocumentNotFound:
            known[doc_id] = None
    return known[doc_id]


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
    return given[0] if given else (info.title + "…" if info is not None else fallback)


def work_html(almanac: Almanac, kind: str, key: str) -> tuple[str, str, int]:
    """Return a work's title, its head and its passages as HTML, and how many there are.

    The reader's own opinions come first, then the rest, oldest first.
    """
    mentions = almanac.mentions(kind, key)
    titles: dict[str, DocumentInfo | None] = {}
    info = _info(almanac, f"arxiv:{key}", titles) if kind == "arxiv" else None
    stand_in = Reference.model_construct(kind=kind, key=key, url="")
    title = work_title(mentions, info, short_key(stand_in))
    address = mentions[0].url if mentions else (f"https://arxiv.org/abs/{key}" if kind == "arxiv" else "")
    line = [ONE.get(kind, "Work"), outside(address, short_key(stand_in)) if address else esc(key)]
    if info is not None:
        line += [dated(info), f'<a href="{esc(href("document", id=info.id))}">Read its abstract</a>']
    head = f'<div class="al-meta">{"".join(f"<span>{part}</span>" for part in line)}</div>'
    found: list[tuple[Chunk, DocumentInfo]] = []
    for chunk_id in dict.fromkeys(m.chunk_id for m in mentions):
        chunk = almanac.chunk(chunk_id)
        about = _info(almanac, chunk.doc_id, titles)
        if about is not None and about.id != f"arxiv:{key}":
            found.append((chunk, about))
    judged = [pair for pair in found if OPINIONS.intersection(pair[0].labels)]
    rest = [pair for pair in found if not OPINIONS.intersection(pair[0].labels)]
    body = _group(almanac, "Your opinion", judged)
    body += _group(almanac, "What the library says" if not judged else "Elsewhere", rest)
    return title, head + body, len(found)


def _group(almanac: Almanac, name: str, found: list[tuple[Chunk, DocumentInfo]]) -> str:
    if not found:
        return ""
    cards = "".join(card(chunk, info, levels=levels_of(almanac, chunk, info)) for chunk, info in found)
    return f'<h3 class="al-head">{name} <span>{len(found)}</span></h3>{cards}'
