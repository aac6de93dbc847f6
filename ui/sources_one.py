"""One subscription: how it fares in full, what a check would bring, and everything that can be done with it."""

from datetime import datetime
from typing import TYPE_CHECKING

import streamlit as st

from kb.errors import AlmanacError
from kb.types import Kind
from ui.links import href
from ui.panels import remarks
from ui.render import count, day, esc, heading, link, note, outside, safe_url, said
from ui.rounds import round_result, start_round
from ui.sources_list import badge, trouble
from ui.sources_state import KIND_WORDS, SourcesState, ago, pace
from ui.state import Library, show_error, shown_errors

if TYPE_CHECKING:
    from almanac.standing import Standing
    from almanac.syncing import Preview

_ROW = '<tr><th scope="row">{}</th><td>{}</td></tr>'
_MOST = 40
_LABELS = {Kind.RSS: "Address of the feed", Kind.PAGE: "Address", Kind.ARXIV: "Query", Kind.NOTES: "Folder"}


def one_view(library: Library, standing: "Standing") -> None:
    """Show one subscription."""
    one = standing.subscription
    back = f'<div class="al-crumb al-steps">{link(href("sources"), "Sources")}</div>'
    st.html(f'{back}<header class="al-doc"><h1>{esc(one.name)} {badge(standing)}</h1></header>{trouble(standing)}')
    _actions(library, standing)
    round_result(library, one.key)
    _preview(one.key)
    st.html(facts(standing, library.almanac.store.now()))
    if standing.check.warnings and standing.check.result != "failed":
        st.html(heading("Remarks of the last check") + remarks(standing.check.warnings))
    _edit(library, standing)
    _remove(library, standing)


def facts(standing: "Standing", now: datetime) -> str:
    """Return what is known of a subscription as a table."""
    one, check = standing.subscription, standing.check
    target = outside(one.target, one.target) if safe_url(one.target) else f"<code>{esc(one.target)}</code>"
    rows = [(KIND_WORDS[one.kind].capitalize(), target)]
    if check.url:
        rows.append(("Moved to", f"{outside(check.url, check.url)} for good, said twice; asked there since"))
    held = link(href("library", source=one.location), count(standing.documents, "document"))
    rows.append(("In the library", f"{held}, {esc(pace(standing.monthly))}" if standing.documents else "nothing yet"))
    rows.append(("Last check", _when(check.checked_at, now)))
    rows.append(("Last success", _when(check.succeeded_at, now)))
    rows.append(("Last news", _when(check.changed_at, now)))
    if check.error:
        times = f" ({check.errors} in a row)" if check.errors > 1 else ""
        rows.append(("Last error", f"{said(check.error)}{times}"))
    if one.enabled and not check.muted:
        rows.append(("Next check", _when(check.next_at, now) if check.next_at else "with the next round"))
    if check.not_before and datetime.fromisoformat(check.not_before) > now:
        rows.append(("Told to wait", f"until {_when(check.not_before, now)}"))
    rows += [("Filed under", esc(one.group))] if one.group else []
    rows += [("Why", esc(one.why))] if one.why else []
    body = "".join(_ROW.format(name, words) for name, words in rows)
    return f'<table class="al-figures">{body}</table>'


def _when(stored: str, now: datetime) -> str:
    return f'<span title="{esc(stored)}">{esc(ago(stored, now))}</span>' if stored else "never"


def _actions(library: Library, standing: "Standing") -> None:
    one, sources = standing.subscription, library.almanac.sources
    with st.container(horizontal=True, vertical_alignment="center", key="al_sources_actions"):
        busy = library.rounds.running is not None
        if st.button("Check now", type="primary", disabled=busy, key="al_check_one"):
            # What a check would bring is answered by the check.
            st.session_state.pop("al_preview", None)
            start_round(library, [one.key], title=f"Checking {one.name}")
            st.rerun()
        if st.button("Test", help="Shows what a check would bring, and writes nothing.", key="al_test_one"):
            with st.spinner("Asking…"):
                _try(library, standing)
        again = not one.enabled or standing.check.muted
        if st.button("Go on with it" if again else "Pause", key="al_pause_one"):
            with shown_errors():
                sources.pause(one.key, paused=not again)
            st.rerun()


def _try(library: Library, standing: "Standing") -> None:
    try:
        found: Preview | AlmanacError = library.almanac.sources.try_out(standing.subscription)
    except AlmanacError as error:
        found = error
    st.session_state["al_preview"] = (standing.subscription.key, found)


def _preview(key: str) -> None:
    of, found = st.session_state.get("al_preview", ("", None))
    if of != key or found is None:
        return
    if isinstance(found, AlmanacError):
        show_error(found)
        return
    st.html(preview_html(found))


def preview_html(preview: "Preview") -> str:
    """Return what a check would bring: new entries first."""
    documents = sorted(preview.parsed.documents, key=lambda document: document.id in preview.known)
    new = sum(document.id not in preview.known for document in documents)
    rows = "".join(
        f'<li><span class="al-badge {"" if document.id in preview.known else "al-ok"}">'
        f"{'known' if document.id in preview.known else 'new'}</span> "
        f"{outside(document.url, document.title) if document.url else esc(document.title)} "
        f'<span class="al-dim">{esc(day(document.published) if document.published else "undated")}</span></li>'
        for document in documents[:_MOST]
    )
    more = note(f"And {len(documents) - _MOST:,} more.") if len(documents) > _MOST else ""
    head = f"It answers with {count(len(documents), 'entry') if len(documents) == 1 else f'{len(documents):,} entries'}"
    return (
        f'<div class="al-preview">{heading(f"{head}, {new:,} of them new")}<ul class="al-plain">{rows}</ul>{more}'
        f"{remarks(preview.parsed.warnings)}{note('Nothing was written.')}</div>"
    )


def _edit(library: Library, standing: "Standing") -> None:
    one = standing.subscription
    with st.expander("Edit"), st.form("al_edit_source", border=False):
        name = st.text_input("Name", one.name, max_chars=300)
        target = st.text_input(_LABELS[one.kind], one.target, help="What it brought before stays with it.")
        left, right = st.columns(2)
        group = left.text_input("Filed under", one.group, placeholder="ML/Systems")
        every = right.number_input(
            "Hours between checks", 0.1, 8784.0, one.every, 1.0, format="%g", placeholder="as its kind suggests"
        )
        if st.form_submit_button("Save", type="primary"):
            given = {"name": name.strip(), "target": target.strip(), "group": group.strip(), "every": every}
            before = {"name": one.name, "target": one.target, "group": one.group, "every": one.every}
            changed = {field: value or None for field, value in given.items() if value != before[field]}
            if changed:
                with shown_errors():
                    made = library.almanac.sources.change(one.key, **changed)
                st.session_state.pop("al_preview", None)
                st.query_params["id"] = made.key
            st.rerun()


def _remove(library: Library, standing: "Standing") -> None:
    one = standing.subscription
    with st.popover("Remove", type="tertiary"):
        st.write("It is not checked any more. What it brought can stay in the library.")
        for label, keep in (("Remove, keep its documents", True), ("Remove it and its documents", False)):
            if st.button(label, type="primary" if keep else "secondary", key=f"al_drop_source_{keep}", width="stretch"):
                with shown_errors():
                    library.almanac.sources.remove(one.key, keep_documents=keep)
                st.query_params.from_dict(SourcesState().parameters())
                st.rerun()
