"""Calculator results inside an answer: the number, how it came about, what was read from the question.

Pure HTML from what the chat hands over; numbers are written by `calculator_result`. Invariant: a card opens its
calculator with the inputs that made the number, and whatever was assumed or doubted stands on it.
"""

from collections.abc import Mapping, Sequence

from calculators import Estimate, Quantity, Reference, discover
from chat.estimates import headline
from chat.router import CalculatorRequest, Span
from chat.types import AnsweredEstimate, Citation, Comparison
from ui.ask_sources import Sources, chips, lang_of
from ui.calculator_result import figure, number_html
from ui.calculator_state import opened_with
from ui.links import href
from ui.render import act, esc, link, outside, spans

SHOWN = 5
"""Significant figures in what was read."""


def readable(estimate: Estimate) -> tuple[Quantity, ...]:
    """Return the quantities, the one that a reader wants first: GiB for bytes, percent for ratios."""
    quantities = list(estimate.quantities)
    first = quantities[0]
    if first.unit == "B" and not isinstance(first.value, list):
        order = {"GiB": 0, "GB": 1}
        if abs(first.value) >= 1e7:
            quantities.sort(key=lambda quantity: order.get(quantity.unit, 2))
    elif first.unit == "1" and isinstance(first.value, float):
        output = discover()[estimate.calculator].output(estimate.output)
        if output is not None and "%" in output.units:
            quantities.insert(0, Quantity(name=first.name, value=first.value * 100, unit="%"))
            quantities = [quantity for quantity in quantities if quantity.unit != "1"]
    return tuple(quantities)


def estimate_html(found: AnsweredEstimate, cited: Mapping[int, Citation], sources: Sources) -> str:
    """Return a result: value, formula, numbers filled in, source, what was read, assumed and doubted."""
    estimate = found.estimate
    title = headline(found.title, estimate)
    quantities = readable(estimate)
    # The calculator then shows the number that stands here.
    unit = found.request.unit or quantities[0].unit
    again = link(
        opened_with(estimate.calculator, estimate.inputs, estimate.output, unit), "Change the inputs", kind="al-act"
    )
    warnings = "".join(
        f'<p class="al-remark al-warn"><b>{esc(item.field)}</b>: {esc(item.message)}</p>' for item in estimate.warnings
    )
    notes = "".join(f'<p class="al-note"{lang_of(words)}>{esc(words)}</p>' for words in found.request.notes)
    defined = chips(found.defined_by, cited, sources)
    by = f'<span class="al-defined">Defined in {defined}</span>' if defined else ""
    return (
        f'<div class="al-computed">{number_html(quantities, title)}{read_html(found.request)}{warnings}'
        f'<div class="al-plain"><code>{esc(estimate.formula)}</code><code>{esc(estimate.substitution)}</code></div>'
        f'{notes}<div class="al-meta">{spans([_source(found), by])}</div>'
        f'{_assumptions(estimate.assumptions)}<div class="al-acts">{again}</div></div>'
    )


def read_html(request: CalculatorRequest) -> str:
    """Return what was read from the question: each stretch of it with the field and value that it became."""
    # One stretch may give several fields their value.
    alike: dict[tuple[str, str, bool], list[str]] = {}
    for span in request.spans:
        alike.setdefault((span.text, _shown(span), span.earlier), []).append(span.parameter)
    rows = "".join(_read(text, names, value, earlier) for (text, value, earlier), names in alike.items())
    return f'<ul class="al-readings" aria-label="What was read from the question">{rows}</ul>' if rows else ""


def _shown(span: Span) -> str:
    return figure(span.value, SHOWN) if not isinstance(span.value, dict) else ", ".join(map(str, span.value.values()))


def _read(text: str, names: Sequence[str], value: str, earlier: bool) -> str:
    before = " <small>from before</small>" if earlier else ""
    became = ", ".join(f"<code>{esc(name)}</code>" for name in names)
    return f"<li><q{lang_of(text)}>{esc(text)}</q> <span>→ {became} = {esc(value)}{before}</span></li>"


