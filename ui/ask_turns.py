"""A conversation on the page: its turns, what can be done with each, and with the whole.

Owns editing, asking again, renaming, exporting and deleting. Invariant: what replaces answers says how many before
it does so.
"""

import streamlit as st

from almanac.conversations import Conversation, SavedTurn, Source
from chat.transcript import to_markdown
from chat.types import Answer, Citation, Scope
from ui.ask_answer import answer_html
from ui.ask_box import begin, scope_words
from ui.ask_live import live_panel, question_html, way_html
from ui.ask_missing import missing_form
from ui.ask_sources import lang_of
from ui.ask_state import LONGEST, AskState, scope_parameters
from ui.render import act, count, esc, link, note, shorten
from ui.state import Library, shown_errors

_RENAMING = "al_renaming"
UNDO = "al_ask_deleted"
"""The conversation that was deleted last in this session."""


def conversation_view(library: Library, found: Conversation, state: AskState) -> None:
    """Show a saved conversation, and the question that it is answering."""
    almanac = library.almanac
    row = found.row
    asked = library.questions.of(row.id)
    # Filled last: the browser draws what comes first, and the answer is what is waited for.
    top = st.container()
    sources = almanac.conversations.sources(found.answers)
    told: list[str] = []
    turns = [turn for turn in found.turns if asked is None or not asked.replace or turn.ordinal < asked.replace]
    # Of a deleted conversation the beginning is shown, where it is brought back.
    shown = state.turn or (len(turns) if asked is None and not row.deleted_at else 0)
    for turn in turns:
        last = turn is found.turns[-1]
        editing = state.edit == turn.ordinal and asked is None
        if editing:
            _edit(library, found, turn, state)
        here = turn.ordinal == shown and turn.ordinal > 1
        head = "" if editing else question_html(turn.question, here=here, first=turn.ordinal == 1 and not row.named)
        st.html(turn_html(library, turn, sources, state, told, head, last=last and asked is None))
        told += turn.answer.notices if turn.answer else ()
        if last and asked is None:
            _last_acts(library, found, turn, state)
    with top:
        _head(library, found, here=asked is None and shown < 2 and not state.edit)
    if asked is not None:
        live_panel(library, asked)


def turn_html(
    library: Library,
    turn: SavedTurn,
    sources: dict[Citation, Source],
    state: AskState,
    told: list[str],
    head: str,
    *,
    last: bool = False,
) -> str:
    """Return a question with its answer.

    Args:
        head: the question; empty where a form with it stands above.
        last: what can be done with it stands outside, as a button is among it.
    """
    answer = turn.answer
    narrowed = ""
    if not turn.scope.empty:
        words = scope_words(AskState(**scope_parameters(turn.scope)), library.almanac)
        narrowed = f'<div class="al-meta"><span>Looked in: {esc(words)}</span></div>'
    if answer is None:
        body = "".join(f"<p>{esc(line)}</p>" for line in turn.reply.split("\n"))
        body += note("Written by another version of the Almanac; its sources cannot be shown.")
    else:
        shown = answer.quoted if state.quotes == turn.ordinal and answer.quoted else answer
        body = answer_html(shown, sources | _of_quotes(library, shown, answer), told, form=last)
    acts = "" if last else f'<div class="al-acts al-turn-acts">{_acts(turn, state)}</div>'
    kind = "al-turn al-last" if last else "al-turn"
    return (
        f'<section class="{kind}" id="turn-{turn.ordinal}" aria-label="Question {turn.ordinal}">'
        f"{head}{narrowed}{body}{acts}</section>"
    )


def _of_quotes(library: Library, shown: Answer, answer: Answer) -> dict[Citation, Source]:
    return library.almanac.conversations.sources([shown]) if shown is not answer else {}


def _acts(turn: SavedTurn, state: AskState) -> str:
    acts = [act(state.href(edit=turn.ordinal, turn=turn.ordinal), "Edit the question", stay=True)]
    if turn.answer is not None and turn.answer.quoted is not None:
        if state.quotes == turn.ordinal:
            acts.append(act(state.href(turn=turn.ordinal), "Show the written answer", stay=True))
        else:
            acts.append(act(state.href(quotes=turn.ordinal, turn=turn.ordinal), "Show the quotes instead", stay=True))
    text = to_markdown(turn.question, [turn])
    acts.append(f'<button class="al-act" type="button" data-copy="{esc(text)}">Copy with references</button>')
    return "".join(acts)


