"""Search end to end beside its parts: encoding, raw FTS5, raw Chroma and a NumPy scan, in turn.

On a real library (the sample documents beside the checkout where they are present, else the
starter library) and on generated ones of 10,000 and, with --large, 100,000 passages, with and
without filters. Everything is warm: the embedder loaded, the index open. Ten results are asked of
every part and of the whole. What the search spends beyond encoding is taken within each search.
"""

import argparse
import importlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from almanac import Almanac, open_almanac
from benchmarks import _generated
from benchmarks._questions import GOLDEN, NOTES_DEVELOPMENT, read_questions
from benchmarks._table import Row, Table, bar
from benchmarks._timing import Stages, Target, in_turn, median, percentile, resident_mib
from benchmarks.ingest import SAMPLES, source_files
from kb.embed import Embedder, Vectors, load_embedder
from kb.settings import load_settings
from kb.store.retrieval import all_vectors, filter_sql, matching_rows, quote
from kb.text import query_terms
from kb.types import Kind, Query

NAME = "search"
HELP = "latency of search beside its parts"
RESULTS = 10
RATIO_BAR, BEYOND_BAR, LARGE_BAR = 1.5, 20.0, 30.0
_STAGES = (
    ("kb.search", "", "parse_query"),
    ("kb.glossary", "Glossary", "expand"),
    ("kb.glossary", "Glossary", "to_english"),
    ("kb.search", "", "matching_rows"),
    ("kb.search", "", "keyword_scores"),
    ("kb.search", "", "keyword_rows"),
    ("kb.vector_leg", "VectorLeg", "nearest"),
    ("kb.vector_leg", "VectorLeg", "cosines"),
    ("kb.search", "", "fuse"),
    ("kb.store.database", "Store", "chunks_by_row"),
    ("kb.search", "", "fold"),
    ("kb.store.database", "Store", "infos_by_id"),
    ("kb.store.database", "Store", "text_of"),
    ("kb.search", "", "highlight"),
    ("kb.search", "", "matched_words"),
)
FILTERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "topic": ({"topics": ("serving",)}, {"topics": {"$contains": "serving"}}),
    "kind": ({"kinds": (Kind.NOTES,)}, {"kind": "notes"}),
    "since 2024": (
        {"since": "2024-01-01"},
        {"quarter": {"$in": [f"{year}-Q{n}" for year in (2024, 2025, 2026) for n in (1, 2, 3, 4)]}},
    ),
    "Chinese": ({"language": "zh"}, {"language": "zh"}),
    "topic and since": (
        {"topics": ("serving",), "since": "2026-01-01"},
        {"$and": [{"topics": {"$contains": "serving"}}, {"quarter": {"$in": [f"2026-Q{n}" for n in (1, 2, 3, 4)]}}]},
    ),
    "one document": ({"doc_id": "notes:generated#0"}, {"doc_id": "notes:generated#0"}),
}


class TimedEmbedder:
    """Another embedder, with the milliseconds that its questions took."""

    def __init__(self, inner: Embedder) -> None:
        self.name, self.fingerprint, self.dim = inner.name, inner.fingerprint, inner.dim
        self.languages, self.max_tokens = inner.languages, inner.max_tokens
        self.embed, self.count_tokens = inner.embed, inner.count_tokens
        self._inner = inner
        self.wall = self.cpu = 0.0

    def embed_query(self, text: str) -> Vectors:
        """Return a question's vector, shape (dim,)."""
        began, cpu = time.perf_counter(), time.thread_time()
        vector = self._inner.embed_query(text)
        self.wall += (time.perf_counter() - began) * 1000
        self.cpu += (time.thread_time() - cpu) * 1000
        return vector


@dataclass
class Bench:
    """An open library with its raw parts."""

    almanac: Almanac
    embedder: TimedEmbedder
    collection: Any
    rows: npt.NDArray[np.int64]
    matrix: Vectors
    totals: list[float] = field(default_factory=list)
    beyond: list[float] = field(default_factory=list)
    beyond_cpu: list[float] = field(default_factory=list)

    def search(self, query: Query) -> None:
        """Search end to end, and note what it took with and without encoding. Milliseconds."""
        self.embedder.wall = self.embedder.cpu = 0.0
        began, cpu = time.perf_counter(), time.thread_time()
        self.almanac.search(query)
        wall, used = (time.perf_counter() - began) * 1000, (time.thread_time() - cpu) * 1000
        self.totals.append(wall)
        self.beyond.append(wall - self.embedder.wall)
        self.beyond_cpu.append(used - self.embedder.cpu)

    def clear(self) -> None:
        """Forget the times."""
        self.totals, self.beyond, self.beyond_cpu = [], [], []

    def words(self, text: str, condition: str = "", values: Sequence[object] = ()) -> None:
        """Ask FTS5 alone for any word of a question."""
        match = " OR ".join(quote(token) for group in query_terms(text) for token in group)
        sql = f"SELECT rowid, rank FROM words WHERE words MATCH ? {condition} ORDER BY rank LIMIT {RESULTS}"
        self.almanac.store.rows(sql, (match, *values))

    def chroma(self, vector: Vectors, **asked: Any) -> None:
        """Ask Chroma alone."""
        self.collection.query(query_embeddings=[vector], n_results=RESULTS, include=["distances"], **asked)

    def scan(self, vector: Vectors, chosen: npt.NDArray[np.int64] | None = None) -> None:
        """Rank all vectors, or the chosen ones, by NumPy."""
        cosines = (self.matrix if chosen is None else self.matrix[chosen]) @ vector
        take = min(RESULTS, len(cosines))
        best = np.argpartition(-cosines, take - 1)[:take]
        best[np.argsort(-cosines[best])]


