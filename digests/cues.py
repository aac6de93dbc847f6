"""The words by which papers and posts tell what a sentence is for, in English and Chinese.

Pure data and small tests over it. General phrases of the genre only: nothing here knows a paper,
a product or a site.
"""

import re

# What a work brings ...
IDEA = re.compile(
    r"\b(we|this (paper|work|article|post|blog|study|report|survey|tutorial|thesis)|the (paper|authors?|"
    r"article))\b[^.]{0,70}?\b"
    r"(propos|present|introduc|develop|design|describ|releas|initiat|show for the first|review|survey)\w*|"
    r"\b(is|are) (proposed|introduced|presented)\b|\b(by|to) (proposing|introducing|presenting|propose|introduce)\b|"
    r"\b(has|have|had|was|were|is) (just |now |recently )?(released|launched|announced|open-?sourced|developed|"
    r"built)\b|\bannounced\b|\bnow (supports?|available)\b"
    r"|提出|介绍|介紹|推出|发布|發布|开源了|開源了|本文|首(次|个|個)|研究(人员|者|團隊|团队)|团队.{0,10}(设计|"
    r"实现|开发)",
    re.I,
)
# ... or asks, or is.
STUDY = re.compile(
    r"\b(we|this (paper|work|article|post|blog|study|report))\b[^.]{0,70}?\b(stud(y|ies)|investigat|explor|"
    r"discover|analy[sz]|observ|find|found|"
    r"argu|quantif|measur|compar)\w*|"
    r"\b(is|are) an? (?!promising|important|popular|common|effective method|key|major|critical|"
    r"well)([\w-]+ ){0,6}(framework|library|method|system|"
    r"toolkit|tool|engine|algorithm|technique|approach|compiler|format|scheme|benchmark|accelerator|schedule|"
    r"scheduler|runtime|service|platform)\b",
    re.I,
)
MECHANISM = re.compile(
    r"\b(by \w+ing|using|based on|consists? of|combin(es?|ing)|key (idea|insight|observation)|leverag(es?|ing)|"
    r"employs?|exploit(s|ing)|"
    r"splits?|splitting|stores?|partition(s|ed|ing)|replac(es?|ing)|iterativ\w+|formulat\w+|sends?|search(es|ing)|"
    r"reus(es?|ing)|"
    r"overlap(s|ping)|shar(es?|ed|ing)|first|then|instead of|merg(es?|ing)|keeps?|learns?|learned|removes?|maps?|"
    r"freezes?|designed|"
    r"further|gradual(ly)?|automatically|given|via|through|identif(y|ies)|assigns?|aggregat\w+|swap(s|ped|ping)?|"
    r"groups?|"
    r"recomput\w+|transform(s|ed|ing)?|encodes?|caches?|rotat(es?|ing)|scal(es?|ing)|mapp(ed|ing))\b"
    r"|通过|通過|基于|基於|采用|採用|利用|使用|结合|結合|首先|核心|将|將|分为|分為|拆分|替代",
    re.I,
)
RESULT = re.compile(
    r"\b(outperform\w*|achiev\w*|reduc\w*|improv\w*|speed-?ups?|faster|smaller|lower|higher|less|more|gains?|"
    r"up to|compared|"
    r"than|increas\w*|decreas\w*|sav(es?|ing)|reach\w*|accuracy|throughput|latency|fits?|drops?|within|only|"
    r"accelerat\w+|cuts?|"
    r"shrinks?|takes?|trains?|trained|supports?|memory|perplexity|doubl\w+|tripl\w+|halv\w+|rose|fell|grow|grew|"
    r"hold|held)\b"
    r"|提升|降低|提高|减少|減少|达到|達到|超过|超過|优于|優於|倍|加速|节省|節省|性能|准确率|準確率|吞吐|延迟|"
    r"延遲|显存|顯存|快|仅需|僅需",
    re.I,
)
MEASURED = re.compile(
    r"\d[\d.,]*\s*\$?\s*(\\?%|×|x\b|\\times|倍|percent|[KMGT]i?B\b|ms\b|µs\b|us\b|hours?\b|minutes?\b|days?\b|"
    r"tokens?\b|bits?\b|-bit\b|"
    r"[KMGTPE]?FLOPs?\b|GPUs?\b|billion\b|million\b|points?\b|times\b|W\b|nm\b|pJ\b|fps\b|万|萬|亿|億|天|小时|"
    r"小時|个点|塊|块|卡)|"
    r"\b(doubl|tripl|halv|two-fold|half)\w*",
    re.I,
)
LIMIT = re.compile(
    r"\b(limit(s|ed|ations?)?|drawbacks?|cannot|can't|only (for|on|when|if|works|supports?)|at the (cost|expense)|"
    r"trade-?offs?|"
    r"although|though|do(es)? not|fails?|failure|remains?|degrad\w+|(accuracy|quality) (drop|loss)|costs?|but|unless|"
    r"restricted|overhead|requires?|needs?|slower|worse|much lower than|at most|must)\b"
    r"|不足|局限|仅|僅|无法|無法|代价|代價|缺点|缺點|但是?|不过|不過|尚未|还(不|没)|不支持|限制",
    re.I,
)
PRAISE = re.compile(
    r"state[- ]of[- ]the[- ]art|\bsuperior|\bextensive (experiments|evaluations?)|\bexperiments? (show|"
    r"demonstrate)|\bcomprehensive|"
    r"\bwe (experimentally |empirically )?(validate|evaluate|demonstrate)\b|\beffectiveness\b|"
    r"\bexperimental results\b|\bpromising results\b|"
    r"\b(powerful|cutting-edge|groundbreaking|unprecedented|remarkabl[ey]|impressive|revolutionary)\b|大量实验|"
    r"大量實驗|"
    r"实验(结果)?表明|领先|領先|强大|震撼|重磅",
    re.I,
)
BACKGROUND = re.compile(
    r"\b(recent(ly)?|in recent years|nowadays|ha(s|ve) become|becoming|widely used|frequently used|"
    r"increasing(ly)?|growing|rapid(ly)?|"
    r"attracted|received|emerging|promising|challenging|challenges?|ubiquitous|great success|breakthrough|"
    r"is (one of )?(the|a) most|important|"
    r"existing|typical(ly)?|usually|commonly|prior work|previous|need(ed|s)?|hampered|suffers?|however|expensive|"
    r"many|most|demand\w*|"
    r"computation-intensive|impractical|prohibitive\w*|effective method|essential|critical|crucial|known as|"
    r"high computational)\b"
    r"|近年|随着|隨著|目前|如今|越来越|越來越|众所周知|最近|当前|當前|一直以来|火爆",
    re.I,
)
CHATTY = re.compile(
    r"\?|？|!|！|\b(I|I'm|I’m|I've|I’ve|my|me|you|your|yours|let's|let’s|let us|please|we('ll|’ll| will| can| hope|"
    r" believe| expect| recommend|"
    r" invite| plan| sincerely)|welcome|hope|guess|wow|imagine|suppose|excit\w+|amazing|awesome|incredibl\w+|"
    r"step \d|install(ing|ation)?|"
    r"download\w*|click|tutorial|this guide|run the|open the|make sure|note that|want to|going to|last week|"
    r"yesterday|today|soon|kick off|"
    r"sincerely|opportunity|charm\w*|fun|really|of course|simply|just)\b"
    r"|你|您|我们来|我們來|大家|小编|吧。|请|請|咱|昨天|今天|近日|网友|網友|表示|认为|認為",
    re.I,
)
GUESS = re.compile(
    r"\b(may|might|could|would|perhaps|probably|hopefully|should|once)\b|或许|可能|也许|有望|或將|或将", re.I
)
_POINTS = re.compile(
    r"\b(as )?(shown|seen|depicted|listed|illustrated|presented|described|mentioned|summarized) (in|below|above|"
    r"by|earlier|previously)\b|"
    r"\bas (results?|figures?) shows?\b|\b(figure|fig\.|table|diagram|chart|"
    r"screenshot|image|picture|snippet|listing|graph|plot|section|chapter|appendix) ?(\d|[A-Z]\b|below|above|"
    r"shows?|illustrates?|demonstrates?|"
    r"depicts?|compares?)|\b(following|below|above|here is|here are)\b|\bas follows\b|[:：]$|(如|见|見|下|"
    r"上)(图|圖|表)|"
    r"图\s?\d|圖\s?\d|所示|"
    r"以下|如下|下面|上述|上文|前文",
    re.I,
)
_HARD = re.compile(
    r"(This|These|That|Those|It|They|He|She|Such|His|Her|Their|Its|However|But|And|Or|So|Yet|Nevertheless|"
    r"Nonetheless|Instead|"
    r"Therefore|Thus|Hence|Consequently|Otherwise|Then|Next|Similarly|Likewise|Meanwhile|Also|Besides|"
    r"Subsequently|Accordingly|"
    r"On the (other|contrary)|For (example|instance)|The (former|latter|same|above|proposed)|Here|There|Another|"
    r"Both|Again|Unfortunately|"
    r"As (such|mentioned|a consequence|a result)|In (this|that|these|those|both|such|doing|contrast)|With (this|"
    r"these|that)|By (this|these|doing)|"
    r"Due to (this|these)|After (this|that)|At (this|that)|From (this|these)|Compared to (this|these)|"
    r"One of (them|these)|Second|Third|Finally|"
    r"To (this|do so|\w+ (this|these|it|them|that|such)))\b"
    r"|\d\)|(这|這|该|該|此|其|它|他|她|因此|然而|但|而|同时|同時|所以|于是|於是|不过|不過|那|对此|對此|当然|"
    r"當然|然后|然後|接着|接著|例如|比如|以上|与此|與此|"
    r"另一|其次|最后|最後|除了|除此|并且|並且|自此|由此|为此|為此|之后|之後|接下来|接下來|再|还|還|"
    r"第[一二三四\d]|不仅如此|不僅如此|如(图|圖|标题|標題|上|下|果)|"
    r"总而言之|總而言之|换句话|換句話|也就是|相比之下|后者|後者|前者|两者|兩者|也|又|反之|在此|从此|從此|于此|都|就)",
)
_NOT_HARD = re.compile(
    r"(This|In this) (paper|work|article|post|blog|study|report|survey|tutorial|guide|release|thesis)\b|"
    r"To (this end|address (this|these)|solve (this|these)|overcome (this|these)|tackle (this|these)|"
    r"remedy)\b.*\b(propos|present|introduc|develop|design)|"
    r"其实|其實|此外|而且|另外|除了.{2,20}(还|還|也)"
)
_SOFT = re.compile(
    r"(Specifically|More specifically|In particular|Moreover|Furthermore|In addition|Additionally|Further|"
    r"Importantly|Notably|First(ly)?|Lastly|"
    r"Our|Overall|Concretely|Based on our|We also|We further|We, therefore|To)\b|(此外|另外|首先|具体|具體|"
    r"总之|而且|其中)"
)
CLOSING = re.compile(
    r"\b(abstract|summary|tl;?dr|conclusions?|key takeaways?|takeaways|highlights|overview|in short|"
    r"wrap(ping)?[- ]up|results?|"
    r"evaluation|performance|benchmarks?)\b|摘要|总结|總結|小结|小結|结论|結論|概述|亮点|亮點|结果|結果|性能",
    re.I,
)
"""Headings of sections that say what matters."""
HOW_TO = re.compile(
    r"\b(install(ation|ing)?|set ?up|quick ?start|getting started|usage|how to (use|run|install|build)|"
    r"prerequisites?|requirements?|"
    r"environment|step|demo|download|references?|resources|acknowledge?ments?|appendix|related work|faq|"
    r"troubleshooting|about (us|the authors?)|"
    r"getting help|what('|’)s next|next steps|more)\b|安装|安裝|环境|環境|步骤|步驟|参考|參考|附录|附錄|致谢|"
    r"致謝|使用方法|快速开始",
    re.I,
)
"""Headings of sections that a summary can do without."""
EVENT = re.compile(
    r"\b(join (us|our|the)|join [A-Z]|register|webinars?|meet-?ups?|hackathons?|code ?camps?|boot ?camps?|"
    r"call for (papers|participation|proposals)|"
    r"hiring|giveaway|livestreams?|office hours|sponsors?|save the date|save your seat|invitation)\b|报名|報名|招聘|"
    r"直播预告|训练营|訓練營|招募|活动预告|征稿",
    re.I,
)
"""Titles of announcements that are about no work."""
# Names as methods bear them: two capitals at least, or letters beside a digit.
_NAME = r"(?:[A-Za-z]*[A-Z][a-z]*[A-Z]\w*|[A-Z]{2,}\w*|[A-Z][a-z]+\d\w*)(?:[-.]\w+)*"
_HEAD = re.compile(r"([A-Z][\w.()+-]{2,24}(?: [A-Z][\w-]+)?)\s*[:：]")
_NAMED = re.compile(rf"\b{_NAME}\b")
_GIVEN = re.compile(
    rf"(?:called|named|termed|dubbed|propose|proposes|present|presents|introduce|introduces|develop|release|"
    rf"releases|released|describes?)"
    rf" (?:as )?(?:the )?({_NAME}|[A-Z][\w-]*[\w](?=,| \())|\(({_NAME})\)"
)


def points_elsewhere(text: str) -> bool:
    """Tell whether a sentence speaks of a figure, a table or what follows, which a summary does not show."""
    return _POINTS.search(text) is not None


def leans(text: str) -> int:
    """Return 2 for a sentence that needs the one before it, 1 for one that only follows from it, else 0."""
    if _HARD.match(text) and not _NOT_HARD.match(text):
        return 2
    return 1 if _SOFT.match(text) else 0


def identifiers(text: str) -> set[str]:
    """Return the words of a text that are names by their spelling, such as LMDeploy, FSDP or Llama2."""
    return {name for name in _NAMED.findall(text) if len(name) > 2}


def own_names(title: str, idea: str) -> set[str]:
    """Return what a work calls itself: the head of its title, and the name that its first idea gives."""
    found = {part for match in _GIVEN.finditer(idea) for part in match.groups() if part}
    if head := _HEAD.match(title):
        found.add(head[1])
    return {name for name in found if len(name) > 1}
