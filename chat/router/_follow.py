"""Questions that go on from an earlier one: "and with 16 stages?", "换成 fp8 呢".

Owns the carrying over of facts. Refuses to carry anything into a question that stands alone. Invariant: what the
new question says stands above what the earlier one said, for the same input and for what excludes it.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from chat.router._amounts import amounts
from chat.router._facts import POOLS, Fact, Facts
from chat.router._features import holds
from chat.router._items import Row
from chat.router._job import suits
from chat.router._letters import field_type
from chat.router._routes import Way
from chat.router._types import Turn

_CUE = re.compile(
    r"^\W*(?:and|what about|how about|what if|what happens (?:if|with|when)|same|instead|now|then|but|suppose|"
    r"ok(?:ay)?|so|also|"
    r"with|for|at|on|in|using|try|make it|change|switch|if|say|let's|use|double|halve|increase|decrease|or|again|go to|"
    r"换|换成|换为|改|改成|改为|改用|变成|如果|那|那么|若|要是|假如|同样|再|把|调|设|而|又|然后|接着|其他不变|其它不变|用|在|增|减|提高|降|按)"
    r"|改成|换成|改为|改用|变成|增加到|减少到|降到|提高到|提到|调到|降为|增至|"
    r"\b(?:changes? to|goes (?:up|down) to|becomes|rises to|drops to|increased to|reduced to)\b"
    r"|呢\W*$|\b(?:instead|as well|too|then)\W*$|其[他它](?:条件)?不变|everything else|rest (?:the )?same|all else",
    re.IGNORECASE,
)
_EXCLUDES: tuple[tuple[str, ...], ...] = (
    ("achieved_flops", "flops_rate_any", "mfu", "share_any", "tokens_per_s_per_gpu", "tokens_per_s", "gpu_hours"),
    ("model", "params", "active_params", "big_any"),
    ("seq_len", "prompt_len", "output_len", "length_any"),
    ("gpus", "dp"), ("device", "gpu_mem_bytes", "peak_flops"), ("choice:schedule", "interleave", "=interleave"),
    ("choice:fsdp", "zero_stage"), ("choice:recompute",), ("format", "dtype"), ("total_mem_bytes", "gpu_mem_bytes"),
)  # fmt: skip
_OF_A_MODEL = ("layers", "hidden", "heads", "kv_heads", "head_dim")
"""What another model has otherwise; one of them alone leaves the others as they were."""
MOST_WORDS = 22


@dataclass(frozen=True, slots=True)
class State:
    """What an earlier question was about."""

    way: Way
    facts: Facts
    question: str
    missing: tuple[str, ...]


_OPENING = re.compile(
    r"^\W*(?:(?:and|but|so|then|also|ok(?:ay)?|now|well|claim|check|verify|please)\b[\s,:]*)*"
    r"(?:is\s+it\s+(?:true|right|correct|possible)\s+that\s+)?"
    r"(?:(?:how\s+(?:much|many|far|fast|well)(?:\s+[a-z]+)?\s+|what\s+|why\s+|when\s+|where\s+|who\s+)?"
    r"(?:does|do|did|is|are|was|were|has|have|had|can|could|will|would)\s+)?(?:the\s+)?"
    r"(?:(?:那么?|所以|但是?|请问|据说|听说|核对|核实|验证)[：:，,\s]*)?",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?=[A-Za-z0-9.+-]*[A-Z])[A-Za-z][A-Za-z0-9.+-]*[A-Za-z0-9+]")
_CLAUSE = re.compile(
    r"(?:['’]s\b|\s[a-z]+s\b|\s(?:cut|reach|save|reduce|say|offer|support|use|train|run|give|need|get|beat|[a-z]+ed)\b"
    r"|\s?[的把将比使让在是能可节提降达用])"
)


def has_own_subject(row: Row, state: State) -> bool:
    """Whether a text is a sentence about something with a name that neither the earlier one nor a calculator knows."""
    source = row.folded.source
    opening = _OPENING.match(source)
    name = _NAME.match(source, opening.end() if opening else 0)
    if name is None or name.group().lower() in state.question.lower():
        return False
    # A name that only resembles a term is none: its spelling was mended.
    terms = [item for item in row.items if item.sort != "word" and len(item.text) >= len(name.group())]
    covered = [row.folded.span(item.start, item.end) for item in terms]
    known = any(start <= name.start() and name.end() <= end for start, end in covered)
    return not known and _CLAUSE.search(source, name.end(), name.end() + REACH) is not None


_CHECKED = re.compile(
    r"(?:对吗|对不对|是真的吗|属实吗|正确吗|是这样吗)\W*$|^\W*(?:is it|are they) (?:true|right|correct) that\b"
    r"|,\s*(?:right|correct|true)\W*$",
    re.IGNORECASE,
)


def is_check(row: Row) -> bool:
    """Whether a text asks to have a statement checked."""
    return _CHECKED.search(row.folded.source) is not None


REACH = 40
"""Letters behind a name within which a sentence about it says something of it."""


def is_follow_up(row: Row) -> bool:
    """Whether a question sounds like the second half of one."""
    text = row.folded.text.strip()
    words = len(re.findall(r"[A-Za-z]+|\d[\d.,]*", text)) + len(re.findall(r"[\u4e00-\u9fff]", text)) / 2
    return words <= MOST_WORDS and _CUE.search(text) is not None


_ANAPHOR = re.compile(
    r"(?!it (?:is )?(?:true|right|correct|possible) that\b|(?<=true )that\b|(?<=right )that\b|(?<=correct )that\b)"
    r"\b(?:it|that|this|these|those|the same|said|such an?) ?(?:model|run|job|cluster|setup|config(?:uration)?)?\b"
    r"|它|该模型|这个模型|同一个?模型|上面的|上述|这个配置|该配置|这些卡|这个集群",
    re.IGNORECASE,
)


def refers_back(row: Row) -> bool:
    """Whether a question speaks of something that it does not name: "train it", 它."""
    return _ANAPHOR.search(row.folded.text) is not None


_WONDERS = re.compile(
    r"^\W*(?:what(?:'s|\s(?:is|are|does))|who|why|how\s(?:do|does|is|are)|explain|define|什么是|何为|解释)|(?:是什么|为什么|什么意思)\W*$",
    re.IGNORECASE,
)


def is_reply(row: Row, state: State) -> bool:
    """Whether a text is hardly more than values, given where some were asked for."""
    if _WONDERS.search(row.folded.text):
        return False
    rest = [item for item in row.items if item.sort == "word" and len(item.text) > 1]
    return bool(state.missing) and len(rest) <= 3 and any(item.sort != "word" for item in row.items)


def is_fragment(row: Row) -> bool:
    """Whether a text is a value with at most its name: "batch 8?"."""
    # Lone letters are names of values, or the s of "512 H100s".
    words = [item for item in row.items if item.sort == "word" and item.text.isalnum()]
    words = [item for item in words if len(item.text) > 1 or not item.text.isascii()]
    values = [item for item in row.items if item.sort in ("amount", "dtype", "format", "model", "device")]
    values += [item for item in row.items if any(meaning.sort == "choice" for meaning in item.meanings)]
    return bool(values) and not words and len(row.items) <= MOST_PIECES


MOST_PIECES = 6


def carry(state: State, way: Way, fresh: Facts) -> Facts:
    """The facts of the new question, with those of the earlier one that it does not replace."""
    given = {key: list(facts) for key, facts in fresh.given.items()}
    _name_the_nameless(state, way, given)
    _take_for_zero(state, given)
    stated = {key for key in given if key not in POOLS}
    fields = {field for field, sources in way.fields.items() if f"={field}" in stated or stated & set(sources)}
    replaced = {source for field in fields for source in (*way.fields[field], f"={field}") if source not in POOLS}
    for rivals in _EXCLUDES:
        if any(key in given for key in rivals):
            replaced.update(rivals)
    if any(key in given for key in ("model", "params", "big_any")):
        replaced.update(_OF_A_MODEL)
    if any(key in given for key in _OF_A_MODEL):
        replaced.update(("params", "active_params", "big_any"))
    if way.calculator in ("pipeline_bubble", "pipeline_simulator") and "choice:schedule" not in given:
        replaced -= {"choice:schedule"} if not _is_interleaved(given) else set()
    _keep_width_apart(state, given)
    for key, facts in state.facts.given.items():
        if key not in given and key not in replaced:
            given[key] = [replace(fact, earlier=True) for fact in facts]
    features = fresh.features | {
        name for name in state.facts.features if not name.endswith("_ASKED") and name.islower()
    }
    return Facts(fresh.row, features | _context(state), given)


_NTH_STAGE = re.compile(r"(?:第\s?|阶段\s?|stage[\s-]?|phase[\s-]?)[0-3](?:\s?阶段)?", re.IGNORECASE)


def _take_for_zero(state: State, given: dict[str, list[Fact]]) -> None:
    """After "ZeRO 阶段 1", 阶段 3 is another stage of ZeRO: a pipeline's stages are counted, not numbered."""
    numbered = [fact for fact in given.get("pp", ()) if _NTH_STAGE.fullmatch(fact.text.strip())]
    if numbered and "zero_stage" not in given and state.facts.first("zero_stage") is not None:
        given["zero_stage"] = [replace(fact, key="zero_stage") for fact in numbered]
        del given["pp"]


