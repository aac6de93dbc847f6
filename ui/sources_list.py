"""The list of subscriptions: how each fares at a glance, what fails first, and rounds of checks.

Owns the filters of the list. Invariant: a source that fails says why and what to do where it is listed.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

import streamlit as st

from almanac.standing import TROUBLE
from kb.errors import AlmanacError
from ui.panels import remarks
from ui.render import act, count, empty, esc, link, note, said, spans
from ui.rounds import round_report, start_round
from ui.sources_state import KIND_WORDS, MEANINGS, STATES, VIEWS, SourcesState, ago, pace, shown_target
from ui.state import Library, bound, show_error

if TYPE_CHECKING:
    from almanac.standing import Standing
    from almanac.subscriptions import Problem

PER_PAGE = 50
FEW = 8
"""Up to so many subscriptions the list needs no filters."""


def head_html(state: SourcesState, every: float) -> str:
    """Return the page's head: when sources are checked, and the way to its views."""
    clock = f"checked every {every:g} h while the app runs" if every else "checked when you ask, or by a timer"
    tabs = "".join(
        link(SourcesState(view=view).href(), name, kind="al-tab al-here" if view == state.view else "al-tab", stay=True)
        for view, name in VIEWS.items()
    )
    return (
        f'<header class="al-doc"><h1>Sources</h1><div class="al-meta">{spans((clock,))}</div></header>'
        f'<nav class="al-tabs">{tabs}</nav>'
    )


def problems_html(problems: "Sequence[Problem]", path: object) -> str:
    """Return what in the reader's file cannot be used, and why."""
    if not problems:
        return ""
    rows = "".join(
        f"<span>Entry {one.entry}{f' ({esc(one.name)})' if one.name else ''}: {said(one.message)}</span>"
        for one in problems
    )
    return f'<div class="al-notice"><b>Not used in <code>{esc(path)}</code></b>{rows}</div>'


def list_view(library: Library, state: SourcesState) -> None:
    """Show what is subscribed to, and let all of it be checked."""
    sources = library.almanac.sources
    try:
        standings, problems = sources.all(), sources.problems()
    except AlmanacError as error:
        show_error(error)
        return
    if problems:
        st.html(problems_html(problems, sources.file.path))
    if not standings:
        ways = (
            f"<ul><li>{link(state.href(view='add'), 'Add a site by its address')}: its feeds are found for you.</li>"
            f"<li>{link(state.href(view='add'), 'Take the suggestions')}: feeds and queries on ML systems.</li>"
            f"<li>{link(state.href(view='lists'), 'Import a list')} from another feed reader.</li></ul>"
        )
        st.html(empty("Nothing is subscribed to yet", f"{ways}{note('Nothing is fetched before you ask for it.')}"))
        return
    _actions(library, standings)
    round_report(library)
    if len(standings) > FEW:
        st.html(_facets(state, standings))
        st.text_input(
            "Words in the name or address",
            placeholder="Words in the name or address",
            label_visibility="collapsed",
            **bound("text", state.text),
        )
    st.html(listing(state, standings, library.almanac.store.now()))


def _actions(library: Library, standings: "Sequence[Standing]") -> None:
    if library.rounds.running is not None:
        return
    ready = any(one.subscription.enabled for one in standings)
    with st.container(horizontal=True, vertical_alignment="center", key="al_sources_actions"):
        if st.button("Check all now", type="primary", disabled=not ready, key="al_round_all"):
            start_round(library)
            st.rerun()
        if st.button("Check what is due", disabled=not ready, key="al_round_due"):
            start_round(library, due=True, title="Checking what is due")
            st.rerun()


def _facets(state: SourcesState, standings: "Sequence[Standing]") -> str:
    """Return the states that there are, each a way to those in it."""
    counted = Counter(one.state for one in standings)
    trouble = sum(counted[name] for name in TROUBLE)
    parts = [_facet(state, "", "All", len(standings))]
    if trouble:
        parts.append(_facet(state, "trouble", "Need attention", trouble))
    parts += [
        _facet(state, name, word.capitalize(), counted[name]) for name, (word, _) in STATES.items() if counted[name]
    ]
    return f'<div class="al-facets">{spans(parts)}</div>'


def _facet(state: SourcesState, name: str, word: str, number: int) -> str:
    kind = "al-facet al-here" if state.state == name else "al-facet"
    return f"{link(state.href(state=name), esc(word), kind=kind, stay=True)}<b>{number:,}</b>"


def listing(state: SourcesState, standings: "Sequence[Standing]", now: datetime) -> str:
    """Return a page of the list, what needs attention first."""
    found = [one for one in standings if _fits(state, one)]
    found.sort(key=lambda one: one.state not in TROUBLE)
    if not found:
        return empty("No subscription fits", f"<p>{link(state.href(text='', state=''), 'Show all')}</p>")
    pages = ceil(len(found) / PER_PAGE)
    page = min(state.page, pages)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    rows = "".join(row(one, now) for one in shown)
    if pages == 1:
        return rows
    before = act(state.href(page=page - 1), "← Before") if page > 1 else "<span></span>"
    after = act(state.href(page=page + 1), "After →") if page < pages else ""
    return f'{rows}<nav class="al-acts al-pages">{before}<span class="al-dim">{page} of {pages}</span>{after}</nav>'


def _fits(state: SourcesState, one: "Standing") -> bool:
    words = state.text.casefold().split()
    told = f"{one.subscription.name} {one.subscription.target} {one.subscription.group}".casefold()
    named = not state.state or one.state == state.state or (state.state == "trouble" and one.state in TROUBLE)
    return named and all(word in told for word in words)


def row(one: "Standing", now: datetime) -> str:
    """Return one subscription with its state, its figures, and the remedy where it fails."""
    check, made = one.check, one.subscription
    line = [
        KIND_WORDS[made.kind],
        f'<span class="al-target">{esc(shown_target(made)[:80])}</span>',
        count(one.documents, "document") if one.documents else "",
        pace(one.monthly) if one.documents else "",
        f"last success {esc(ago(check.succeeded_at, now))}" if check.checked_at else "",
        f"next check {esc(ago(check.next_at, now))}" if check.next_at and made.enabled and not check.muted else "",
    ]
    name = link(SourcesState(id=made.key).href(), esc(made.name), kind="al-row-title")
    missing = remarks(check.warnings) if one.state == "partly" else ""
    return (
        f'<article class="al-row al-source"><div class="al-source-head">{name}{badge(one)}</div>'
        f'<div class="al-meta">{spans(line)}</div>{trouble(one)}{missing}</article>'
    )


def badge(one: "Standing") -> str:
    """Return the word for a state."""
    word, tone = STATES[one.state]
    hint = f' title="{esc(MEANINGS[one.state])}"' if one.state in MEANINGS else ""
    return f'<span class="al-badge {tone}"{hint}>{word}</span>'


def trouble(one: "Standing") -> str:
    """Return what is wrong with a source and what to do, empty where nothing is."""
    if one.state not in TROUBLE and not (one.state == "paused" and one.check.errors):
        return ""
    meaning = f" {esc(MEANINGS[one.state])}" if one.state in ("resting", "gone") else ""
    return f'<p class="al-trouble"><b>{said(one.check.error)}</b> {said(one.check.hint)}{meaning}</p>'
