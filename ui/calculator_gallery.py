"""The gallery: every calculator under the question that it answers. Pure HTML from the calculators themselves."""

from calculators import GROUPS, Calculator, CalculatorError, discover, run
from ui.calculator_catalogue import SEARCH
from ui.calculator_result import figure, unit_words
from ui.calculator_state import CalculatorState, address
from ui.render import esc, heading, link

QUESTIONS = {
    "fit": "Will it fit?",
    "time": "How long, how much?",
    "serve": "How fast will it serve?",
    "cut": "How should I cut it?",
}


def gallery_html() -> str:
    """Return the calculators by question, each with its worked example's answer."""
    found = list(discover().values())
    parts = []
    for group, title in GROUPS.items():
        mine = sorted((item for item in found if item.group == group), key=lambda item: item.title)
        if mine:
            cards = "".join(map(_card, mine))
            parts.append(f'{heading(QUESTIONS.get(group, title))}<div class="al-gallery">{cards}</div>')
    return "".join(parts)


def _card(calculator: Calculator) -> str:
    words = (
        f"<b>{esc(calculator.title)}</b><span>{esc(calculator.question)}</span>"
        f"<small>{esc(_answer(calculator))}</small>"
    )
    name = SEARCH if calculator.name == "planner" else calculator.name
    return link(address({"name": name}), words, kind="al-calc")


def _answer(calculator: Calculator) -> str:
    """Return the worked example in one line."""
    case = calculator.example
    try:
        unit = CalculatorState.read({"name": calculator.name}).unit
        estimate = run(calculator.name, case.inputs, case.output, unit)
    except CalculatorError:
        return ""
    if isinstance(estimate.value, list):
        return ""
    output = calculator.output(case.output)
    return f"{output.title if output else case.output}: {figure(estimate.value)} {unit_words(estimate.unit)}".rstrip()