def _is_interleaved(given: Mapping[str, list[Fact]]) -> bool:
    return any(fact.value > 1 for key in ("interleave", "=interleave") for fact in given.get(key, ()))


def _context(state: State) -> frozenset[str]:
    """Concepts of the earlier question that say which output was meant."""
    return frozenset(
        name
        for name in state.facts.features
        if (name.isupper() and not name.endswith("_ASKED")) or name.startswith("@")
    )


def _keep_width_apart(state: State, given: dict[str, list[Fact]]) -> None:
    """A bare number format takes the place of the one that the earlier question spoke of."""
    if "dtype" not in given:
        return
    for key in ("kv_dtype", "weight_dtype"):
        if key in state.facts.given and "dtype" not in state.facts.given and key not in given:
            given[key] = [replace(fact, key=key) for fact in given.pop("dtype")]
            return


def _name_the_nameless(state: State, way: Way, given: dict[str, list[Fact]]) -> None:
    """Take a bare number for what was asked for, else for the earlier number that is nearest in size."""
    for pool in ("length_any", "big_any", "number_any"):
        for fact in list(given.get(pool, ())):
            meant = _meant(state, way, fact, given)
            if meant is not None:
                name, value = meant
                for other in POOLS & given.keys():
                    given[other] = [item for item in given[other] if item.start != fact.start]
                given[f"={name}"] = [replace(fact, key=f"={name}", value=value)]
    for pool in [pool for pool in POOLS & given.keys() if not given[pool]]:
        del given[pool]