def _source(found: AnsweredEstimate) -> str:
    """Return the formula's own source, linked where its address is known."""
    if not found.estimate.references:
        return ""
    stated = found.estimate.references[0]
    known: dict[str, Reference] = {
        str(reference): reference for reference in discover()[found.estimate.calculator].references
    }
    reference = known.get(stated)
    if reference is None:
        return f"Formula: {esc(stated)}"
    section = f", {esc(reference.section)}" if reference.section else ""
    return f"Formula: {outside(reference.url, reference.work)}{section}"


def _assumptions(assumptions: Sequence[str]) -> str:
    if not assumptions:
        return ""
    items = "".join(f"<li>{esc(words)}</li>" for words in assumptions)
    return f'<details class="al-toc"><summary>Assumes</summary><ul class="al-list">{items}</ul></details>'


def request_html(request: CalculatorRequest, *, form: bool = False) -> str:
    """Return a sum that cannot be done yet: what was read, what is missing, what is refused."""
    calculator = discover()[request.calculator]
    given = {name: value for name, value in request.inputs.items() if value is not None}
    if given:
        address = opened_with(request.calculator, given, request.output, request.unit)
    else:
        address = f"/calculators?name={request.calculator}&blank=1"
    asks = "".join(
        f"<li>{esc(item.label)} <code>{esc(item.name)}</code>{f' in {esc(item.unit)}' if item.unit else ''}"
        f"{f': {esc(chr(32).join(item.choices))}' if 0 < len(item.choices) <= 8 else ''}</li>"
        for item in request.missing
    )
    missing = f'<p>Missing:</p><ul class="al-list">{asks}</ul><p>Say it in a further question.</p>' if asks else ""
    if form and asks:
        missing = "<p>Fill in below what is missing, or say it in a further question.</p>"
    refused = f'<p class="al-remark al-bad">{esc(request.problem)}</p>' if request.problem else ""
    return (
        f'<div class="al-computed"><div class="al-answer al-waiting">'
        f'<div class="al-asked">{esc(calculator.title)}</div>{missing}{refused}</div>{read_html(request)}'
        f'<div class="al-acts">{link(address, "Open the calculator", kind="al-act")}</div></div>'
    )


def comparisons_html(comparisons: Sequence[Comparison], cited: Mapping[int, Citation], sources: Sources) -> str:
    """Return a claim's numbers beside what passages and calculators give."""
    rows = "".join(_compared(found, cited, sources) for found in comparisons)
    names = "".join(f'<th scope="col">{name}</th>' for name in ("Claimed", "Found", "Where", "Verdict"))
    return f'<div class="al-table al-compared"><table><tr>{names}</tr>{rows}</table></div>' if rows else ""


def _compared(found: Comparison, cited: Mapping[int, Citation], sources: Sources) -> str:
    where = chips([found.number], cited, sources) if found.number is not None else ""
    if not where and found.calculator:
        title = discover()[found.calculator].title if found.calculator in discover() else found.calculator
        where = f"calculator, {esc(title)}"
    tone, verdict = ("al-ok", "agrees") if found.agrees else ("al-warn", "differs")
    if found.gap is None and not found.agrees:
        tone, verdict = "", "not comparable"
    gap = ""
    if found.gap and abs(found.gap) >= 0.0005:
        gap = f" {abs(found.gap):.1%} {'above' if found.gap > 0 else 'below'}"
    badge = f'<span class="al-badge {tone}">{verdict}</span>{gap}'
    place = f'<td class="al-para">{where or esc(found.source)}</td>'
    return f"<tr><td>{esc(found.claimed)}</td><td>{esc(found.found)}</td>{place}<td>{badge}</td></tr>"


def add_ways(question: str) -> str:
    """Return what a reader can do about a question that nothing answers."""
    return "".join(
        (
            act(href("library", view="add"), "Add files, or fetch papers from arXiv"),
            act(href("search", q=question), "Search for these words"),
        )
    )
