"""Filters and operators: every combination leaves the same set in the keyword leg and in the vector leg."""

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.chunk import chunk
from kb.glossary import Glossary
from kb.index import VectorIndex
from kb.search import Searcher
from kb.store import Prepared, SourceRecord, Store
from kb.store.writer import content_hash, embed_hash
from kb.types import Document, Kind, Query, Section
from kb.vector_leg import VectorLeg
from tests.fakes import FakeEmbedder

TOPICS, LANGUAGES, DATES = ("serving", "hardware", ""), ("en", "zh", "mixed"), ("2023", "2023-04-07", "2024-02", "")
LABELS = ("very-good", "question", "")
VALUES: dict[str, tuple[str, ...]] = {
    "topic": ("", "topic:serving", "topic:hardware topic:serving", "topic:none-such"),
    "kind": ("", "kind:notes", "kind:paper kind:rss"),
    "source": ("", "source:first", "source:second.md"),
    "since": ("", "since:2023-04", "since:2024"),
    "until": ("", "until:2023", "until:2024-02-10"),
    "lang": ("", "lang:zh", "lang:en"),
    "label": ("", "label:very-good", "label:question"),
    "doc": ("", "doc:notes:7"),
    "phrase": ("", '"cache block"'),
    "not": ("", "-omitted"),
}


def documents() -> list[tuple[Document, str]]:
    """Return documents of every mixture of properties, each with its topic."""
    made = []
    mixtures = itertools.product(TOPICS, LANGUAGES, DATES, LABELS)
    for number, (topic, language, date, label) in enumerate(mixtures):
        kind = (Kind.NOTES, Kind.RSS, Kind.ARXIV)[(number + number // 3) % 3]
        text = f"cache block number{number} " + ("omitted" if number % 5 == 0 else "kept")
        sections = (Section(id="1", level=1, title="s", start=0, end=len(text), labels=(label,) if label else ()),)
        quarter = f"{date[:4]}-Q2" if date else ""
        made.append(
            (
                Document(
                    id=f"{kind}:{number}",
                    source="/t",
                    kind=kind,
                    title=f"t{number}",
                    text=text,
                    published=date,
                    quarter=quarter,
                    language=language,
                    sections=sections,
                ),
                topic,
            )
        )
    return made


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Searcher, VectorLeg, VectorLeg]:
    embedder = FakeEmbedder()
    store = Store(tmp_path_factory.mktemp("filters"), clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    by_source: dict[str, list[Prepared]] = {"first.md": [], "second.md": []}
    for number, (document, topic) in enumerate(documents()):
        held = document.model_copy(update={"content_hash": content_hash(document)})
        chunks = chunk(held)
        vectors = embedder.embed([c.embed_text for c in chunks])
        by_hash = {embed_hash(c.embed_text): (vectors[n], 3) for n, c in enumerate(chunks)}
        topics = [(topic, 0.9, "test")] if topic else []
        by_source[("first.md", "second.md")[number % 2]].append(Prepared(held, chunks, (), topics, by_hash))
    with store.write("testing") as writer:
        for name, prepared in by_source.items():
            source = writer.open_source(f"/{name}", name)
            writer.write_documents(source, prepared, embedder.fingerprint)
            writer.close_source(source, SourceRecord(kind="notes"), lambda d: pytest.fail("revived"))
    index = VectorIndex(store, embedder.fingerprint)
    index.repair()
    return Searcher(store, Glossary()), VectorLeg(store, embedder, None), VectorLeg(store, embedder, index)


def found(searcher: Searcher, leg: VectorLeg | None, text: str) -> set[str]:
    return {hit.document.id for hit in searcher.search(Query(text=text, limit=200), leg).hits}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()}))
def test_any_combination_gives_the_same_set_in_every_leg(
    legs: tuple[Searcher, VectorLeg, VectorLeg], chosen: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher, exact, indexed = legs
    monkeypatch.setattr("kb.vector_leg.EXACT_LIMIT", 0)
    filters = " ".join(value for value in chosen.values() if value)
    # `cache` stands in every document, `zebra` in none: what it finds, the vectors found.
    by_words = found(searcher, None, f"cache {filters}")
    assert found(searcher, exact, f"cache {filters}") == by_words
    assert found(searcher, indexed, f"cache {filters}") == by_words
    for leg in (exact, indexed):
        assert found(searcher, leg, f"zebra {filters}") <= by_words


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (
            "topic:serving kind:notes label:question",
            lambda d, t: t == "serving" and d.kind is Kind.NOTES and "question" in d.sections[0].labels,
        ),
        ("lang:zh since:2024", lambda d, t: d.language in ("zh", "mixed") and d.published.startswith("2024")),
        ("until:2023-04 -omitted", lambda d, t: d.published.startswith("2023") and "omitted" not in d.text),
    ],
)
def test_the_set_is_the_one_that_the_filters_say(
    legs: tuple[Searcher, VectorLeg, VectorLeg], filters: str, expected: object
) -> None:
    searcher, exact, _ = legs
    wanted = {document.id for document, topic in documents() if expected(document, topic)}
    assert wanted
    assert found(searcher, exact, f"cache {filters}") == found(searcher, None, f"cache {filters}") == wanted
