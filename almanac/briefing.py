"""What digests take from documents: made once for each content, kept, and made again where it is missing.

Owns when a brief is made and when it is written. Refuses to wait twice for the same writer: what
could not be written stays in memory until it can be, so that a long ingest elsewhere delays no digest.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Lock

from digests.brief import VERSION, Brief, brief
from kb.errors import Locked
from kb.glossary import Glossary
from kb.store import Store, Writer
from kb.store.digests import brief_keys, briefs, documents_of, forget_briefs, passages_of, save_briefs
from kb.topics import Tagger

BATCH = 200
"""Documents whose texts are held at once."""
STEP = 10
"""Documents between two looks at whether somebody waits for an answer."""
Hashes = Mapping[str, str]
"""Documents with the hashes of their contents."""


class Briefs:
    """The briefs of one library. Safe to share between threads."""

    def __init__(
        self,
        store: Store,
        glossary: Callable[[], Glossary],
        tagger: Callable[[], Tagger],
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        """Make briefs from the documents of a store; `give_way` is called between two steps of that."""
        self._store = store
        self._glossary = glossary
        self._tagger = tagger
        self._give_way = give_way
        self._lock = Lock()
        self._unwritten: dict[str, tuple[str, str]] = {}
        self._patient = True

    @property
    def version(self) -> str:
        """What makes briefs: another version makes others of the same documents."""
        return f"{VERSION} {len(self._glossary())}"

    def of(self, hashes: Hashes) -> dict[str, Brief]:
        """Return the briefs of documents, those that are missing made and kept."""
        keys = self._keys(hashes)
        records = briefs(self._store, keys)
        with self._lock:
            records |= {doc: record for doc, (key, record) in self._unwritten.items() if keys.get(doc) == key}
        # Record by record, so that a large quarter is not held twice.
        found = {doc: Brief.model_validate_json(records.pop(doc)) for doc in list(records)}
        for made in self._made(sorted(keys.keys() - found.keys()), keys):
            found |= made
        return found

    def make(
        self,
        hashes: Hashes,
        cancelled: Callable[[], bool],
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> bool:
        """Make and keep the briefs that are missing; return whether it came to the end.

        `report` is told (documents read, of how many).
        """
        keys = self._keys(hashes)
        known = brief_keys(self._store, keys)
        with self._lock:
            known |= {doc: key for doc, (key, _) in self._unwritten.items()}
        missing = sorted(doc for doc, key in keys.items() if known.get(doc) != key)
        done = 0
        report(done, len(missing))
        for made in self._made(missing, keys):
            done += len(made)
            report(done, len(missing))
            if cancelled():
                return False
        if missing:
            self.keep("forgetting what digests took from documents that are gone", forget_briefs)
        return True

    def keep(self, purpose: str, save: Callable[[Writer], None]) -> bool:
        """Write something that can be made again; False where somebody else writes, for whom only the first waits."""
        try:
            with self._store.write(purpose, wait=None if self._patient else 0.0) as writer:
                save(writer)
                self._patient = True
        except Locked:
            self._patient = False
        return self._patient

    def _keys(self, hashes: Hashes) -> dict[str, str]:
        version = self.version.replace(" ", ".")
        return {doc: f"{version}:{content_hash}" for doc, content_hash in hashes.items()}

    def _made(self, missing: Sequence[str], keys: Mapping[str, str]) -> Iterator[dict[str, Brief]]:
        for at in range(0, len(missing), BATCH):
            made = dict(self._read(missing[at : at + BATCH]))
            with self._lock:
                self._unwritten |= {doc: (keys[doc], one.model_dump_json()) for doc, one in made.items()}
            self._write()
            yield made

    def _read(self, docs: Sequence[str]) -> Iterable[tuple[str, Brief]]:
        tagger, glossary = self._tagger(), self._glossary()
        passages = passages_of(self._store, docs)
        for number, document in enumerate(documents_of(self._store, docs)):
            if number % STEP == 0:
                self._give_way()
            yield document.id, brief(document, *passages[document.id], tagger, glossary)

    def _write(self) -> None:
        with self._lock:
            waiting = dict(self._unwritten)
        if self.keep("keeping what digests take from documents", lambda writer: save_briefs(writer, waiting)):
            with self._lock:
                for doc, record in waiting.items():
                    if self._unwritten.get(doc) == record:
                        del self._unwritten[doc]
