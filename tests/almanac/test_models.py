"""almanac.models: explicit states, one load, a worker that outlives trouble."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

import almanac.models
from almanac.library import open_almanac
from almanac.models import Models
from kb.errors import ModelUnavailable
from kb.glossary import Glossary
from kb.index import VectorIndex
from kb.rendering import VERSION
from kb.settings import load_settings
from kb.store import Store
from tests.fakes import FakeEmbedder
from tests.tiny_model import write_tiny_model


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home", clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def test_off_waiting_ready(tmp_path: Path, store: Store) -> None:
    assert Models(load_settings(tmp_path, embedder="none"), store, None, Glossary).state.status == "off"
    assert Models(load_settings(tmp_path), store, None, Glossary).state.status == "waiting"
    assert Models(load_settings(tmp_path), store, FakeEmbedder(), Glossary).state.status == "ready"


def test_off_has_no_leg_and_no_index(tmp_path: Path, store: Store) -> None:
    models = Models(load_settings(tmp_path, embedder="none"), store, None, Glossary)
    assert models.leg(load=True) is None
    assert models.index() is None
    assert models.embed_missing() == 0


def test_threads_that_ask_at_once_load_one_model(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[int] = []

    def load(settings: object) -> FakeEmbedder:
        loads.append(1)
        return FakeEmbedder()

    monkeypatch.setattr(almanac.models, "load_embedder", load)
    models = Models(load_settings(tmp_path), store, None, Glossary)
    threads = [threading.Thread(target=models.embedder) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == [1]
    assert models.state.status == "ready"


def test_a_failure_is_remembered_and_not_tried_on_every_question(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def load(settings: object) -> None:
        tries.append(1)
        raise ModelUnavailable("No weights.", "Get some.")

    monkeypatch.setattr(almanac.models, "load_embedder", load)
    models = Models(load_settings(tmp_path), store, None, Glossary)
    assert models.leg(load=True) is models.leg(load=True) is None
    assert tries == [1]
    assert (models.state.status, models.state.message, models.state.hint) == ("failed", "No weights.", "Get some.")


def test_not_loading_does_not_load(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(almanac.models, "load_embedder", lambda settings: pytest.fail("loaded"))
    assert Models(load_settings(tmp_path), store, None, Glossary).leg(load=False) is None


def test_an_index_that_another_holds_is_no_error(tmp_path: Path, store: Store) -> None:
    embedder = FakeEmbedder()
    holder = VectorIndex(store, embedder.fingerprint)
    models = Models(load_settings(tmp_path), store, embedder, Glossary)
    assert models.index() is None
    assert "Another process" in models.index_trouble
    holder.close()
    assert models.index() is not None
    assert models.index_trouble == ""
    models.close()


def test_the_old_embedder_serves_until_the_new_ones_vectors_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {"packaged": FakeEmbedder(name="old"), "st:new": FakeEmbedder(name="new", dim=32)}
    monkeypatch.setattr(almanac.models, "load_embedder", lambda settings: made[settings.embedder])
    (tmp_path / "notes.md").write_text("1. bubbles in pipelines\n2. paged attention\n")
    first = open_almanac(load_settings(tmp_path / "home", embedder="packaged"))
    list(first.ingest([tmp_path / "notes.md"]))
    first.update_index()
    first.close()

    second = open_almanac(load_settings(tmp_path / "home", embedder="st:new"))
    leg = second.models.leg(load=True)
    assert leg is not None
    assert leg.embedder.name == "old"
    assert second.search("paged attention").hits[0].matched == "both"
    steps: list[tuple[int, int]] = []
    assert second.models.embed_missing(lambda done, total: steps.append((done, total))) > 0
    assert steps[-1][0] == steps[-1][1]
    leg = second.models.leg(load=True)
    assert leg is not None
    assert leg.embedder.name == "new"
    assert second.search("paged attention").hits[0].matched == "both"
    assert second.store.rows("SELECT DISTINCT fingerprint FROM vectors") == [(leg.embedder.fingerprint,)]
    index = second.models.index()
    assert index is not None
    assert index.repair() >= 0
    library = second.store.fact("library")
    assert index.drop_others() == [f"passages-{made['packaged'].fingerprint}-{VERSION}-{library}"]
    second.close()


@pytest.mark.model
def test_any_sentence_transformers_model_can_be_chosen(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "tiny")
    (tmp_path / "notes.md").write_text("1. 流水线气泡 w1 w2 " + "w3 " * 60 + "\n2. w4 w5\n", encoding="utf-8")
    settings = load_settings(
        tmp_path / "home",
        embedder=f"st:{model}",
        embedder_query_prefix="w1 ",
        embedder_passage_prefix="w2 ",
        embedder_languages="en,zh",
    )
    made = open_almanac(settings)
    (outcome,) = made.ingest([tmp_path / "notes.md"])
    assert outcome.counts.embedded == outcome.counts.chunks > 0
    embedder = made.models.embedder()
    assert embedder is not None
    assert (embedder.dim, embedder.max_tokens, embedder.languages) == (24, 16, frozenset({"en", "zh"}))
    assert made.search("流水线").hits[0].matched == "both"
    made.close()


def test_embedding_lets_an_answer_be_computed_first(store: Store, tmp_path: Path) -> None:
    models = Models(load_settings(tmp_path), store, FakeEmbedder(), Glossary)
    asked: list[int] = []

    def computing() -> bool:
        asked.append(1)
        return len(asked) < 3

    models.give_way = computing
    models._let_others_first()
    assert len(asked) == 3
    models.give_way = lambda: True
    models._stop.set()
    models._let_others_first()
