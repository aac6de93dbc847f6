"""How much a serving device holds besides its weights.

Owns the tokens, requests and batch that fit into memory, with and without paging. Never gives
a negative number: weights that do not fit are an error that states the shortfall. Invariant: a
paged request takes whole blocks, so paging admits no more requests than tokens alone would.
"""

from fractions import Fraction

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, InputWarning, Output, Quantity, Trap
from calculators._fields import Amount, Count, InputsBase, entry, need, preset
from calculators._sources import cite
from calculators._units import TOKENS


class Inputs(InputsBase):
    """A model's cache and the memory for it."""

    layers: Count = entry("transformer layers")
    kv_heads: Count = entry("key/value heads")
    head_dim: Count = entry("width of one head")
    dtype_bytes: Amount = preset(2.0, "bytes per cached element", "B")
    kv_bytes_per_token: Amount = entry("cache of one token; instead of layers, kv_heads and head_dim", "B")
    kv_mem_bytes: Amount = entry("memory for the cache", "B")
    tokens_per_request: Amount = entry("tokens of a request, prompt and answer", "tokens")
    block_size: Count = preset(16, "tokens of a block", "tokens")
    kv_tokens: Amount = entry("tokens that the cache holds", "tokens")
    total_mem_bytes: Amount = entry("memory of all devices", "B")
    weight_bytes: Amount = entry("weights, all devices together", "B")


def choose(inputs: Inputs) -> str:
    """The output that the fields given call for."""
    if inputs.total_mem_bytes is not None:
        return "max_batch"
    if None not in (inputs.tokens_per_request, inputs.kv_mem_bytes):
        return "max_requests_paged"
    return "concurrency" if inputs.kv_tokens is not None else "kv_tokens"


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    total, weights = inputs.total_mem_bytes, inputs.weight_bytes
    if None not in (total, weights) and weights >= total:
        short = weights - total
        rule = f"does not fit into total_mem_bytes={total:.15g}: {short:.15g} bytes short"
        if not short:
            rule = f"fills total_mem_bytes={total:.15g}: 0 bytes are left for the cache"
        raise CalculatorError("weight_bytes", weights, rule, f"less than {total:.15g}")


_VLLM = cite("vllm", "§3 and §4 (blocks of 16 tokens)")
_BOOK = cite("scaling_book", "serving Llama 3-70B")
_PER_TOKEN = ("layers", "kv_heads", "head_dim")


