"""Health: what is indexed, what waits, what failed and how to mend it."""

import streamlit as st

from almanac.overview import Check
from ui.links import href
from ui.panels import embedder_text, job_panel
from ui.render import esc, said
from ui.shelf import source_row
from ui.state import Library, open_library

TITLE, URL_PATH, ORDER = "Health", "health", 70


def render() -> None:
    """Show the page."""
    library = open_library()
    st.html('<header class="al-doc"><h1>Health</h1></header>')
    job_panel(library, watch=True)
    st.fragment(figures, run_every=3.0)(library)
    failing = [source for source in library.almanac.overview.sources() if source.status in ("failed", "partial", "")]
    rows = "".join(source_row(source) for source in failing)
    note = f'<p class="al-note">Every source was read. <a href="{href("library", view="sources")}">All sources</a></p>'
    st.html(f'<h3 class="al-head">Sources that need attention</h3>{rows or note}')
    checks = "".join(check_row(check) for check in library.almanac.overview.checks())
    st.html(f'<h3 class="al-head">Checks</h3><table class="al-figures">{checks}</table>')
    st.html(f'<p class="al-note">The library lies in <code>{esc(library.almanac.settings.home)}</code>; copying that folder is a backup.</p>')


def figures(library: Library) -> None:
    """Show counts and the state of semantic search."""
    counts = library.almanac.overview.counts()
    rows = (
        ("Documents", counts["documents"], ""),
        ("Passages", counts["chunks"], ""),
        ("Searched by meaning", counts["chunks"] - counts["waiting"], f'{counts["waiting"]:,} wait for the embedding model' if counts["waiting"] else "all of them"),
        ("Waiting for the vector index", counts["outbox"], "search does not wait for it" if counts["outbox"] else "up to date"),
        ("Sources", counts["sources"], f'{counts["failed_sources"]} failed' if counts["failed_sources"] else "none failed"),
        ("Removed by you", counts["removed"], ""),
    )
    body = "".join(f'<tr><th scope="row">{name}</th><td class="al-num">{number:,}</td><td>{esc(note)}</td></tr>' for name, number, note in rows)
    st.html(f'<p class="al-note">{said(embedder_text(library.almanac.embedder_state))}</p><table class="al-figures">{body}</table>')


def check_row(check: Check) -> str:
    """Return one finding with its remedy."""
    badge = '<span class="al-badge al-ok">fine</span>' if check.ok else '<span class="al-badge al-bad">mend</span>'
    remedy = f" <b>{said(check.remedy)}</b>" if check.remedy else ""
    return f'<tr><th scope="row">{esc(check.name)}</th><td>{badge}</td><td>{said(check.found)}{remedy}</td></tr>'


if __name__ == "__main__":
    render()
