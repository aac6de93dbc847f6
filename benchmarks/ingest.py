"""The rate of an ingest beside the raw encoder's on the same texts, and where the rest of the time goes.

Reads the sample documents beside the checkout (../shared/seeds) where they are present, else the
starter library. Each round ingests into an empty home and then encodes the very texts that were
embedded by one call of the bare model; the ratio of a round is taken within it. Models are loaded
and imports done before the clock starts; both are one-off costs, measured by `startup`.
"""

import argparse
import importlib
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from almanac import Almanac, open_almanac
from benchmarks._table import Row, Table, bar
from benchmarks._timing import Stages, Target, median
from kb.embed import Embedder, load_embedder, packaged_model
from kb.settings import load_settings
from kb.topics import Tagger
from kb.types import Outcome

NAME = "ingest"
HELP = "rate of ingest beside the raw encoder's"
ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT.parent / "shared" / "seeds"
STARTER = ROOT / "starter"
BAR = 0.9
_STAGES = (
    ("ingest", "parse", "parse"),
    ("almanac.ingestion", "chunk", "chunk"),
    ("kb.topics.Tagger", "tag", "tag"),
    ("almanac.ingestion", "extract", "find references"),
    ("kb.store.writer.Writer", "write_documents", "write"),
    ("kb.index.VectorIndex", "apply_outbox", "index"),
)


@dataclass
class Round:
    """One ingest with the bare encoding that followed it. Seconds."""

    chunks: int
    wall: float
    cpu: float
    raw_wall: float
    raw_cpu: float
    stages: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Stage to (wall, CPU)."""
    outcomes: Sequence[Outcome] = ()
    documents: Sequence[Row] = ()


def source_files() -> list[Path]:
    """Return the sample documents where they are present, else the starter library's files."""
    samples = [path for path in sorted(SAMPLES.glob("*")) if path.is_file()] if SAMPLES.is_dir() else []
    return samples or [*sorted((STARTER / "notes").glob("*.md")), *sorted(STARTER.glob("*.xml"))]


def run(args: argparse.Namespace) -> list[Table]:
    """Ingest and encode in turn, and return rates, ratios, stages and what each document gave."""
    files = source_files()
    with tempfile.TemporaryDirectory(prefix="almanac-bench-") as folder:
        settings = load_settings(Path(folder) / "none")
        embedder = load_embedder(settings)
        if embedder is None:
            return [Table("ingest", [{"measure": "no embedder is set: nothing to compare with"}])]
        encode = _bare_model()
        importlib.import_module("chromadb")
        tagger = Tagger()
        tagger.tag("warm")
        rounds = [
            _round(files, Path(folder) / f"home{number}", embedder, tagger, encode)
            for number in range(1 if args.quick else 3)
        ]
    return [_rates(rounds), _bars(rounds), _profile(rounds), Table("what each source gave", rounds[0].documents)]


def _bare_model() -> Callable[[list[str]], object]:
    from sentence_transformers import SentenceTransformer

    model: Any = SentenceTransformer(str(packaged_model()), local_files_only=True)
    model.encode(["warm"] * 64, batch_size=32, show_progress_bar=False)
    return lambda texts: model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)


def _round(files: Sequence[Path], home: Path, embedder: Embedder, tagger: Tagger, encode: Any) -> Round:
    almanac = open_almanac(load_settings(home), embedder=embedder, tagger=tagger)
    stages = Stages()
    texts: list[str] = []
    embed = embedder.embed
    embedder.embed = lambda given: (texts.extend(given), embed(given))[1]  # type: ignore[method-assign]
    targets = [*_targets(), (embedder, "embed", "embed"), (embedder, "count_tokens", "count tokens")]
    try:
        with stages.watching(targets):
            began, cpu = time.perf_counter(), time.process_time()
            outcomes = list(almanac.ingest(files))
            almanac.update_index()
            wall, used = time.perf_counter() - began, time.process_time() - cpu
    finally:
        del embedder.embed
    began, cpu = time.perf_counter(), time.process_time()
    encode(texts)
    made = Round(len(texts), wall, used, time.perf_counter() - began, time.process_time() - cpu, outcomes=outcomes)
    made.stages = {name: (stages.wall[name] / 1000, stages.cpu[name] / 1000) for name in stages.wall}
    made.documents = [_source_row(almanac, outcome) for outcome in outcomes]
    almanac.close()
    return made


def _targets() -> list[Target]:
    made: list[Target] = []
    for place, name, stage in _STAGES:
        module, _, member = place.rpartition(".")
        owner = (
            getattr(importlib.import_module(module), member) if member[:1].isupper() else importlib.import_module(place)
        )
        made.append((owner, name, stage))
    return made


def _source_row(almanac: Almanac, outcome: Outcome) -> Row:
    lengths = [
        len(chunk.text) for info in almanac.documents(source=outcome.source) for chunk in almanac.chunks(info.id)
    ]
    return {
        "source": Path(outcome.source).name,
        "kind": str(outcome.kind),
        "status": outcome.status,
        "documents": outcome.counts.documents,
        "chunks": outcome.counts.chunks,
        "embedded": outcome.counts.embedded,
        "characters a chunk (median)": round(median(lengths)) if lengths else None,
    }


def _rates(rounds: Sequence[Round]) -> Table:
    rows = [
        {
            "round": number,
            "chunks": one.chunks,
            "ingest s": one.wall,
            "ingest chunks/s": one.chunks / one.wall,
            "encoder chunks/s": one.chunks / one.raw_wall,
            "ratio": one.raw_wall / one.wall,
            "ingest CPU s": one.cpu,
            "encoder CPU s": one.raw_cpu,
            "CPU ratio": one.raw_cpu / one.cpu,
        }
        for number, one in enumerate(rounds, 1)
    ]
    note = "encoder: one call of the bare model on the same texts, cut at its window; CPU ratios hardly feel other load"
    return Table(f"ingest of {len(rounds[0].outcomes)} sources, index included", rows, (note,))


def _bars(rounds: Sequence[Round]) -> Table:
    wall = median([one.raw_wall / one.wall for one in rounds])
    cpu = median([one.raw_cpu / one.cpu for one in rounds])
    rows = [
        bar("ingest rate over the raw encoder's (median of rounds)", wall, least=BAR),
        bar("the same in CPU time", cpu, least=BAR),
    ]
    return Table("bars", rows)


def _profile(rounds: Sequence[Round]) -> Table:
    names = list(dict.fromkeys(name for one in rounds for name in one.stages))
    rows: list[Row] = []
    for name in sorted(names, key=lambda name: -median([one.stages.get(name, (0, 0))[0] for one in rounds])):
        wall = median([one.stages.get(name, (0.0, 0.0))[0] for one in rounds])
        cpu = median([one.stages.get(name, (0.0, 0.0))[1] for one in rounds])
        rows.append(
            {"stage": name, "wall s": wall, "CPU s": cpu, "share %": 100 * wall / median([r.wall for r in rounds])}
        )
    rest = [
        (one.wall - sum(w for w, _ in one.stages.values()), one.cpu - sum(c for _, c in one.stages.values()))
        for one in rounds
    ]
    wall, cpu = median([w for w, _ in rest]), median([c for _, c in rest])
    rows.append(
        {"stage": "the rest", "wall s": wall, "CPU s": cpu, "share %": 100 * wall / median([r.wall for r in rounds])}
    )
    return Table("where the time of an ingest goes (medians)", rows)
