"""The embedder and the vector index of one library: loaded once, late, off the reader's path.

States are explicit, because every page says what is missing and how to get it. Invariant: the
library serves in every state; nothing here is needed to read or to search by keyword.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kb.embed import Embedder, load_embedder
from kb.errors import AlmanacError, IndexMismatch, Locked, StoreError
from kb.glossary import Glossary
from kb.index import Progress, VectorIndex
from kb.rendering import render_for
from kb.settings import Settings
from kb.store import Store
from kb.store.retrieval import count_missing, missing_vectors
from kb.vector_leg import VectorLeg

log = logging.getLogger("almanac")
BATCH = 512
PATIENCE = 60.0
"""Seconds that a batch waits at most for answers to be computed."""
SERVING = "serving_embedder"
SPEC = (
    "embedder",
    "embedder_backend",
    "embedder_query_prefix",
    "embedder_passage_prefix",
    "embedder_languages",
)
"""The settings that make an embedder what it is."""


@dataclass(frozen=True)
class EmbedderState:
    """What a page says of semantic search."""

    status: Literal["off", "waiting", "loading", "embedding", "ready", "failed"]
    name: str = ""
    message: str = ""
    hint: str = ""
    done: int = 0
    total: int = 0


class Models:
    """Loads and keeps the embedder, its vector leg and the index."""

    def __init__(
        self, settings: Settings, store: Store, embedder: Embedder | None, glossary: Callable[[], Glossary]
    ) -> None:
        self._settings = settings
        self._store = store
        self.glossary = glossary
        self._load_lock = threading.Lock()
        self._embedder = render_for(embedder, glossary()) if embedder is not None else None
        self._leg: VectorLeg | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.give_way: Callable[[], bool] = lambda: False
        """Tells whether the processor is needed for something that a reader waits for."""
        self.index_trouble = ""
        """Why the vector index could not be opened when that was last tried."""
        self._state = EmbedderState(
            status="ready" if embedder else "off" if settings.embedder == "none" else "waiting",
            name=embedder.name if embedder else "",
        )

    @property
    def state(self) -> EmbedderState:
        """The present state."""
        return self._state

    def embedder(self) -> Embedder | None:
        """Return the embedder, loading it where that was not done; None where there is none."""
        with self._load_lock:
            if self._embedder is None and self._state.status in ("waiting", "loading"):
                self._state = EmbedderState("loading", message="The embedding model is loading.")
                try:
                    loaded = load_embedder(self._settings)
                    self._embedder = render_for(loaded, self.glossary()) if loaded is not None else None
                except AlmanacError as error:
                    self._state = EmbedderState("failed", message=error.message, hint=error.hint)
                    return None
                self._state = EmbedderState("ready", name=self._embedder.name if self._embedder else "")
                self._keep_previous()
            return self._embedder

    def _keep_previous(self) -> None:
        """After a change of embedder, let the one before serve until the new one's vectors are there."""
        before = self._store.fact(SERVING)
        if self._embedder is None or not before:
            return
        spec, fingerprint = json.loads(before)
        waiting = count_missing(self._store, self._embedder.fingerprint)
        if fingerprint == self._embedder.fingerprint or not waiting or count_missing(self._store, fingerprint):
            return
        try:
            old = load_embedder(self._settings.model_copy(update=spec))
        except AlmanacError as error:
            # Keywords serve instead; the page says how many passages wait.
            log.info("The embedder used before cannot be loaded: %s", error.message)
            return
        if old is None:
            return
        # Libraries of before this rendering hold the plain embedder's vectors.
        for candidate in (render_for(old, self.glossary()), old):
            if candidate.fingerprint == fingerprint:
                self._leg = VectorLeg(self._store, candidate, None)
                return

    def _switch(self) -> None:
        """Note that the current embedder has all vectors, and forget those of others."""
        embedder = self._embedder
        if embedder is None or count_missing(self._store, embedder.fingerprint):
            return
        serving = json.dumps([{name: getattr(self._settings, name) for name in SPEC}, embedder.fingerprint])
        if self._store.fact(SERVING) != serving:
            with self._store.write("switching the embedder") as writer:
                writer.set_fact(SERVING, serving)
                writer.drop_vectors_but(embedder.fingerprint)
        if self._leg is not None and self._leg.embedder is not embedder:
            self._leg = None

    def ready(self) -> Embedder | None:
        """Return the embedder if it is loaded already."""
        return self._embedder

    def leg(self, *, load: bool) -> VectorLeg | None:
        """Return the vector leg, or None where there is no embedder (yet, where `load` is false)."""
        embedder = self.embedder() if load else self._embedder
        if embedder is None:
            return None
        if self._leg is None:
            self._leg = VectorLeg(self._store, embedder, self._server_index(embedder))
        return self._leg

    def _server_index(self, embedder: Embedder) -> VectorIndex | None:
        """A server is asked at once; the embedded index is opened by who writes or stays."""
        if not self._settings.chroma_url:
            return None
        return self._open_index(embedder)

    def _open_index(self, embedder: Embedder) -> VectorIndex | None:
        try:
            index = VectorIndex(self._store, embedder.fingerprint, url=self._settings.chroma_url)
        except IndexMismatch as error:
            # Vectors are ranked from the database meanwhile; the health page shows why.
            self.index_trouble = f"{error.message} {error.hint}"
            return None
        self.index_trouble = ""
        return index

    def index(self) -> VectorIndex | None:
        """Return the vector index, opened.

        None where another process has it, there is no embedder, or the one before still serves.
        """
        leg = self.leg(load=True)
        if leg is None or leg.embedder is not self._embedder:
            return None
        if leg.index is None:
            leg.index = self._open_index(leg.embedder)
        return leg.index

    def embed_missing(self, progress: Progress | None = None) -> int:
        """Embed passages that have no vector of the current embedder; return how many were embedded."""
        embedder = self.embedder()
        if embedder is None:
            return 0
        total = count_missing(self._store, embedder.fingerprint)
        done = 0
        while not self._stop.is_set() and (batch := missing_vectors(self._store, embedder.fingerprint, BATCH)):
            self._let_others_first()
            texts = [text for _, text in batch]
            vectors = embedder.embed(texts)
            counts = embedder.count_tokens(texts)
            made = [(key, vectors[i], counts[i]) for i, (key, _) in enumerate(batch)]
            with self._store.write("embedding passages") as writer:
                writer.add_vectors(embedder.fingerprint, made)
            done += len(batch)
            if progress:
                progress(done, max(total, done))
        self._switch()
        return done

    def _let_others_first(self) -> None:
        """Wait while an answer is being computed: both at once on few cores take many times as long."""
        until = time.monotonic() + PATIENCE
        while self.give_way() and time.monotonic() < until and not self._stop.wait(0.2):
            pass

    def warm_up(self, every: float = 3.0) -> None:
        """Load, embed what waits and keep the index up to date, in one background thread."""
        if self._thread is None and self._settings.embedder != "none":
            self._thread = threading.Thread(target=self._serve, args=(every,), name="almanac-models", daemon=True)
            self._thread.start()

    def _serve(self, every: float) -> None:
        if self.embedder() is None:
            return
        repaired = False
        while not self._stop.is_set():
            try:
                self._catch_up(repair=not repaired)
                repaired = True
            except Locked:
                log.info("Another process writes; the index catches up later.")
            except (StoreError, AlmanacError) as error:
                log.warning("%s %s", error.message, error.hint)
                self._state = EmbedderState("ready", self._state.name, message=error.message, hint=error.hint)
            self._stop.wait(every)

    def _catch_up(self, *, repair: bool) -> None:
        name = self._state.name

        def report(done: int, total: int) -> None:
            self._state = EmbedderState("embedding", name, "Passages are being embedded.", done=done, total=total)

        try:
            self.embed_missing(report)
        finally:
            self._state = EmbedderState("ready", name)
        index = self.index()
        if index is None:
            return
        if repair:
            index.repair()
            index.drop_others()
        elif self._store.rows("SELECT 1 FROM outbox LIMIT 1"):
            index.apply_outbox()

    def close(self) -> None:
        """Stop the background thread and let other processes have the index."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=30)
        if self._leg is not None and self._leg.index is not None:
            self._leg.index.close()
            self._leg.index = None
