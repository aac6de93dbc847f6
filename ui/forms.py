"""What a reader fills in: the search box with its filters, the list's filters, topics, files to add.

Owns widgets and what they hand on. Every filter lives in the address; nothing typed is an error.
"""

from pathlib import Path
from typing import Any

import streamlit as st

from almanac import Almanac
from kb.errors import StoreError
from kb.types import DocumentInfo, Kind
from ui.ask_state import AskState
from ui.hues import title_of, topic_slugs
from ui.jobs import Job
from ui.links import LANGUAGES, LibraryState, SearchState
from ui.render import KINDS, LANGUAGE_NAMES, source_name
from ui.state import Library, bound, plain, saved_of, show_error, shown_errors

_PLACEHOLDER = "Ask in English or Chinese"
_HELP = (
    'Narrow with words: `"exact phrase"`, `-without`, `topic:serving`, `kind:notes`, `since:2023`, '
    "`until:2024-06`, `lang:zh`, `label:question`. The key `/` brings you back to this box."
)
_DAY = (r"^\d{4}([-/.](0?[1-9]|1[0-2])([-/.](0?[1-9]|[12]\d|3[01]))?)?$", "A year, month or day such as 2023-04")
KIND_NAMES = {Kind.NOTES: "Notes", Kind.RSS: "Posts", Kind.ARXIV: "Papers", Kind.PAGE: "Pages"}


def search_box(state: SearchState) -> None:
    """Show the box that everything starts from."""
    st.text_input(
        "Search the library",
        placeholder=_PLACEHOLDER,
        label_visibility="collapsed",
        icon=":material/search:",
        max_chars=2000,
        **bound("q", state.q),
    )


def search_filters(state: SearchState, almanac: Almanac) -> None:
    """Show the filters, folded; the fold's label says what narrows the search."""
    fold = narrowing_fold(f"Filters{_summary(state)}", "al_filters")
    # Widgets cost the browser time: those that nobody sees are not sent.
    if fold.open:
        with fold:
            scope_choices(state)
            _labels_and_sources(state, almanac)
            st.caption(_HELP)


def narrowing_fold(label: str, key: str, place: str = "") -> Any:
    """Return a fold of filters that stays open as its label follows them; elsewhere (`place`) it begins closed."""
    kept = f"{key}_kept"
    before = st.session_state.get(kept)
    # To Streamlit another label is another fold.
    if before is not None and before != (place, label) and before[0] == place:
        st.session_state[key] = True
    fold = st.expander(label, type="compact", key=key, on_change="rerun")
    st.session_state[kept] = (place, label) if fold.open else None
    return fold


def close_fold(key: str) -> None:
    """Close a fold of filters at its next showing."""
    st.session_state[key] = False
    st.session_state.pop(f"{key}_kept", None)


def keep_search(state: SearchState, almanac: Almanac) -> None:
    """Let the reader keep a search; looking at a kept one notes that its new passages were seen."""
    text = state.as_text()
    kept = saved_of(almanac).get(text)
    with shown_errors():
        if kept is not None and kept.new:
            almanac.save_search(text)
        label = "Forget this search" if kept else "Keep this search"
        if st.button(label, type="tertiary", key="al_keep", help="Kept searches stand on this page's beginning."):
            almanac.drop_search(text) if kept else almanac.save_search(text)
            st.rerun()


def scope_choices(state: SearchState | AskState) -> None:
    """Show topics, kinds, dates and language to narrow by."""
    topics = topic_slugs()
    chosen = [topic for topic in state.topic if topic in topics]
    st.pills("Topic", topics, selection_mode="multi", format_func=title_of, **bound("topic", chosen))
    kinds = [Kind(kind) for kind in state.kind]
    st.pills("Kind", list(KIND_NAMES), selection_mode="multi", format_func=KIND_NAMES.get, **bound("kind", kinds))
    left, middle, right = st.columns(3)
    left.text_input("Since", placeholder="2023", validate=_DAY, **bound("since", state.since))
    middle.text_input("Until", placeholder="2024-06", validate=_DAY, **bound("until", state.until))
    languages = ["", *LANGUAGES[:2]] if state.lang in ("", *LANGUAGES[:2]) else ["", *LANGUAGES]
    named = {"": "Any", **LANGUAGE_NAMES}
    right.selectbox("Language", languages, format_func=named.get, **bound("lang", state.lang))


def _labels_and_sources(state: SearchState, almanac: Almanac) -> None:
    """Show what the library offers; what only the address names can be taken away."""
    labels = list(dict.fromkeys([*almanac.overview.labels(), *state.label]))
    sources = list(dict.fromkeys([*(source.location for source in almanac.overview.sources()), *state.source]))
    if labels:
        st.multiselect("Labels in notes", labels, placeholder="Any", **bound("label", list(state.label)))
    if sources:
        st.multiselect(
            "Source", sources, format_func=source_name, placeholder="Any", **bound("source", list(state.source))
        )


def _summary(state: SearchState) -> str:
    parts = [title_of(topic) for topic in state.topic]
    parts += [KIND_NAMES[Kind(kind)] for kind in state.kind]
    parts += [f"since {state.since}"] if state.since else []
    parts += [f"until {state.until}"] if state.until else []
    parts += [LANGUAGE_NAMES[state.lang]] if state.lang else []
    parts += [label.replace("-", " ") for label in state.label]
    parts += [source_name(source) for source in state.source]
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    return f": {plain(', '.join(parts))}" if parts else ""


