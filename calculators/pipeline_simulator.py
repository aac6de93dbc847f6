"""Pipeline schedules, simulated cell by cell.

Owns makespan, bubble and activations in flight of a static schedule with communication, and
the timeline from which a picture is drawn. Leaves the drawing to others. Invariant: without
communication and with at least p microbatches it agrees with the closed forms.
"""

from typing import Literal

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, Output, Quantity, Trap
from calculators._dualpipe import dualpipe_cells
from calculators._fields import AmountOrZero, entry, need, preset
from calculators._schedules import Cell, Step, Times, durations, execute, order, peak_in_flight
from calculators._sources import cite
from calculators._units import RATIO
from calculators.pipeline_bubble import Schedule, check_schedule, warn_schedule

MAX_CELLS = 100_000
SCHEDULES = ("gpipe", "1f1b", "interleaved", "zb_h1", "zb_h2", "dualpipe")
"""What `timeline` can draw; the calculator itself leaves dualpipe to the closed form."""


class Inputs(Schedule):
    """A schedule, its times and the time of a hop, in any one unit of time."""

    schedule: Literal["gpipe", "1f1b", "interleaved", "zb_h1", "zb_h2"] = entry("pipeline schedule")
    t_comm: AmountOrZero = preset(0.0, "time of a hop to another stage")

    @property
    def chunks(self) -> int:
        """Model chunks on a stage: interleave counts in the interleaved schedule alone."""
        return self.interleave if self.schedule == "interleaved" else 1


def timeline(
    schedule: str,
    pp: int,
    microbatches: int,
    interleave: int = 1,
    *,
    t_f: float = 1.0,
    t_b: float = 1.0,
    t_w: float = 1.0,
    t_comm: float = 0.0,
    t_fb: float | None = None,
) -> tuple[tuple[Cell, ...], ...]:
    """Per stage the cells of a schedule in order of time, for a picture.

    Besides the simulator's schedules, `dualpipe` is known: there `t_fb` is the time of an
    overlapped pair (t_f + t_b + t_w when None), and a cell's chunk is the direction, 0 or 1.

    Raises:
        CalculatorError: the schedule is not known, or stages and microbatches do not suit it or are too many.
    """
    if schedule not in SCHEDULES:
        raise CalculatorError("schedule", schedule, f"is not one of {', '.join(SCHEDULES)}")
    check_schedule(schedule, pp, microbatches, interleave)
    chunks = interleave if schedule == "interleaved" else 1
    _check_size(pp, microbatches, chunks)
    if schedule == "dualpipe":
        pair = t_f + t_b + t_w if t_fb is None else t_fb
        return dualpipe_cells(pp, microbatches, Times(t_f, t_b, t_w, t_comm), pair)
    orders, starts, times = _simulate(schedule, pp, microbatches, chunks, Times(t_f, t_b, t_w, t_comm))
    length = durations(times, chunks)
    return tuple(
        tuple(Cell(at, at + length[kind], kind, j, chunk) for at, (kind, j, chunk) in zip(begun, steps, strict=True))
        for begun, steps in zip(starts, orders, strict=True)
    )


def _simulate(
    schedule: str, pp: int, microbatches: int, chunks: int, times: Times
) -> tuple[list[list[Step]], list[list[float]], Times]:
    """The orders of all stages, the start of every step, and the times with B and W fused where they are one."""
    if schedule not in ("zb_h1", "zb_h2"):
        times = times._replace(backward=times.backward + times.weights)
    orders = [order(schedule, stage, pp, microbatches, chunks) for stage in range(pp)]
    return orders, execute(orders, microbatches, chunks, times), times


def _check_size(pp: int, microbatches: int, chunks: int) -> None:
    cells = pp * microbatches * chunks
    if cells > MAX_CELLS:
        largest = MAX_CELLS // (microbatches * chunks) or None
        rule = f"makes pp·microbatches·interleave={cells}, more than {MAX_CELLS} cells"
        raise CalculatorError("pp", pp, rule, largest)


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    if inputs.t_f + inputs.t_b + inputs.t_w == 0:
        raise CalculatorError("t_f", inputs.t_f, "leaves no work, as t_b and t_w are 0 too", 1)
    if None not in (inputs.pp, inputs.microbatches):
        _check_size(inputs.pp, inputs.microbatches, inputs.chunks)
    check_schedule(inputs.schedule, inputs.pp, inputs.microbatches, inputs.interleave)


