"""Quality of search: the golden questions over the starter library, and the development sets.

Prints hit@5 by kind of question for the whole search and with parts of it taken away: no embedder,
no glossary, neither, and the vectors alone. The golden questions are always asked; the notes
questions and the short questions where ../shared/eval lies beside the checkout. Vectors are kept
between runs, so that a change of search is measured in seconds.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from almanac import Almanac, open_almanac
from benchmarks._questions import (
    DEPTH,
    EVALUATION,
    GOLDEN,
    NOTES_DEVELOPMENT,
    Question,
    by_column,
    gain,
    hit_share,
    mean_reciprocal_rank,
    rank_of,
    read_questions,
)
from benchmarks._table import Row, Table, bar
from benchmarks._vectors import RememberingEmbedder, cache_folder
from benchmarks.ingest import SAMPLES
from kb.chunk import chunk
from kb.embed import Embedder, load_embedder
from kb.glossary import Glossary
from kb.settings import load_settings
from kb.store import Prepared
from kb.store.retrieval import all_vectors
from kb.text import language_of
from kb.types import Document, Kind, Query

NAME = "quality"
HELP = "hit rates of search on questions with known answers"
GROUP = "quality"
SHORT = EVALUATION / "mlquestions_dev"
QUICK_QUESTIONS = 200
FULL = "whole search"
NO_EMBEDDER = "no embedder"
ALONE = "vectors alone"

Ranks = dict[str, list[int | None]]
"""Method to the rank of each question's first answer."""
Retrieve = Callable[[str], list[str]]
"""A question to passages or documents, best first."""


def run(args: argparse.Namespace) -> Iterator[Table]:
    """Ask all sets that are present, and yield their tables and bars."""
    loaded = load_embedder(load_settings(Path(tempfile.gettempdir()) / "almanac-benchmarks-no-home"))
    embedder = RememberingEmbedder(loaded, cache_folder()) if loaded else None
    yield from _notes_tables("golden questions on the starter library", read_questions(GOLDEN), "starter", embedder)
    if NOTES_DEVELOPMENT.exists() and SAMPLES.is_dir():
        questions = read_questions(NOTES_DEVELOPMENT)
        yield from _notes_tables("notes questions on the sample documents", questions, "samples", embedder, bars=True)
    if SHORT.is_dir():
        yield from _short_tables(embedder, quick=args.quick)
    if embedder is not None:
        embedder.keep()


@contextmanager
def library(content: str, embedder: Embedder | None) -> Iterator[Path]:
    """Give the home of a temporary library with the `starter` library, the `samples`, or nothing in it."""
    with tempfile.TemporaryDirectory(prefix="almanac-bench-") as folder:
        home = Path(folder) / "home"
        with _opened(home, embedder) as almanac:
            if content == "starter":
                almanac.load_starter(embed=embedder is not None)
            elif content == "samples":
                files = [path for path in sorted(SAMPLES.iterdir()) if path.is_file()]
                list(almanac.ingest(files, embed=embedder is not None))
        yield home


@contextmanager
def _opened(home: Path, embedder: Embedder | None, *, glossary: bool = True) -> Iterator[Almanac]:
    chosen = {} if embedder is not None else {"embedder": "none"}
    almanac = open_almanac(load_settings(home, **chosen), embedder=embedder)
    if not glossary:
        almanac.__dict__["glossary"] = Glossary()
    try:
        yield almanac
    finally:
        almanac.close()


def passages_of(almanac: Almanac) -> Retrieve:
    """Return the search that gives passages' texts."""
    return lambda text: [hit.chunk.text for hit in almanac.search(Query(text=text, limit=DEPTH)).hits]


def documents_of(almanac: Almanac) -> Retrieve:
    """Return the search that gives documents' ids, each once."""

    def found(text: str) -> list[str]:
        hits = almanac.search(Query(text=text, limit=2 * DEPTH)).hits
        return list(dict.fromkeys(hit.chunk.doc_id for hit in hits))[:DEPTH]

    return found


def by_method(
    home: Path,
    embedder: Embedder | None,
    shape: Callable[[Almanac], Retrieve],
    rank: Callable[[Retrieve], list[int | None]],
    *,
    only: Collection[str] = (),
) -> Ranks:
    """Return what each method ranks, the whole search first; `only` leaves the named ones."""
    methods: dict[str, tuple[Embedder | None, bool]] = {NO_EMBEDDER: (None, True), "neither": (None, False)}
    if embedder is not None:
        methods = {FULL: (embedder, True), "no glossary": (embedder, False), **methods}
    found: Ranks = {}
    for name, (leg, glossary) in methods.items():
        if not only or name in only:
            with _opened(home, leg, glossary=glossary) as almanac:
                found[name] = rank(shape(almanac))
    if embedder is not None and not only:
        with _opened(home, embedder) as almanac:
            found[ALONE] = rank(_vectors_alone(almanac, embedder, shape is documents_of))
    return found


def _vectors_alone(almanac: Almanac, embedder: Embedder, documents: bool) -> Retrieve:
    serving = almanac.models.embedder() or embedder
    rows, matrix = all_vectors(almanac.store, serving.fingerprint)

    def found(text: str) -> list[str]:
        best = rows[np.argsort(-(matrix @ embedder.embed_query(text)))[: 2 * DEPTH]]
        chunks = almanac.store.chunks_by_row(best.tolist())
        if documents:
            return list(dict.fromkeys(chunks[row].doc_id for row in best.tolist()))[:DEPTH]
        return [chunks[row].text for row in best.tolist()][:DEPTH]

    return found