def _meant(state: State, way: Way, fact: Fact, given: Mapping[str, list[Fact]]) -> tuple[str, float] | None:
    """The input that a bare number is for, and its value: after "150 TFLOP/s", 180 has the same unit."""
    for name in state.missing:
        if name in way.fields and f"={name}" not in given and suits(fact.value, field_type(way, name)):
            return name, fact.value
    candidates = []
    for name, sources in way.fields.items():
        old = state.facts.first(f"={name}", *(source for source in sources if source not in POOLS))
        old = old or next(
            (state.facts.first(pool) for pool in _CARRIED if pool in sources and state.facts.first(pool)), None
        )
        numeric = old is not None and isinstance(old.value, int | float) and old.value > 0
        if old is None or not numeric or f"={name}" in given or fact.value <= 0:
            continue
        unit = _unit_of(old)
        for value, factor in ((fact.value, 1.0), (fact.value * unit, unit)):
            if suits(value, field_type(way, name)):
                distance = abs(math.log(value / float(old.value)))
                distance += UNSAID_PERCENT if factor == PERCENT else 0.0
                candidates.append((distance, factor != 1.0, name, value))
    best = min(candidates, default=None)
    return None if best is None else (best[2], best[3])


PERCENT = 0.01
UNSAID_PERCENT = 0.5
"""How much farther a bare number lies from a share: "if I only have 64?" is rather of things than of percent."""
_CARRIED = ("length_any", "flops_rate_any", "share_any", "power_any", "money_any", "rate_any", "time_any", "big_any")
"""Amounts without a name whose unit says what they are."""


def _unit_of(old: Fact) -> float:
    """What the number of an earlier amount was multiplied by: 1e12 for "150 TFLOP/s", 0.01 for "40%"."""
    written = amounts(old.text)
    if len(written) != 1 or not written[0].numeral.bare:
        return 1.0
    return float(old.value) / written[0].numeral.bare


def earlier_questions(history: Iterable[Turn | Mapping[str, str]]) -> list[str]:
    """What the reader said before, oldest first."""
    said = []
    for turn in history:
        role = turn.get("role", "") if isinstance(turn, Mapping) else turn.role
        content = turn.get("content", "") if isinstance(turn, Mapping) else turn.content
        if role == "user" and isinstance(content, str) and content.strip():
            said.append(content)
    return said


def speaks_of_calculator(features: frozenset[str], way: Way) -> bool:
    """Whether a question names this calculator's subject itself."""
    return any(weight >= 2.4 and holds(condition, features) for weight, condition in way.scores)
