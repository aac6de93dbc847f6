"""What a question is about, in its own words: what a pronoun after it stands for.

Pure, no model. Owns the rules for both languages. Refuses to take the place for the thing: of "the block table in
PagedAttention" it is the block table. Invariant: what is returned stands in the question as written.
"""

import re

from chat.question import Asked, Term, is_generic

_LEAD = re.compile(
    r"^(?:(?:and|but|so|then|also|ok|okay|well)[ ,]+)*(?:please )?"
    r"(?:(?:can|could) you )?"
    r"(?:(?:explain|describe|define|summari[sz]e|tell me(?: more)? about|what about|how about)\s+)?"
    r"(?:(?:what|who|how|why)(?= [a-z]))?",
    re.I,
)
_AUXILIARY = re.compile(
    r"\b(?P<be>is|are|was|were)\b|\b(?P<do>does|do|did|can|could|will|would|should|has|have|had)\b|(?<=\w)['’]s\b", re.I
)
_ARTICLE = re.compile(r"^(?:(?:the|an?|such|this|that|these|those|some|all|main|whole)\s+)+", re.I)
_PLACE = re.compile(
    r"\s(?:in|on|at|for|with|without|from|over|under|by|during|inside|within|than|when|if|while|to|into|across|per|compared"
    r"|against|using|via|versus|vs|as|after|before|between|so that|because)\b",
    re.I,
)
_VERB = re.compile(
    r"\s(?:not |really |actually |also |still |usually |even )?"
    r"(?:work|need|use|save|split|shard|partition|quanti[sz]e|reduce"
    r"|require|help|speed|slow|cut|improve|scale|handle|store|keep|compute|avoid|hide|overlap|compare|perform|support|run"
    r"|train|fit|cost|take|change|affect|matter|differ|make|get|give|gain|achieve|reach|look|mean|do|have|hurt|lose|add"
    r"|allow|let|remove|fix|solve|address|apply|become|happen|come|go|say|tell|show|prove|beat|outperform|increase|raise"
    r"|lower|limit|bound|waste|trade|balance|choose|pick|select|decide|schedule|batch|cache|prune|distil|distill|compress"
    r"|accelerate|generate|draft|verify|accept|reject|send|move|copy|offload|recompute|rematerialize|synchroni[sz]e"
    r"|communicate|converge|diverge|fail|recover|checkpoint|serve|load|deploy|offer|provide|include|contain|cover)\b",
    re.I,
)
_STATE = re.compile(
    r"\s(?:so |not |more |less |very |much |really )?"
    r"(?:\w{2,}ed|made|built|done|known|written|chosen|kept|faster|slower|better"
    r"|worse|larger|smaller|bigger|cheaper|higher|lower|longer|shorter|important|useful|necessary|good|bad|possible"
    r"|expensive|slow|fast|hard|difficult|easy|like)\b(?=\s|$)",
    re.I,
)
_MEASURE = re.compile(
    r"(?:throughput|latency|speed|speedup|size|accuracy|overhead|footprint|performance|quality|memory|cost|name|author|goal"
    r"|idea|benefit|downside|limit|limitation|complexity|architecture|length|price|value|number|amount|kind|type)s?$",
    re.I,
)
_MEASURE_ZH = re.compile(
    r"(?:吞吐量?|性能|速度|精度|大小|延迟|开销|显存|内存|准确率|作者|效果|成本|长度|架构|结构|好处|坏处|缺陷|不足|局限|加速比?|思想"
    r"|思路|区别|优势|劣势|特点|规模|参数量?|数量)$"
)
_LEAD_ZH = re.compile(
    r"^(?:那么?|请问|请|还有|另外|那么请问)?[，,]?\s*(?:什么是|什么叫|何为|何谓|(?:解释|介绍|说明|讲)(?:一下)?|说说|讲讲|谈谈|为什么|为何|怎么理解)?\s*"
)
_PLACE_ZH = re.compile(r"^(?:在|对于?|从|用|就)?[^，,。？?的]{1,24}?(?<![其集])[中里](?:面)?(?:[，,]|的)?\s*")
_PREDICATE_ZH = re.compile(
    r"是(?!否)|怎么|怎样|如何|为什么|为何|有多|有什么|有哪|有没有|有几|有助|能|可以|会(?!话)|支持|需要|需|要(?!求)|比(?![特率例])|和|与|跟"
    r"|用[了的]|占|达到|多少|吗|提高|提升|降低|减少|增加|节省|省|适合|解决|提出|把|将|让|使|快|慢|好|大(?!小|模|语)|[？?，,。]"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
LONGEST = 9
"""Most words of a subject; a longer stretch is read for its weightiest run."""


def subject_of(asked: Asked) -> str:
    """Return what a question is about: its sides, its subject, else its weightiest run of words."""
    if asked.sides:
        joined = " and " if asked.language == "en" else "和"
        return joined.join(asked.sides[:2])
    text = asked.text.strip().rstrip("?？!！.。 ")
    english = not _HAN.search(text) or re.match(
        r"(?:and |but |so )?(?:what|how|why|who|when|where|which|does|is|can|do)\b", text, re.I
    )
    found = _english(text, asked) if english else _chinese(text, asked)
    return found or _weightiest(asked)


def _has_content(piece: str, asked: Asked) -> bool:
    low = piece.lower()
    return any(not term.generic and term.text in low for term in asked.terms) or any(
        entity.text.lower() in low for entity in asked.entities
    )


def _english(text: str, asked: Asked) -> str:
    lead = _LEAD.match(text)
    rest = text[lead.end() if lead else 0 :].strip()
    helping = _AUXILIARY.search(rest)
    rest = rest[helping.end() :].strip() if helping and helping.start() < 40 else rest
    rest = _ARTICLE.sub("", rest)
    verb = None
    if helping and helping["do"]:
        verb = _VERB.search(rest)
    elif helping:
        verb = _STATE.search(rest)
    acting = rest[: verb.start()] if verb else rest
    place = _PLACE.search(acting)
    head = _ARTICLE.sub("", acting[: place.start()] if place else acting).strip(" ,:;")
    if not head or not _has_content(head, asked):
        return ""
    if helping and helping["do"] and verb is None:
        first = next((e.text for e in asked.entities if head.lower().startswith(e.text.lower())), "")
        if first:
            return first
    owner = re.match(r"(.+?)['’]s?\s", head)
    if owner and _has_content(owner[1], asked):
        return owner[1]
    whole = re.match(r"(?P<part>.+?)\s+of\s+(?P<thing>.+)", head)
    if whole and (_measures(whole["part"], asked)) and _has_content(whole["thing"], asked):
        head = _ARTICLE.sub("", whole["thing"])
    return head if len(head.split()) <= LONGEST and (helping or not _is_sentence(head)) else ""


def _measures(part: str, asked: Asked) -> bool:
    """Tell whether words name a measure or a side of a thing, not a thing: the drawback, the latency."""
    return bool(_MEASURE.search(part)) or is_generic(part.split()[-1]) or not _has_content(part, asked)


def _is_sentence(head: str) -> bool:
    return _VERB.search(head) is not None or re.search(r"\w(?:s|es) (?:the|a|an)\b", head) is not None


def _chinese(text: str, asked: Asked) -> str:
    lead = _LEAD_ZH.match(text)
    rest = text[lead.end() if lead else 0 :]
    place = _PLACE_ZH.match(rest)
    if place and _has_content(rest[place.end() :], asked):
        rest = rest[place.end() :]
    predicate = next((m for m in _PREDICATE_ZH.finditer(rest) if m.start() > 1), None)
    head = (rest[: predicate.start()] if predicate else rest).strip(" ，,、")
    if not head or not _has_content(head, asked):
        return ""
    owner, mark, part = head.rpartition("的")
    if mark and (_MEASURE_ZH.search(part.strip()) or is_generic(part.strip()) or not _has_content(part, asked)):
        head = owner.strip()
    return head if len(_HAN.findall(head)) <= 14 and len(head.split()) <= LONGEST and _has_content(head, asked) else ""


def _weightiest(asked: Asked) -> str:
    """Return the first name, else the run of words that weighs most."""
    if asked.entities:
        return asked.entities[0].text
    content = [term for term in asked.terms if not term.generic]
    runs = _runs(asked.text.lower(), content)
    if not runs:
        return content[0].text if content else ""
    start, end, _ = max(runs, key=lambda run: run[2])
    return asked.text[start:end]


def _runs(low: str, content: list[Term]) -> list[tuple[int, int, float]]:
    places = sorted((low.find(t.text), low.find(t.text) + len(t.text), t.weight) for t in content if t.text in low)
    runs: list[tuple[int, int, float]] = []
    for start, end, weight in places:
        if runs and start - runs[-1][1] <= 1:
            runs[-1] = (runs[-1][0], max(end, runs[-1][1]), runs[-1][2] + weight)
        else:
            runs.append((start, end, weight))
    return runs
