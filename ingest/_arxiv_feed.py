"""arXiv's own XML: responses of its API (Atom) and its daily RSS, to papers.

Owns the names of those formats. Refuses errors that arXiv sends as if they were results, and
silent emptiness. Pure: XML text in, papers out.
"""

import re

from lxml import etree

from ingest._paper import Paper
from ingest._writer import fold
from ingest._xml import is_html, prepare
from kb.errors import ParseError
from kb.references import arxiv_id

_AGAIN = "Wait a while, then fetch again; arXiv allows one request in three seconds."
_ANNOUNCED = re.compile(r"^\s*arXiv:\S+\s+Announce Type:\s*([\w-]+)\s*(?:Abstract:)?", re.IGNORECASE)
_NAMESPACE = "arxiv.org/schemas/atom"
_FIRST = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)[\s>]")
_OWN = re.compile(
    r"<(?:[\w.-]{1,40}:)?(?:id|link)\b(?:[^<>]{0,300}\bhref\s*=\s*[\"']|[^<>]{0,300}>\s*)"
    r"https?://(?:[a-z]+\.)?arxiv\.org(?:/|[\"'<\s])"
)
"""A feed's own address, at arXiv."""
_OF_PAPER = re.compile(
    r"<(?:[\w.-]{1,40}:)?(?:id|guid)\b[^<>]{0,100}>\s*(?:oai:arXiv\.org:|https?://(?:[a-z]+\.)?arxiv\.org/(?:abs|api)/)"
)
_TITLE_TAIL = re.compile(r"\s*\(arXiv:\S+(?: \[[^\]]*\])?(?: UPDATED)?\)\s*$")


class Refused(ParseError):
    """A query that arXiv calls wrong; asking again does not help."""


def is_arxiv_xml(text: str) -> bool:
    """Whether XML comes from arXiv's API or feeds: by what it says of itself, not by what its entries write about."""
    head = text[:3000]
    first = _FIRST.search(head)
    own = head[: first.start()] if first else head
    return (
        _NAMESPACE in own or _OWN.search(own) is not None or (_NAMESPACE in head and _OF_PAPER.search(head) is not None)
    )


def read_arxiv_xml(text: str) -> tuple[list[Paper], list[str], int]:
    """Papers in order, warnings, and how many entries were left out.

    Raises:
        ParseError: a page or an error instead of results, results that are missing, broken XML.
    """
    if is_html(text):
        raise ParseError("arXiv answered with an HTML page instead of results.", _AGAIN)
    atom = re.search(r"<(?:\w+:)?feed[\s>]", text[:3000]) is not None
    xml = prepare(text, "entry" if atom else "item")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(xml.text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(f"arXiv's answer is broken XML: {error}.", "Fetch it again.") from error
    warnings: list[str] = []
    papers: list[Paper] = []
    entries = [element for element in root.iter() if _local(element) in ("entry", "item")]
    for entry in entries:
        paper = _read_entry(entry)
        if paper is None:
            warnings.append(f"An entry names no arXiv id and was left out: “{_child(entry, 'title')[:80]}”.")
        else:
            papers.append(paper)
    if not entries and _total(root) and not xml.truncated:
        raise ParseError(f"arXiv reports {_total(root)} results but sent none.", _AGAIN)
    if xml.truncated:
        warnings.append(f"arXiv's answer ends early: {len(papers)} whole entries were kept.")
    return papers, warnings, len(entries) - len(papers) + xml.half_item


def read_counts(text: str) -> tuple[int, int, int]:
    """How many results an answer of the API says there are, which is its first, and how many it holds."""
    found = {
        name: re.search(rf"<(?:\w+:)?{name}\b[^>]{{0,200}}>\s*(\d{{1,12}})\s*<", text[:20_000])
        for name in ("totalResults", "startIndex")
    }
    total, start = (int(match[1]) if match else 0 for match in found.values())
    return total, start, len(re.findall(r"<(?:\w+:)?entry[\s>]", text))


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _total(root: etree._Element) -> int:
    """How many results arXiv says there are."""
    stated = [fold(element.text or "") for element in root.iter() if _local(element) == "totalResults"]
    return next((int(number) for number in stated if re.fullmatch(r"[0-9]{1,12}", number)), 0)


def _children(element: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in element if _local(child) == name]


def _child(element: etree._Element, name: str) -> str:
    """Folded text of the first child of that name."""
    found = _children(element, name)
    return fold("".join(found[0].itertext())) if found else ""


def _read_entry(entry: etree._Element) -> Paper | None:
    address = _child(entry, "id") or _child(entry, "guid")
    title = _child(entry, "title")
    body = _child(entry, "summary") or _child(entry, "description")
    if "api/errors" in address or title == "Error":
        raise Refused(f"arXiv refused the query: {body or address}.", "Correct the query and fetch again.")
    found = arxiv_id(address.removeprefix("oai:arXiv.org:")) or arxiv_id(_child(entry, "link"))
    if found is None:
        return None
    announced = _ANNOUNCED.match(body)
    kind = (_child(entry, "announce_type") or (announced[1] if announced else "")).lower()
    names = [_child(author, "name") for author in _children(entry, "author")]
    if not any(names):
        names = [name for creator in _children(entry, "creator") for name in fold(creator.text or "").split(", ")]
    tagged = [*_children(entry, "primary_category"), *_children(entry, "category")]
    terms = [element.get("term") or fold(element.text or "") for element in tagged]
    dated = _child(entry, "published") or (_child(entry, "pubDate") if kind in ("", "new") else "")
    return Paper(
        base=found[0],
        version=found[1],
        title=_TITLE_TAIL.sub("", title),
        abstract=re.sub(r"^Abstract:\s*", "", body[announced.end() :] if announced else body).strip(),
        authors=tuple(name for name in names if name),
        categories=tuple(term for term in terms if term),
        comment=_child(entry, "comment"),
        journal_ref=_child(entry, "journal_ref") or _child(entry, "journal_reference"),
        doi=_child(entry, "doi") or _child(entry, "DOI"),
        published=dated,
        updated=_child(entry, "updated") or ("" if kind in ("", "new") else _child(entry, "pubDate")),
    )
