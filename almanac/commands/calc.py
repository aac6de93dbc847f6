"""Work out memory, time, cost and the rest, with the formula and its source.

A value is a JSON value (7e9, true, {"weights":2,"grads":2,"optimizer":12}) or a word.

Examples:
  python -m almanac calc list
  python -m almanac calc show kv_cache
  python -m almanac calc run kv_cache layers=80 kv_heads=8 head_dim=128 tokens=32768 --unit GiB
  python -m almanac calc run --batch requests.jsonl
"""

import argparse
import json
from collections.abc import Callable
from typing import Any

from almanac.commands._output import FieldError, add_batch, add_json, print_json, run_batch
from calculators import GROUPS, Calculator, CalculatorError, Estimate, discover, find, run_request
from calculators import run as run_calculator
from kb.errors import AlmanacError

NAME = "calc"
HELP = "work out memory, time, cost and the rest"
_LINE = '{"id","calculator","output"?,"inputs":{…},"unit"?}'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments; `--batch` and `--json` may stand before or after the action."""
    add_json(parser)
    add_batch(parser, _LINE)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listing = actions.add_parser("list", help="name the calculators")
    show = actions.add_parser("show", help="describe one calculator")
    show.add_argument("name", metavar="NAME", help="a calculator")
    work = actions.add_parser("run", help="compute")
    work.add_argument("name", metavar="NAME", nargs="?", help="a calculator")
    work.add_argument("inputs", metavar="KEY=VALUE", nargs="*", help="its fields")
    work.add_argument("--output", help="which result (default: the calculator's own choice)")
    work.add_argument("--unit", help="unit of the result (default: the result's first)")
    # A default of the action would undo what was given before the action: it must have none.
    work.add_argument("--batch", metavar="FILE", default=argparse.SUPPRESS, help="one request a line; - is stdin")
    for action in (listing, show, work):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object")


def run(args: argparse.Namespace, opener: Callable[[], object]) -> int:
    """List, describe or compute; the library is not opened."""
    try:
        if args.action == "list":
            return _list(args.json)
        if args.action == "show":
            return _show(find(args.name), args.json)
        if args.batch:
            if getattr(args, "name", None):
                raise AlmanacError("A batch names its own calculators.", "Leave out NAME and KEY=VALUE.")
            return run_batch(args.batch, run_request)
        if not getattr(args, "name", None):
            raise AlmanacError("No calculator is given.", "Name one, as python -m almanac calc list shows them.")
        estimate = run_calculator(args.name, _inputs(args.inputs), args.output, args.unit)
    except CalculatorError as error:
        raise AlmanacError(error.message, error.hint) from error
    if args.json:
        print_json(to_json(estimate))
    else:
        _print(estimate)
    return 0


def _inputs(pairs: list[str]) -> dict[str, Any]:
    """Read KEY=VALUE pairs; a value that is no JSON is a word."""
    inputs: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise FieldError(pair, "is not KEY=VALUE")
        if key in inputs:
            raise FieldError(key, "is given twice")
        try:
            inputs[key] = json.loads(text)
        except ValueError:
            inputs[key] = text
    return inputs


def to_json(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as the contract for scripts states it, with how it came about."""
    return {
        "calculator": estimate.calculator,
        "output": estimate.output,
        "value": estimate.value,
        "unit": estimate.unit,
        "quantities": [quantity.model_dump() for quantity in estimate.quantities],
        "breakdown": [quantity.model_dump() for quantity in estimate.breakdown],
        "formula": estimate.formula,
        "latex": estimate.latex,
        "substitution": estimate.substitution,
        "source": estimate.references[0],
        "references": list(estimate.references),
        "assumptions": list(estimate.assumptions),
        "warnings": [warning.model_dump() for warning in estimate.warnings],
    }


def describe(calculator: Calculator) -> dict[str, Any]:
    """Return a calculator's fields, outputs, sources, example and traps."""
    example = calculator.example
    return {
        "name": calculator.name,
        "title": calculator.title,
        "group": calculator.group,
        "question": calculator.question,
        "inputs": calculator.inputs.model_json_schema(),
        "outputs": [
            {"name": item.name, "title": item.title, "units": list(item.units), "fields": list(item.fields)}
            for item in calculator.outputs
        ],
        "references": [{"text": str(item), "doc_id": item.doc_id, "url": item.url} for item in calculator.references],
        "example": {"inputs": dict(example.inputs), "output": example.output, "unit": example.unit},
        "traps": [
            {"claim": trap.claim, "outcome": trap.outcome, "cause": trap.cause, "source": trap.source}
            for trap in calculator.traps
        ],
    }


def _list(as_json: bool) -> int:
    calculators = discover().values()
    if as_json:
        names = ("name", "title", "group", "question")
        print_json({"calculators": [{name: getattr(item, name) for name in names} for item in calculators]})
        return 0
    for group, heading in GROUPS.items():
        print(heading)
        for item in calculators:
            if item.group == group:
                print(f"  {item.name:<20}{item.question}")
    return 0


def _show(calculator: Calculator, as_json: bool) -> int:
    found = describe(calculator)
    if as_json:
        print_json(found)
        return 0
    print(f"{calculator.title}: {calculator.question}\n\nFields")
    for name, field in found["inputs"]["properties"].items():
        default = f" (default {json.dumps(field['default'])})" if "default" in field else ""
        kinds = f" [{', '.join(map(str, field['enum']))}]" if "enum" in field else ""
        print(f"  {name:<22}{field.get('description', '')}{kinds}{default}")
    print("\nOutputs")
    for item in calculator.outputs:
        print(f"  {item.name:<22}{item.title} ({', '.join(item.units)})")
    print("\nSources")
    for reference in calculator.references:
        print(f"  {reference}")
    pairs = " ".join(f"{key}={json.dumps(value)}" for key, value in calculator.example.inputs.items())
    print(f"\nExample\n  python -m almanac calc run {calculator.name} {pairs} --output {calculator.example.output}")
    if calculator.traps:
        print("\nTraps")
    for trap in calculator.traps:
        print(f"  Claimed:   {trap.claim}\n  Comes out: {trap.outcome}\n  Because:   {trap.cause}\n")
    return 0


def _print_rows(rows: list[dict[str, Any]]) -> None:
    """Print a list of alike maps as a table, the names above."""
    table = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(rows[0]))]
    for line in table:
        print("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _print(estimate: Estimate) -> None:
    for quantity in estimate.quantities:
        if isinstance(quantity.value, list) and quantity.value and isinstance(quantity.value[0], dict):
            _print_rows(quantity.value)
            continue
        value = quantity.value if isinstance(quantity.value, list | int) else f"{quantity.value:,.12g}"
        print(f"{quantity.name} = {value}{'' if quantity.unit in ('1', 'list') else ' ' + quantity.unit}")
    print(f"\n{estimate.formula}\n{estimate.substitution}\nSource: {estimate.references[0]}")
    for part in estimate.breakdown:
        print(f"  {part.name}: {part.value:,.12g}{'' if part.unit == '1' else ' ' + part.unit}")
    for line in estimate.assumptions:
        print(f"Assumed: {line}")
    for warning in estimate.warnings:
        print(f"Warning: {warning.field}: {warning.message}")
