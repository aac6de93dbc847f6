"""A library with nothing around it: a database with given documents, and the digests over it.

Documents are made with as little as a test is about; what they say is invented.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kb.chunk import chunk
from kb.glossary import Concept, Glossary
from kb.references import extract
from kb.store import Prepared, SourceRecord, Store
from kb.store.writer import content_hash
from kb.topics import Tagger
from kb.types import Document, Kind, Link, Section
from tests.fakes import FixedClock

if TYPE_CHECKING:
    from almanac.digesting import Digests

GLOSSARY = Glossary(
    [
        Concept(english=("KV cache",), chinese=("键值缓存",), field="serving"),
        Concept(english=("pipeline bubble",), chinese=("流水线气泡",), field="parallelism"),
        Concept(english=("4-bit",), chinese=("四比特",), field="quantization"),
    ]
)


@cache
def tagger() -> Tagger:
    """Return the tagger of the product: it learns once."""
    return Tagger()


def paper(number: str, title: str, text: str, published: str = "2023-02-10", **more: object) -> Document:
    """Return the abstract of an arXiv paper."""
    given = {"kind": Kind.ARXIV, "url": f"https://arxiv.org/abs/{number}", "id": f"arxiv:{number}"}
    return document(given["id"], title, text, published, **(given | more))  # type: ignore[arg-type]


def post(name: str, title: str, text: str, published: str = "2023-02-12T09:00:00Z", **more: object) -> Document:
    """Return a post of a feed."""
    given = {"kind": Kind.RSS, "url": f"https://blog.example/{name}", "source": "feed.xml"}
    return document(f"rss:{name}", title, text, published, **(given | more))  # type: ignore[arg-type]


def notebook(name: str, lines: Sequence[tuple[int, str, tuple[str, ...]]], published: str = "2023-03-01") -> Document:
    """Return a notebook of nodes, given as (level, line, labels)."""
    text, sections = "", []
    counts: list[int] = []
    for level, line, labels in lines:
        counts = counts[:level] + [0] * (level - len(counts))
        counts[level - 1] += 1
        place = ".".join(map(str, counts))
        start, text = len(text), text + line + "\n"
        title = line.split("\n")[0]
        sections.append(Section(id=place, level=level, title=title, start=start, end=len(text), labels=labels))
    return document(f"notes:{name}", name, text, published, kind=Kind.NOTES, sections=tuple(sections), source=name)


def reading_list(doc_id: str, intro: str, entries: Sequence[str], published: str = "2023-03-30") -> Document:
    """Return a page that lists works: an introduction, and an item for each, which is a section of its own."""
    text = f"{intro}\n\n"
    sections = [Section(id="1", level=1, title="Papers of the quarter", start=0, end=len(text))]
    for number, item in enumerate(entries, start=1):
        start, text = len(text), f"{text}- {item}\n"
        sections.append(Section(id=f"1.{number}", level=2, title=item[:20], start=start, end=len(text)))
    return document(doc_id, "Papers of the quarter", text, published, sections=tuple(sections))


def document(doc_id: str, title: str, text: str, published: str = "2023-02-10", **more: object) -> Document:
    """Return a document; its quarter follows from its date unless given."""
    quarter = f"{published[:4]}-Q{(int(published[5:7]) + 2) // 3}" if published else ""
    given = {
        "id": doc_id,
        "source": "source.txt",
        "kind": Kind.PAGE,
        "title": title,
        "text": text,
        "published": published,
        "published_basis": "stated" if published else None,
        "quarter": quarter,
    }
    made = Document.model_validate(given | more)
    return made.model_copy(update={"content_hash": content_hash(made)})


class Shelf:
    """A database, its clock and its digests."""

    def __init__(self, home: Path, glossary: Glossary = GLOSSARY) -> None:
        self.clock = FixedClock()
        self.store = Store(home, clock=self.clock, lock_wait=0.2)
        self.glossary = glossary
        self.digests = self.reopened()

    def reopened(self) -> "Digests":
        """Return digests that know nothing yet, as another process would have them."""
        from almanac.digesting import Digests  # the façade above it is not needed by tests of what is below

        return Digests(self.store, lambda: self.glossary, tagger)

    def prepare(self, made: Document) -> Prepared:
        """Return a document as an ingest prepares it."""
        chunks = chunk(made)
        tags = tagger().tag("" if made.title_estimated else made.title, made.text)
        references = [
            reference.model_copy(update={"chunk_id": c.id})
            for c in chunks
            for reference in extract(c.text, _links(made, c))
        ]
        return Prepared(made, chunks, references, [(tag.topic, tag.score, tag.reason) for tag in tags])

    def put(self, *documents: Document) -> None:
        """Write documents one after the other, each under its own source's name."""
        for made in documents:
            with self.store.write("testing") as writer:
                source = writer.open_source(made.source, made.source)
                writer.write_documents(source, [self.prepare(made)], "none")
                writer.close_source(source, SourceRecord(kind=str(made.kind), content_hash="x"), self.prepare)

    def remove(self, doc_id: str) -> None:
        """Remove a document."""
        with self.store.write("testing") as writer:
            writer.remove_document(doc_id, doc_id)

    def put_all(self, documents: Iterable[Document]) -> None:
        """Write many documents of one source at once."""
        with self.store.write("testing") as writer:
            source = writer.open_source("many", "many")
            writer.write_documents(source, [self.prepare(made) for made in documents], "none")


def _links(made: Document, held: object) -> list[Link]:
    start, end = held.start, held.end  # type: ignore[attr-defined]
    return [
        Link(start=link.start - start, end=link.end - start, url=link.url)
        for link in made.links
        if start <= link.start and link.end <= end
    ]
