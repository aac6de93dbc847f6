"""What a language model may add to a digest: asked for by the reader, checked, and taken away again.

Owns the button and its job. Without a model there is nothing to press; the digest says what it is made of anyway.
"""

import streamlit as st

from almanac.ingestion import Progress
from digests.quarter import short
from digests.types import Digest
from kb.errors import ModelUnavailable
from ui.jobs import Job
from ui.render import shorten
from ui.state import Library, plain, show_error, shown_errors

MOST = 20
"""Entries that a model words at most."""


def title_of(quarter: str) -> str:
    """Return the name of the job."""
    return f"Writing the digest of {short(quarter)}"


def writing(library: Library, digest: Digest) -> None:
    """Offer to have the summary and the first entries worded by a model, and to forget what it wrote."""
    state = library.almanac.language.state
    written = bool(digest.built_from.model)
    if state.status == "off" and not written:
        return
    job = library.jobs.job
    if job is not None and job.error is not None and job.title == title_of(digest.quarter):
        show_error(job.error)
    with st.popover("Words", type="tertiary"):
        if state.status != "off":
            st.write(
                f"{plain(shorten(state.name, 60) or 'The language model')} words the summary and up to {MOST} entries, "
                "the must-reads first. Each sentence is checked against its sources; one that fails the check is left "
                "out. The sources’ own sentences stay one click away."
            )
            busy = library.jobs.running is not None
            if st.button("Have it worded", type="primary", key="al_digest_write", disabled=busy):
                start(library, digest.quarter)
                st.rerun()
        if written and st.button("Forget what was written", key="al_digest_forget"):
            with shown_errors():
                library.almanac.digests.forget_prose(digest.quarter)
            st.rerun()


def start(library: Library, quarter: str) -> bool:
    """Word a digest behind the pages; False where another job runs."""
    almanac = library.almanac

    def work(job: Job) -> None:
        model = almanac.language.model()
        if model is None:
            state = almanac.language.state
            raise ModelUnavailable(state.message or "No language model can be had.", state.hint or "See Models.")
        almanac.digests.write_prose(
            quarter,
            model,
            most=MOST,
            report=lambda done, total: job.report(Progress("", "writing", done, total, 0, 1)),
            cancelled=job.cancelled,
        )

    return library.jobs.start(title_of(quarter), work)
