"""Health: what is indexed, what waits, what failed and how to mend it."""

import streamlit as st

from almanac.overview import Check
from ui.links import href
from ui.panels import embedder_text, job_panel
from ui.render import esc, heading, link, note, said, source_name
from ui.sources_files import source_row
from ui.state import Library, open_library

TITLE, URL_PATH, ORDER = "Health", "health", 70
MERGED = 50
_ROW = '<tr><th scope="row">{}</th><td class="{}">{}</td><td>{}</td></tr>'


def render() -> None:
    """Show the page."""
    library = open_library()
    overview = library.almanac.overview
    st.html('<header class="al-doc"><h1>Health</h1></header>')
    job_panel(library, watch=True)
    st.fragment(figures, run_every=3.0)(library)
    failing = [source_row(source) for source in overview.sources() if source.status in ("failed", "partial", "")]
    fine = note(f"Every source was read. {link(href('sources'), 'All sources')}")
    checks = "".join(check_row(check) for check in overview.checks())
    home = esc(library.almanac.settings.home)
    merged = "".join(
        f"<li>{link(href('document', id=doc_id), esc(title))}: {esc(', '.join(map(source_name, sources)))}</li>"
        for doc_id, title, sources in overview.merged()[:MERGED]
    )
    twice = f'{heading("Held by several sources, shown once")}<ul class="al-plain">{merged}</ul>' if merged else ""
    st.html(
        f"{heading('Sources that need attention')}{''.join(failing) or fine}"
        f'{twice}{heading("Checks")}<table class="al-figures">{checks}</table>'
        f"{note(f'The library lies in <code>{home}</code>; copying that folder is a backup.')}"
    )


def figures(library: Library) -> None:
    """Show counts and the state of semantic search."""
    counts = library.almanac.overview.counts()
    read = library.almanac.overview.embedding()
    waiting, outbox, failed = counts["waiting"], counts["outbox"], counts["failed_sources"]
    rows = (
        ("Documents", counts["documents"], ""),
        ("Passages", counts["chunks"], ""),
        (
            "Searched by meaning",
            counts["chunks"] - waiting,
            f"{waiting:,} wait for the embedding model" if waiting else "all of them",
        ),
        (
            "Characters searched by meaning",
            read["characters_embedded"],
            f"of {read['characters']:,}" if read["characters_embedded"] < read["characters"] else "all of them",
        ),
        ("Waiting for the vector index", outbox, "search does not wait for it" if outbox else "up to date"),
        ("Sources", counts["sources"], f"{failed} failed" if failed else "none failed"),
        ("Removed by you", counts["removed"], ""),
    )
    body = "".join(_ROW.format(name, "al-num", f"{number:,}", esc(words)) for name, number, words in rows)
    st.html(f'{note(said(embedder_text(library.almanac.embedder_state)))}<table class="al-figures">{body}</table>')


def check_row(check: Check) -> str:
    """Return one finding with its remedy."""
    word, tone = ("fine", "al-ok") if check.ok else ("mend", "al-bad")
    remedy = f" <b>{said(check.remedy)}</b>" if check.remedy else ""
    badge = f'<span class="al-badge {tone}">{word}</span>'
    return _ROW.format(esc(check.name), "", badge, said(check.found) + remedy)


if __name__ == "__main__":
    render()
