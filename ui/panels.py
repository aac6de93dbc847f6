"""What a page says of work behind it: the running job, how files fared, whether meaning is searched yet.

Owns the fragments that refresh themselves while something runs and rest when nothing does.
"""

from collections.abc import Sequence

import streamlit as st

from almanac.models import EmbedderState
from kb.types import Outcome
from ui.jobs import Job
from ui.render import KINDS, count, esc, note, said, source_name, spans
from ui.state import Library, plain, show_error

BEAT = 0.7
"""Seconds between looks at a running job."""
REST = 3.0
"""Seconds between looks at whether another tab began one."""
_STATUS = {
    "ok": ("added", "al-ok"),
    "unchanged": ("unchanged", ""),
    "partial": ("partly", "al-warn"),
    "failed": ("failed", "al-bad"),
}


def job_panel(library: Library, *, watch: bool = False) -> None:
    """Show the running job, its counts and a way to stop it; `watch` also notices jobs of other tabs."""
    running = library.jobs.running is not None
    if not running and not watch:
        return
    version = library.jobs.version
    st.fragment(_job, run_every=BEAT if running else REST)(library, version)


def _job(library: Library, version: int) -> None:
    if library.jobs.version != version:
        # It ended, or another tab began one: the whole page has something new to show.
        st.rerun()
    job = library.jobs.running
    if job is None:
        return
    with st.container(border=True, key="al_job"):
        st.progress(job.share, text=plain(progress_text(job)))
        if job.cancelled():
            st.caption("Stopping after the step at hand. What is written stays.")
        elif job.cancellable:
            st.button("Cancel", on_click=job.cancel, type="tertiary", key="al_cancel")


def progress_text(job: Job) -> str:
    """Say how far a job is: file of files, then documents within it."""
    step = job.progress
    if step is None:
        return f"{job.title}…"
    parts = [job.title]
    if step.sources_total > 1:
        parts.append(
            f"file {min(step.sources_done + 1, step.sources_total)} of {step.sources_total}, {source_name(step.source)}"
        )
    if step.stage != "done":
        parts.append(f"{step.stage} {step.done} of {step.total} documents" if step.total else step.stage)
    return " · ".join(parts)


def job_report(library: Library) -> None:
    """Show how the last job ended, file by file."""
    job = library.jobs.job
    if job is None or job.running or (not job.cancellable and job.error is None):
        return
    if job.error is not None:
        show_error(job.error)
    stopped = " · stopped at your wish" if job.cancelled() else ""
    line = f"<span><b>{esc(job.title)}</b> · {len(job.outcomes)} done in {job.seconds:.1f} s{stopped}</span>"
    rows = "".join(outcome_row(outcome) for outcome in job.outcomes)
    st.html(f'<div class="al-status">{line}</div>{rows}')
    st.button("Clear this report", on_click=library.jobs.forget, type="tertiary")


def outcome_row(outcome: Outcome) -> str:
    """Return one file's outcome with its counts, warnings and reason."""
    word, tone = _STATUS[outcome.status]
    counts = outcome.counts
    held = [count(counts.documents, "document"), count(counts.chunks, "passage")] if outcome.status != "failed" else []
    for number, name in (
        (counts.added, "new"),
        (counts.updated, "updated"),
        (counts.removed, "removed"),
        (counts.skipped, "skipped"),
        (counts.embedded, "embedded"),
    ):
        if number:
            held.append(f"{number:,} {name}")
    kind = f"{KINDS[outcome.kind]} · " if outcome.kind else ""
    reason = note(f"<b>{said(outcome.error)}</b> {said(outcome.hint)}") if outcome.error else ""
    return (
        f'<div class="al-outcome"><span class="al-badge {tone}">{word}</span> '
        f'<span class="al-name" title="{esc(outcome.source)}">{esc(source_name(outcome.source))}</span>'
        f'<span class="al-dim">{esc(kind + ", ".join(held))}</span>{reason}{remarks(outcome.warnings)}</div>'
    )


def remarks(warnings: Sequence[str]) -> str:
    """Return what an ingest remarked: one in full, several folded."""
    if len(warnings) < 2:
        return "".join(note(said(warning)) for warning in warnings)
    rows = "".join(f"<li>{said(warning)}</li>" for warning in warnings)
    return f"<details><summary>{count(len(warnings), 'remark')}</summary><ul>{rows}</ul></details>"


def meaning_notice(library: Library, notices: tuple[str, ...]) -> None:
    """Say why only words were searched, and when that is over; looks again while a model loads."""
    if not notices:
        return
    waiting = library.almanac.embedder_state.status in ("waiting", "loading")
    st.fragment(_notice, run_every=2.0 if waiting else None)(library, notices)


def _notice(library: Library, notices: tuple[str, ...]) -> None:
    if library.almanac.embedder_state.status not in ("ready", "embedding"):
        st.html(f'<div class="al-notice">{spans(map(said, notices))}</div>')
        return
    # Hits do not change under the reader's eyes: the reader asks for it.
    with st.container(horizontal=True, vertical_alignment="center", key="al_ready"):
        st.html('<div class="al-notice">The embedding model is ready.</div>', width="content")
        if st.button("Search by meaning as well", type="tertiary", key="al_again"):
            st.rerun()


def embedder_text(state: EmbedderState) -> str:
    """Say in one sentence how semantic search stands."""
    if state.status == "embedding":
        return f"{state.name}: embedding passages, {state.done:,} of {state.total:,}."
    return {
        "off": "Off: the setting EMBEDDER is none. Search is by words.",
        "waiting": "The embedding model loads behind the pages; until then search is by words.",
        "loading": "The embedding model is loading; until then search is by words.",
        "ready": f"{state.name} is loaded; search is by words and by meaning. {state.message} {state.hint}".strip(),
        "failed": f"Search is by words only. {state.message} {state.hint}".strip(),
    }[state.status]