def run(args: argparse.Namespace) -> Iterator[Table]:
    """Measure the real library and the generated ones, yielding tables as they are known."""
    with tempfile.TemporaryDirectory(prefix="almanac-bench-") as folder:
        home = Path(folder)
        loaded = load_embedder(load_settings(home / "none"))
        if loaded is None:
            yield Table("search", [{"measure": "no embedder is set: there is nothing to compare"}])
            return
        embedder = TimedEmbedder(loaded)
        yield from _real(home / "real", embedder, args.quick)
        yield from _made(home / "generated", embedder, 10_000, args.quick)
        if args.large:
            yield from _made(home / "large", embedder, 100_000, args.quick)


def _open(home: Path, embedder: TimedEmbedder, fill: Any) -> Bench:
    almanac = open_almanac(load_settings(home), embedder=embedder)
    fill(almanac)
    index = almanac.models.index()
    assert index is not None
    rows, matrix = all_vectors(almanac.store, _serving(almanac))
    return Bench(almanac, embedder, index._collection, rows, matrix)


def _serving(almanac: Almanac) -> str:
    """Return the fingerprint under which the library keeps its vectors."""
    embedder = almanac.models.embedder()
    assert embedder is not None
    return embedder.fingerprint


def _real(home: Path, embedder: TimedEmbedder, quick: bool) -> list[Table]:
    samples = SAMPLES.is_dir() and NOTES_DEVELOPMENT.exists()
    found = read_questions(NOTES_DEVELOPMENT if samples else GOLDEN)
    questions = [(question.text, question.kind) for question in found][: 12 if quick else 60]

    def fill(almanac: Almanac) -> None:
        list(almanac.ingest(source_files()))
        almanac.update_index()

    bench = _open(home, embedder, fill)
    title = "sample documents" if samples else "starter library"
    tables = _parts(f"{title}, {len(bench.rows)} passages", bench, questions, 1 if quick else 4, BEYOND_BAR)
    bench.almanac.close()
    return tables


def _made(home: Path, embedder: TimedEmbedder, chunks: int, quick: bool) -> list[Table]:
    generator = _generated.Generator(embedder.dim)
    before = resident_mib(os.getpid())
    bench = _open(
        home, embedder, lambda almanac: _generated.write_library(almanac, generator, chunks, _serving(almanac))
    )
    questions = [(question.text, question.kind) for question in generator.questions(20 if quick else 60)]
    title = f"{chunks:,} generated passages"
    tables = _parts(title, bench, questions, 1 if quick else 3, None)
    if chunks > 50_000:
        tables.append(Table(f"{title}: bar", [bar("p50 end to end, ms", median(bench.totals), most=LARGE_BAR)]))
    tables.append(_filtered(title, bench, questions, 1 if quick else 2))
    after = resident_mib(os.getpid())
    size = (home / "almanac.sqlite").stat().st_size / 2**20
    tables.append(
        Table(
            f"{title}: size",
            [
                {
                    "database MiB": size,
                    "vectors MiB": bench.matrix.nbytes / 2**20,
                    "resident before MiB": before,
                    "resident after MiB": after,
                    "first search after a write ms": _first_after_write(bench, questions[0][0]),
                }
            ],
            ("the process also holds a second copy of the vectors, for the raw scan",),
        )
    )
    bench.almanac.close()
    return tables


def _first_after_write(bench: Bench, text: str) -> float:
    with bench.almanac.store.write("benchmark") as writer:
        writer.set_fact("benchmark", "touched")
    bench.clear()
    bench.search(Query(text=text))
    return bench.beyond[0]


