"""Charts of the library in the topics' fixed hues. Imports the chart library only when one is drawn."""

import importlib
from typing import Any

from ui.hues import OTHER, colours, title_of, topic_slugs

Counted = list[tuple[str, str, int]]
MOST_QUARTERS = 48


def chart_library() -> Any:
    """Return altair, pandas whole before it: it trips over what another thread, loading a model, has half imported."""
    importlib.import_module("pandas")
    return importlib.import_module("altair")


def quarters_between(first: str, last: str) -> list[str]:
    """Return all quarters from one to another, both included."""
    at, end = _number(first), _number(last)
    return [f"{number // 4}-Q{number % 4 + 1}" for number in range(at, end + 1)]


def _number(quarter: str) -> int:
    return int(quarter[:4]) * 4 + int(quarter[-1]) - 1


def by_quarter(counted: Counted, dark: bool) -> Any:
    """Return stacked bars of documents by quarter and topic; a click on a bar selects its quarter."""
    alt = chart_library()

    topics = [*topic_slugs(), OTHER]
    present = sorted({quarter for quarter, _, _ in counted})
    domain = quarters_between(present[0], present[-1])
    if len(domain) > MOST_QUARTERS:
        domain = present
    ink, line = ("#A8A39A", "#323A43") if dark else ("#6B675F", "#E2DDD0")
    count_axis = alt.Axis(
        title=None, tickCount=3, format="d", tickMinStep=1, gridColor=line, domain=False, ticks=False, labelColor=ink
    )
    hues = alt.Scale(domain=[title_of(topic) for topic in topics], range=colours(topics, dark))
    select = alt.selection_point(name="quarter", fields=["quarter"], on="click")
    return (
        alt.Chart(alt.Data(values=_rows(counted, topics)))
        .mark_bar(cornerRadiusEnd=1)
        .encode(
            x=alt.X("quarter:O", axis=_time_axis(domain, ink, line), scale=alt.Scale(domain=domain, paddingInner=0.25)),
            y=alt.Y("sum(documents):Q", axis=count_axis),
            color=alt.Color("topic:N", scale=hues, legend=None),
            order=alt.Order("rank:Q"),
            tooltip=["quarter:O", "topic:N", alt.Tooltip("sum(documents):Q", title="documents")],
            opacity=alt.condition(select, alt.value(1), alt.value(0.35)),
        )
        .add_params(select)
        .properties(height=150)
        .configure_view(strokeWidth=0)
    )


def _rows(counted: Counted, topics: list[str]) -> list[dict[str, Any]]:
    known = [(quarter, topic if topic in topics else OTHER, count) for quarter, topic, count in counted]
    return [
        {"quarter": quarter, "topic": title_of(topic), "rank": topics.index(topic), "documents": count}
        for quarter, topic, count in known
    ]


def _time_axis(domain: list[str], ink: str, line: str) -> Any:
    """Return the axis of quarters; where there are many only the years are named."""
    alt = chart_library()

    many = len(domain) > 8
    return alt.Axis(
        title=None,
        labelAngle=0,
        ticks=False,
        domainColor=line,
        labelColor=ink,
        labelPadding=6,
        values=[quarter for quarter in domain if quarter.endswith("Q1")] if many else domain,
        labelExpr="slice(datum.label, 0, 4)" if many else "datum.label",
    )
