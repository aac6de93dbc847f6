"""How well titles are tagged: macro-F1 of the first tag, precision and recall by topic.

Reads the labelled titles beside the checkout (../shared/eval/topics_dev.jsonl) where they exist,
and otherwise the golden titles of the tests. `compression` and no tag both count as *other*.
Run: python -m benchmarks topics, or python -m benchmarks.topics [--golden] for this table alone.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from benchmarks._table import Table, bar
from kb.topics import Tagger

NAME = "topics"
HELP = "how well titles are tagged"
GROUP = "quality"
ROOT = Path(__file__).resolve().parent.parent
DEVELOPMENT = ROOT.parent / "shared" / "eval" / "topics_dev.jsonl"
GOLDEN = ROOT / "tests" / "data" / "topics_golden.tsv"
LABELS = ("parallelism", "quantization", "serving", "hardware", "other")
FOUR = frozenset(LABELS) - {"other"}

Item = tuple[str, str, str]


def read_development(path: Path = DEVELOPMENT) -> list[Item]:
    """Return (gold label, title, text) of the lines marked clean."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [(line["topic"], line["title"], line.get("text", "")) for line in lines if line.get("clean", True)]


def read_golden(path: Path = GOLDEN) -> list[Item]:
    """Return (gold label, title, "") of the golden titles, all that is not of the four as *other*."""
    pairs = [line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [(label if label in FOUR else "other", title, "") for label, title in pairs]


def measure(items: list[Item], tagger: Tagger) -> dict[str, object]:
    """Tag all items and return the table: macro-F1, per-label values, off-topic share, milliseconds."""
    golds: list[str] = []
    firsts: list[str] = []
    untagged: list[bool] = []
    times: list[float] = []
    tagger.tag("warm")
    for gold, title, text in items:
        start = time.perf_counter()
        tags = tagger.tag(title, text)
        times.append((time.perf_counter() - start) * 1000)
        golds.append(gold)
        firsts.append(tags[0].topic if tags and tags[0].topic in FOUR else "other")
        if gold == "other":
            untagged.append(not tags or tags[0].topic not in FOUR)
    labels = {label: _label(label, golds, firsts) for label in LABELS}
    return {
        "items": len(items),
        "macro_f1": round(statistics.mean(row["f1"] for row in labels.values()), 4),
        "off_topic_untagged": round(statistics.mean(untagged), 4) if untagged else None,
        "median_ms": round(statistics.median(times), 3),
        "labels": labels,
    }


def _label(label: str, golds: list[str], firsts: list[str]) -> dict[str, float]:
    right = sum(gold == first == label for gold, first in zip(golds, firsts, strict=True))
    said, true = firsts.count(label), golds.count(label)
    return {
        "precision": round(right / said, 4) if said else 0.0,
        "recall": round(right / true, 4) if true else 0.0,
        "f1": round(2 * right / (said + true), 4) if said + true else 0.0,
        "count": true,
    }


def render(name: str, table: dict[str, object]) -> str:
    """Return the table as text."""
    labels = table["labels"]
    assert isinstance(labels, dict)
    lines = [f"{name}: {table['items']} titles", f"{'':14}{'precision':>10}{'recall':>8}{'F1':>7}{'count':>7}"]
    for label, row in labels.items():
        lines.append(f"{label:14}{row['precision']:10.2f}{row['recall']:8.2f}{row['f1']:7.2f}{row['count']:7}")
    lines.append(f"macro-F1 {table['macro_f1']:.3f}, off-topic untagged {table['off_topic_untagged']:.2f}, ")
    return "\n".join(lines).rstrip(", ") + f", {table['median_ms']:.2f} ms a title (median)"


def run(args: argparse.Namespace) -> list[Table]:
    """Measure the golden titles, and the development titles where they are present."""
    tagger = Tagger()
    sets = {"golden titles": read_golden()}
    if DEVELOPMENT.exists():
        sets["development titles"] = read_development()
    return [table for name, items in sets.items() for table in _tables(name, measure(items, tagger))]


def _tables(name: str, found: dict[str, object]) -> list[Table]:
    labels, macro, untagged = found["labels"], found["macro_f1"], found["off_topic_untagged"]
    assert isinstance(labels, dict)
    assert isinstance(macro, float)
    rows = [{"label": label, **row} for label, row in labels.items()]
    bars = [
        bar("first tag, macro-F1", macro, least=0.86),
        bar("off-topic left untagged", untagged if isinstance(untagged, float) else None, least=0.85),
    ]
    speed = f"{found['median_ms']} ms a title (median)"
    return [Table(f"{name}: {found['items']} titles", rows, (speed,)), Table(f"{name}: bars", bars)]


def main(argv: list[str] | None = None) -> int:
    """Print the table of the development titles if present, and of the golden titles otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--golden", action="store_true", help="measure the golden titles in any case")
    args = parser.parse_args(argv)
    development = DEVELOPMENT.exists() and not args.golden
    name = "development titles" if development else "golden titles"
    table = measure(read_development() if development else read_golden(), Tagger())
    print(json.dumps({"set": name, **table}) if args.json else render(name, table))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
