"""Health: what is indexed, how each source fares, what was left out and why, and how to mend what is wrong."""

import streamlit as st

from kb.errors import AlmanacError
from ui.health_parts import attention_html, checks_html, figures_html, left_out_html, merged_html, standings_html
from ui.panels import job_panel
from ui.render import esc, note
from ui.rounds import round_panel
from ui.state import Library, open_library, show_error
from ui.theme import dress_with

TITLE, URL_PATH, ORDER = "Health", "health", 70


def render() -> None:
    """Show the page."""
    dress_with("sources.css")
    library = open_library()
    overview, now = library.almanac.overview, library.almanac.store.now()
    st.html('<header class="al-doc"><h1>Health</h1></header>')
    job_panel(library, watch=True)
    round_panel(library)
    st.fragment(figures, run_every=3.0)(library)
    try:
        standings = overview.subscriptions()
    except AlmanacError as error:
        show_error(error)
        standings = []
    home = esc(library.almanac.settings.home)
    st.html(
        attention_html(standings, overview.sources(), now)
        + standings_html(standings, now)
        + left_out_html(overview.left_out())
        + merged_html(overview.merged())
        + checks_html(overview.checks())
        + note(
            f"The library lies in <code>{home}</code>; a copy of it made while nothing writes to it is a backup, "
            "and so is <code>python -m almanac export DIR</code>."
        )
    )


def figures(library: Library) -> None:
    """Show counts and the state of semantic search."""
    almanac = library.almanac
    embedder = almanac.models.ready()
    mark = embedder.fingerprint if embedder is not None else ""
    counts, read = almanac.overview.counts(), almanac.overview.embedding()
    st.html(figures_html(counts, read, almanac.overview.repeated(), almanac.embedder_state, mark))


if __name__ == "__main__":
    render()
