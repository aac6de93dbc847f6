"""One calculator's page: form, answer, sweep, comparison, traps, sources, what the library says of it."""

from functools import cache

import streamlit as st

from calculators import CalculatorError, Estimate, run
from ui.calculator_catalogue import SEARCH
from ui.calculator_compare import both, compare_switch
from ui.calculator_copy import as_json, as_markdown, as_python, plan_as_python
from ui.calculator_form import Remarks, clear, form, output_choice, remarks_of, reset_to_example
from ui.calculator_library import held_works, passages_html
from ui.calculator_pickers import pickers
from ui.calculator_planner import plan_outcome, plans
from ui.calculator_result import answer, sources_html, traps_html, working
from ui.calculator_roofline import roofline_section
from ui.calculator_state import CalculatorState, address
from ui.calculator_sweep import sweep_section
from ui.calculator_timeline import timeline_section
from ui.render import esc, heading, link
from ui.state import open_library
from ui.theme import FOLDER


@cache
def _style() -> str:
    return (FOLDER / "calculators.css").read_text(encoding="utf-8")


def dress_calculators() -> None:
    """Put the calculators' own styles on the page."""
    st.html(f"<style>{_style()}</style>")


def outcome_of(state: CalculatorState, side: str) -> Estimate | CalculatorError:
    """Return what a setting gives: an estimate or what is wrong with it."""
    try:
        return run(state.name, state.inputs(side), state.output, state.unit)
    except CalculatorError as error:
        return error


def head_html(state: CalculatorState) -> str:
    """Return the page's head."""
    calculator = state.calculator
    back = link(address({}), "Calculators")
    return (
        f'<header class="al-doc"><div class="al-crumb">{back} <span class="al-sep">›</span> {esc(calculator.title)}'
        f'</div><h1>{esc(calculator.title)}</h1><p class="al-question">{esc(calculator.question)}</p></header>'
    )


def calculator_view(state: CalculatorState) -> None:
    """Show a calculator in a state."""
    st.set_page_config(page_title=f"{state.calculator.title} · MLSys Almanac")
    st.html(head_html(state))
    pickers(state)
    if state.name == SEARCH:
        _search_view(state)
    else:
        _formula_view(state)
    almanac = open_library().almanac
    references = state.calculator.references
    st.html(
        traps_html(state.name, state.calculator.traps)
        + sources_html(references, held_works(almanac, references))
        + passages_html(almanac, state.name, state.calculator.title)
    )


def _search_view(state: CalculatorState) -> None:
    found = plan_outcome(state)
    setting(state, {"a": remarks_of(found)})
    if isinstance(found, CalculatorError):
        refusal(state, found)
    else:
        plans(found)
        inputs = state.inputs()
        st.html(
            copies_html(
                {
                    "Copy link": link_of(state),
                    "Python": plan_as_python(inputs),
                    "JSON": found.model_dump_json(indent=2),
                }
            )
        )


def _formula_view(state: CalculatorState) -> None:
    sides = ("a", "b") if state.second is not None else ("a",)
    outcomes = {side: outcome_of(state, side) for side in sides}
    setting(state, {side: remarks_of(outcome) for side, outcome in outcomes.items()})
    estimates = {side: found if isinstance(found, Estimate) else None for side, found in outcomes.items()}
    first, outcome = estimates["a"], outcomes["a"]
    if "b" in estimates:
        both(state.calculator, first, estimates["b"])
    elif first is not None:
        answer(state.calculator, first)
    if isinstance(outcome, CalculatorError):
        refusal(state, outcome)
    timeline_section(state)
    roofline_section(state)
    if first is None:
        return
    working(first, parts_too="b" not in estimates)
    st.html(heading("Vary and compare"))
    compare_switch(state)
    sweep_section(state)
    take_along(state, first)


def setting(state: CalculatorState, remarks: dict[str, Remarks]) -> None:
    """Show what is asked and with which inputs."""
    if len(state.calculator.outputs) > 1 or len(state.calculator.outputs[0].units) > 1:
        output_choice(state)
    form(state, remarks)
    with st.container(horizontal=True, key="calc_controls"):
        st.button("Worked example", on_click=reset_to_example, type="tertiary", key="calc_example")
        st.button("Clear", on_click=clear, type="tertiary", key="calc_clear")


def refusal(state: CalculatorState, error: CalculatorError) -> None:
    """Say what is missing or wrong in place of the number; the field itself says the rest."""
    fields = {item.name.partition(".")[0] for item in state.fields()}
    missing = remarks_of(error).missing
    if missing:
        names = ", ".join(f"<code>{esc(name)}</code>" for name in missing)
        st.html(f'<div class="al-answer al-waiting"><p>Fill in {names} and the answer stands here.</p></div>')
    elif error.field in fields:
        words = f"No answer while <code>{esc(error.field)}</code> is not valid."
        st.html(f'<div class="al-answer al-waiting"><p>{words}</p></div>')
    else:
        st.html(f'<p class="al-remark al-bad">{esc(error.message)}</p>')


def take_along(state: CalculatorState, estimate: Estimate) -> None:
    """Show what can be copied: the link, and the calculation as Python, JSON and Markdown."""
    url = link_of(state)
    title = state.calculator.title
    texts = {"Python": as_python(estimate), "JSON": as_json(estimate), "Markdown": as_markdown(estimate, title, url)}
    st.html(copies_html({"Copy link": url, **texts}))


def link_of(state: CalculatorState) -> str:
    """Return the whole address of a state."""
    return "/".join((st.context.url or "").split("/")[:3]) + state.href()


def copies_html(texts: dict[str, str]) -> str:
    """Return buttons, each of which copies its text."""
    buttons = "".join(
        f'<button class="al-act" type="button" data-copy="{esc(text)}">{esc(name)}</button>'
        for name, text in texts.items()
    )
    return f'<div class="al-acts al-take">{buttons}</div>'