def _need_per_token(inputs: Inputs, output: str, *names: str) -> tuple[float, str]:
    """Bytes of one token and their template, once everything needed is given."""
    given = [name for name in _PER_TOKEN if getattr(inputs, name) is not None]
    if inputs.kv_bytes_per_token is not None:
        need(inputs, output, *names)
        return inputs.kv_bytes_per_token, "{kv_bytes_per_token}"
    need(inputs, output, *(_PER_TOKEN if given else ("kv_bytes_per_token",)), *names)
    per_token = 2 * inputs.layers * inputs.kv_heads * inputs.head_dim * inputs.dtype_bytes
    return per_token, "(2·{layers}·{kv_heads}·{head_dim}·{dtype_bytes})"


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute tokens, a concurrency (factor), sequences or requests."""
    symbols = inputs.model_dump()
    if output == "concurrency":
        need(inputs, output, "kv_tokens", "tokens_per_request")
        formula = Formula("concurrency", "{kv_tokens}/{tokens_per_request}", r"\frac{N_{kv}}{T}", _VLLM)
        return Computed(inputs.kv_tokens / inputs.tokens_per_request, formula, symbols)
    if output == "kv_tokens":
        per_token, template = _need_per_token(inputs, output, "kv_mem_bytes")
        formula = Formula("tokens", f"{{kv_mem_bytes}}/{template}", r"\frac{M_{kv}}{2\,L\,k\,d\,w}", _VLLM)
        return Computed(inputs.kv_mem_bytes / per_token, formula, symbols, breakdown=_show(per_token))
    if output == "max_batch":
        names = ("total_mem_bytes", "weight_bytes", "tokens_per_request")
        per_token, template = _need_per_token(inputs, output, *names)
        room = Fraction(inputs.total_mem_bytes) - Fraction(inputs.weight_bytes)
        value = room // (Fraction(per_token) * Fraction(inputs.tokens_per_request))
        template = f"⌊({{total_mem_bytes}} − {{weight_bytes}})/({template}·{{tokens_per_request}})⌋"
        latex = r"\left\lfloor\frac{M - W}{m_{kv}\,T}\right\rfloor"
        return _whole(value, Formula("batch", template, latex, _BOOK), symbols, per_token, float(room), inputs)
    per_token, template = _need_per_token(inputs, output, "kv_mem_bytes", "tokens_per_request")
    blocks = Fraction(inputs.kv_mem_bytes) // (Fraction(per_token) * inputs.block_size)
    each = -(-Fraction(inputs.tokens_per_request) // inputs.block_size)
    template = f"⌊⌊{{kv_mem_bytes}}/({template}·{{block_size}})⌋ / ⌈{{tokens_per_request}}/{{block_size}}⌉⌋"
    latex = r"\left\lfloor\frac{\lfloor M_{kv}/(m_{kv}\,B)\rfloor}{\lceil T/B\rceil}\right\rfloor"
    formula = Formula("requests", template, latex, _VLLM)
    return _whole(blocks // each, formula, symbols, per_token, inputs.kv_mem_bytes, inputs)


def _show(per_token: float) -> tuple[Quantity, ...]:
    return (Quantity(name="cache per token", value=per_token, unit="B"),)


def _whole(
    value: int, formula: Formula, symbols: dict[str, object], per_token: float, room: float, inputs: Inputs
) -> Computed:
    """A count of sequences, with a warning where none fits."""
    warnings: tuple[InputWarning, ...] = ()
    if value == 0:
        size = per_token * inputs.tokens_per_request
        message = f"no request fits: one takes {size:.4g} bytes of cache, and {room:.4g} are there"
        warnings = (InputWarning(field="kv_mem_bytes", message=message),)
    assumptions = ("every request reaches its full length; activations and fragmentation are left out",)
    return Computed(
        int(value), formula, symbols, breakdown=_show(per_token), assumptions=assumptions, warnings=warnings
    )


_CACHE = (*_PER_TOKEN, "dtype_bytes", "kv_bytes_per_token")

CALCULATOR = Calculator(
    name="serving_capacity",
    title="Serving capacity",
    group="serve",
    question="How many tokens, requests or sequences fit besides the weights?",
    inputs=Inputs,
    outputs=(
        Output("kv_tokens", "tokens that the cache holds", TOKENS, (*_CACHE, "kv_mem_bytes")),
        Output("concurrency", "requests of that length at once", ("x",), ("kv_tokens", "tokens_per_request")),
        Output(
            "max_batch",
            "sequences besides the weights",
            ("sequences",),
            (*_CACHE, "total_mem_bytes", "weight_bytes", "tokens_per_request"),
        ),
        Output(
            "max_requests_paged",
            "requests in blocks",
            ("requests",),
            (*_CACHE, "kv_mem_bytes", "tokens_per_request", "block_size"),
        ),
    ),
    compute=compute,
    check=check,
    choose=choose,
    references=(_VLLM, _BOOK),
    example=Case(
        {"layers": 80, "kv_heads": 8, "head_dim": 128, "kv_mem_bytes": 40e9, "tokens_per_request": 8192},
        "max_requests_paged",
        "requests",
        14,
    ),
    traps=(
        Trap(
            "52B, 64 layers of width 8,192: 56 GB hold about 23,000 tokens",
            "26,703 tokens",
            "a slip in the division: a token takes 2,097,152 bytes",
            "kipply, Transformer Inference Arithmetic",
            Case(
                {"layers": 64, "kv_heads": 64, "head_dim": 128, "kv_mem_bytes": 56e9},
                "kv_tokens",
                "tokens",
                26_703,
                1e-4,
            ),
        ),
        Trap(
            "Llama-3-70B in int8 on half the chips: batch 52",
            "43, as in bf16 on all of them",
            "weights, cache and memory all halve, so the batch stays",
            "How to Scale Your Model, applied inference",
            Case(
                {
                    "total_mem_bytes": 128e9,
                    "weight_bytes": 70e9,
                    "kv_bytes_per_token": 162e3,
                    "tokens_per_request": 8192,
                },
                "max_batch",
                "sequences",
                43,
            ),
        ),
        Trap(
            "Llama-3-70B in int4 on a quarter of the chips: batch 67",
            "43 again",
            "weights, cache and memory are all a quarter",
            "How to Scale Your Model, applied inference",
            Case(
                {"total_mem_bytes": 64e9, "weight_bytes": 35e9, "kv_bytes_per_token": 81e3, "tokens_per_request": 8192},
                "max_batch",
                "sequences",
                43,
            ),
        ),
    ),
)
