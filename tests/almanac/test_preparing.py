"""almanac.preparing: ids that outlive a file's name, hashes that tell contents and rules apart."""

from almanac.preparing import digest_of, known_as, prepare, with_vectors
from ingest import parse
from kb.store.writer import embed_hash
from kb.topics import Tagger
from kb.types import Kind
from tests.fakes import FakeEmbedder

NOTES = b"1. Paged caches\n    1. see https://arxiv.org/abs/2309.06180\n    2. very good\n2. Pipelines\n"


def test_a_content_and_its_rules_have_one_digest() -> None:
    assert digest_of(b"a") == digest_of(b"a") != digest_of(b"b")
    assert digest_of(b"a", Kind.RSS) != digest_of(b"a")


def test_documents_keep_the_name_by_which_they_are_known() -> None:
    parsed = parse(NOTES, name="2024-05-06-new-name.md", source="/x")
    renamed = known_as("old.md", "2024-05-06-new-name.md", parsed)
    assert [d.id for d in renamed.documents] == ["notes:old.md"]
    assert renamed.documents[0].published == "2024-05-06", "the date is the new name's"
    assert known_as("a.md", "a.md", parsed) is parsed


def test_a_document_is_cut_tagged_and_searched_for_references() -> None:
    (document,) = parse(NOTES, name="n.md", source="/x").documents
    made = prepare(document, Tagger())
    assert made.chunks
    assert {(r.kind, r.key) for r in made.references} == {("arxiv", "2309.06180")}
    assert all(reference.chunk_id for reference in made.references)
    embedder = FakeEmbedder()
    vectors = {embed_hash(c.embed_text): (embedder.embed_query(c.embed_text), 3) for c in made.chunks}
    assert with_vectors(made, vectors | {"stranger": vectors[next(iter(vectors))]}).vectors.keys() == vectors.keys()