def _parts(
    title: str, bench: Bench, questions: Sequence[tuple[str, str]], repeats: int, beyond_bar: float | None
) -> list[Table]:
    vectors = {text: bench.embedder.embed_query(text) for text, _ in questions}
    for text, _ in questions[:4]:
        bench.search(Query(text=text, limit=RESULTS))
    bench.clear()
    times: dict[str, list[tuple[str, float]]] = {}
    for _ in range(repeats):
        for text, kind in questions:
            found = in_turn(
                {
                    "encode": lambda text=text: bench.embedder.embed_query(text),
                    "FTS5": lambda text=text: bench.words(text),
                    "Chroma": lambda text=text: bench.chroma(vectors[text]),
                    "scan": lambda text=text: bench.scan(vectors[text]),
                    "search": lambda text=text: bench.search(Query(text=text, limit=RESULTS)),
                }
            )
            for name, values in found.items():
                times.setdefault(name, []).extend((kind, value) for value in values)
    kinds = [*dict.fromkeys(kind for _, kind in questions), "all"]
    rows = [_part_row(kind, times, bench, [k for _ in range(repeats) for _, k in questions]) for kind in kinds]
    total = rows[-1]
    bars: list[Row] = [
        bar("end to end over the sum of encoding, FTS5 and Chroma", _number(total["ratio"]), most=RATIO_BAR)
    ]
    if beyond_bar is not None:
        bars.append(bar("p50 beyond encoding, ms", _number(total["beyond p50"]), most=beyond_bar))
    totals = list(bench.totals)
    stages = _stages(title, bench, [text for text, _ in questions])
    bench.totals = totals
    note = (
        "ms; sum: medians of encode + FTS5 + Chroma; beyond: search without the encoding inside it; CPU: of this thread"
    )
    return [Table(f"{title}: search and its parts", rows, (note,)), Table(f"{title}: bars", bars), stages]


def _part_row(kind: str, times: dict[str, list[tuple[str, float]]], bench: Bench, kinds: Sequence[str]) -> Row:
    def of(name: str) -> list[float]:
        return [value for found, value in times[name] if kind in (found, "all")]

    chosen = [at for at, found in enumerate(kinds) if kind in (found, "all")]
    search = of("search")
    parts = sum(median(of(name)) for name in ("encode", "FTS5", "Chroma"))
    return {
        "questions": kind,
        "searches": len(search),
        "encode": median(of("encode")),
        "FTS5": median(of("FTS5")),
        "Chroma": median(of("Chroma")),
        "scan": median(of("scan")),
        "sum": parts,
        "search p50": median(search),
        "p95": percentile(search, 0.95),
        "ratio": median(search) / parts,
        "beyond p50": median([bench.beyond[at] for at in chosen]),
        "beyond p95": percentile([bench.beyond[at] for at in chosen], 0.95),
        "beyond CPU p50": median([bench.beyond_cpu[at] for at in chosen]),
    }


def _number(value: object) -> float:
    assert isinstance(value, float)
    return value


def _stages(title: str, bench: Bench, texts: Sequence[str]) -> Table:
    """Where the time of a search goes: a pass of its own, since watching costs time."""
    targets: list[Target] = [(bench.embedder, "embed_query", "encode")]
    for module, member, name in _STAGES:
        owner = importlib.import_module(module)
        targets.append((getattr(owner, member) if member else owner, name, name))
    stages = Stages()
    with stages.watching(targets):
        began = time.perf_counter()
        for text in texts:
            bench.almanac.search(Query(text=text, limit=RESULTS))
        total = (time.perf_counter() - began) * 1000
    named: list[Row] = [
        {
            "stage": name,
            "ms a search": spent / len(texts),
            "calls a search": stages.calls[name] / len(texts),
            "share %": 100 * spent / total,
        }
        for name, spent in sorted(stages.wall.items(), key=lambda item: -item[1])
    ]
    rest = total - sum(stages.wall.values())
    named.append(
        {"stage": "the rest", "ms a search": rest / len(texts), "calls a search": None, "share %": 100 * rest / total}
    )
    return Table(f"{title}: where the time of a search goes (means)", named)


def _filtered(title: str, bench: Bench, questions: Sequence[tuple[str, str]], repeats: int) -> Table:
    rows: list[Row] = []
    for name, (asked, where) in FILTERS.items():
        allowed = matching_rows(bench.almanac.store, Query(text="", **asked))
        assert allowed is not None
        condition, values = filter_sql(Query(text="", **asked))
        inside = f"AND +rowid IN (SELECT c.row FROM chunks c JOIN documents d ON d.row = c.doc WHERE {condition})"
        chosen = np.flatnonzero(np.isin(bench.rows, allowed, assume_unique=True))
        bench.clear()
        times: dict[str, list[float]] = {"FTS5": [], "where": [], "scan": []}
        for _ in range(repeats):
            for text, _ in questions[:30]:
                vector = bench.embedder.embed_query(text)
                found = in_turn(
                    {
                        "FTS5": lambda text=text, inside=inside, values=values: bench.words(text, inside, values),
                        "where": lambda vector=vector, where=where: bench.chroma(vector, where=where),
                        "scan": lambda vector=vector, chosen=chosen: bench.scan(vector, chosen),
                    }
                )
                bench.search(Query(text=text, limit=RESULTS, **asked))
                for part, value in found.items():
                    times[part] += value
        rows.append(
            {
                "filter": name,
                "passages": len(chosen),
                "FTS5 p50": median(times["FTS5"]),
                "Chroma where p50": median(times["where"]),
                "scan p50": median(times["scan"]),
                "search p50": median(bench.totals),
                "search p95": percentile(bench.totals, 0.95),
                "beyond encoding p50": median(bench.beyond),
                "beyond CPU p50": median(bench.beyond_cpu),
            }
        )
    return Table(f"{title}: filtered, ms", rows)
