"""All digests: documents per topic over the quarters, drawn and as a table, and a line for each quarter."""

from collections.abc import Mapping

import streamlit as st

from almanac import Almanac
from digests.quarter import short
from digests.readable import readable
from digests.render import OF_MANY
from digests.types import Digest, QuarterState
from digests.wording import span_of
from ui.charts import by_quarter
from ui.digest_entry import lang_of
from ui.digest_export import deferred
from ui.digest_kept import headings_of, listed
from ui.hues import OTHER, title_of, topic_slugs
from ui.links import href
from ui.render import count, empty, esc, heading, link, spans, tag
from ui.theme import is_dark

Counts = Mapping[str, Mapping[str, int]]


def index(almanac: Almanac) -> None:
    """Show every quarter with documents, newest first, under a chart of what they are about."""
    states = listed(almanac)
    st.html(
        '<header class="al-doc"><h1>Digests</h1><div class="al-meta"><span>What each quarter brought, every document '
        "accounted for</span></div></header>"
    )
    counts = almanac.digests.topic_counts()
    if not counts and not states:
        way = link(href("library", view="add"), "Add papers, feeds or notes")
        st.html(empty("No digest yet", f"<p>{way}: the digest of a quarter appears by itself.</p>"))
        return
    _chart(counts)
    st.html(legend_html(counts) + table_html(counts))
    kept = headings_of(almanac)
    rows = "".join(quarter_row(state, *kept.get(state.quarter, ("", ""))) for state in states)
    st.html(heading("Quarters", len(states)) + rows)
    _downloads(almanac)


def _chart(counts: Counts) -> None:
    """Draw the counts; a click on a bar opens its quarter. The same numbers stand in a table below."""
    rows = [(quarter, topic, number) for quarter, found in counts.items() for topic, number in found.items()]
    if not rows:
        return
    chosen = st.altair_chart(
        by_quarter(rows, is_dark()),
        on_select="rerun",
        key="al_digest_chart",
        theme=None,
        alt="Documents by quarter and topic; the table below has the numbers",
    )
    picked = [point.get("quarter") for point in chosen["selection"].get("quarter", [])] if chosen else []
    if picked and picked[0]:
        st.query_params["quarter"] = picked[0]
        st.rerun()


def quarter_row(state: QuarterState, title: str, summary: str) -> str:
    """Return one quarter of the list."""
    way = link(
        href("digests", quarter=state.quarter), esc(readable(title) or short(state.quarter)), kind="al-row-title"
    )
    built = f"built {esc(state.built_at[:10])}" if state.built_at else "built when you open it"
    line = spans([span_of(state.quarter), count(state.documents, "document"), built if not state.stale else "changed"])
    words = f'<p class="al-dim"{lang_of(summary)}>{esc(readable(summary))}</p>' if summary else ""
    return f'<article class="al-row"><div{lang_of(title)}>{way}</div><div class="al-meta">{line}</div>{words}</article>'


def _topics_in(counts: Counts) -> list[str]:
    found = {topic for by_topic in counts.values() for topic in by_topic}
    return [topic for topic in (*topic_slugs(), OTHER) if topic in found]


def legend_html(counts: Counts) -> str:
    """Return which hue is which topic."""
    return f'<div class="al-facets">{spans(tag(topic) for topic in _topics_in(counts))}</div>'


def table_html(counts: Counts) -> str:
    """Return documents per quarter and topic as a table, folded."""
    topics = _topics_in(counts)
    if not topics:
        return ""
    head = "".join(f'<th scope="col" class="al-num">{esc(title_of(topic))}</th>' for topic in topics)
    rows = ""
    for quarter in sorted(counts, reverse=True):
        cells = ""
        for topic in topics:
            number = counts[quarter].get(topic, 0)
            part = topic if topic != OTHER else ""
            way = link(href("digests", quarter=quarter, part=part), f"{number:,}") if number else "–"
            cells += f'<td class="al-num">{way}</td>'
        name = link(href("digests", quarter=quarter), short(quarter))
        rows += f'<tr><th scope="row">{name}</th>{cells}</tr>'
    return (
        '<details class="al-numbers"><summary>Documents per topic, as a table</summary><div class="al-table"><table>'
        f'<thead><tr><th scope="col">Quarter</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        '<p class="al-note">A document about several topics counts once for each.</p></details>'
    )


def _downloads(almanac: Almanac) -> None:
    """Offer what holds all quarters in one file."""
    with st.container(horizontal=True, key="al_digest_all"):
        for form, name, title, mime in (
            ("atom", "digests.xml", "Atom feed of all digests", "application/atom+xml"),
            ("bibtex", "digests.bib", "BibTeX of all entries", "application/x-bibtex"),
        ):
            make = deferred(lambda form=form: OF_MANY[form](every(almanac)))
            st.download_button(title, make, name, mime, key=f"al_all_{form}", type="tertiary", on_click="ignore")


def every(almanac: Almanac) -> list[Digest]:
    """Return the digests of all quarters that have something to show."""
    return [almanac.digests.digest(state.quarter) for state in listed(almanac)]
