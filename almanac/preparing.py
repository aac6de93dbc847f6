"""What a document becomes before it is written: passages, references, topics, and the hash of its file.

Pure but for the tagger that it is given. Knows no store. Invariant: equal bytes under equal rules have
equal digests, and a document keeps its ids whatever its file is called later.
"""

import hashlib

from kb.chunk import chunk
from kb.references import extract
from kb.store import Prepared
from kb.store.writer import Vector, embed_hash
from kb.topics import Tagger
from kb.types import Chunk, Document, Kind, Link, Parsed, Reference

PARSER_VERSION = "1"
"""Raised when a parser or the chunker would make something else of the same bytes."""
_TAGGED = 6000
"""Characters of a text by which it is tagged."""


def digest_of(data: bytes, kind: Kind | None = None) -> str:
    """Return what tells a content, and the rules by which it is read, from others."""
    return hashlib.sha256(data).hexdigest()[:32] + f":{PARSER_VERSION}:{kind or ''}"


def known_as(name: str, own: str, parsed: Parsed) -> Parsed:
    """Return what was read of a file called `own` under the ids of the `name` by which the library knows it."""
    if name == own:
        return parsed
    before, after = f"{parsed.kind}:{own}", f"{parsed.kind}:{name}"
    documents = [
        document.model_copy(update={"id": after + document.id.removeprefix(before)})
        if document.id.startswith(before)
        else document
        for document in parsed.documents
    ]
    return parsed.model_copy(update={"documents": tuple(documents)})


def prepare(document: Document, tagger: Tagger) -> Prepared:
    """Return a document with its chunks, references and topics, no vectors yet."""
    chunks = chunk(document)
    tags = tagger.tag(document.title if not document.title_estimated else "", document.text[:_TAGGED])
    return Prepared(
        document=document,
        chunks=chunks,
        references=[found for item in chunks for found in _references(document, item)],
        topics=[(tag.topic, tag.score, tag.reason) for tag in tags],
    )


def with_vectors(item: Prepared, vectors: dict[str, tuple[Vector, int]]) -> Prepared:
    """Return a prepared document with those of the vectors that are its passages'."""
    keys = sorted({embed_hash(found.embed_text) for found in item.chunks} & vectors.keys())
    return Prepared(item.document, item.chunks, item.references, item.topics, {key: vectors[key] for key in keys})


def _references(document: Document, item: Chunk) -> list[Reference]:
    inside = [
        Link(start=link.start - item.start, end=link.end - item.start, url=link.url)
        for link in document.links
        if item.start <= link.start and link.end <= item.end
    ]
    return [found.model_copy(update={"chunk_id": item.id}) for found in extract(item.text, inside)]
