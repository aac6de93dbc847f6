"""Rounds of checks behind the pages: begun by the reader or by the clock, one at a time, seen from every tab.

Owns the job of a round, its panel and its report, and the thread that keeps the setting SYNC_EVERY.
Invariant: the clock begins nothing while another round runs, here or in another process, and says
nothing of it.
"""

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from kb.errors import AlmanacError, Locked
from ui.jobs import Job
from ui.panels import BEAT, REST, remarks
from ui.render import esc, link, note, said, spans
from ui.sources_state import SourcesState, tally
from ui.state import Library, plain, show_error

if TYPE_CHECKING:
    from almanac.checking import Checked

log = logging.getLogger("almanac.ui")
TICK = 60.0
"""Seconds between looks at the clock."""
_SHOWN = 100
_RESULTS = {
    "ok": ("new", "al-ok"),
    "unchanged": ("no news", ""),
    "partial": ("partly", "al-warn"),
    "failed": ("failed", "al-bad"),
}


def start_round(library: Library, names: Sequence[str] = (), *, due: bool = False, title: str = "") -> bool:
    """Check sources behind the pages; False where a round runs. Vectors follow where the model is not loaded yet."""

    def work(job: Job) -> None:
        sources = library.almanac.sources
        for checked in sources.sync(names, due=due, report=job.report, cancelled=job.cancelled):
            job.found.append(checked)

    return library.rounds.start(title or "Checking the sources", work)


def follow_clock(library: Library, tick: float = TICK) -> None:
    """Begin rounds as the setting SYNC_EVERY says, for as long as the app runs; nothing where it is 0."""
    if library.almanac.settings.sync_every and not library.clocked.is_set():
        library.clocked.set()
        threading.Thread(target=_keep, args=(library, tick), name="almanac-clock", daemon=True).start()


def _keep(library: Library, tick: float) -> None:
    pause = threading.Event()
    while True:
        try:
            if library.rounds.running is None and library.almanac.sources.round_due():
                library.rounds.start("Checking what is due", lambda job: _quietly(library, job))
        except AlmanacError as error:
            log.warning("%s %s", error.message, error.hint)
        pause.wait(tick)


def _quietly(library: Library, job: Job) -> None:
    try:
        # Whoever was first has noted the round: it is due no more.
        if library.almanac.sources.round_due():
            for checked in library.almanac.sources.sync(due=True, report=job.report, cancelled=job.cancelled):
                job.found.append(checked)
    except Locked:
        log.info("Another process checks the sources.")


def round_panel(library: Library) -> None:
    """Show the round that runs, its counts and a way to stop it; notices rounds of other tabs and of the clock."""
    running = library.rounds.running is not None
    st.fragment(_panel, run_every=BEAT if running else REST)(library, library.rounds.version)


def _panel(library: Library, version: int) -> None:
    if library.rounds.version != version:
        st.rerun()
    job = library.rounds.running
    if job is None:
        return
    with st.container(border=True, key="al_round"):
        st.progress(job.share, text=plain(round_text(job)))
        st.html(f'<div class="al-meta"><span>{esc(tally(job.found))}</span></div>')
        if job.cancelled():
            st.caption("Stopping. What was read stays.")
        else:
            st.button("Cancel", on_click=job.cancel, type="tertiary", key="al_round_stop")


def round_text(job: Job) -> str:
    """Say how far a round is: source of sources, and what is done with the one at hand."""
    step = job.progress
    if step is None or not step.sources_total:
        return f"{job.title}…"
    parts = [job.title, f"{step.sources_done} of {step.sources_total}"]
    if step.stage not in ("asking", "done"):
        inner = f" {step.done} of {step.total}" if step.total else ""
        parts.append(f"{step.source}: {step.stage}{inner}")
    return " · ".join(parts)


def round_report(library: Library) -> None:
    """Show how the last round ended, its sources folded; what failed is in the list as well."""
    job = library.rounds.job
    if job is None or job.running:
        return
    if job.error is not None:
        show_error(job.error)
    elif not job.found:
        library.rounds.forget()
        return
    stopped = "stopped at your wish" if job.cancelled() else ""
    found = sorted(job.found, key=lambda one: one.outcome is None or one.outcome.status != "failed")
    rows = "".join(checked_row(one) for one in found[:_SHOWN])
    more = note(f"And {len(found) - _SHOWN:,} more.") if len(found) > _SHOWN else ""
    folded = (
        f'<details class="al-toc"><summary>Source by source</summary><div class="al-round">{rows}{more}</div></details>'
    )
    words = spans((f"<b>{esc(job.title)}</b>", esc(tally(job.found)), f"{job.seconds:.1f} s", stopped))
    with st.container(key="al_round_report"):
        st.html(f'<div class="al-status">{words}</div>{folded if found else ""}')
        st.button("Clear this report", on_click=library.rounds.forget, type="tertiary", key="al_round_clear")


def round_result(library: Library, key: str) -> None:
    """Show how the last round ended for one source, where it was in it."""
    job = library.rounds.job
    if job is None or job.running:
        return
    found = [one for one in job.found if one.subscription.key == key]
    if job.error is not None and len(job.found) <= 1:
        show_error(job.error)
    elif found and found[0].check.result != "failed":
        # A failure stands in the head of the page already.
        st.html(f'<div class="al-round">{checked_row(found[0])}</div>')


def checked_row(one: "Checked") -> str:
    """Return how one source's check ended, with cause and remedy where it failed."""
    name = link(SourcesState(id=one.subscription.key).href(), esc(one.subscription.name), kind="al-name")
    if one.outcome is None:
        badge = '<span class="al-badge">not asked</span>'
        return f'<div class="al-outcome">{badge} {name}<span class="al-dim">{said(one.skipped)}</span></div>'
    word, tone = _RESULTS[one.outcome.status]
    counts = one.outcome.counts
    parts = [
        f"{getattr(counts, field):,} {noun}"
        for field, noun in (("added", "new"), ("updated", "updated"), ("removed", "removed"), ("skipped", "skipped"))
        if getattr(counts, field)
    ]
    failed = one.outcome.status == "failed"
    reason = note(f"<b>{said(one.check.error)}</b> {said(one.check.hint)}") if failed else ""
    return (
        f'<div class="al-outcome"><span class="al-badge {tone}">{word}</span> {name}'
        f'<span class="al-dim">{esc(", ".join(parts))}</span>{reason}{remarks(one.outcome.warnings)}</div>'
    )
