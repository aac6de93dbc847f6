"""All conversations: found by their words, opened where they match, brought back after deleting."""

from datetime import datetime

import streamlit as st

from kb.store.conversations import ConversationRow
from ui.ask_sources import lang_of
from ui.ask_state import AskState
from ui.ask_turns import UNDO
from ui.links import href
from ui.render import act, count, day, empty, esc, heading, link, note, spans
from ui.state import Library, bound, shown_errors

MOST = 200
RECENT = 5


def tabs_html(state: AskState, number: int) -> str:
    """Return the way between asking and what was asked before."""
    views = (
        ("", "Ask", href("ask")),
        ("conversations", f"Conversations {number:,}", href("ask", view="conversations")),
    )
    tabs = "".join(
        link(address, name, kind="al-tab al-here" if view == state.view else "al-tab", stay=True)
        for view, name, address in views
    )
    named = "Conversations" if state.view else "Ask"
    return f'<h1 class="al-unseen">{named}</h1><nav class="al-tabs" aria-label="Ask">{tabs}</nav>'


def list_view(library: Library, state: AskState) -> None:
    """Show the conversations, last changed first, or those that hold some words."""
    kept = library.almanac.conversations
    number, rows = kept.count(), kept.rows(limit=MOST)
    st.set_page_config(page_title="Conversations · MLSys Almanac")
    st.html(tabs_html(state, number))
    _undo(library)
    if rows:
        st.text_input(
            "Find a conversation",
            placeholder="Words of a question, an answer or a source",
            label_visibility="collapsed",
            **bound("find", state.find),
        )
    if state.find.strip():
        found = kept.find(state.find)
        body = "".join(row_html(row, turn=turn) for row, turn in found)
        st.html(
            body
            or empty(
                "No conversation holds these words", f"<p>{link(href('ask', view='conversations'), 'Show all')}</p>"
            )
        )
    elif rows:
        more = note(f"The last {MOST} of {number:,}; find the others by their words.") if number > MOST else ""
        st.html("".join(map(row_html, rows)) + more)
    else:
        st.html(empty("No conversation yet", f"<p>{link(href('ask'), 'Ask the first question')}.</p>"))
    _deleted(library)


def row_html(row: ConversationRow, turn: int = 0) -> str:
    """Return one conversation; `turn` is where it matches."""
    title = link(href("ask", c=row.id, turn=turn if turn > 1 else ""), esc(row.title), kind="al-row-title")
    where = f"matches in question {turn}" if turn else ""
    line = spans((count(row.turns, "question"), esc(moment(row.changed_at)), where))
    return f'<article class="al-row"><div{lang_of(row.title)}>{title}</div><div class="al-meta">{line}</div></article>'


def moment(stated: str) -> str:
    """Return when something happened, by this machine's clock: `7 Apr 2023, 14:05`."""
    here = datetime.fromisoformat(stated).astimezone()
    return f"{day(here.date().isoformat())}, {here:%H:%M}"


def recent_html(library: Library) -> str:
    """Return the conversations that went on last."""
    kept = library.almanac.conversations
    number, rows = kept.count(), kept.rows(limit=RECENT)
    if not rows:
        return ""
    more = act(href("ask", view="conversations"), f"All {number:,}") if number > RECENT else ""
    return heading("Recent conversations") + "".join(map(row_html, rows)) + f'<div class="al-acts">{more}</div>'


def _undo(library: Library) -> None:
    deleted = st.session_state.get(UNDO, "")
    rows = {row.id: row for row in library.almanac.conversations.rows(deleted=True)} if deleted else {}
    if deleted not in rows:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="al_ready"):
        st.html(f'<div class="al-notice">Deleted: {esc(rows[deleted].title)}</div>', width="content")
        if st.button("Undo", type="tertiary", key="al_again"):
            with shown_errors():
                library.almanac.conversations.restore(deleted)
            del st.session_state[UNDO]
            st.rerun()


def _deleted(library: Library) -> None:
    kept = library.almanac.conversations
    rows = kept.rows(deleted=True)
    if not rows:
        return
    st.html(heading("Deleted", len(rows)) + note("Each can be brought back for 30 days after it was deleted."))
    for number, row in enumerate(rows[:MOST]):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"al_gone_{number}"):
            st.html(f'<div class="al-outcome"><span class="al-name">{esc(row.title)}</span></div>')
            if st.button("Restore", type="tertiary", key=f"al_back_{number}"):
                with shown_errors():
                    kept.restore(row.id)
                st.rerun()
            if st.button("Remove for good", type="tertiary", key=f"al_forget_{number}"):
                with shown_errors():
                    kept.forget(row.id)
                st.rerun()
