"""Charts of calculators in the app's hues: parts, sweeps, bars of memory and time.

Imports the chart library only when one is drawn. Invariant: colours come from `ui.hues`, and a chart's
tooltip holds the number as the page writes it.
"""

from collections.abc import Sequence
from typing import Any

from ui.charts import chart_library
from ui.hues import HUES, PAPER

ORDER = ("indigo", "teal", "ochre", "crimson", "olive", "grey")
BAR = 22


def tones(dark: bool) -> tuple[str, str]:
    """Return the colours of labels and of lines."""
    return ("#A8A39A", "#323A43") if dark else ("#6B675F", "#E2DDD0")


def hue(name: str, dark: bool) -> str:
    """Return a hue on light or dark paper."""
    return HUES[name][int(dark)]


def _shade(number: int, dark: bool) -> str:
    """Return the colour of the n-th part; beyond the six hues come the same, half faded into the paper."""
    colour = hue(ORDER[number % len(ORDER)], dark)
    if number < len(ORDER):
        return colour
    pairs = [(int(colour[at : at + 2], 16), int(PAPER[int(dark)][at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{(ink + paper) // 2:02X}" for ink, paper in pairs)


def parts_chart(rows: Sequence[tuple[str, float, str]], dark: bool) -> Any:
    """Return one bar a part, the longest first in the table's order; each row is name, value, words."""
    alt = chart_library()

    ink, _ = tones(dark)
    values = [{"part": name, "value": value, "amount": words} for name, value, words in rows]
    axis = alt.Axis(title=None, labelColor=ink, domain=False, ticks=False, labelLimit=190, labelPadding=8)
    bars = alt.Chart(alt.Data(values=values)).encode(
        y=alt.Y("part:N", sort=None, axis=axis, scale=alt.Scale(paddingInner=0.3)),
        x=alt.X("value:Q", axis=None),
        tooltip=[alt.Tooltip("part:N", title="part"), alt.Tooltip("amount:N", title="amount")],
    )
    return (
        bars.mark_bar(color=hue("indigo", dark), cornerRadiusEnd=2)
        .properties(height=BAR * len(values) + 12)
        .configure_view(strokeWidth=0)
    )


def stacked_chart(rows: Sequence[dict[str, Any]], names: Sequence[str], dark: bool) -> Any:
    """Return stacked bars; a row has `bar`, `part`, `value`, `amount`, `about`, and `names` orders the parts."""
    alt = chart_library()

    ink, line = tones(dark)
    range_ = [_shade(number, dark) for number in range(len(names))]
    bars = list(dict.fromkeys(row["bar"] for row in rows))
    axis = alt.Axis(title=None, labelColor=ink, domain=False, ticks=False, labelPadding=8, labelOverlap=False)
    scale = alt.Scale(domain=list(names), range=range_)
    legend = alt.Legend(title=None, orient="top", columns=5, labelColor=ink, symbolType="square")
    return (
        alt.Chart(alt.Data(values=[row | {"rank": names.index(row["part"])} for row in rows]))
        .mark_bar()
        .encode(
            y=alt.Y("bar:N", sort=bars, axis=axis, scale=alt.Scale(paddingInner=0.3)),
            x=alt.X("value:Q", axis=alt.Axis(title=None, gridColor=line, domain=False, ticks=False, labelColor=ink)),
            color=alt.Color("part:N", scale=scale, legend=legend),
            order=alt.Order("rank:Q"),
            tooltip=["about:N", "part:N", "amount:N"],
        )
        .properties(height=BAR * len(bars) + 60)
        .configure_view(strokeWidth=0)
    )


def sweep_chart(
    points: Sequence[dict[str, Any]], titles: tuple[str, str], logs: tuple[bool, bool], here: float | None, dark: bool
) -> Any:
    """Return a line through points of `x`, `y`, `setting`, `shown`; `here` is the value in the form."""
    alt = chart_library()

    ink, line = tones(dark)
    look = {"labelColor": ink, "titleColor": ink, "gridColor": line, "domainColor": line, "tickColor": line}
    kinds = ["log" if log else "linear" for log in logs]
    x = alt.X("x:Q", title=titles[0], scale=alt.Scale(type=kinds[0], nice=False), axis=_axis(logs[0], look))
    y = alt.Y("y:Q", title=None, scale=alt.Scale(type=kinds[1], zero=not logs[1]), axis=_axis(logs[1], look))
    scale = alt.Scale(domain=["A", "B"], range=[hue("indigo", dark), hue("ochre", dark)])
    both = len({point["setting"] for point in points}) > 1
    legend = alt.Legend(title=None, orient="top", labelColor=ink) if both else None
    chart = (
        alt.Chart(alt.Data(values=list(points)))
        .mark_line(point=alt.OverlayMarkDef(size=28, filled=True), strokeWidth=2)
        .encode(
            x=x,
            y=y,
            color=alt.Color("setting:N", scale=scale, legend=legend),
            tooltip=[alt.Tooltip("at:N", title=titles[0]), alt.Tooltip("shown:N", title=titles[1])],
        )
    )
    if here is not None:
        rule = alt.Chart(alt.Data(values=[{"x": here}])).mark_rule(strokeDash=[4, 3], color=ink).encode(x="x:Q")
        chart = chart + rule
    title = alt.TitleParams(titles[1], anchor="start", frame="group", fontSize=12.5, fontWeight="normal", color=ink)
    return chart.properties(height=280, title=title).configure_view(strokeWidth=0)


def _axis(log: bool, look: dict[str, str]) -> Any:
    alt = chart_library()

    return alt.Axis(format="~s", tickCount=5 if log else 6, labelOverlap=True, **look)
