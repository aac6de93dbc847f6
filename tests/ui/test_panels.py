"""ui.panels: progress in words, outcomes with counts and reasons, the state of semantic search."""

import pytest

from almanac.ingestion import Progress
from almanac.models import EmbedderState
from kb.types import Counts, Kind, Outcome
from tests.ui.conftest import Reading
from ui.jobs import Job
from ui.panels import embedder_text, outcome_row, progress_text, remarks


def test_progress_names_file_stage_and_counts() -> None:
    job = Job("Adding files")
    assert progress_text(job) == "Adding files…"
    job.report(Progress("/a/notes.md", "embedding", 3, 12, 1, 4))
    assert progress_text(job) == "Adding files · file 2 of 4, notes.md · embedding 3 of 12 documents"
    job.report(Progress("/a/notes.md", "reading", 0, 0, 0, 1))
    assert progress_text(job) == "Adding files · reading"
    job.report(Progress("/a/notes.md", "done", 0, 0, 4, 4))
    assert progress_text(job) == "Adding files · file 4 of 4, notes.md"


def test_an_outcome_tells_counts_and_remarks() -> None:
    counts = Counts(documents=3, chunks=1, added=2, updated=1, skipped=4)
    read = Reading(
        outcome_row(
            Outcome(source="/a/<b>.xml", kind=Kind.RSS, status="partial", counts=counts, warnings=("one", "<two>"))
        )
    )
    for words in (
        "partly",
        "<b>.xml",
        "Post · 3 documents, 1 passage, 2 new, 1 updated, 4 skipped",
        "2 remarks",
        "<two>",
    ):
        assert words in read.text


def test_a_failure_tells_reason_and_remedy_and_no_counts() -> None:
    read = Reading(outcome_row(Outcome(source="x", status="failed", error="It is empty.", hint="Add `--kind`.")))
    assert "failed" in read.text
    assert "It is empty. Add --kind." in read.text
    assert "documents" not in read.text
    assert "code" in read.tags


def test_one_remark_stands_by_itself() -> None:
    assert "details" not in Reading(remarks(["only one"])).tags
    assert remarks([]) == ""


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (EmbedderState("off"), "setting EMBEDDER is none"),
        (EmbedderState("waiting"), "loads behind the pages"),
        (EmbedderState("loading"), "is loading"),
        (EmbedderState("embedding", "mini", done=1200, total=5000), "1,200 of 5,000"),
        (EmbedderState("ready", "mini"), "by words and by meaning"),
        (EmbedderState("failed", message="No weights.", hint="Install them."), "No weights. Install them."),
    ],
)
def test_every_state_of_the_embedder_is_told(state: EmbedderState, words: str) -> None:
    assert words in embedder_text(state)