def library_filters(state: LibraryState, almanac: Almanac) -> None:
    """Show what narrows the list of documents: words of the title, the rest folded."""
    st.text_input(
        "Words in the title",
        placeholder="Words in the title",
        label_visibility="collapsed",
        **bound("text", state.text),
    )
    parts = [KIND_NAMES[Kind(state.kind)]] if state.kind else []
    parts += [title_of(state.topic)] if state.topic else []
    parts += [state.quarter] if state.quarter else []
    parts += [source_name(state.source)] if state.source else []
    fold = st.expander(f"Filters{_joined(parts)}", type="compact", key="al_shelf_filters", on_change="rerun")
    if fold.open:
        with fold:
            _library_selects(state, almanac)


def _library_selects(state: LibraryState, almanac: Almanac) -> None:
    quarters = sorted((quarter for quarter in almanac.overview.by("quarter") if quarter), reverse=True)
    sources = [source.location for source in almanac.overview.sources()]
    first, second = st.columns(2)
    third, fourth = st.columns(2)
    first.selectbox(
        "Kind",
        ["", *KIND_NAMES],
        format_func=lambda kind: KIND_NAMES.get(kind, "All kinds"),
        label_visibility="collapsed",
        **bound("kind", state.kind),
    )
    topics = ["", *topic_slugs()]
    second.selectbox(
        "Topic",
        topics,
        format_func=lambda slug: title_of(slug) if slug else "All topics",
        label_visibility="collapsed",
        **bound("topic", state.topic if state.topic in topics else ""),
    )
    third.selectbox(
        "Quarter",
        ["", *quarters],
        format_func=lambda quarter: quarter or "All quarters",
        label_visibility="collapsed",
        **bound("quarter", state.quarter if state.quarter in quarters else ""),
    )
    fourth.selectbox(
        "Source",
        ["", *sources],
        format_func=lambda source: source_name(source) if source else "All sources",
        label_visibility="collapsed",
        **bound("source", state.source if state.source in sources else ""),
    )


def topic_control(almanac: Almanac, info: DocumentInfo) -> None:
    """Let the reader correct a document's topics; their word wins over the tagger's and survives a re-ingest."""
    with st.popover("Correct topics", type="tertiary"):
        chosen = st.pills(
            "Topics",
            topic_slugs(),
            selection_mode="multi",
            format_func=title_of,
            default=list(info.topics),
            key=f"al_topics_{info.id}",
        )
        save, reset = st.columns(2)
        if save.button("Save", type="primary", width="stretch"):
            with shown_errors():
                almanac.correct_topics(info.id, chosen or [])
            st.rerun()
        if reset.button("As found", help="Back to what the text itself says.", width="stretch"):
            with shown_errors():
                almanac.correct_topics(info.id, None)
            st.session_state.pop(f"al_topics_{info.id}", None)
            st.rerun()


def add_files(library: Library) -> None:
    """Take files by upload or by path and hand them to a background job."""
    with st.form("al_add", border=False, clear_on_submit=True):
        files = st.file_uploader(
            "Files",
            accept_multiple_files=True,
            help="Feeds, arXiv lists, outlines of notes, pages and newsletters, as text.",
        )
        paths = st.text_area(
            "or paths, folders or arXiv ids, one a line", height=104, placeholder="~/notes\nfeed.xml\narxiv:2309.06180"
        )
        kind = st.selectbox("Kind", ["", *KIND_NAMES], format_func=lambda k: KIND_NAMES.get(k, "Recognise by content"))
        sent = st.form_submit_button("Add to the library", type="primary")
    if not sent:
        return
    try:
        places = [str(library.almanac.save_upload(file.name, file.getvalue())) for file in files or []]
    except OSError as error:
        home = library.almanac.settings.home
        show_error(StoreError(f"Uploads cannot be kept in {home}: {error.strerror}.", "Mend that, or name a path."))
        return
    lines = [line.strip() for line in paths.splitlines() if line.strip()]
    places += [str(Path(line).expanduser()) if line.startswith("~") else line for line in lines]
    if not places:
        st.info("Choose a file, or name a path.")
    elif start_ingest(library, places, Kind(kind) if kind else None):
        st.rerun()
    else:
        st.warning("Another job is running. Add these files when it is done.")


def start_ingest(library: Library, places: list[str], kind: Kind | None = None) -> bool:
    """Ingest behind the pages; False where a job runs. Vectors follow where the model is not loaded yet."""

    def work(job: Job) -> None:
        for outcome in library.almanac.ingest(
            places, kind=kind, embed=False, report=job.report, cancelled=job.cancelled
        ):
            job.outcomes.append(outcome)

    count = "1 place" if len(places) == 1 else f"{len(places)} places"
    title = f"Adding {source_name(places[0])}" if len(places) == 1 else f"Adding files from {count}"
    return library.jobs.start(title, work)


__all__ = [
    "KINDS",
    "KIND_NAMES",
    "add_files",
    "close_fold",
    "library_filters",
    "narrowing_fold",
    "scope_choices",
    "search_box",
    "search_filters",
    "start_ingest",
    "topic_control",
]
