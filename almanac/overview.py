"""What is in the library and how it fares: counts for pages, `status` and `doctor`. Read only."""

import importlib.util
import json
import shutil
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from kb.errors import SettingsError
from kb.settings import Settings
from kb.store import Store

if TYPE_CHECKING:
    from almanac.standing import Standing

LOW_DISK = 500_000_000


@dataclass(frozen=True)
class SourceState:
    """One source and how its last ingest ended."""

    location: str
    kind: str
    status: str
    documents: int
    skipped: int
    error: str
    hint: str
    warnings: list[str]
    tried_at: str
    succeeded_at: str
    starter: bool


@dataclass(frozen=True)
class Check:
    """One finding of `doctor`."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Merged:
    """A document that several sources hold."""

    doc_id: str
    title: str
    shown: str
    """Source whose record is shown: the one with a title, the newest version, the fullest text."""
    others: list[str]
    why: str


_SAME = {
    "arxiv": "the same arXiv number, whatever the version",
    "rss": "the same entry of the same feed",
    "": "the same file",
}


class Overview:
    """Counts and checks of one library."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def counts(self) -> dict[str, int]:
        """Return how many documents, passages, sources and vectors there are, and what waits."""
        sql = {
            "documents": "SELECT count(*) FROM documents",
            "chunks": "SELECT count(*) FROM chunks",
            "sources": "SELECT count(*) FROM sources",
            "failed_sources": "SELECT count(*) FROM sources WHERE status = 'failed'",
            "vectors": "SELECT count(*) FROM vectors",
            "waiting": "SELECT count(*) FROM chunks c WHERE NOT EXISTS "
            "(SELECT 1 FROM vectors v WHERE v.embed_hash = c.embed_hash)",
            "outbox": "SELECT count(*) FROM outbox",
            "removed": "SELECT count(*) FROM tombstones",
        }
        return {name: int(self._store.rows(text)[0][0]) for name, text in sql.items()}

    def by(self, field: str) -> dict[str, int]:
        """Return documents counted by `kind`, `quarter`, `language` or `topic`."""
        sql = {
            "kind": "SELECT kind, count(*) FROM documents GROUP BY 1 ORDER BY 1",
            "quarter": "SELECT quarter, count(*) FROM documents GROUP BY 1 ORDER BY 1",
            "language": "SELECT language, count(*) FROM documents GROUP BY 1 ORDER BY 1",
            "topic": "SELECT topic, count(*) FROM topics GROUP BY 1 ORDER BY 1",
        }[field]
        return dict(self._store.rows(sql))

    def by_quarter_and_topic(self) -> list[tuple[str, str, int]]:
        """Return (quarter, topic, documents); a document without topic counts as `other`."""
        sql = (
            "SELECT d.quarter, coalesce(t.topic, 'other'), count(*) FROM documents d "
            "LEFT JOIN topics t ON t.doc = d.row WHERE d.quarter <> '' GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return [(quarter, topic, count) for quarter, topic, count in self._store.rows(sql)]

    def labels(self) -> dict[str, int]:
        """Return the readers' labels with the number of passages that bear them, years and the like left out."""
        sql = "SELECT label, count(*) FROM labels WHERE instr(label, ':') = 0 GROUP BY 1 ORDER BY 2 DESC, 1"
        return dict(self._store.rows(sql))

    def sources(self) -> list[SourceState]:
        """Return every source with the state of its last ingest, failures first."""
        sql = (
            "SELECT location, coalesce(kind, ''), status, (SELECT count(*) FROM holdings WHERE source = s.id), "
            "skipped, error, hint, (SELECT json_group_array(value) FROM json_each(s.warnings)), "
            "tried_at, succeeded_at, starter "
            "FROM sources s ORDER BY status <> 'failed', starter, location"
        )
        names = [field.name for field in fields(SourceState)]
        rows = [dict(zip(names, row, strict=True)) for row in self._store.rows(sql)]
        return [
            SourceState(**row | {"warnings": json.loads(row["warnings"]), "starter": bool(row["starter"])})
            for row in rows
        ]

    def embedding(self, fingerprint: str = "", window: int = 0) -> dict[str, int]:
        """Return characters and passages in the library and embedded; nothing may be cut off silently.

        Args:
            fingerprint: of the embedder; empty counts the vectors of any.
            window: its longest input in tokens; `split` counts passages embedded in several parts.
        """
        sql = (
            "SELECT coalesce(sum(length(c.embed_text)), 0), count(*), "
            "coalesce(sum(CASE WHEN v.tokens IS NOT NULL THEN length(c.embed_text) END), 0), count(v.tokens), "
            "coalesce(sum(v.tokens > ? AND ? > 0), 0) FROM chunks c LEFT JOIN "
            "(SELECT embed_hash, max(tokens) AS tokens FROM vectors WHERE ? IN ('', fingerprint) GROUP BY 1) v "
            "ON v.embed_hash = c.embed_hash"
        )
        names = ("characters", "passages", "characters_embedded", "passages_embedded", "split")
        return dict(zip(names, self._store.rows(sql, (window, window, fingerprint))[0], strict=True))

    def merged(self) -> list[Merged]:
        """Return documents that several sources hold and that are shown once, with the reason."""
        sql = (
            "SELECT d.id, d.title, s.location, (SELECT json_group_array(o.location) FROM holdings h JOIN sources o "
            "ON o.id = h.source WHERE h.doc_id = d.id AND o.id <> d.source) FROM documents d JOIN sources s "
            "ON s.id = d.source WHERE d.id IN (SELECT doc_id FROM holdings GROUP BY 1 HAVING count(*) > 1) ORDER BY 1"
        )
        return [
            Merged(doc, title, shown, sorted(json.loads(others)), _SAME.get(doc.partition(":")[0], _SAME[""]))
            for doc, title, shown, others in self._store.rows(sql)
        ]

    def repeated(self) -> int:
        """Return how many passages stand word for word in several documents; search shows each once."""
        sql = (
            "SELECT count(*) FROM (SELECT 1 FROM chunks GROUP BY embed_hash "
            "HAVING count(*) > 1 AND min(doc) <> max(doc))"
        )
        return int(self._store.rows(sql)[0][0])

    def left_out(self) -> list[SourceState]:
        """Return the sources of which something was left out, most of it first; their warnings say why."""
        return sorted((source for source in self.sources() if source.skipped), key=lambda source: -source.skipped)

    def subscriptions(self) -> "list[Standing]":
        """Return the subscriptions with how each fares. Raises SettingsError."""
        from almanac.standing import standings
        from almanac.subscriptions import SubscriptionFile

        return standings(SubscriptionFile(self._settings.home).read().entries, self._store)

    def removed(self) -> list[tuple[str, str, str]]:
        """Return (id, title, time) of documents that the reader removed."""
        return [(a, b, c) for a, b, c in self._store.rows("SELECT doc_id, title, at FROM tombstones ORDER BY at DESC")]

    def status(self) -> dict[str, Any]:
        """Return the library's state for scripts."""
        return {
            "home": str(self._settings.home),
            **self.counts(),
            "by_kind": self.by("kind"),
            "by_topic": self.by("topic"),
            "by_quarter": self.by("quarter"),
            "by_language": self.by("language"),
            "starter": self._store.fact("starter"),
            "embedding": self.embedding(),
            "merged": [{"doc_id": one.doc_id, "sources": sorted([one.shown, *one.others])} for one in self.merged()],
            "failures": [asdict(source) for source in self.sources() if source.status == "failed"],
        }

    def checks(self) -> list[Check]:
        """Return what `doctor` finds without a model: database, text index, disk, packages."""
        found = [self._database(), self._words(), self._disk(), *self._packages()]
        counts = self.counts()
        found.append(self._vectors(counts))
        failed = [source for source in self.sources() if source.status == "failed"]
        remedy = f"{failed[0].location}: {failed[0].error} {failed[0].hint}" if failed else ""
        found.append(Check("sources", not failed, f"{len(failed)} of {counts['sources']} sources failed", remedy))
        found.append(self._subscriptions())
        return found

    def _vectors(self, counts: dict[str, int]) -> Check:
        words = f"{counts['chunks'] - counts['waiting']} of {counts['chunks']} passages have a vector"
        if self._settings.embedder == "none":
            return Check("vectors", True, f"{words}; none are made, by the setting EMBEDDER")
        remedy = "Run `python -m almanac reindex`, or leave the app open for a while."
        return Check("vectors", counts["waiting"] == 0, words, remedy if counts["waiting"] else "")

    def _subscriptions(self) -> Check:
        from almanac.standing import TROUBLE

        try:
            standings = self.subscriptions()
        except SettingsError as error:
            return Check("subscriptions", False, error.message, error.hint)
        bad = [one for one in standings if one.state in TROUBLE]
        remedy = f"{bad[0].subscription.name}: {bad[0].check.error} {bad[0].check.hint}" if bad else ""
        return Check("subscriptions", not bad, f"{len(bad)} of {len(standings)} need attention", remedy)

    def _database(self) -> Check:
        answer = str(self._store.rows("PRAGMA integrity_check(1)")[0][0])
        version = self._store.rows("SELECT sqlite_version()")[0][0]
        remedy = "" if answer == "ok" else "Restore the home from a backup, or ingest your sources into a new home."
        return Check("database", answer == "ok", f"SQLite {version}: {answer}", remedy)

    def _words(self) -> Check:
        chunks = int(self._store.rows("SELECT count(*) FROM chunks")[0][0])
        words = int(self._store.rows("SELECT count(*) FROM words")[0][0])
        remedy = "" if chunks == words else "Ingest your sources again; the text index lost entries."
        return Check("text index", chunks == words, f"{words} entries for {chunks} passages", remedy)

    def _disk(self) -> Check:
        free = shutil.disk_usage(self._settings.home).free
        remedy = "" if free > LOW_DISK else "Free some space before the next ingest."
        return Check("disk", free > LOW_DISK, f"{free / 1e9:.1f} GB free at {self._settings.home}", remedy)

    def _packages(self) -> list[Check]:
        wanted = {
            "sentence_transformers": "semantic search",
            "chromadb": "the vector index",
            "llama_cpp": "a local chat model (optional)",
        }
        made = []
        for package, use in wanted.items():
            there = importlib.util.find_spec(package) is not None
            optional = package == "llama_cpp"
            remedy = "" if there else f"Install it for {use}: `pip install -r requirements.txt`."
            made.append(Check(package, there or optional, "installed" if there else f"missing: no {use}", remedy))
        return made
