"""arXiv papers from API responses, feeds, metadata snapshots and plain dumps of abstracts.

One document per paper, keyed by its base id. Refuses error pages sent as results and text whose
id is uncertain. Invariant: `parse` is pure; nothing is fetched here to fill gaps.
"""

from ingest._arxiv_dump import is_json_lines, read_dump, read_json_lines, score_dump
from ingest._arxiv_feed import is_arxiv_xml, read_arxiv_xml
from ingest._paper import collapse, to_document
from ingest._xml import is_html
from kb.errors import ParseError
from kb.types import Kind, Parsed

KIND = Kind.ARXIV


def sniff(text: str, name: str) -> tuple[float, str]:
    """How surely the text is of arXiv papers, 0..1, and why."""
    if text[:1000].lstrip().startswith("<"):
        return (1.0, "XML of arXiv") if is_arxiv_xml(text) else (0.0, "markup that does not come from arXiv")
    return score_dump(text)


def is_arxiv(data: bytes) -> bool:
    """Whether a fetched feed is one of arXiv's own, whose entries are papers."""
    return is_arxiv_xml(data[:6000].decode("utf-8", "replace"))


def parse(text: str, *, name: str, source: str) -> Parsed:
    """Documents of all papers, each once with its newest version.

    Raises:
        ParseError: an error of arXiv instead of papers, or text without arXiv marks.
    """
    if is_html(text):
        raise ParseError(
            "The content is an HTML page, not papers of arXiv.",
            "If it should be a query's result, wait a while and fetch again; else give the page as another kind.",
        )
    if len(text) < 1000 and "rate exceeded" in text.lower():
        raise ParseError("arXiv answered “Rate exceeded.”", "Wait a few minutes, then fetch again.")
    if text[:1000].lstrip().startswith("<"):
        papers, warnings, skipped = read_arxiv_xml(text)
    elif is_json_lines(text):
        papers, warnings, skipped = read_json_lines(text)
    else:
        papers, warnings, skipped = read_dump(text)
    kept, joined = collapse(papers)
    documents = tuple(to_document(paper, source) for paper in kept if paper.abstract.strip() or paper.title.strip())
    if not documents:
        warnings.append("No papers were found.")
    return Parsed(
        kind=KIND,
        documents=documents,
        warnings=(*warnings, *joined),
        skipped=skipped + len(kept) - len(documents),
    )
