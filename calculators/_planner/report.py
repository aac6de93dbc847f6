"""From a search to its answer: plans in full, reasons, the smallest cluster, assumptions.

Owns the words and the breakdown; evaluates again only the few candidates that are shown.
Ranks nothing. Invariant: the parts of a plan's memory and time add up to their totals.
"""

from dataclasses import fields

from calculators._planner.grid import Rows, divisors
from calculators._planner.job import Job
from calculators._planner.memory import measure as measure_memory
from calculators._planner.result import Cut, Plan, PlanMemory, PlanResult, PlanTime, Rejected, SmallestCluster
from calculators._planner.rules import Broken, Sizes, broken_rule, neighbours_of
from calculators._planner.search import TOP, Candidate, Found, search, smallest
from calculators._planner.step import measure as measure_time

_NEIGHBOURS = 4
_GB = 1e9


def answer(job: Job, gpus: int, batch: int) -> PlanResult:
    """Search that cluster, and where nothing fits find the smallest that does."""
    found = search(job, gpus, batch)
    plans = tuple(_plan(job, gpus, batch, found, item) for item in found.best)
    least = None
    if not plans:
        fewest = smallest(job, batch)
        if fewest is not None:
            other = search(job, fewest, batch)
            least = SmallestCluster(gpus=fewest, plan=_plan(job, fewest, batch, other, other.best[0]))
    return PlanResult(
        gpus=gpus,
        params=job.shape.params,
        flops_per_step=_flops(job, batch),
        usable_bytes=job.cluster.usable,
        candidates=found.candidates,
        fitting=found.fitting,
        plans=plans,
        rejected=_rejected(job, gpus, batch, found),
        smallest=least,
        assumptions=_assumptions(job),
    )


def _flops(job: Job, batch: int) -> float:
    """Model FLOPs of a step."""
    return job.shape.flops_per_token * job.shape.seq_len * batch


def _cut(job: Job, found: Found, item: Candidate) -> Cut:
    rows, at = found.rows, item.row
    sizes = {name: int(getattr(rows, name)[at]) for name in Cut.model_fields if hasattr(rows, name)}
    return Cut(
        **sizes,
        zero_stage=int(found.axes.zero_stage[item.place[0]]),
        recompute=found.axes.recompute[item.place[1]],
        sequence_parallel=job.choices.sequence_parallel and sizes["tp"] > 1,
    )


def _parts(measured: object, place: tuple[int, int]) -> dict[str, float]:
    """The parts of a single row's candidate."""
    parts = {}
    for field in fields(measured):  # type: ignore[arg-type]
        values = getattr(measured, field.name)
        index = tuple(at if length > 1 else 0 for at, length in zip((0, *place), values.shape, strict=True))
        parts[field.name] = float(values[index])
    return parts


def _memory(job: Job, found: Found, item: Candidate) -> PlanMemory:
    parts = _parts(measure_memory(_row(found.rows, item), found.axes, job), item.place)
    parts["reserve"] = job.cluster.reserve
    return PlanMemory(**parts, total=sum(parts.values()))


def _time(job: Job, found: Found, item: Candidate) -> PlanTime:
    parts = _parts(measure_time(_row(found.rows, item), found.axes, job), item.place)
    return PlanTime(**parts, total=sum(parts.values()))


def _row(rows: Rows, item: Candidate) -> Rows:
    return rows.take(slice(item.row, item.row + 1))


def _plan(job: Job, gpus: int, batch: int, found: Found, item: Candidate) -> Plan:
    cut, time, flops = _cut(job, found, item), _time(job, found, item), _flops(job, batch)
    return Plan(
        **cut.model_dump(),
        places=float(found.rows.places[item.row]),
        mfu=flops / (gpus * job.cluster.peak * time.total),
        tokens_per_s=batch * job.shape.seq_len / time.total,
        flops_per_gpu=flops / (gpus * time.total),
        memory=_memory(job, found, item),
        time=time,
        notes=_notes(job, cut, float(found.rows.places[item.row])),
    )


def _notes(job: Job, cut: Cut, places: float) -> tuple[str, ...]:
    """What to know about a plan that stands all the same."""
    notes = []
    if places > job.shape.layers:
        fewer = "last stage holds" if places == job.shape.layers + 1 else "first and last stages hold"
        notes.append(f"{job.shape.layers:g} layers on {places:g} places: the {fewer} a layer less")
    if cut.tp > job.cluster.gpus_per_node:
        notes.append(f"tp={cut.tp} leaves the node of {job.cluster.gpus_per_node}: its messages cross the network")
    if cut.zero_stage >= 2 and cut.pp > 1:
        notes.append(
            f"ZeRO-{cut.zero_stage} with pp={cut.pp} communicates for every microbatch; most frameworks refuse"
        )
    if cut.microbatches < cut.pp:
        notes.append(f"{cut.microbatches} microbatches cannot fill {cut.pp} stages")
    return tuple(notes)