def _last_acts(library: Library, found: Conversation, turn: SavedTurn, state: AskState) -> None:
    answer = turn.answer
    if answer is not None and answer.missing:
        missing_form(
            str(turn.ordinal), turn.question, answer.requests, lambda text: _ask_again(library, found, turn, text)
        )
    with st.container(horizontal=True, vertical_alignment="center", key="al_turn_acts"):
        st.html(f'<div class="al-acts">{_acts(turn, state)}</div>', width="content")
        st.button(
            "Ask again",
            key="al_retry",
            type="tertiary",
            on_click=_ask_again,
            args=(library, found, turn, turn.question),
        )
        if answer is not None and answer.kind == "declined" and not turn.scope.empty:
            st.button(
                "Ask the whole library",
                key="al_retry_everywhere",
                type="tertiary",
                on_click=_ask_again,
                args=(library, found, turn, turn.question, Scope()),
            )


def _ask_again(
    library: Library, found: Conversation, turn: SavedTurn, question: str, scope: Scope | None = None
) -> None:
    where = turn.scope if scope is None else scope
    begin(library, question, where, conversation=found.row.id, replace=turn.ordinal)


def _edit(library: Library, found: Conversation, turn: SavedTurn, state: AskState) -> None:
    later = found.row.turns - turn.ordinal
    held = (
        f" It replaces this answer and the {count(later, 'turn')} after it." if later else " It replaces this answer."
    )
    st.html('<span class="al-foot" data-scroll-here="start"></span>')
    with st.container(key="al_type_edit"), st.form(f"al_edit_{turn.ordinal}", border=True):
        text = st.text_area("The question", turn.question, max_chars=LONGEST, key=f"al_edit_text_{turn.ordinal}")
        st.html(note(f"{held} {link(state.href(turn=turn.ordinal), 'Leave it as it is', stay=True)}"))
        if st.form_submit_button("Ask and replace", type="primary") and text.strip():
            begin(library, text.strip(), turn.scope, conversation=found.row.id, replace=turn.ordinal)
            st.rerun()


def _head(library: Library, found: Conversation, *, here: bool) -> None:
    row = found.row
    with st.container(horizontal=True, vertical_alignment="center", key="al_talk_head"):
        st.html(way_html(here=here), width="content")
        with st.popover("Rename", type="tertiary", key=_RENAMING, on_change="rerun"):
            _rename(library, found)
        with st.popover("Export", type="tertiary"):
            _exports(library, found)
        with st.popover("Delete", type="tertiary"):
            st.write("It can be brought back for 30 days.")
            if st.button("Delete this conversation", type="primary", key="al_delete"):
                asked = library.questions.of(row.id)
                if asked is not None:
                    asked.stop()
                with shown_errors():
                    library.almanac.conversations.delete(row.id)
                st.session_state[UNDO] = row.id
                st.query_params.from_dict({"view": "conversations"})
                st.rerun()
    if row.deleted_at:
        with st.container(horizontal=True, vertical_alignment="center", key="al_ready"):
            st.html('<div class="al-notice">This conversation is deleted.</div>', width="content")
            if st.button("Restore", type="tertiary", key="al_again"):
                with shown_errors():
                    library.almanac.conversations.restore(row.id)
                st.rerun()
    if row.named:
        st.html(f'<header class="al-doc"><h1{lang_of(row.title)}>{esc(row.title)}</h1></header>')


def _rename(library: Library, found: Conversation) -> None:
    with st.container(key="al_type_title"), st.form("al_rename", border=False):
        title = st.text_input("Title", found.row.title, max_chars=120)
        if st.form_submit_button("Rename", type="primary", on_click=_renamed):
            with shown_errors():
                library.almanac.conversations.rename(found.row.id, title)
            st.rerun()


def _renamed() -> None:
    st.session_state[_RENAMING] = False


def _exports(library: Library, found: Conversation) -> None:
    kept, row = library.almanac.conversations, found.row
    name = "".join(c if c.isalnum() else "-" for c in shorten(row.title, 60)).strip("-") or row.id
    for label, form, mime in (("Markdown", "md", "text/markdown"), ("JSON", "json", "application/json")):
        st.download_button(
            label,
            lambda form=form: kept.export(row.id, form),
            file_name=f"{name}.{form}",
            mime=mime,
            on_click="ignore",
            key=f"al_export_{form}",
        )
