"""One paper, repository or page: everything that the library says of it, the reader's opinions first."""

import streamlit as st

from ui.jobs import Job
from ui.links import WorkState, href
from ui.panels import job_panel, job_report
from ui.render import empty, esc, link
from ui.state import Library, open_library, read_state
from ui.works import GROUPS, in_library, work_html

TITLE, URL_PATH, ORDER, MENU = "Work", "work", 91, False


def render() -> None:
    """Show the page."""
    library = open_library()
    state = read_state(WorkState)
    if state.kind not in GROUPS or not state.key:
        way = link(href("library", view="works"), "Works")
        st.html(empty("No work chosen", f"<p>{way} that the library speaks of.</p>"))
        return
    title, body, count = work_html(library.almanac, state.kind, state.key)
    st.set_page_config(page_title=f"{title[:60]} · MLSys Almanac")
    none = "" if count else empty("Nothing in the library speaks of it")
    st.html(f'<header class="al-doc"><h1>{esc(title)}</h1></header>{body}{none}')
    if state.kind == "arxiv" and not in_library(library.almanac, state.key):
        fetching(library, state.key)


def fetching(library: Library, key: str) -> None:
    """Offer to fetch a paper's title and abstract; the only thing on this page that asks the network."""
    job_panel(library)
    job = library.jobs.job
    if job is not None and key in job.title:
        job_report(library)

    def work(job: Job) -> None:
        job.outcomes.append(library.almanac.fetch_papers([key], embed=False, report=job.report))

    if library.jobs.running is None and st.button("Fetch title and abstract from arXiv", key="al_fetch"):
        library.jobs.start(f"Fetching arXiv:{key}", work)
        st.rerun()


if __name__ == "__main__":
    render()
