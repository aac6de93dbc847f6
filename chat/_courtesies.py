"""Words that ask nothing of a library: greetings, thanks, what the chat is.

Pure. Owns the wordings of two languages. Refuses whatever else is asked along: a greeting before a question is no
courtesy. Invariant: what is one holds no subject.
"""

import re

from kb.text import fold_space

_COURTESY = re.compile(
    r"(?>(?:hello|hiya|hi|hey|greetings|good (?:morning|afternoon|evening|night|day)|bye|goodbye|see you"
    r"|(?:many )?thanks?(?: you| a lot| so much| very much)*|thx|cheers|ok(?:ay)?|great|cool|nice|perfect|got it"
    r"|well done|yes|no|please|sorry|test(?:ing)?|ping|help(?: me)?(?: please)?|there|how are you(?: doing)?(?: today)?"
    r"|who (?:are|r) (?:you|u)|what are you|what is this|what (?:can|do) (?:you|i|we) (?:do|ask|answer|know)(?: here)?"
    r"|how (?:do i|can i|to) (?:use (?:this|you)|ask)(?: a question)?"
    r"|你好|您好|哈喽|嗨|早上好|晚上好|早安|晚安|再见|拜拜|谢谢|多谢|感谢|好的?|行|明白了?|知道了|太棒了|不错|是的?|不是|帮助|救命|测试"
    r"|你是谁|你是什么|你能(?:做|干)(?:什么|啥)|你会(?:做)?什么|能问(?:你)?(?:什么|哪些)(?:问题)?|怎么用|如何使用|在吗|啊|呀|呢|吗|了|哦|您|你)"
    r"[\s,.!?;:，。！？；：~…]*)+",
    re.I,
)
LONGEST = 60


def is_courtesy(text: str) -> bool:
    """Tell whether a message greets, thanks or asks what can be asked, and nothing else."""
    form = fold_space(text)
    return 0 < len(form) <= LONGEST and _COURTESY.fullmatch(form) is not None
