"""Adding sources: a site by its address, a page, a query, a folder, what is suggested, and lists of other readers."""

from typing import TYPE_CHECKING

import streamlit as st

from kb.errors import AlmanacError
from kb.types import Kind
from ui.forms import start_ingest
from ui.links import href
from ui.panels import job_report
from ui.render import count, day, esc, heading, link, note, outside, said, spans
from ui.rounds import start_round
from ui.sources_state import SourcesState
from ui.state import Library, show_error, shown_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from almanac.subscriptions import Subscription
    from almanac.syncing import ImportLine
    from ingest.discovery import FoundFeed

_FOUND = "al_found_feeds"
_LINES = "al_import_lines"
_RESULTS = {"added": "al-ok", "known": "", "refused": "al-bad"}


def add_view(library: Library) -> None:
    """Show the ways to subscribe."""
    _site(library)
    _others(library)
    _suggested(library)


def _site(library: Library) -> None:
    with st.form("al_add_site", border=False):
        left, right = st.columns((4, 1), vertical_alignment="bottom")
        address = left.text_input("Address of a site or feed", placeholder="blog.example.org", max_chars=2000)
        if right.form_submit_button("Find feeds", type="primary", width="stretch") and address.strip():
            with st.spinner("Looking for feeds…"):
                st.session_state[_FOUND] = _look(library, address.strip())
    found = st.session_state.get(_FOUND)
    if isinstance(found, AlmanacError):
        show_error(found)
    elif found:
        _choices(library, found)


def _look(library: Library, address: str) -> "list[FoundFeed] | AlmanacError":
    try:
        return library.almanac.sources.discover(address)[0]
    except AlmanacError as error:
        return error


def _choices(library: Library, found: "list[FoundFeed]") -> None:
    known = {one.target for one in library.almanac.sources.file.read().entries}
    st.html(heading("Feeds of this site", len(found)))
    for number, feed in enumerate(found):
        with st.container(horizontal=True, vertical_alignment="center", key=f"al_found_{number}"):
            st.html(found_html(feed))
            if feed.url in known:
                st.html('<span class="al-badge al-ok">subscribed</span>', width="content")
            elif st.button("Subscribe", key=f"al_subscribe_{number}", type="primary"):
                _subscribe(library, name=feed.title, kind=Kind.RSS, target=feed.url)


def found_html(feed: "FoundFeed") -> str:
    """Return a feed that was found, with what it holds."""
    line = spans(
        (
            outside(feed.url, feed.url),
            f"{feed.entries:,} {'entry' if feed.entries == 1 else 'entries'}",
            f"newest {esc(day(feed.newest))}" if feed.newest else "undated",
            esc(feed.how),
        )
    )
    return (
        f'<div class="al-lm"><span class="al-row-title">{esc(feed.title)}</span><div class="al-meta">{line}</div></div>'
    )


def _subscribe(library: Library, **fields: object) -> None:
    """Subscribe and check at once, so that the reader sees what comes."""
    from almanac.subscriptions import make_subscription

    try:
        one = make_subscription(**fields)
        added = library.almanac.sources.add([one])
    except AlmanacError as error:
        show_error(error)
        return
    if added:
        start_round(library, [one.key], title=f"Checking {one.name}")
    st.query_params.from_dict(SourcesState(id=one.key).parameters())
    st.rerun()


def _others(library: Library) -> None:
    with st.expander("A web page, a query to arXiv or a folder of notes"):
        kinds = {Kind.PAGE: "Web page", Kind.ARXIV: "Query to arXiv", Kind.NOTES: "Folder of notes"}
        kind = st.segmented_control("Kind", list(kinds), format_func=kinds.get, default=Kind.PAGE, key="al_add_kind")
        with st.form("al_add_other", border=False, clear_on_submit=False):
            hints = {
                Kind.PAGE: ("Address", "https://example.org/reading-list", "It is read again when it changes."),
                Kind.ARXIV: ("Query", 'cat:cs.DC AND abs:"KV cache"', "In the language of arXiv's API; once a day."),
                Kind.NOTES: ("Folder", "~/notes", "Files added, edited, renamed and removed are noticed."),
            }
            label, example, words = hints[kind or Kind.PAGE]
            target = st.text_input(label, placeholder=example, help=words)
            name = st.text_input("Name", placeholder="as lists shall call it")
            with st.container(horizontal=True):
                subscribe = st.form_submit_button("Subscribe", type="primary")
                once = kind is Kind.PAGE and st.form_submit_button(
                    "Read it once", help="Into the library, without a subscription."
                )
        if once and target.strip() and start_ingest(library, [target.strip()]):
            st.rerun()
        if subscribe and target.strip():
            _subscribe_other(library, kind or Kind.PAGE, target.strip(), name.strip())
        job_report(library)


