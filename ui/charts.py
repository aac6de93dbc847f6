"""Charts of the library in the topics' fixed hues. Imports the chart library only when one is drawn."""

from typing import Any

from ui.hues import OTHER, colours, title_of, topic_slugs

Counted = list[tuple[str, str, int]]
MOST_QUARTERS = 48


def quarters_between(first: str, last: str) -> list[str]:
    """Return all quarters from one to another, both included."""
    at, end = _number(first), _number(last)
    return [f"{number // 4}-Q{number % 4 + 1}" for number in range(at, end + 1)]


def _number(quarter: str) -> int:
    return int(quarter[:4]) * 4 + int(quarter[-1]) - 1


def by_quarter(counted: Counted, dark: bool) -> Any:
    """Return stacked bars of documents by quarter and topic; a click on a bar selects its quarter."""
    import altair as alt

    present = sorted({quarter for quarter, _, _ in counted})
    domain = quarters_between(present[0], present[-1])
    if len(domain) > MOST_QUARTERS:
        domain = present
    topics = [*topic_slugs(), OTHER]
    rank = {topic: number for number, topic in enumerate(topics)}
    values = [
        {
            "quarter": quarter,
            "topic": title_of(topic if topic in rank else OTHER),
            "rank": rank.get(topic, len(topics)),
            "documents": count,
        }
        for quarter, topic, count in counted
    ]
    ink, line = ("#A8A39A", "#323A43") if dark else ("#6B675F", "#E2DDD0")
    years = len(domain) > 8
    axis = alt.Axis(
        title=None,
        labelAngle=0,
        ticks=False,
        domainColor=line,
        labelColor=ink,
        labelPadding=6,
        values=[quarter for quarter in domain if quarter.endswith("Q1")] if years else domain,
        labelExpr="slice(datum.label, 0, 4)" if years else "datum.label",
    )
    select = alt.selection_point(name="quarter", fields=["quarter"], on="click")
    return (
        alt.Chart(alt.Data(values=values))
        .mark_bar(cornerRadiusEnd=1)
        .encode(
            x=alt.X("quarter:O", axis=axis, scale=alt.Scale(domain=domain, paddingInner=0.25)),
            y=alt.Y(
                "sum(documents):Q",
                axis=alt.Axis(
                    title=None,
                    tickCount=3,
                    format="d",
                    tickMinStep=1,
                    gridColor=line,
                    domain=False,
                    ticks=False,
                    labelColor=ink,
                ),
            ),
            color=alt.Color(
                "topic:N",
                scale=alt.Scale(domain=[title_of(topic) for topic in topics], range=colours(topics, dark)),
                legend=None,
            ),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("quarter:O"),
                alt.Tooltip("topic:N"),
                alt.Tooltip("sum(documents):Q", title="documents"),
            ],
            opacity=alt.condition(select, alt.value(1), alt.value(0.35)),
        )
        .add_params(select)
        .properties(height=150)
        .configure_view(strokeWidth=0)
    )
