"""The rate of an ingest beside the raw encoder's on the same texts, and where the rest of the time goes.

Reads the sample documents beside the checkout (../shared/seeds) where they are present, else the
starter library. Each round ingests file by file into an empty home; after each file the bare model
encodes a share of the same texts, batched exactly as one call on all of them would batch them, so
that a burst of other load falls on both. Models are loaded and imports done before the clock
starts; both are one-off costs, measured by `startup`.
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
BATCH = 32
_STAGES = (
    ("ingest", "parse", "parse"),
    ("almanac.preparing", "chunk", "chunk"),
    ("kb.topics.Tagger", "tag", "tag"),
    ("almanac.preparing", "extract", "find references"),
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
        texts = _texts(files, Path(folder) / "texts", tagger)
        rounds = [
            _round(files, Path(folder) / f"home{number}", embedder, tagger, _shares(texts, len(files)), encode)
            for number in range(1 if args.quick else 3)
        ]
    return [_rates(rounds), _bars(rounds), _profile(rounds), Table("what each source gave", rounds[0].documents)]


def _bare_model() -> Callable[[list[str]], object]:
    from sentence_transformers import SentenceTransformer

    model: Any = SentenceTransformer(str(packaged_model()), local_files_only=True)
    model.encode(["warm"] * 64, batch_size=BATCH, show_progress_bar=False)
    return lambda texts: model.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)


def _texts(files: Sequence[Path], home: Path, tagger: Tagger) -> list[str]:
    """Return what an ingest of the files embeds."""
    almanac = open_almanac(load_settings(home, embedder="none"), tagger=tagger)
    list(almanac.ingest(files))
    found = [text for (text,) in almanac.store.rows("SELECT DISTINCT embed_text FROM chunks ORDER BY row")]
    almanac.close()
    return found


def _shares(texts: Sequence[str], count: int) -> list[list[str]]:
    """Deal the batches of one call, which sorts by length, into shares of like work."""
    ordered = sorted(texts, key=len, reverse=True)
    batches = [ordered[at : at + BATCH] for at in range(0, len(ordered), BATCH)]
    return [[text for batch in batches[number::count] for text in batch] for number in range(count)]


def _round(
    files: Sequence[Path], home: Path, embedder: Embedder, tagger: Tagger, shares: Sequence[list[str]], encode: Any
) -> Round:
    almanac = open_almanac(load_settings(home), embedder=embedder, tagger=tagger)
    stages, ours, bare = Stages(), _Clock(), _Clock()
    outcomes: list[Outcome] = []
    with stages.watching([*_targets(), (embedder, "embed", "embed"), (embedder, "count_tokens", "count tokens")]):
        for file, share in zip(files, shares, strict=True):
            with ours:
                outcomes += almanac.ingest([file])
            with bare:
                encode(share)
        with ours:
            almanac.update_index()
    made = Round(sum(map(len, shares)), ours.wall, ours.cpu, bare.wall, bare.cpu, outcomes=outcomes)
    made.stages = {name: (stages.wall[name] / 1000, stages.cpu[name] / 1000) for name in stages.wall}
    made.documents = [_source_row(almanac, outcome) for outcome in outcomes]
    almanac.close()
    return made


class _Clock:
    """Wall and CPU seconds spent inside it, over all its uses."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> None:
        self.wall -= time.perf_counter()
        self.cpu -= time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter()
        self.cpu += time.process_time()


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
    note = "encoder: the bare model on the same texts, cut at its window; CPU ratios hardly feel other load"
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
