"""What the Digests page keeps between reruns: the list of quarters, their titles, the digests last looked at.

Owns when each of them is read anew: when the library was written to, or a quarter was built. Builds
are kept without a new generation of the library, so both are compared.
"""

import streamlit as st

from almanac import Almanac
from digests.types import BuildState, Digest, QuarterState
from kb.store.digests import build_stamps, failed_sources, headings, prose_of

Stamps = dict[str, tuple[str, str]]
"""From what, and when, each quarter was built."""


def listed(almanac: Almanac) -> list[QuarterState]:
    """Return the quarters that have something to show, newest first."""
    store = almanac.store
    return _listed(almanac, str(almanac.settings.home), store.generation(), build_stamps(store))


@st.cache_resource(show_spinner=False, max_entries=4)
def _listed(_almanac: Almanac, home: str, generation: int, built: Stamps) -> list[QuarterState]:
    return [state for state in _almanac.digests.quarters() if state.documents or state.others]


def headings_of(almanac: Almanac) -> dict[str, tuple[str, str]]:
    """Return title and summary of every quarter that was built."""
    return _headings(almanac, str(almanac.settings.home), build_stamps(almanac.store))


@st.cache_resource(show_spinner=False, max_entries=4)
def _headings(_almanac: Almanac, home: str, built: Stamps) -> dict[str, tuple[str, str]]:
    return headings(_almanac.store)


def digest_of(almanac: Almanac, quarter: str) -> tuple[Digest, BuildState]:
    """Return a digest and how it was built.

    A build that still holds is read once, whatever else is written: it may be large. What a digest is told beside its
    build is compared as well: sources that fail at present, and what a model wrote.
    """
    store, home = almanac.store, str(almanac.settings.home)
    holds = any(state.quarter == quarter and not state.stale for state in listed(almanac))
    beside = [*failed_sources(store), *prose_of(store, quarter).items()]
    built = f"{build_stamps(store).get(quarter)} {'' if holds else store.generation()}"
    return _digest(almanac, home, quarter, built, beside)


@st.cache_resource(show_spinner=False, max_entries=6)
def _digest(
    _almanac: Almanac, home: str, quarter: str, built: str, beside: list[tuple[object, ...]]
) -> tuple[Digest, BuildState]:
    return _almanac.digests.digest(quarter), _almanac.digests.state(quarter)
