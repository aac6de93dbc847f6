"""The chat on the golden set, without a language model: what it answers, declines, computes and cites.

Prints, for both halves of the set, the rates at which questions that the library answers are declined and others
answered, evidence among the first five citations, citation precision, the calculators' requests, claims and
latency; then what went wrong, question by question. Where sample documents lie beside the checkout, their
questions are asked too. Vectors are kept between runs.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from almanac import open_almanac
from benchmarks._chat_questions import HALVES, UNANSWERABLE, ChatQuestion, Judged, judge, read_chat_questions
from benchmarks._questions import NOTES_DEVELOPMENT, read_questions
from benchmarks._table import Row, Table, bar
from benchmarks._timing import median, percentile
from benchmarks._vectors import RememberingEmbedder, cache_folder
from benchmarks._written import added, rows
from benchmarks.ingest import SAMPLES
from benchmarks.quality import library
from kb.embed import Embedder, load_embedder
from kb.settings import load_settings

NAME = "chat"
HELP = "answers, refusals, calculators and citations on questions with known outcomes"
GROUP = "quality"
P50_MS = 150


def run(args: argparse.Namespace) -> Iterator[Table]:
    """Ask all questions and yield the tables."""
    loaded = load_embedder(load_settings(Path(tempfile.gettempdir()) / "almanac-benchmarks-no-home"))
    embedder = RememberingEmbedder(loaded, cache_folder()) if loaded else None
    questions = read_chat_questions()
    found = ask_all("starter", embedder, questions)
    blind = [] if args.quick else ask_all("starter", None, questions)
    yield Table("golden questions on the starter library", [*_rows(found, ""), *_rows(blind, "no embedder, ")])
    yield Table("golden questions: bars", list(bars(found)))
    yield Table("golden questions: what went wrong", list(_wrong(found)))
    yield Table("time added to a language model's own", list(_added_rows(embedder, questions)))
    if SAMPLES.is_dir():
        yield from _sample_tables(embedder, [q for q in questions if q.kind in UNANSWERABLE])
    if embedder is not None:
        embedder.keep()


def ask_all(content: str, embedder: Embedder | None, questions: Sequence[ChatQuestion]) -> list[Judged]:
    """Ask questions over the `starter` library or the `samples`, warm."""
    with library(content, embedder) as home:
        chosen = {} if embedder is not None else {"embedder": "none"}
        almanac = open_almanac(load_settings(home, **chosen), embedder=embedder)
        try:
            almanac.chat.answer("warm up", extractive=True)
            return [judge(almanac, question) for question in questions]
        finally:
            almanac.close()


def _added_rows(embedder: Embedder | None, questions: Sequence[ChatQuestion]) -> Iterator[Row]:
    with library("starter", embedder) as home:
        almanac = open_almanac(load_settings(home, **({} if embedder else {"embedder": "none"})), embedder=embedder)
        try:
            almanac.chat.answer("warm up", extractive=True)
            yield from rows(added(almanac, [question for question in questions if question.kind == "library"]))
        finally:
            almanac.close()


def share(found: Sequence[Judged], holds: Callable[[Judged], object]) -> float | None:
    """Return the share of answers for which something holds, None of no answers."""
    return sum(bool(holds(item)) for item in found) / len(found) if found else None


def measures(found: Sequence[Judged]) -> dict[str, float | None]:
    """Return the rates of a set of answers."""
    asked = [item for item in found if item.question.kind == "library"]
    without = [item for item in found if item.question.kind in UNANSWERABLE]
    routed = [item for item in found if item.routed is not None]
    claims = [item for item in found if item.compared is not None]
    cited = [item for item in found if item.answer.citations]
    quotes = sum(len(item.answer.citations) for item in cited)
    return {
        "evidence recall@5": share(asked, lambda item: item.evidence),
        "evidence first": share(asked, lambda item: item.first),
        "citation precision": 1 - sum(len(item.bad_quotes) for item in cited) / quotes if quotes else None,
        "false abstain": share(asked, lambda item: item.abstained),
        "hallucinate": share(without, lambda item: item.answer.grounded),
        "router": share(routed, lambda item: item.routed),
        "claims": share(claims, lambda item: item.compared),
    }


def _rows(found: Sequence[Judged], prefix: str) -> Iterator[Row]:
    for name, part in _parts(found):
        if part:
            yield {"set": f"{prefix}{name}", "questions": len(part), **measures(part)}


def _parts(found: Sequence[Judged]) -> Iterator[tuple[str, list[Judged]]]:
    for half in HALVES:
        yield half, [item for item in found if item.question.half == half]
    for language, name in (("en", "English"), ("zh", "Chinese")):
        yield name, [item for item in found if item.question.language == language]
    yield "follow-ups", [item for item in found if item.question.history]
    yield "all", list(found)


def bars(found: Sequence[Judged]) -> Iterator[Row]:
    """Yield the bars of the whole set."""
    whole = measures(found)
    yield bar("evidence recall@5", whole["evidence recall@5"], least=0.85)
    yield bar("citation precision", whole["citation precision"], least=1.0)
    yield bar("false abstain", whole["false abstain"], most=0.10)
    yield bar("hallucinate on unanswerable", whole["hallucinate"], most=0.05)
    yield bar("router accuracy", whole["router"], least=0.95)
    yield bar("claims compared", whole["claims"], least=0.75)


def _wrong(found: Sequence[Judged]) -> Iterator[Row]:
    for item in found:
        faults = list(_faults(item))
        if faults:
            text = item.answer.text.replace("\n", " / ")[:90]
            yield {"id": item.question.id, "fault": ", ".join(faults), "question": item.question.text, "answer": text}


def _faults(item: Judged) -> Iterator[str]:
    kind = item.question.kind
    if kind in UNANSWERABLE and item.answer.grounded:
        yield "answered"
    if kind == "library" and item.abstained:
        yield "declined"
    elif kind == "library" and not item.evidence:
        yield "other evidence"
    if item.routed is False:
        yield "routed wrong"
    if item.compared is False:
        yield "compared wrong"
    if item.bad_quotes:
        yield f"{len(item.bad_quotes)} quotes beside the point"


def _sample_tables(embedder: Embedder | None, unanswerable: Sequence[ChatQuestion]) -> Iterator[Table]:
    asked = []
    if NOTES_DEVELOPMENT.exists():
        asked = [
            ChatQuestion(q.id, "", "library", "", q.text, q.gold)
            for q in read_questions(NOTES_DEVELOPMENT)
            if q.kind != "term"
        ]
    found = ask_all("samples", embedder, [*asked, *unanswerable])
    rows = [{"set": "sample documents", "questions": len(found), **measures(found)}]
    yield Table("questions on the sample documents", rows, ("some of the unanswerable ones are answered there",))
    yield Table("sample documents: what went wrong", list(_wrong(found)))
    times = [item.milliseconds for item in found]
    yield Table(
        "from question to answer on the sample documents, ms",
        [{"p50": median(times), "p95": percentile(times, 0.95), "most": max(times)}],
    )
    yield Table("latency: bars", [bar("p50, ms", median(times), most=P50_MS)])
