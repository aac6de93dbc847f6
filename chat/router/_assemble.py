"""From the facts of a question to a request that a calculator can run.

Owns the order: names first, then stated quantities, then choices, then what follows from them; the output, the unit
and what is missing. Refuses to fill what the text does not say. Invariant: the inputs name only fields of the
calculator; what a registry gives and the output does not need is left out.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

import calculators
from calculators import CalculatorError, MissingInputs
from chat.router import _derive_compute as compute
from chat.router import _derive_formats as formats
from chat.router import _derive_serve as serve
from chat.router import _derive_train as train
from chat.router._facts import POOLS, Fact, Facts, alternatives
from chat.router._features import holds
from chat.router._job import Job, Json, device_note, model_note, place, suits
from chat.router._leftover import by_words, unused
from chat.router._letters import field_type
from chat.router._routes import Way
from chat.router._types import CalculatorRequest, MissingInput, Span
from chat.router._units import unit_asked

DERIVE: Mapping[str, Callable[[Job], None]] = {
    "pipeline_bubble": train.bubble,
    "pipeline_simulator": train.simulate,
    "microbatch_size": train.microbatch,
    "train_memory": train.train_memory,
    "zero_estimator": train.zero_estimator,
    "activation_memory": train.activation,
    "training_flops": compute.training_flops,
    "utilization": compute.utilization,
    "training_time": train.training_time,
    "cost_energy": train.cost,
    "compute_optimal": train.compute_optimal,
    "planner": train.planner,
    "param_count": train.param_count,
    "kv_cache": serve.kv_cache,
    "serving_capacity": serve.serving,
    "inference_roofline": serve.roofline,
    "quant_size": formats.quant_size,
    "affine_quant": formats.affine,
    "spec_decode": serve.spec_decode,
    "checkpoint_io": serve.checkpoint,
    "goodput": serve.goodput,
    "collective_cost": serve.collective,
    "comm_volume": serve.comm,
}
"""By calculator; those not listed need the table of fields alone."""
MOST = 8
"""Alternatives of one question."""
_POOL_FITS = {
    "share": "share",
    "count": "count",
    "dim": "count",
    "count0": "count",
    "length": "length",
    "stage": "stage",
}
_POOLS_OF: Mapping[str, tuple[str, ...]] = {
    "time": ("time_any",),
    "bytes": ("bytes_any",),
    "rate": ("rate_any",),
    "share": ("share_any", "number_any"),
    "count": ("number_any",),
    "dim": ("number_any",),
    "length": ("length_any", "number_any"),
    "big": ("big_any",),
    "flops": ("flops_any",),
    "flops_rate": ("flops_rate_any",),
    "power": ("power_any",),
    "mb": ("mb_any",),
    "money": ("money_any",),
}
"""Amounts without a name that a type may be, for the last one left."""
LEAST_BARE_LENGTH = 256
"""A smaller number without a name is no length of a sequence."""
_OPEN = frozenset(("tokens", "seq_len", "tokens_per_request", "gamma", "alpha", "min", "max"))
"""Inputs that a number without name or unit may fill although nothing asks for them."""
_FIRM_POOLS = frozenset(("big_any", "power_any", "rate_any", "money_any", "intensity_any"))
"""Amounts whose unit says more than a registry."""
IDLE = "not used: "
"""Begins the note that names the numbers of the question which no input has taken."""
_RECOMPUTED = frozenset({"dtype_bytes", "weight_bytes"})


def requests(way: Way, facts: Facts, most: int = MOST) -> list[CalculatorRequest]:
    """The requests of a question for one calculator: one, or one for each alternative that it compares."""
    keys = [key for key in facts.given if key in way.quantities or key[0] == "="]
    if holds("COMPARE", facts.features) or len(facts.given.get("dtype", ())) > 1:
        keys += [f"choice:{group}" for group in way.choices.values() if group != "optimizer"]
        keys.append("dtype")
    keys += ["model", "device"] if way.calculator != "spec_decode" else []
    made = [_request(way, one) for one in alternatives(facts, keys, most)]
    return [item for at, item in enumerate(made) if item.inputs not in [other.inputs for other in made[:at]]]


def _request(way: Way, facts: Facts) -> CalculatorRequest:
    """Assemble what is stated; amounts without a name fill what is missing first, then what has a default."""
    _, _, absent, _ = _assembled(way, facts, None)
    job, output, absent, problem = _assembled(way, facts, absent)
    worded = by_words(job, absent) if not problem else {}
    if worded:
        facts = replace(facts, given={**facts.given, **{f"={name}": [fact] for name, fact in worded.items()}})
        job, output, absent, problem = _assembled(way, facts, absent)
        for name, fact in worded.items():
            job.note(f"{fact.text} taken for {name}, by the words beside it")
    alone = _by_elimination(job, absent) if not problem else None
    if alone is not None:
        name, fact = alone
        given = {**facts.given, f"={name}": [replace(fact, key=f"={name}")]}
        notes = job.notes
        job, output, absent, problem = _assembled(way, replace(facts, given=given), absent)
        for line in notes:
            job.note(line)
        job.note(f"{fact.text} taken for {name}")
    if not problem:
        _prune(job, output)
    idle = [item.text.strip() for item in unused(job)]
    if idle:
        job.note(IDLE + ", ".join(dict.fromkeys(idle)))
    return CalculatorRequest(
        calculator=way.calculator,
        inputs=job.inputs,
        output=output,
        unit=_unit(job, output),
        missing=tuple(missing_input(way.calculator, name) for name in absent),
        spans=_spans(job),
        notes=tuple(job.notes),
        problem=problem,
    )


def _assembled(way: Way, facts: Facts, wanted: list[str] | None) -> tuple[Job, str | None, list[str], str]:
    """A job with its output, what it lacks and what is wrong; `wanted` fields come first to amounts without a name."""
    job = Job(way, facts, pooling=wanted is not None)
    _from_names(job)
    _from_quantities(job, wanted or [])
    _from_choices(job)
    if way.calculator in DERIVE:
        DERIVE[way.calculator](job)
    _tidy(job)
    known = {f"+{name}" for name in job.used} | {f":{name}" for name in job.inputs}
    output = way.output(facts.features | job.used.keys() | known)
    absent, problem = _missing(job, output)
    return job, output, absent, problem


def _by_elimination(job: Job, absent: list[str]) -> tuple[str, Fact] | None:
    """The one amount left over that may be the one input of its kind that is missing."""
    for name in absent:
        pools = _POOLS_OF.get(field_type(job.way, name), ())
        rivals = [other for other in absent if set(_POOLS_OF.get(field_type(job.way, other), ())) & set(pools)]
        left = [
            fact
            for pool in pools
            for fact in job.facts.given.get(pool, ())
            if place(fact) not in job.spent and suits(fact.value, _POOL_FITS.get(field_type(job.way, name), "amount"))
        ]
        used = [
            fact
            for fact in left
            if any(fact.start < other.end and other.start < fact.end for other in job.used.values())
        ]
        free = {fact.start: fact for fact in left if fact not in used}
        if len(rivals) == 1 and len(free) == 1:
            return name, next(iter(free.values()))
    return None


def _from_names(job: Job) -> None:
    model, device, name = job.model, job.device, job.way.calculator
    if model is not None:
        settled = calculators.model_inputs(model, name)
        job.inputs |= {key: value for key, value in settled.items() if key not in _RECOMPUTED}
    if device is not None:
        settled = calculators.accelerator_inputs(device, name, precision=job.precision)
        job.inputs |= settled
    job.registered = set(job.inputs)


def _from_quantities(job: Job, wanted: list[str]) -> None:
    taken: set[int] = set()
    for field, sources in sorted(job.way.fields.items(), key=lambda item: item[0] not in wanted):
        stated = (f"={field}", *(source for source in sources if source not in POOLS))
        fact = next(
            (fact for key in stated for fact in job.facts.given.get(key, ())[:1] if id(fact) not in taken), None
        )
        if fact is None and (field not in job.inputs or field in job.registered):
            fact = _from_pool(job, field, sources, required=field in wanted)
        if fact is not None:
            taken.add(id(fact))
            job.put(field, fact.value, fact)


def _from_pool(job: Job, field: str, sources: tuple[str, ...], *, required: bool) -> Fact | None:
    kind = _POOL_FITS.get(field_type(job.way, field), "amount")
    # A bare number says less than a registry: it fills only what is empty.
    for source in sources:
        if source == "number_any" and not required and field not in _OPEN:
            continue  # what has a default is not filled with a number that names nothing
        if (source in POOLS and field not in job.registered) or source in _FIRM_POOLS:
            fact = job.pool(
                source, kind, LEAST_BARE_LENGTH if source == "number_any" and "seq_len" in sources else -math.inf
            )
            if fact is not None:
                return fact
    return None


def _from_choices(job: Job) -> None:
    for field, group in job.way.choices.items():
        value = job.choice(group)
        if value is None or (field in job.inputs and field not in job.registered):
            continue
        fact = job.used.pop(group)
        typed: Any = {"true": True, "false": False}.get(value, int(value) if value.isdigit() else value)
        job.put(field, typed, fact)


def _tidy(job: Job) -> None:
    """Whole numbers as integers; only fields of the calculator."""
    known = calculators.discover()[job.way.calculator].inputs.model_fields
    names = {item.alias or name for name, item in known.items()}
    job.inputs = {
        name: int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value
        for name, value in job.inputs.items()
        if name in names
    }


def _missing(job: Job, output: str | None) -> tuple[list[str], str]:
    """What has to be asked for, and what the calculator refuses."""
    try:
        absent = list(calculators.missing(job.way.calculator, job.inputs, output))
    except MissingInputs as error:
        absent = list(error.missing)
    except (CalculatorError, ValidationError) as error:
        return job.ask, str(error).splitlines()[0]
    return list(dict.fromkeys([*absent, *job.ask])), ""


def _prune(job: Job, output: str | None) -> None:
    """Leave out what a registry gave and the output does not need, and say what it did give."""
    name = job.way.calculator
    kept = {"gpu_mem_bytes"} if name == "train_memory" else set()
    for field in [field for field in job.inputs if field in job.registered - kept]:
        rest = {key: value for key, value in job.inputs.items() if key != field}
        if _outcome(name, rest, output) == _outcome(name, job.inputs, output):
            job.inputs = rest
            job.registered.discard(field)
    device = {"peak_flops", "bandwidth", "watts", "gpu_mem_bytes", "total_mem_bytes"} & job.registered
    if device and job.device is not None:
        job.note(device_note(job, job.inputs["peak_flops"] if "peak_flops" in device else None))
    if job.registered - device and job.model is not None:
        job.note(model_note(job, sorted(job.registered - device)))


def _outcome(name: str, inputs: Json, output: str | None) -> object:
    """The value, or the fields that are missing: what has to stay the same. The search for plans is not run for it."""
    if name == "planner" and output in (None, "plan"):
        return set(inputs) & {"gpus", "params", "gpu_mem_bytes", "batch", "tp", "pp"}
    try:
        return calculators.run(name, inputs, output).value
    except MissingInputs as error:
        return error.missing
    except CalculatorError as error:
        return error.message


def _unit(job: Job, output: str | None) -> str | None:
    calculator = calculators.discover()[job.way.calculator]
    try:
        name = output or calculator.default_output(calculator.inputs.model_validate(job.inputs))
    except ValidationError:
        return None
    chosen = calculator.output(name)
    row = job.facts.row
    free = list(row.folded.text)
    for item in row.named("amount"):
        free[item.start : item.end] = "0" * (item.end - item.start)
    return unit_asked(row.folded.text, chosen.units, "".join(free)) if chosen else None


def _spans(job: Job) -> tuple[Span, ...]:
    spans = [
        Span(
            start=fact.start, end=fact.end, text=fact.text, parameter=name.lstrip("="),
            value=job.inputs.get(name, fact.value), earlier=fact.earlier,
        )
        for name, fact in job.used.items()
    ]  # fmt: skip
    for sort in ("model", "device"):
        fact = job.facts.first(sort)
        if fact is not None:
            name = "model" if sort == "model" else "accelerator"
            spans.append(
                Span(
                    start=fact.start,
                    end=fact.end,
                    text=fact.text,
                    parameter=name,
                    value=fact.value,
                    earlier=fact.earlier,
                )
            )
    unique = {(span.start, span.end, span.parameter): span for span in spans}
    return tuple(sorted(unique.values(), key=lambda span: (not span.earlier, span.start)))


def missing_input(calculator: str, name: str) -> MissingInput:
    """Describe a field of a calculator in its own words."""
    schema = calculators.discover()[calculator].inputs.model_json_schema(by_alias=True)["properties"].get(name, {})
    return MissingInput(
        name=name,
        label=str(schema.get("description", name)),
        unit=str(schema.get("unit", "")),
        choices=tuple(str(item) for item in schema.get("enum", ())),
    )