def _notes_tables(
    title: str, questions: Sequence[Question], content: str, embedder: Embedder | None, *, bars: bool = False
) -> list[Table]:
    with library(content, embedder) as home:
        found = by_method(
            home, embedder, passages_of, lambda retrieve: [rank_of(q, retrieve(q.text)) for q in questions]
        )
    tables = [_hit_table(title, questions, found), _kind_table(title, questions, found)]
    if bars:
        tables.append(_notes_bars(title, questions, found))
    return [*tables, _missed(title, questions, found)]


def _hit_table(title: str, questions: Sequence[Question], found: Ranks) -> Table:
    rows: list[Row] = []
    for method, ranks in found.items():
        columns = by_column(questions, ranks)
        rows.append({"method": method, **{name: hit_share(part, 5) for name, part in columns.items()}})
    counts = ", ".join(f"{len(part)} {name}" for name, part in by_column(questions, next(iter(found.values()))).items())
    return Table(f"{title}: hit@5", rows, (counts,))


def _kind_table(title: str, questions: Sequence[Question], found: Ranks) -> Table:
    rows: list[Row] = []
    for kind in [*dict.fromkeys(question.kind for question in questions), "all"]:
        chosen = [at for at, question in enumerate(questions) if kind in (question.kind, "all")]
        for method in [name for name in (FULL, NO_EMBEDDER) if name in found]:
            ranks = [found[method][at] for at in chosen]
            rows.append(
                {
                    "kind": kind,
                    "method": method,
                    "questions": len(ranks),
                    "hit@1": hit_share(ranks, 1),
                    "hit@5": hit_share(ranks, 5),
                    "MRR@10": mean_reciprocal_rank(ranks),
                }
            )
    return Table(f"{title}: by kind", rows)


def _notes_bars(title: str, questions: Sequence[Question], found: Ranks) -> Table:
    least = {"all": 0.80, "English": 0.87, "Chinese": 0.77, "cross-lingual": 0.55, "exact terms": 1.0}
    rows: list[Row] = []
    for method, bars in ((FULL, least), (NO_EMBEDDER, {"all": 0.70, "exact terms": 1.0})):
        columns = by_column(questions, found[method]) if method in found else {}
        rows += [
            bar(f"{method}: hit@5 {name}", hit_share(columns.get(name, []), 5), least=low) for name, low in bars.items()
        ]
    return Table(f"{title}: bars", rows)


def _missed(title: str, questions: Sequence[Question], found: Ranks) -> Table:
    method = next(iter(found))
    late = [(q, rank) for q, rank in zip(questions, found[method], strict=True) if rank is None or rank > 5]
    rows: list[Row] = [{"id": q.id, "rank": rank, "question": q.text} for q, rank in late]
    return Table(f"{title}: not among the first five ({method})", rows)


def _short_tables(embedder: Embedder | None, *, quick: bool) -> list[Table]:
    answers = dict(
        line.split("\t")[:2] for line in (SHORT / "qrels.tsv").read_text(encoding="utf-8").splitlines() if line
    )
    asked = [json.loads(line) for line in (SHORT / "queries.jsonl").read_text(encoding="utf-8").splitlines() if line]
    asked = [question for question in asked if question["id"] in answers]
    if quick:
        asked = asked[:: max(1, len(asked) // QUICK_QUESTIONS)]

    def rank(retrieve: Retrieve) -> list[int | None]:
        found = ((retrieve(q["text"]), f"page:short#{answers[q['id']]}") for q in asked)
        return [ids.index(gold) + 1 if gold in ids else None for ids, gold in found]

    with library("", embedder) as home:
        with _opened(home, embedder) as almanac:
            _write_corpus(almanac, embedder)
        found = by_method(home, embedder, documents_of, rank)
    rows = [
        {"method": m, "hit@1": hit_share(r, 1), "hit@10": hit_share(r, 10), "nDCG@10": sum(map(gain, r)) / len(r)}
        for m, r in found.items()
    ]
    bars = [bar(f"{FULL}: hit@10", hit_share(found.get(FULL, []), 10), least=0.84)]
    title = "short questions on 9,204 passages"
    return [Table(title, rows, (f"{len(asked)} questions",)), Table(f"{title}: bars", bars)]


def _write_corpus(almanac: Almanac, embedder: Embedder | None) -> None:
    lines = (SHORT / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    passages = [json.loads(line) for line in lines if line]
    with almanac.store.write("loading passages") as writer:
        source = writer.open_source(str(SHORT / "corpus.jsonl"), "short")
        for at in range(0, len(passages), 500):
            made = [_prepared(passage) for passage in passages[at : at + 500]]
            writer.write_documents(source, made, "")
    almanac.models.embed_missing()


def _prepared(passage: dict[str, str]) -> Prepared:
    text = passage["text"]
    document = Document(
        id=f"page:short#{passage['id']}",
        source="short",
        kind=Kind.PAGE,
        title=passage["title"] or text[:60],
        title_estimated=not passage["title"],
        text=text,
        language=language_of(text),
        content_hash=passage["id"],
    )
    return Prepared(document, chunk(document))
