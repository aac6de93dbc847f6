"""Number formats as people write them: fp16, W4A16, 半精度, and the block formats of GGUF files.

Owns their spellings and widths. Finds no other name. Invariant: a spelling stands for one width.
"""

import re

_NO_QUARTER = (
    r"(?!\s?(?:of\s)?(?:'\d\d|(?:FY)?20\d\d|FY|earnings|revenue|report|budget|results|planning|goals?|OKRs?|roadmap|deck"
    r"|review|quarter|:|\.\s|\)))"
)
"""Q3 may be a quarter of a year, or a question's number."""
_Q = r"(?:(?-i:q)|(?<!our\s)(?<!\bin\s)(?<!last\s)(?<!next\s)(?<!this\s)(?-i:Q))"
DTYPES: tuple[tuple[re.Pattern[str], str, float], ...] = tuple(
    (re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])(?!\.\d)", re.IGNORECASE), label, width)
    for pattern, label, width in (
        (r"(?:fp|float|f)[- ]?32|single[- ]precision|单精度|32[- ]?bit float\w*", "fp32", 4),
        (r"tf[- ]?32", "tf32", 4),
        (r"bf(?:loat)?[- ]?16|brain ?float(?: ?16)?", "bf16", 2),
        (r"(?:fp|float)[- ]?16|f16|half[- ]precision|半精度", "fp16", 2),
        (r"(?:fp|float)[- ]?8|f8|e4m3(?:fn)?|e5m2", "fp8", 1),
        (r"u?int[- ]?16", "int16", 2),
        (r"u?int[- ]?8|w8a8|w8a16|i8", "int8", 1),
        (r"(?:nv|mx)?fp[- ]?4|nf-?4|float[- ]?4", "fp4", 0.5),
        (r"u?int[- ]?4|w4a16|w4a8|w4a4|i4", "int4", 0.5),
        (r"w8", "int8", 1),
        (r"w4", "int4", 0.5),
        (r"w3", "int3", 0.375),
        (r"w2", "int2", 0.25),
        (r"q8(?!_)", "int8", 1),
        (r"q6(?!_)", "int6", 0.75),
        (r"q5(?!_)", "int5", 0.625),
        (rf"{_Q}4(?!_){_NO_QUARTER}", "int4", 0.5),
        (rf"{_Q}3(?!_){_NO_QUARTER}", "int3", 0.375),
        (rf"{_Q}2(?!_){_NO_QUARTER}", "int2", 0.25),
        (r"u?int[- ]?3|w3a16", "int3", 0.375),
        (r"u?int[- ]?2|w2a16", "int2", 0.25),
        (r"(?:nv|mx)?fp[- ]?6", "fp6", 0.75),
        (r"u?int[- ]?6", "int6", 0.75),
        (r"u?int[- ]?5", "int5", 0.625),
        (r"双精度|double[- ]precision|fp64|float64", "fp64", 8),
    )
)
BLOCK_FORMAT = re.compile(
    r"(?<![A-Za-z0-9])(?:I?Q\d_(?:K(?:_[SMLX]{1,2})?|[01]|XXS|XS|S|M|NL)|MXFP4|TQ[12]_0)(?![A-Za-z0-9])", re.IGNORECASE
)


def formats_in(text: str) -> list[tuple[str, float]]:
    """Number formats inside a longer name, such as "fp32 gradients": label and bytes."""
    return [(label, width) for pattern, label, width in DTYPES if pattern.search(text)]
