"""The editor's hand on a digest: title, note, order of topics, entries pinned and hidden.

Owns the widgets; what is saved are `Edits`, which survive every rebuild. Refuses nothing that is
typed: a note is Markdown without HTML, and an empty field gives the computed text back.
"""

from collections.abc import Sequence

import streamlit as st

from almanac import Almanac
from digests.readable import readable
from digests.types import Digest, Edits, Entry
from digests.wording import name_of
from ui.digest_entry import badge_html, badges, lang_of
from ui.digest_state import EARLIER, DigestState
from ui.digest_view import contents_html, page_of, paging, part_entries
from ui.hues import title_of
from ui.render import esc, heading, note, shorten
from ui.state import shown_errors

MOST_TITLE, MOST_NOTE = 200, 20_000
PER_PAGE = 30


def editing(almanac: Almanac, digest: Digest, state: DigestState) -> None:
    """Show everything that can be changed in a digest."""
    edits = almanac.digests.edits(digest.quarter)
    with st.container(border=True, key="al_digest_edit"):
        _words(almanac, digest, edits)
    _chosen(almanac, digest, edits)
    if parts := contents_html(digest, state):
        st.html(parts)
    _entries(almanac, digest, edits, state)


def change(almanac: Almanac, quarter: str, edits: Edits) -> None:
    """Keep edits and show the digest that they make."""
    with shown_errors():
        almanac.digests.save_edits(quarter, edits)
    st.rerun()


def _words(almanac: Almanac, digest: Digest, edits: Edits) -> None:
    quarter = digest.quarter
    with st.form(f"al_edit_{quarter}", border=False):
        title = st.text_input(
            "Title", edits.title, placeholder=digest.title, max_chars=MOST_TITLE, help="Empty: the computed title."
        )
        words = st.text_area("Editor’s note", edits.note, height=140, max_chars=MOST_NOTE, help="Markdown, no HTML.")
        topics = [section.topic for section in digest.sections]
        order = st.multiselect(
            "Topics in this order, the rest after them",
            list(dict.fromkeys([*topics, *edits.topic_order])),
            default=list(edits.topic_order),
            format_func=title_of,
            placeholder="The usual order",
        )
        save = st.form_submit_button("Save", type="primary")
    if save:
        given = {"title": title.strip(), "note": words.strip(), "topic_order": tuple(order)}
        change(almanac, quarter, edits.model_copy(update=given))
    if edits != Edits():
        with st.popover("Undo all edits", type="tertiary"):
            st.write("Title, note, order, pins and hidden entries go back to what the library says.")
            if st.button("Undo all edits of this quarter", type="primary", key="al_edit_reset"):
                change(almanac, quarter, Edits())


def _chosen(almanac: Almanac, digest: Digest, edits: Edits) -> None:
    """List what is pinned and hidden, each with the way back."""
    names = {one.doc_id: readable(name_of(one)) for one in digest.left_out}
    names |= {entry.doc_id: readable(name_of(entry)) for section in digest.sections for entry in section.entries}
    names |= {entry.doc_id: readable(name_of(entry)) for entry in digest.earlier}
    for field, title, word in (("pinned", "Pinned", "Unpin"), ("hidden", "Hidden", "Show again")):
        held: tuple[str, ...] = getattr(edits, field)
        if not held:
            continue
        st.html(heading(title, len(held)))
        for number, doc_id in enumerate(held):
            with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"al_{field}_{number}"):
                name = names.get(doc_id, doc_id)
                st.html(f'<div class="al-name"{lang_of(name)}>{esc(shorten(name, 90))}</div>')
                if st.button(word, key=f"al_un{field}_{number}", type="tertiary"):
                    rest = tuple(other for other in held if other != doc_id)
                    change(almanac, digest.quarter, edits.model_copy(update={field: rest}))


def _entries(almanac: Almanac, digest: Digest, edits: Edits, state: DigestState) -> None:
    """List the entries of a part, each to be pinned or hidden."""
    part = state.part if part_entries(digest, state) else next((one.topic for one in digest.sections), EARLIER)
    entries = part_entries(digest, DigestState(quarter=state.quarter, part=part, sub=state.sub))
    if not entries:
        st.html(note("No entry to pin or hide."))
        return
    page, pages = page_of(entries, state)
    title = "Published earlier" if part == EARLIER else title_of(part)
    st.html(heading(f"{title}: pin or hide entries", len(entries)))
    for number, entry in enumerate(entries[(page - 1) * PER_PAGE : page * PER_PAGE]):
        _row(almanac, digest.quarter, edits, entry, number)
    if pages > 1:
        st.html(paging(state, page, pages))


def _row(almanac: Almanac, quarter: str, edits: Edits, entry: Entry, number: int) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"al_pick_{number}"):
        marks = "".join(badge_html(badge) for badge in badges(entry, quarter))
        st.html(
            f'<div class="al-name"{lang_of(entry.title)}>{esc(shorten(readable(name_of(entry)), 90))} {marks}</div>'
        )
        if entry.doc_id not in edits.pinned and st.button("Pin", key=f"al_pin_{number}", type="tertiary"):
            change(almanac, quarter, edits.model_copy(update={"pinned": _with(edits.pinned, entry.doc_id)}))
        if st.button("Hide", key=f"al_hide_{number}", type="tertiary"):
            rest = tuple(other for other in edits.pinned if other != entry.doc_id)
            hidden = _with(edits.hidden, entry.doc_id)
            change(almanac, quarter, edits.model_copy(update={"hidden": hidden, "pinned": rest}))


def _with(held: Sequence[str], doc_id: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*held, doc_id]))
