"""What pages share: the open library with its jobs, and the state that an address holds.

Owns the life of the façade: one a home, opened at the first page, models warmed up only when a
page is painted. Refuses to guess at errors: what the library says is shown where it happened.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import streamlit as st

from almanac import Almanac, open_almanac
from almanac.freed import settle
from almanac.language import FOLLOWED
from kb.errors import AlmanacError
from kb.settings import Settings, load_settings
from kb.types import Chunk, DocumentInfo, Kind, SavedSearch
from ui.asking import Questions
from ui.jobs import Job, Jobs
from ui.links import LibraryState, State
from ui.render import Levels

S = TypeVar("S", bound=State)
PAINT = 1.5
"""Seconds that the first page has for itself before a model is loaded."""
BREATH = 0.4
"""Seconds that it has before the starter library is read."""
RESET = ("page",)
"""Parameters that a change of any other one drops."""


@dataclass(frozen=True)
class Library:
    """An open library and its background work."""

    almanac: Almanac
    jobs: Jobs
    rounds: Jobs = field(default_factory=Jobs)
    """Rounds of checks of the sources: they do not keep files from being added."""
    woken: threading.Event = field(default_factory=threading.Event)
    """Set once a page asked for the library: from then on a model may be loaded."""
    clocked: threading.Event = field(default_factory=threading.Event)
    """Set once somebody keeps the setting SYNC_EVERY."""
    questions: Questions = field(default_factory=Questions)


@st.cache_resource(show_spinner=False)
def _open(key: str, _settings: Settings) -> Library:
    almanac = open_almanac(_settings)
    almanac.patient = False
    return Library(almanac, Jobs())


def prepare_library() -> Library:
    """Open the library of the settings in force and start nothing.

    Raises:
        SettingsError, SchemaTooNew, StoreError: it cannot be opened.
    """
    settings = load_settings()
    library = _open(settings.model_dump_json(exclude=set(FOLLOWED)), settings)
    library.almanac.language.follow(settings)
    return library


def open_library() -> Library:
    """Return the library for a page; the first one starts what goes on behind them.

    That is the starter library, where it was never loaded, and then the models.

    Raises:
        SettingsError, SchemaTooNew, StoreError: it cannot be opened.
    """
    library = prepare_library()
    if not library.woken.is_set():
        library.woken.set()
        if library.almanac.starter_state == "":
            load_starter(library, pause=BREATH)
        threading.Thread(target=_warm_up, args=(library,), name="almanac-waker", daemon=True).start()
    return library


def _warm_up(library: Library) -> None:
    """Load models when the first page is painted and the starter library is in."""
    time.sleep(PAINT)
    while library.jobs.running is not None:
        time.sleep(0.2)
    library.almanac.models.embedder()
    settle()
    library.almanac.warm_up()


def load_starter(library: Library, pause: float = 0.0) -> bool:
    """Load the starter library behind the pages, without its vectors, which follow; False where a job runs."""

    def work(job: Job) -> None:
        time.sleep(pause)
        job.outcomes.extend(library.almanac.load_starter(embed=False, report=job.report))

    return library.jobs.start("Loading the starter library", work, cancellable=False)


@contextmanager
def shown_errors() -> Iterator[None]:
    """Show an error of the library in place, its hint below, and end the page there."""
    try:
        yield
    except AlmanacError as error:
        show_error(error)
        st.stop()


def show_error(error: AlmanacError) -> None:
    """Show message and hint, as plain text."""
    st.error(f"{plain(error.message)}\n\n{plain(error.hint)}" if error.hint else plain(error.message))


def plain(text: str) -> str:
    """Return text whose characters mean nothing in Streamlit's Markdown, save backticks in pairs: code."""
    parts = text.split("`")
    return "".join(
        f"`{part}`" if i % 2 and i < len(parts) - 1 and part else _escaped(part) for i, part in enumerate(parts)
    )


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\*_{}[]()<>#+-.!|~$:=@&" else char for char in text)


def documents_of(almanac: Almanac, state: LibraryState) -> list[DocumentInfo]:
    """Return the documents that a state of the library page lists, newest first; kept until something is written."""
    return _documents(almanac, str(almanac.settings.home), almanac.store.generation(), replace(state, view="", page=1))


def saved_of(almanac: Almanac) -> dict[str, SavedSearch]:
    """Return the reader's saved searches by their text; kept until something is written."""
    return _saved(almanac, str(almanac.settings.home), almanac.store.generation())


@st.cache_resource(show_spinner=False, max_entries=8)
def _saved(_almanac: Almanac, home: str, generation: int) -> dict[str, SavedSearch]:
    return {search.text: search for search in _almanac.saved_searches()}


@st.cache_resource(show_spinner=False, max_entries=8)
def _documents(_almanac: Almanac, home: str, generation: int, state: LibraryState) -> list[DocumentInfo]:
    kinds = [Kind(state.kind)] if state.kind else []
    return _almanac.documents(
        kinds, quarter=state.quarter, topic=state.topic, source=state.source, text=state.text.strip()
    )


def levels_of(almanac: Almanac, chunk: Chunk, info: DocumentInfo) -> Levels:
    """Return the outline nodes in a passage of notes: offset in the passage, level, marker; none for other kinds."""
    if info.kind is not Kind.NOTES:
        return ()
    return _levels(almanac, chunk, str(almanac.settings.home), chunk.id, almanac.store.generation())


@st.cache_resource(show_spinner=False, max_entries=500)
def _levels(_almanac: Almanac, _chunk: Chunk, home: str, chunk_id: str, generation: int) -> Levels:
    sections = _almanac.document(_chunk.doc_id).sections
    inside = [section for section in sections if section.start < _chunk.end and section.end > _chunk.start]
    return [(max(section.start - _chunk.start, 0), section.level, section.marker) for section in inside]


def read_state(kind: type[S]) -> S:
    """Return the state that the address holds."""
    return kind.read({name: st.query_params.get_all(name) for name in st.query_params})


def bound(name: str, value: Any) -> dict[str, Any]:
    """Return the arguments that tie a widget to a query parameter: the address is the truth.

    A widget's own value is set only where it differs, so that words being typed are left alone.
    """
    key = f"al_{name}"
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return {"key": key, "on_change": _write, "args": (name,)}


def _write(name: str) -> None:
    value = st.session_state[f"al_{name}"]
    if isinstance(value, bool):
        value = "" if value else "0"
    if value:
        st.query_params[name] = list(value) if isinstance(value, (list, tuple)) else str(value)
    elif name in st.query_params:
        del st.query_params[name]
    for other in RESET:
        if other != name and other in st.query_params:
            del st.query_params[other]