def _subscribe_other(library: Library, kind: Kind, target: str, name: str) -> None:
    from pathlib import Path

    if kind is Kind.NOTES:
        target = str(Path(target).expanduser().absolute())
    elif kind is Kind.PAGE and "://" not in target:
        target = f"https://{target}"
    _subscribe(library, name=name or target[:300], kind=kind, target=target)


def _suggested(library: Library) -> None:
    with shown_errors():
        offered = library.almanac.sources.offered()
    if not offered:
        return
    st.html(
        heading("Suggested", len(offered)) + note("Feeds and queries on ML systems. Take away what you do not want.")
    )
    chosen = st.pills(
        "Suggested sources",
        offered,
        selection_mode="multi",
        default=[one for one in offered if one.enabled],
        format_func=lambda one: one.name,
        label_visibility="collapsed",
        key="al_take_some",
    )
    words = f"Subscribe to {count(len(chosen), 'source')}" if chosen else "Subscribe"
    if st.button(words, disabled=not chosen, key="al_take_chosen"):
        with shown_errors():
            library.almanac.sources.accept_starter([one.key for one in chosen])
        st.query_params.from_dict(SourcesState().parameters())
        st.rerun()
    with st.expander("What they are, and why"):
        st.html("".join(suggested_html(one) for one in offered))


def suggested_html(one: "Subscription") -> str:
    """Return a suggestion with its reason."""
    why = f'<div class="al-dim">{said(one.why)}</div>'
    return f'<div class="al-outcome"><span class="al-name">{esc(one.name)}</span>{why}</div>'


def lists_view(library: Library) -> None:
    """Show the exchange of lists with other feed readers."""
    sources = library.almanac.sources
    st.html(note("OPML is what feed readers exchange: the list of feeds, not what is in them."))
    with st.form("al_import", border=False, clear_on_submit=True):
        file = st.file_uploader("An OPML file", type=["opml", "xml"], help="Your feed reader's export.")
        if st.form_submit_button("Import", type="primary") and file is not None:
            try:
                st.session_state[_LINES] = sources.import_opml(file.getvalue())
            except AlmanacError as error:
                st.session_state[_LINES] = error
    lines = st.session_state.get(_LINES)
    if isinstance(lines, AlmanacError):
        show_error(lines)
    elif lines:
        st.html(import_head(lines))
        added = [line.url for line in lines if line.result == "added"]
        busy = library.rounds.running is not None
        if added and st.button(
            f"Check the {len(added)} new ones now", type="primary", disabled=busy, key="al_check_new"
        ):
            start_round(library, added, title="Checking what was imported")
            st.query_params.from_dict(SourcesState().parameters())
            st.rerun()
        st.html(import_rows(lines))
    with shown_errors():
        data, left_out = sources.export_opml()
    feeds = data.count(b"xmlUrl=")
    if feeds:
        rest = f" {left_out} that are no feeds are left out." if left_out else ""
        st.html(heading("Export") + note(f"{count(feeds, 'feed')} with their folders.{rest}"))
        st.download_button("Save as OPML", data, "almanac.opml", "text/x-opml", key="al_export", on_click="ignore")


def import_head(lines: "Sequence[ImportLine]") -> str:
    """Return how many feeds of a list came, were known and were refused."""
    counts = {name: sum(line.result == name for line in lines) for name in _RESULTS}
    words = spans(f"{number:,} {name}" for name, number in counts.items() if number)
    way = link(href("sources"), "See them")
    return f'<div class="al-status"><span><b>{len(lines):,} feeds in the list</b></span>{words}{way}</div>'


def import_rows(lines: "Sequence[ImportLine]") -> str:
    """Return what became of each line of a list, what was refused first."""
    rows = "".join(
        f'<div class="al-outcome"><span class="al-badge {_RESULTS[line.result]}">{line.result}</span> '
        f'<span class="al-name">{esc(line.title)}</span>'
        f'<span class="al-dim">{esc(line.reason or line.url)}</span></div>'
        for line in sorted(lines, key=lambda line: line.result != "refused")
    )
    return f'<div class="al-round">{rows}</div>'
