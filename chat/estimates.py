"""What calculators answer: requests run, summed up in a sentence, set beside the passages that define them.

Owns the wording of results. Refuses to run a request that lacks an input or that its calculator refuses. Invariant: a
number shown is the calculator's own, with its unit.
"""

import re
from collections.abc import Sequence

import calculators
from calculators import CalculatorError, Estimate
from calculators._base import show
from chat._fitness import is_code
from chat.formulas import states_formula
from chat.relevance import Relevance
from chat.router import CalculatorRequest
from chat.types import AnsweredEstimate
from kb.types import Language

CLOSE = 0.85
"""Share of the best formula's score that a second one needs."""
SHARED = 0.15
"""What a name that a line shares with the calculator's formula adds to its worth."""
MOST = 6
"""Requests of one question that are run."""


def run_requests(requests: Sequence[CalculatorRequest]) -> tuple[list[AnsweredEstimate], list[CalculatorRequest]]:
    """Run what is ready; return the results, and the requests that wait for the reader."""
    done: list[AnsweredEstimate] = []
    waiting: list[CalculatorRequest] = []
    for request in requests[:MOST]:
        if not request.ready:
            waiting.append(request)
            continue
        try:
            estimate = calculators.run(request.calculator, request.inputs, request.output, request.unit)
        except CalculatorError as error:
            waiting.append(request.model_copy(update={"problem": error.message}))
            continue
        title = calculators.find(request.calculator).title
        done.append(
            AnsweredEstimate(title=title, estimate=estimate, request=request, summary=summarise(title, estimate))
        )
    return done, waiting


def summarise(title: str, estimate: Estimate) -> str:
    """Return a result as one sentence: what was computed, its values, the numbers put in."""
    values = [value_of(quantity.value, quantity.unit) for quantity in estimate.quantities]
    shown = values[0] + (f" ({', '.join(values[1:])})" if len(values) > 1 else "")
    return f"{headline(title, estimate)} = {shown}."


def headline(title: str, estimate: Estimate) -> str:
    """Return what was computed: the calculator and its output, words that both hold said once."""
    output = calculators.find(estimate.calculator).output(estimate.output)
    name = output.title if output else estimate.output
    head, _, tail = title.rpartition(": ")
    return f"{head}: {name}" if head and name.startswith(tail) else f"{title}: {name}"


def value_of(value: object, unit: str) -> str:
    """Return a value with its unit as a reader writes it."""
    text = show(value)
    return text if unit in ("1", "list") else f"{text}%" if unit == "%" else f"{text} {unit}"


def lines_of(found: AnsweredEstimate, language: Language) -> list[str]:
    """Return a result as lines of plain text: value, formula, numbers, source, assumptions, warnings."""
    estimate = found.estimate
    zh = language != "en"
    lines = [found.summary]
    lines.append(f"{'公式' if zh else 'Formula'}: {estimate.formula}")
    lines.append(f"{'代入' if zh else 'With the numbers'}: {estimate.substitution}")
    if estimate.references:
        lines.append(f"{'出处' if zh else 'Source'}: {estimate.references[0]}")
    if estimate.assumptions:
        lines.append(f"{'前提' if zh else 'Assuming'}: {'; '.join(estimate.assumptions)}")
    lines += [f"{'注意' if zh else 'Note'}: {warning.message}" for warning in estimate.warnings]
    return lines


def waiting_line(request: CalculatorRequest, language: Language) -> str:
    """Return what is asked of the reader before a sum can be done."""
    title = calculators.find(request.calculator).title
    zh = language != "en"
    if request.problem:
        return f"{title}: {request.problem}"
    wanted = [f"{item.name} ({item.label}{', ' + item.unit if item.unit else ''})" for item in request.missing]
    read = ", ".join(f"{name} = {show(value)}" for name, value in request.inputs.items())
    if zh:
        return f"{title}：还需要 {'；'.join(wanted)}。" + (f"已读到 {read}。" if read else "")
    return f"{title} needs {'; '.join(wanted)}." + (f" Read so far: {read}." if read else "")


def results_of(found: Sequence[AnsweredEstimate]) -> list[str]:
    """Return results as lines against which numbers of a sentence are checked."""
    lines = []
    for item in found:
        lines += [f"{q.name} {q.value} {q.unit}" for q in item.estimate.quantities if not isinstance(q.value, list)]
        lines += [f"{q.name} {q.value} {q.unit}" for q in item.estimate.breakdown if not isinstance(q.value, list)]
        lines += [f"{name} {value}" for name, value in item.estimate.inputs.items() if isinstance(value, int | float)]
        lines += [item.title, item.estimate.substitution]
    return lines


def formula_question(found: AnsweredEstimate) -> str:
    """Return what to search for to find the passages that define a formula."""
    calculator = calculators.find(found.estimate.calculator)
    output = calculator.output(found.estimate.output)
    return f"{calculator.title} {output.title if output else ''} formula"


def defines(item: Relevance) -> bool:
    """Tell whether a unit states a formula of what was computed, not only speaks of it."""
    return item.covered >= 0.45 and not is_code(item.unit) and states_formula(item.unit.text)


def sources_of(found: AnsweredEstimate) -> set[str]:
    """Return the ids under which a library would hold the works that define a formula."""
    return {
        reference.doc_id for reference in calculators.find(found.estimate.calculator).references if reference.doc_id
    }


def definers(found: AnsweredEstimate, ranked: Sequence[Relevance], most: int = 2) -> list[Relevance]:
    """Return the best units that define what was computed, those of its own sources first."""
    own = sources_of(found)
    good = [item for item in ranked if defines(item)]
    # Names that the calculator's own formula uses tell its twins from others under the same heading.
    names = _names(found.estimate.formula)
    worth = {id(item): item.score * (1 + SHARED * min(len(names & _names(item.unit.text)), 4)) for item in good}
    least = max(worth.values(), default=0.0) * CLOSE
    good = [item for item in good if worth[id(item)] >= least or item.unit.document.id in own]
    good.sort(key=lambda item: (item.unit.document.id not in own, -worth[id(item)]))
    return good[:most]


def _names(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower().replace("_", " ")) if len(word) > 1}