_ZERO_BUBBLE = cite("zero_bubble", "§5 and Tables 5 and 9")
_PTDP = cite("ptdp", "§2.2")
_FORMULAS = {
    "makespan": ("{work} + {idle}", r"T = \max_i e_i"),
    "bubble_rate": ("1 − {work}/{longest_span}", r"1 - \frac{m(F+B+W)}{\max_i (e_i - s_i)}"),
    "overhead": ("({makespan} − {work})/{work}", r"\frac{T - m(F+B+W)}{m(F+B+W)}"),
    "peak_in_flight_stage0": ("{peak_chunks}/{interleave}", r"\frac{\max_t n_0(t)}{v}"),
    "peak_in_flight_last": ("{peak_chunks}/{interleave}", r"\frac{\max_t n_{p-1}(t)}{v}"),
}


def compute(inputs: Inputs, output: str) -> Computed:
    """Simulate one batch; times are in the unit of t_f, peaks in microbatches."""
    need(inputs, output, "schedule", "pp", "microbatches")
    times = Times(inputs.t_f, inputs.t_b, inputs.t_w, inputs.t_comm)
    orders, starts, times = _simulate(inputs.schedule, inputs.pp, inputs.microbatches, inputs.chunks, times)
    length = durations(times, inputs.chunks)
    ends = [begun[-1] + length[steps[-1][0]] for begun, steps in zip(starts, orders, strict=True)]
    work = inputs.microbatches * (inputs.t_f + inputs.t_b + inputs.t_w)
    makespan = max(ends)
    span = max(end - begun[0] for end, begun in zip(ends, starts, strict=True))
    peak = peak_in_flight(orders[-1 if output == "peak_in_flight_last" else 0])
    value = {
        "makespan": makespan,
        "bubble_rate": 1 - work / span,
        "overhead": (makespan - work) / work,
    }.get(output, peak / inputs.chunks)
    template, latex = _FORMULAS[output]
    symbols = {"makespan": makespan, "work": work, "idle": makespan - work, "longest_span": span, "peak_chunks": peak}
    source = _ZERO_BUBBLE if inputs.schedule.startswith("zb") else _PTDP
    return Computed(
        value,
        Formula(output, template, latex, source),
        symbols | {"interleave": inputs.chunks},
        breakdown=(
            Quantity(name="work of a stage", value=work, unit="1"),
            Quantity(name="makespan", value=makespan, unit="1"),
            Quantity(name="longest span of a stage", value=span, unit="1"),
        ),
        assumptions=(
            "bubble_rate is taken over the longest span of a stage, as in Zero Bubble's tables, not over the makespan",
            "a hop to another stage costs t_comm and does not occupy the stages",
        ),
        warnings=warn_schedule(inputs.pp, inputs.microbatches),
    )


_FIELDS = ("schedule", "pp", "microbatches", "interleave", "t_f", "t_b", "t_w", "t_comm")
_28B = {"t_f": 10.408, "t_b": 10.204, "t_w": 7.703, "t_comm": 0.408}

CALCULATOR = Calculator(
    name="pipeline_simulator",
    title="Pipeline schedule simulator",
    group="cut",
    question="What does a pipeline schedule look like, and how much of it is bubble?",
    inputs=Inputs,
    outputs=(
        Output("bubble_rate", "bubble over the longest span of a stage", RATIO, _FIELDS),
        Output("overhead", "bubble over work", RATIO, _FIELDS),
        Output("makespan", "time of the batch, in the unit of the times", ("1",), _FIELDS),
        Output("peak_in_flight_stage0", "microbatches in flight on the first stage", ("1",), _FIELDS),
        Output("peak_in_flight_last", "microbatches in flight on the last stage", ("1",), _FIELDS),
    ),
    compute=compute,
    check=check,
    references=(_ZERO_BUBBLE, _PTDP, cite("gpipe", "§2.3")),
    example=Case({"schedule": "zb_h1", "pp": 4, "microbatches": 8}, "makespan", "1", 27),
    traps=(
        Trap(
            "Zero Bubble Table 5, interleaved 1F1B, 28.3B at p=32, m=128: bubble 11.64%",
            "11.9% simulated, 2 to 4% higher in every such row",
            "the paper counts p hops fewer than the dependencies have",
            "Zero Bubble (arXiv 2401.10241), Table 5",
            Case(
                {**_28B, "schedule": "interleaved", "interleave": 2, "pp": 32, "microbatches": 128},
                "bubble_rate",
                "%",
                11.9,
                5e-3,
            ),
        ),
    ),
)
