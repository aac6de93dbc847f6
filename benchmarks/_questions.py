"""Questions with known answers: reading the sets, and what a ranking scores on them.

A hit answers a question if its passage, with white space, letter case and the Chinese script's
variant set aside, contains one of the question's gold substrings. Pure but for reading files.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.text import normalise

ROOT = Path(__file__).resolve().parent.parent
EVALUATION = ROOT.parent / "shared" / "eval"
NOTES_DEVELOPMENT = EVALUATION / "notes_questions_dev.jsonl"
GOLDEN = ROOT / "tests" / "data" / "golden_questions.jsonl"

COLUMNS = {
    "English": ("en-en",),
    "Chinese": ("zh-zh",),
    "cross-lingual": ("x-en2zh", "x-zh2en"),
    "exact terms": ("term",),
}
"""Columns of the table, each with its kinds of question."""
DEPTH = 10


@dataclass(frozen=True)
class Question:
    """A question and what a passage must contain to answer it."""

    id: str
    text: str
    kind: str
    gold: tuple[str, ...]
    doc_id: str = ""

    def answered_by(self, passage: str) -> bool:
        """Tell whether a passage contains one of the gold substrings."""
        form = folded(passage)
        return any(folded(gold) in form for gold in self.gold)


def folded(text: str) -> str:
    """Return a text as it is compared: NFKC, lower case, simplified characters, no white space."""
    return "".join(normalise(text).split())


def read_questions(path: Path) -> list[Question]:
    """Return the questions of a JSONL file."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [
        Question(line["id"], line["question"], line["kind"], tuple(line["gold_substrings"]), line.get("doc_id", ""))
        for line in lines
    ]


def rank_of(question: Question, passages: Sequence[str]) -> int | None:
    """Return the rank, from 1, of the first passage that answers a question; None where none does."""
    return next((rank for rank, text in enumerate(passages[:DEPTH], 1) if question.answered_by(text)), None)


def hit_share(ranks: Sequence[int | None], depth: int) -> float | None:
    """Return the share of questions answered within `depth` ranks, None of no questions."""
    return sum(rank is not None and rank <= depth for rank in ranks) / len(ranks) if ranks else None


def mean_reciprocal_rank(ranks: Sequence[int | None]) -> float | None:
    """Return the mean of 1/rank, 0 for what was not found within ten."""
    return sum(1 / rank for rank in ranks if rank) / len(ranks) if ranks else None


def gain(rank: int | None) -> float:
    """Return nDCG@10 of one question that one passage answers."""
    return 1 / math.log2(rank + 1) if rank else 0.0


def by_column(questions: Sequence[Question], ranks: Sequence[int | None]) -> dict[str, list[int | None]]:
    """Return the ranks of each column of the table, `all` last."""
    found = {
        name: [rank for question, rank in zip(questions, ranks, strict=True) if question.kind in kinds]
        for name, kinds in COLUMNS.items()
    }
    return found | {"all": list(ranks)}