def _rejected(job: Job, gpus: int, batch: int, found: Found) -> tuple[Rejected, ...]:
    """Near misses by memory, then the best plan's neighbours that break a rule; where no cut exists, why."""
    misses = [_miss(job, gpus, batch, found, item) for item in found.nearest]
    if not found.candidates:
        cuts = [Sizes(int(tp), 1, int(pp), 1, 1, 1) for tp in divisors(gpus) for pp in divisors(gpus // int(tp))]
        cuts.sort(key=lambda sizes: sizes.tp * sizes.pp)
        tried = [(sizes, broken_rule(job, gpus, batch, sizes)) for sizes in cuts[: 4 * TOP]]
        broken = [_impossible(job, gpus, batch, sizes, rule) for sizes, rule in tried if rule is not None]
        return tuple(broken[:TOP])
    if not found.best:
        return tuple(misses)
    best = _cut(job, found, found.best[0])
    sizes = Sizes(best.tp, best.cp, best.pp, best.ep, best.micro_batch, best.interleave)
    tried = [
        (other, broken_rule(job, gpus, batch, other)) for other in neighbours_of(sizes, experts=job.shape.experts > 0)
    ]
    broken = [_impossible(job, gpus, batch, other, rule) for other, rule in tried if rule is not None]
    return (*misses[: TOP - min(len(broken), _NEIGHBOURS)], *broken[:_NEIGHBOURS])


def _miss(job: Job, gpus: int, batch: int, found: Found, item: Candidate) -> Rejected:
    cut, memory, time = _cut(job, found, item), _memory(job, found, item), _time(job, found, item)
    limit = job.cluster.gpu_mem
    parts = {name: value for name, value in memory.model_dump().items() if name not in ("reserve", "total")}
    largest = max(parts, key=lambda name: parts[name])
    label = "optimizer states" if largest == "optimizer" else largest
    reason = (
        f"needs {_gigabytes(memory.total)} of {_gigabytes(limit)} a GPU, {_gigabytes(memory.total - limit)} too many; "
        f"{label} take {_gigabytes(parts[largest])}"
    )
    return Rejected(
        **cut.model_dump(),
        constraint="memory",
        reason=reason,
        needed=memory.total,
        limit=limit,
        mfu=_flops(job, batch) / (gpus * job.cluster.peak * time.total),
    )


def _gigabytes(size: float) -> str:
    value = size / _GB
    return f"{value:,.1f} GB" if value >= 1 else f"{value:.2g} GB"


def _impossible(job: Job, gpus: int, batch: int, sizes: Sizes, rule: Broken) -> Rejected:
    dp = max(1, gpus // (sizes.tp * sizes.cp * sizes.pp))
    return Rejected(
        tp=sizes.tp,
        pp=sizes.pp,
        dp=dp,
        cp=sizes.cp,
        ep=sizes.ep,
        interleave=sizes.interleave,
        micro_batch=sizes.micro_batch,
        microbatches=max(1, batch // (dp * sizes.micro_batch)),
        zero_stage=job.choices.zero_stage or 0,
        recompute=job.choices.recompute or "none",
        sequence_parallel=job.choices.sequence_parallel and sizes.tp > 1,
        constraint=rule.constraint,
        reason=rule.reason,
        needed=float(rule.needed),
        limit=float(rule.limit),
    )


def _assumptions(job: Job) -> tuple[str, ...]:
    recipe, cluster, choices = job.recipe, job.cluster, job.choices
    each = sum(recipe.model_dump().values())
    lines = [
        f"{each:g} bytes per parameter before sharding, layers spread evenly over the stages",
        f"{_gigabytes(cluster.reserve)} of {_gigabytes(cluster.gpu_mem)} a GPU are kept for allocator and context",
        "activations of a transformer block in 16 bits; gates, grouped heads and experts counted alike, "
        "and never less than a GPT block keeps",
        "a fused attention kernel keeps no scores"
        if choices.fused_attention
        else "attention scores are kept unless they are recomputed",
        "ranks lie tp, cp, dp, pp from the inside out; a group that leaves its node uses the network",
        f"tensor, pipeline and expert traffic is exposed; {cluster.overlap:.0%} of data- and context-parallel traffic "
        "hides where there is computing to hide behind",
        "MFU counts model FLOPs with dense attention scores, without recomputation",
    ]
    if job.shape.experts:
        lines.append("tokens spread evenly over the experts; an expert is not split by tensor parallelism")
    return tuple(lines)
