"""One library and everything that can be done with it.

`open_almanac` is the only place where objects meet: it takes settings and, where a test or a
script wants its own, collaborators. Nothing heavy is loaded until something needs it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from almanac.asking import Chat, StoredLibrary
from almanac.conversations import Conversations
from almanac.courtesy import Courtesy
from almanac.digesting import Digests
from almanac.freed import share_heaps
from almanac.gathering import Gathering, Scope
from almanac.ingestion import Ingestion, Report
from almanac.language import Language
from almanac.models import EmbedderState, Models
from almanac.overview import Overview
from kb.embed import Embedder
from kb.errors import DocumentNotFound
from kb.glossary import Glossary, load_glossary
from kb.index import Progress as IndexProgress
from kb.llm import LanguageModel
from kb.search import Searcher
from kb.settings import Settings
from kb.store import Store
from kb.store.retrieval import most_mentioned, references_from, references_to
from kb.topics import Tagger, load_topics
from kb.types import Chunk, Document, DocumentInfo, Hit, Kind, Outcome, Query, Reference, SavedSearch, SearchResult

if TYPE_CHECKING:
    from almanac.syncing import Sources
    from ingest.fetch import Fetcher

STARTER = Path(__file__).resolve().parent.parent / "starter"
Clock = Callable[[], datetime]


def open_almanac(
    settings: Settings,
    *,
    embedder: Embedder | None = None,
    llm: LanguageModel | None = None,
    fetcher: "Fetcher | None" = None,
    tagger: Tagger | None = None,
    clock: Clock | None = None,
) -> "Almanac":
    """Open the library of the settings' home, made where it is missing. Threads of the process then share heaps.

    Args:
        embedder: used instead of the one that the settings name.
        llm: likewise.
        fetcher: likewise, instead of one made of the settings on first need.
        tagger: used instead of one that is trained on first need.
        clock: gives the present time, with its zone.
    Raises:
        SchemaTooNew, StoreError: the library cannot be opened.
    """
    share_heaps()
    store = Store(settings.home, clock=clock or (lambda: datetime.now(UTC)), lock_wait=settings.lock_wait)
    glossary = cache(lambda: load_glossary(STARTER / "glossary.tsv", settings.home / "glossary.tsv"))
    almanac = Almanac(settings, store, Models(settings, store, embedder, glossary), Language(settings, llm), tagger)
    if fetcher is not None:
        almanac.fetcher = fetcher
    return almanac


class Almanac:
    """A library: ingest, search, read, remove. Safe to share between threads."""

    def __init__(
        self, settings: Settings, store: Store, models: Models, language: Language, tagger: Tagger | None = None
    ) -> None:
        self.settings = settings
        self.store = store
        self.models = models
        self.language = language
        models.give_way = lambda: language.computing
        self.overview = Overview(store, settings)
        self.patient = True
        """Whether a question waits for the embedder; pages, behind which it loads, get keyword answers meanwhile."""
        self._tagger_lock = Lock()
        self._tagger = tagger
        self._courtesy = Courtesy()
        self._ingestion = Ingestion(settings, store, models, self._make_tagger, self._courtesy.give_way)
        self._gathering = Gathering(store, self._ingestion, lambda: self.fetcher, self._make_tagger)

    def _make_tagger(self) -> Tagger:
        with self._tagger_lock:
            if self._tagger is None:
                self._tagger = Tagger()
            return self._tagger

    @cached_property
    def glossary(self) -> Glossary:
        """The bilingual glossary, with the reader's own terms from the home."""
        return self.models.glossary()

    @cached_property
    def digests(self) -> Digests:
        """The quarterly digests of this library."""
        return Digests(self.store, lambda: self.glossary, self._make_tagger, self._courtesy.give_way)

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher(self.store, self.glossary)

    @cached_property
    def fetcher(self) -> "Fetcher":
        """The one way over HTTP."""
        from ingest.fetch import Fetcher  # half a second that reading and searching do without

        return Fetcher(self.settings, clock=lambda: self.store.now().timestamp())

    @cached_property
    def sources(self) -> "Sources":
        """The subscriptions, and rounds of checks."""
        from almanac.syncing import Sources

        gathering = self._gathering
        return Sources(self.settings, self.store, self._ingestion, gathering, lambda: self.fetcher, self.digests.follow)

    @cached_property
    def conversations(self) -> Conversations:
        """What the reader asked before, saved with its answers."""
        return Conversations(self.store, lambda citation: self.chat.resolve(citation))

    @cached_property
    def chat(self) -> Chat:
        """Questions to this library."""

        def search(query: Query) -> SearchResult:
            return self.search(query, load=self.patient)

        library = StoredLibrary(self.store, lambda: self.glossary, search, lambda: self.models.state.name)
        return Chat(library, self.language.model, lambda: self.language.state)

    @property
    def embedder_state(self) -> EmbedderState:
        """What a page says of semantic search."""
        return self.models.state

    def warm_up(self) -> None:
        """Start loading the embedder and keep vectors and index up to date, in the background."""
        self.models.warm_up()

    def close(self) -> None:
        """Stop background work and release locks and files."""
        self.models.close()
        self.language.close()
        self.store.close()

    # Finding

    def search(self, query: Query | str, *, load: bool = True) -> SearchResult:
        """Return the best passages for a question.

        Args:
            load: wait for the embedder; False searches by keyword while it is not loaded yet.
        """
        asked = Query(text=query) if isinstance(query, str) else query
        leg = self.models.leg(load=load)
        with self._courtesy.asking():
            return self._searcher.search(asked, leg, self._notices(leg is not None))

    def _notices(self, semantic: bool) -> list[str]:
        state = self.models.state
        if semantic:
            return []
        reason = {
            "off": "Keyword search only: the setting EMBEDDER is `none`.",
            "failed": f"Keyword search only. {state.message} {state.hint}",
        }.get(state.status, "Keyword search only until the embedding model is loaded.")
        return [reason]

    def similar(self, chunk_id: str, limit: int = 10, *, load: bool = True) -> tuple[Hit, ...]:
        """Return passages of other documents that are like one. Raises DocumentNotFound."""
        return self._searcher.similar(self.chunk(chunk_id), self.models.leg(load=load), limit)

    def save_search(self, text: str) -> None:
        """Keep a search, operators included; saving it again notes that its results were seen."""
        with self.store.write("saving a search") as writer:
            writer.save_search(text.strip())

    def drop_search(self, text: str) -> None:
        """Forget a saved search."""
        with self.store.write("forgetting a search") as writer:
            writer.drop_search(text)

    def saved_searches(self) -> list[SavedSearch]:
        """Return the saved searches by name, each with how many of its best passages are new."""
        rows = self.store.rows("SELECT text, seen_at FROM saved_searches ORDER BY text")
        return [SavedSearch(text=text, seen_at=seen, new=self._new(text, seen)) for text, seen in rows]

    def _new(self, text: str, seen: str) -> int:
        # Most visits find nothing added: then no search is run.
        if not self.store.rows("SELECT 1 FROM documents WHERE added_at > ? LIMIT 1", (seen,)):
            return 0
        hits = self._searcher.search(Query(text=text, limit=50), self.models.leg(load=False)).hits
        return sum(hit.document.added > seen for hit in hits)

    # Reading

    def documents(
        self, kinds: Sequence[Kind] = (), quarter: str = "", topic: str = "", source: str = "", text: str = ""
    ) -> list[DocumentInfo]:
        """Return documents, newest first, undated last; empty arguments do not filter."""
        where, values = ["1"], list[object]()
        if kinds:
            where.append(f"d.kind IN ({', '.join('?' * len(kinds))})")
            values += [str(kind) for kind in kinds]
        for sql, value in (
            ("d.quarter = ?", quarter),
            ("d.row IN (SELECT doc FROM topics WHERE topic = ?)", topic),
            ("s.location = ?", source),
            ("instr(lower(d.title), lower(?))", text),
        ):
            if value:
                where.append(sql)
                values.append(value)
        tail = "ORDER BY d.date_first = '', d.date_first DESC, d.id"
        return self.store.infos(" AND ".join(where), values, tail)

    def info(self, doc_id: str) -> DocumentInfo:
        """Return a document without its text. Raises DocumentNotFound."""
        found = self.store.infos_by_id([doc_id])
        if doc_id not in found:
            raise DocumentNotFound(f"No document {doc_id} is in the library.", "It may have been removed.")
        return found[doc_id]

    def document(self, doc_id: str) -> Document:
        """Return a document with text, sections and links. Raises DocumentNotFound."""
        return self.store.document(doc_id)

    def chunks(self, doc_id: str) -> list[Chunk]:
        """Return a document's passages in order."""
        return self.store.chunks_of(doc_id)

    def chunk(self, chunk_id: str) -> Chunk:
        """Return a passage. Raises DocumentNotFound."""
        return self.store.chunk(chunk_id)

    def neighbours(self, chunk_id: str) -> tuple[list[Chunk], list[Chunk]]:
        """Return the passages just before and just after one in its document."""
        return self.store.neighbours(chunk_id)

    def references(self, doc_id: str) -> list[Reference]:
        """Return the works and pages that a document names."""
        return references_from(self.store, doc_id)

    def most_mentioned(self, limit: int = 20, *, missing: bool = False) -> list[tuple[Reference, int, str]]:
        """Return papers and repositories by how many documents name them.

        Each comes with that number and the id of its document, empty where the library has none;
        `missing` leaves only those.
        """
        return most_mentioned(self.store, limit, missing=missing)

    def mentions(self, kind: str, key: str) -> list[Reference]:
        """Return every passage that names a work, oldest first."""
        return references_to(self.store, kind, key)

    # Writing

    def ingest(
        self,
        locations: Sequence[str | Path],
        *,
        kind: Kind | None = None,
        embed: bool = True,
        report: Report | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        scope: Scope | None = None,
    ) -> Iterator[Outcome]:
        """Ingest what locations name one by one, yielding an outcome each; never raises for bad input.

        A location is a file, a folder, an address of a feed or page, a query such as
        `arxiv-query:cat:cs.DC` or `arxiv-topic:serving`, or a paper such as `arxiv:2309.06180`; all papers
        are one source, and so one outcome. `scope` says which papers of queries and snapshots are taken.
        """
        names = [str(location) for location in locations]
        run = self._gathering.run(names, kind=kind, scope=scope, embed=embed, report=report, cancelled=cancelled)
        return self.digests.following(run, cancelled, report)

    def fetch_papers(self, ids: Sequence[str], *, embed: bool = True, report: Report | None = None) -> Outcome:
        """Fetch papers from arXiv by their ids, in any form; never raises for bad input or a missing network.

        They belong to one source, which only grows. Takes a second, and three more where another request
        was just made; a network that is down is said after the setting HTTP_TIMEOUT at the latest.
        """
        outcome = self._gathering.fetch_papers(ids, embed=embed, report=report)
        self.digests.follow()
        return outcome

    def save_upload(self, name: str, data: bytes) -> Path:
        """Keep an uploaded file in the home, whole or not at all, and return its path."""
        folder = self.settings.home / "uploads"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (Path(name.replace("\\", "/")).name or "upload.txt")
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(data)
        return part.replace(path)

    def load_starter(self, *, embed: bool = True, report: Report | None = None) -> list[Outcome]:
        """Ingest the starter library that ships with the product."""
        files = [str(path) for path in sorted([*(STARTER / "notes").glob("*.md"), *STARTER.glob("*.xml")])]
        outcomes = list(self._ingestion.run(files, starter=True, embed=embed, report=report))
        with self.store.write("loading the starter library") as writer:
            writer.set_fact("starter", "loaded")
        self.digests.follow()
        return outcomes

    def remove_starter(self) -> int:
        """Remove the starter library as a whole; return how many documents went."""
        rows = self.store.rows("SELECT location FROM sources WHERE starter = 1 ORDER BY id")
        gone = sum(self._ingestion.forget(location) for (location,) in rows)
        with self.store.write("removing the starter library") as writer:
            writer.set_fact("starter", "removed")
        self.digests.follow()
        return gone

    @property
    def starter_state(self) -> str:
        """`loaded`, `removed`, or empty where it was never loaded."""
        return self.store.fact("starter")

    def remove_source(self, location: str) -> int:
        """Remove a source with the documents that only it holds; return how many went. Raises DocumentNotFound."""
        gone = self._ingestion.forget(location)
        self.digests.follow()
        return gone

    def remove_document(self, doc_id: str) -> None:
        """Remove one document; its source's next ingest does not bring it back."""
        title = self.info(doc_id).title
        with self.store.write(f"removing {doc_id}") as writer:
            writer.remove_document(doc_id, title)
        self.digests.follow()

    def restore(self, doc_id: str) -> None:
        """Allow a removed document again: its source's next ingest brings it back."""
        with self.store.write(f"restoring {doc_id}") as writer:
            writer.restore(doc_id)

    def correct_topics(self, doc_id: str, topics: Sequence[str] | None) -> None:
        """Set a document's topics by the reader's word, or with None go back to the tagger's."""
        document = self.document(doc_id)
        unknown = sorted(set(topics or ()) - set(load_topics()))
        if unknown:
            raise DocumentNotFound(f"No topic {unknown[0]} is known.", f"Use {', '.join(load_topics())}.")
        with self.store.write(f"tagging {doc_id}") as writer:
            writer.correct_topics(doc_id, topics, list(self._ingestion.prepare(document).topics))
        self.digests.follow()

    def update_index(self, progress: IndexProgress | None = None) -> int:
        """Embed what waits and bring the vector index up to date; return how many passages were touched."""
        embedded = self.models.embed_missing(progress)
        index = self.models.index() if self.store.rows("SELECT 1 FROM outbox LIMIT 1") else None
        return embedded + (index.apply_outbox(progress) if index is not None else 0)

    def reindex(self, progress: IndexProgress | None = None) -> int:
        """Make the vector index anew from the stored vectors; return how many it holds."""
        self.models.embed_missing(progress)
        index = self.models.index()
        if index is None:
            return 0
        made = index.rebuild(progress)
        index.drop_others()
        return made
