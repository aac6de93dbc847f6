"""The words by which papers and posts tell what a sentence is for, in English and Chinese.

Pure data and small tests over it. General phrases of the genre only: nothing here knows a paper,
a product or a site. Texts are given in simplified characters (`kb.text.simplify`).
"""

import re
from collections.abc import Sequence

_WORK = "(paper|work|article|post|blog|study|report|survey|tutorial|guide|release|thesis)"
_TIME = "(quarter|month|week|year|edition|issue)"


class Cue:
    """Phrases in any case. The text is lowered once: half the time of a pattern that ignores case."""

    def __init__(self, pattern: str) -> None:
        lowered = re.sub(r"\\.|[A-Z]", lambda m: m[0] if m[0][0] == "\\" else m[0].lower(), pattern)
        self._pattern = re.compile(lowered)

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first of them in a text; places count in the lowered text."""
        return self._pattern.search(text.lower())

    def count(self, text: str) -> int:
        """Return how many of them stand in a text."""
        return sum(1 for _ in self._pattern.finditer(text.lower()))


def _cue(english: str, chinese: str = "", *, more: str = "") -> Cue:
    """Whole English words, Chinese phrases, and what is neither, in any case."""
    return Cue(_listed(english, chinese, more))


def _opening(english: str, chinese: str, *, more: str = "") -> re.Pattern[str]:
    """The same at the beginning of a sentence, as they are written."""
    return re.compile(f"^(?:{_listed(english, chinese, more)})")


def _listed(english: str, chinese: str, more: str) -> str:
    """One pattern of phrases that are written over several lines."""
    words = "".join(line.strip() for line in english.splitlines())
    parts = [rf"\b(?:{words})\b", more, "".join(line.strip() for line in chinese.splitlines())]
    return "|".join(part for part in parts if part)


IDEA = _cue(
    rf"""(we|this {_WORK}|the (paper|authors?|article))\b[^.]{{0,70}}?\b(propos|present|introduc|develop|design|describ|
    releas|initiat|show for the first|review|survey)\w*|(is|are) (proposed|introduced|presented)|
    (by|to) (proposing|introducing|presenting|propose|introduce)|announced|now (supports?|available)|
    (has|have|had|was|were|is) (just |now |recently )?(released|launched|announced|open-?sourced|developed|built)""",
    "提出|介绍|推出|发布|公布|宣布|开源了|本文|首(次|个)|研究(人员|者|团队)|团队.{0,10}(设计|实现|开发)",
)
"""What a work brings ..."""
STUDY = _cue(
    rf"""(we|this {_WORK})\b[^.]{{0,70}}?\b(stud(y|ies)|investigat|explor|discover|analy[sz]|observ|find|found|argu|
    quantif|measur|compar)\w*|(is|are) an? (?!promising|important|popular|common|effective method|key|major|critical|
    well)([\w-]+ ){{0,6}}(framework|library|method|system|toolkit|tool|engine|algorithm|technique|approach|compiler|
    format|scheme|benchmark|accelerator|schedule|scheduler|runtime|service|platform)"""
)
"""... or asks, or is."""
MECHANISM = _cue(
    r"""by \w+ing|using|based on|consists? of|combin(es?|ing)|key (idea|insight|observation)|leverag(es?|ing)|employs?|
    exploit(s|ing)|splits?|splitting|stores?|partition(s|ed|ing)|replac(es?|ing)|iterativ\w+|formulat\w+|sends?|
    search(es|ing)|reus(es?|ing)|overlap(s|ping)|shar(es?|ed|ing)|first|then|instead of|merg(es?|ing)|keeps?|learns?|
    learned|removes?|maps?|freezes?|designed|further|gradual(ly)?|automatically|given|via|through|identif(y|ies)|
    assigns?|aggregat\w+|swap(s|ped|ping)?|groups?|recomput\w+|transform(s|ed|ing)?|encodes?|caches?|rotat(es?|ing)|
    scal(es?|ing)|mapp(ed|ing)""",
    "通过|基于|采用|利用|使用|结合|首先|核心|将|分为|拆分|替代",
)
RESULT = _cue(
    r"""outperform\w*|achiev\w*|reduc\w*|improv\w*|speed-?ups?|faster|smaller|lower|higher|less|more|gains?|up to|
    compared|than|increas\w*|decreas\w*|sav(es?|ing)|reach\w*|accuracy|throughput|latency|fits?|drops?|within|only|
    accelerat\w+|cuts?|shrinks?|takes?|trains?|trained|supports?|memory|perplexity|doubl\w+|tripl\w+|halv\w+|rose|fell|
    grow|grew|hold|held|fastest|slowest|highest|lowest|largest|smallest""",
    "提升|降低|提高|减少|达到|超过|优于|倍|加速|节省|性能|准确率|吞吐|延迟|显存|快|仅需",
)
MEASURED = re.compile(
    r"\d[\d.,]*\s*\$?\s*(\\?%|×|x\b|\\times|倍|percent|[KMGT]i?B\b|ms\b|µs\b|us\b|hours?\b|minutes?\b|days?\b|"
    r"tokens?\b|"
    r"[KMGTPE]?FLOPs?\b|GPUs?\b|billion\b|million\b|points?\b|times\b|W\b|nm\b|pJ\b|fps\b|FPS\b|"
    r"thousand\b|dollars?\b|seconds?\b|万|亿|天|小时|分钟|毫秒|秒|个点|个百分点|块|卡|次|元|瓦)"
    r"|\b(doubl|tripl|halv|two-fold|half)\w*|\b(two|three|four|five|ten|several) times\b|[0-9] bits\b",
)
SETUP = _cue(
    r"""(was|were) (measured|tested|set to|evaluated|conducted|performed)|(we|I) (also )?(test|tested|measure|measured|
    conduct|conducted|utili[sz]ed?|set|ran|run|use|used)\b[^.]{0,60}\b(to (test|measure|evaluate)|benchmarks?|
    scenarios|tests?|
    throughput of)|evaluation metrics?|test split""",
    "(进行|開展|开展)了?(测试|评测|评估)|测试(环境|了)|评测指标",
)
"""How something was measured: of use only beside what came out."""
LIMIT = _cue(
    r"""limit(s|ed|ations?)?|drawbacks?|cannot|can't|only (for|on|when|if|works|supports?)|at the (cost|expense)|
    trade-?offs?|although|though|do(es)? not|fails?|failure|remains?|degrad\w+|(accuracy|quality) (drop|loss)|
    costs?|but|
    unless|restricted|overhead|requires?|needs?|slower|worse|much lower than|at most|must""",
    "不足|局限|仅|无法|代价|缺点|但是?|不过|尚未|还(不|没)|不支持|限制",
)
PRAISE = _cue(
    r"""superior\w*|extensive (experiments|evaluations?)|experiments? (show|demonstrate)|comprehensive|
    we (experimentally |empirically )?(validate|evaluate|demonstrate)|effectiveness|experimental results|
    promising results|powerful|cutting-edge|groundbreaking|unprecedented|remarkabl[ey]|impressive|revolutioni\w+|
    outstanding|seamless(ly)?|new (insights|opportunities)""",
    "大量实验|实验(结果)?表明|领先|强大|震撼|重磅",
    more="state[- ]of[- ]the[- ]art",
)
BACKGROUND = _cue(
    r"""recent(ly)?|in recent years|nowadays|ha(s|ve) (become|been)|becoming|widely used|frequently used|
    increasing(ly)?|
    growing|rapid(ly)?|attracted|garner\w*|received|gained|emerging|promising|challenging|challenges?|ubiquitous|
    great success|breakthrough|is (one of )?(the|a) most|important|existing|typical(ly)?|usually|commonly|prior work|
    previous|need(ed|s)?|hampered|suffers?|however|expensive|many|most|demand\w*|computation-intensive|impractical|
    prohibitive\w*|effective method|essential|critical|crucial|known as|well-known|high computational|advent|
    the wave of""",
    "近年|随着|目前|如今|越来越|众所周知|最近|当前|一直以来|火爆|一般来说",
)
CHATTY = _cue(
    r"""I|I'm|I’m|I've|I’ve|my|me|you|your|yours|let's|let’s|let us|please|we('ll|’ll| will| can| hope| believe| expect|
    recommend| invite| plan| sincerely)|welcome|hope|guess|wow|imagine|suppose|excit\w+|amazing|awesome|incredibl\w+|
    step \d|install(ing|ation)?|download\w*|click|tutorial|guide|run the|open the|make sure|note that|want to|going to|
    yesterday|today|soon|kick off|sincerely|opportunity|charm\w*|fun|really|of course|logo|indeed|
    minor issues?|interested|eager|try|in the future|is expected to|all (that )?(we|one) needs?|ran into|as we know|
    it (is|was) clear that|in other words|long story|luckily|fortunately|frankly|honestly|turns out""",
    "你|您|我们来|我们先|大家|小编|笔者|吧。|请|咱|昨天|今天|近日|网友|表示|认为|我们不妨|不得不|据称|可以(发现|看到|看出)|"
    "不难(发现|看出)|又来了|听说|说实话|坦白",
    more=r"\?|？|!|！|^[「“\"]|^(tips?|notes?|warning|caution)\s*:",
)
PROMISE = _cue(
    r"""will (\w+ly )?(also|further|soon|continue to|keep on|be (\w+ )?(released|available|published|added|supported|
    open-?sourced))|(we|team|project|authors?|maintainers?|developers?)\b[^.]{0,40}? (will|shall|going to) (\w+ly )?
    (add|release|introduce|share|publish|update|explore|cover|support|extend|bring|follow)|
    next (time|post|article|blog|part|release|version|steps?)|
    (following|upcoming|later|future) (post|article|blog|part|release|version|work)s?|in (the|near) future|
    (left|leave) \w+ (to|for|as) future|plans? to|planned|road-?map|look(ing)? forward|coming soon|
    under (\w+ )?development|ha(s|ve) the potential|stay tuned|we (aim|hope|expect|intend|plan)""",
    "将(会|继续|持续|进一步|于)|未来|敬请期待|下(期|次|一篇|篇|一步)|后续|计划|拟|期待",
)
"""What is to come, to which a digest can hold nobody."""
DATED = _cue(
    r"""(last|this|next) (week|month|night|morning|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|
    earlier (today|this (week|month))|(days|weeks) ago|just (now|released|announced|launched)""",
    "近日|日前|本周|上周|本月|上月|刚刚|昨日|今日|不久前|前几天|就在",
)
"""When something happened, counted from a day that the reader of a digest does not know."""
DEFINITION = re.compile(
    r"[^.,;:]{0,60}?\b(is|are) (a|an|the|our|one of the) (?!same\b|most\b|best\b|only\b)"
    r"|[^。，；]{1,24}(是|为)(一|由|专|首|面向|基于|针对)"
)
"""How a post says what its subject is."""
GUESS = _cue("may|might|could|would|perhaps|probably|hopefully|should|once|if", "或许|可能|也许|有望|或将|如果|预计")
_SHOWN = (
    r"(figure|fig\.|table|diagram|chart|screenshot|image|picture|snippet|listing|graph|plot|code|example|"
    r"section|chapter|"
    "steps?)"
)
_POINTS = _cue(
    rf"""(as )?(shown|seen|depicted|listed|illustrated|presented|described|mentioned|summarized) (in|below|
    above|by|earlier|
    previously)|as (results?|figures?) shows?|{_SHOWN} ?(\d|[A-Z]\b|below|above|shows?|illustrates?|
    demonstrates?|depicts?|
    compares?)|following (\w+ )?{_SHOWN}|(see|run|use) (the )?(below|above|following)|here (is|are)|as follows|
    next figure|as stated""",
    "(如|见|下|上)(图|表)|图\\s?\\d|所示|以下|如下|下面|上述|上文|前文|本(小)?节|本章|(介绍|讲|说)完",
    more="[:：]$|^(Below|Above),",
)
_HARD = _opening(
    r"""This|These|That|Those|It|They|He|She|Such|His|Her|Their|Its|However|But|And|Or|So|Yet|Nevertheless|Nonetheless|
    Instead|Therefore|Thus|Hence|Consequently|Otherwise|Then|Next|Similarly|Likewise|Meanwhile|Also|Besides|
    Subsequently|Accordingly|On the (other|contrary)|For (example|instance)|The (former|latter|same|above|proposed)|
    Here|There|Another|Both|Again|Unfortunately|As (such|mentioned|a consequence|a result)|One of (them|these)|Second|
    Third|Finally|In (doing so|contrast)|To do so|After solving|At the same time|Not only that|In (that|which) case|
    (As|Since|Because|While|When|If|Once|After|Before|Although|Though|Unlike|Like|With|Without)[ ]
    (it|they|them|he|she|that|so|its|their)|
    (Similar|Compared|Comparing|Thanks|Due|According) (to|with) (it|them|that|this|these|those)|
    (\w+ ){1,4}(these|those|such|the above|
    this(?! (paper|work|article|post|blog|study|report|survey|tutorial|guide|release|thesis)))""",
    """这|该|此|其|它|他|她|因此|然而|但|而|同时|所以|于是|不过|那|对此|当然|然后|接着|例如|比如|以上|与此|
    另一|其次|最后|
    除了|除此|并且|自此|由此|为此|之后|接下来|再|还|第[一二三四\\d]|不仅如此|如(图|标题|上|下|果)|总而言之|
    换句话|也就是|下面|可以(发现|看到|看出)|由(上|图|表)|一方面|另外一|与此|这时|结果(是|就)|
    相比之下|后者|前者|两者|也|又|反之|在此|从此|于此|都|就|类似|与之|对于这""",
    more=r"\d\)",
)
_NOT_HARD = _opening(
    rf"""(This|In this) ({_WORK}|{_TIME})|To (this end|\w+ (this|these|the above) [\w-]+),? .{{0,40}}\b(propos|
    present|introduc|
    develop|design)\w*""",
    "其实|此外|而且|另外",
)
_SOFT = _opening(
    r"""Specifically|More specifically|In particular|Moreover|Furthermore|In addition|Additionally|Further|Importantly|
    Notably|First(ly)?|Lastly|Our|Overall|Collectively|Concretely|Based on our|We also|We further|We, therefore|To""",
    "此外|另外|首先|具体|总之|而且|其中",
)
_FOLLOWING = re.compile(r"(?:[\w-]+ ){1,4}(?:therefore|thus|hence|however),? |[^，。；]{1,12}(?:也|则|因此)")
"""A sentence whose link to the one before stands inside: Quartz therefore keeps ..."""
CLOSING = _cue(
    r"""abstract|summary|tl;?dr|conclusions?|key takeaways?|takeaways|highlights|overview|in short|wrap(ping)?[- ]up|
    results?|evaluation|performance|benchmarks?""",
    "摘要|总结|小结|结论|概述|亮点|结果|性能",
)
"""Headings of sections that say what matters."""
HOW_TO = _cue(
    r"""install(ation|ing)?|set ?up|quick ?start|getting started|usage|how to (use|run|install|build)|prerequisites?|
    requirements?|environment|step|demo|download|references?|resources|acknowledge?ments?|appendix|related work|faq|
    troubleshooting|about (us|the authors?)|getting help|what('|’)s next|next steps|more""",
    "安装|环境|步骤|参考|附录|致谢|使用方法|快速开始",
)
"""Headings of sections that a summary can do without."""
EVENT = _cue(
    r"""join (us|our|the)|register|webinars?|meet-?ups?|hackathons?|code ?camps?|boot ?camps?|
    call for (papers|participation|proposals)|hiring|giveaway|livestreams?|office hours|sponsors?|save the date|
    save your seat|invitation""",
    "报名|招聘|直播预告|训练营|招募|活动预告|征稿",
)
"""Titles of announcements that are about no work ..."""
_JOINING = re.compile(r"\b[Jj]oin [A-Z]\w+")
"""... and those that ask to come to something with a name."""
# Names as methods bear them: two capitals at least, or letters beside a digit.
_NAME = r"(?:[A-Za-z]*[A-Z][a-z]*[A-Z]\w*|[A-Z]{2,}\w*|[A-Z][a-z]+\d\w*)(?:[-.]\w+)*"
_HEAD = re.compile(r"([A-Z][\w.()+-]{2,24}(?: [A-Z][\w-]+)?)\s*[:：]")
_NAMED = re.compile(rf"\b{_NAME}\b")
_GIVEN = re.compile(
    r"(?:called|named|termed|dubbed|propose|proposes|present|presents|introduce|introduces|develop|developed|release|"
    rf"releases|released|describes?) (?:as )?(?:the )?({_NAME}|[A-Z][\w-]*[\w](?=,| \())|\(({_NAME})\)"
)


def is_event(title: str) -> bool:
    """Tell whether a title announces an event."""
    return EVENT.search(title) is not None or _JOINING.search(title) is not None


_ACTOR = re.compile(r"([A-Z][A-Za-z0-9-]{2,24}) (?:also |then )?[a-z]{2,}(?<!s)s ")


def points_elsewhere(text: str) -> bool:
    """Tell whether a sentence speaks of a figure, a table or what follows, which a summary does not show."""
    return _POINTS.search(text) is not None


def leans(text: str) -> int:
    """Return 2 for a sentence that needs the one before it, 1 for one that only follows from it, else 0."""
    if _HARD.match(text) and not _NOT_HARD.match(text):
        # “To ease these problems, the lab has developed …” says what is new, whatever the problems were.
        return 1 if text.startswith("To ") and IDEA.search(text) else 2
    return 1 if _SOFT.match(text) or _FOLLOWING.match(text) else 0


def identifiers(text: str) -> set[str]:
    """Return the words of a text that are names by their spelling, such as LMDeploy, FSDP or Llama2."""
    return {name for name in _NAMED.findall(text) if len(name) > 2}


def own_names(title: str, idea: str) -> set[str]:
    """Return what a work calls itself: the head of its title, and the name that its first idea gives."""
    found = {part for match in _GIVEN.finditer(idea) for part in match.groups() if part}
    if head := _HEAD.match(title):
        found.add(head[1])
    return {name for name in found if len(name) > 1}


def actors(sentences: Sequence[str]) -> set[str]:
    """Return the names that do something in a text: that begin a sentence before a verb and stand within another."""
    subjects = {match[1] for sentence in sentences if (match := _ACTOR.match(sentence))}
    return {name for name in subjects if sum(f" {name} " in f"{sentence} " for sentence in sentences)}
