"""The roofline: attainable speed over arithmetic intensity, with the load of the form on it.

Draws only what the form's numbers give; without a peak and a bandwidth there is no picture. The load's
intensity is 2·params·batch FLOP over the bytes of weights and caches that a step reads.
"""

from typing import Any

import streamlit as st

from calculators import CalculatorError, run
from ui.calculator_charts import hue, tones
from ui.calculator_state import CalculatorState
from ui.charts import chart_library
from ui.render import esc, heading
from ui.theme import is_dark

DRAWN = "inference_roofline"
SPAN = 1000.0
"""The axis reaches this far to both sides of the ridge."""


def roofline_section(state: CalculatorState) -> None:
    """Show the roofline of the form's chip, and its load where one is given."""
    if state.name != DRAWN:
        return
    points = roofline(state.inputs())
    if points is None:
        return
    line, load = points
    ridge = line[1]["x"]
    words = f"Ridge at {ridge:,.0f} FLOP/byte: left of it bytes decide, right of it arithmetic."
    if load is not None:
        words += f" This load: {load['x']:,.3g} FLOP/byte, at most {load['y'] / 1e12:,.4g} TFLOP/s a chip."
    st.html(heading("Roofline") + f'<p class="al-remark">{esc(words)}</p>')
    st.altair_chart(roofline_chart(line, load, is_dark()), theme=None)


def roofline(inputs: dict[str, Any]) -> tuple[list[dict[str, float]], dict[str, float] | None] | None:
    """Return three points of the roof and the load's point (`x` FLOP/byte, `y` FLOP/s), None without a chip."""
    try:
        # The calculator judges the inputs; its ridge is per element, the picture's per byte.
        run(DRAWN, inputs, "ridge")
    except CalculatorError:
        return None
    peak, bandwidth = float(inputs["peak_flops"]), float(inputs["bandwidth"])
    ridge = peak / bandwidth
    line = [{"x": x, "y": min(peak, x * bandwidth)} for x in (ridge / SPAN, ridge, ridge * SPAN)]
    params, weights = inputs.get("params"), inputs.get("weight_bytes")
    if not params or not weights:
        return line, None
    batch = float(inputs.get("batch", 1))
    read = float(weights) + batch * float(inputs.get("kv_bytes", 0.0))
    x = 2.0 * float(params) * batch / read
    return line, {"x": x, "y": min(peak, x * bandwidth)}


def roofline_chart(line: list[dict[str, float]], load: dict[str, float] | None, dark: bool) -> Any:
    """Return the roof on two logarithmic axes, the load as a dot."""
    alt = chart_library()

    ink, grid = tones(dark)
    look = {"labelColor": ink, "titleColor": ink, "gridColor": grid, "domainColor": grid, "tickColor": grid}
    axis = alt.Axis(format="~s", tickCount=6, **look)
    x = alt.X("x:Q", title="FLOP per byte", scale=alt.Scale(type="log", nice=False), axis=axis)
    y = alt.Y("y:Q", title="FLOP/s of one chip", scale=alt.Scale(type="log"), axis=axis)
    tips = [alt.Tooltip("x:Q", title="FLOP/byte", format=".4~g"), alt.Tooltip("y:Q", title="FLOP/s", format=".4~s")]
    roof = alt.Chart(alt.Data(values=line)).mark_line(strokeWidth=2, color=hue("indigo", dark))
    chart = roof.encode(x=x, y=y, tooltip=tips)
    if load is not None:
        dot = alt.Chart(alt.Data(values=[load])).mark_point(size=110, filled=True, color=hue("crimson", dark))
        chart = chart + dot.encode(x=x, y=y, tooltip=tips)
    return chart.properties(height=260).configure_view(strokeWidth=0)
