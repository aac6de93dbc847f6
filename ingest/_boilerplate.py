"""Lines of plain text that surround a work and are none of it.

Owns the vocabulary of legal notices, calls to subscribe, share buttons, comment boxes and site
navigation, in two languages. Refuses long lines but legal ones: a paragraph that mentions a licence
is content. Invariant: only whole lines are judged.
"""

import re
from functools import lru_cache
from typing import Literal

from kb.text import normalise

Furniture = Literal["legal", "legalese", "links", "page", "advert", "end"]
"""`legal` stands for itself anywhere; `legalese` is a legal notice only beside one; the others mean
furniture only at the head or the tail of a work."""

_LEGAL_HEADING = re.compile(
    r"(?:legal\s+)?(?:notices?\s*(?:&|and)\s*disclaimers?|disclaimers?|legal\s+(?:notices?|information|disclaimers?)"
    r"|copyright(?:\s+notice)?|safe\s+harbou?r\s+statement|版权(?:声明|信息|所有)|免责(?:声明|条款)|法律声明"
    r"|转载(?:声明|须知))\s*:?"
)
_LEGAL = re.compile(
    r"all\s+rights\s+reserved|implied\s+warrant|merchantability|may\s+be\s+claimed\s+as\s+the\s+property"
    r"|no\s+license\s*\(express|intellectual\s+property\s+rights\s+(?:is|are)\s+granted"
    r"|版权归.{0,20}所有|未经.{0,12}(?:许可|授权|允许).{0,12}(?:转载|使用|复制)|转载请(?:注明|联系)|文章转载"
    r"|侵权(?:请|必|立即|删)|如(?:有|涉及)侵权|不代表本(?:站|平台|公众号|网站)"
)
_LEGALESE = re.compile(
    r"fitness\s+for\s+a\s+particular\s+purpose|intellectual\s+property|trademarks?\b|registered\s+in\s+the"
    r"|(?:costs|results|performance)\s+(?:and\s+\w+\s+)?(?:may\s+)?var(?:y|ies)|absolutely\s+secure"
    r"|does\s+not\s+(?:control|audit|endorse)|may\s+require|disclaims?\b|without\s+(?:\w+\s+){0,3}(?:permission|notice)"
    r"|warrant(?:y|ies)|liab(?:le|ility)|forward[- ]looking|(?:views|opinions)\s+(?:\w+\s+)?expressed"
    r"|informational\s+purposes"
    r"|not\s+(?:constitute|intended\s+as)|(?:legal|investment|financial)\s+advice|no\s+license|property\s+of\s+(?:others|their)"
    r"|subject\s+to\s+change|third[- ]party|(?:观点|内容).{0,4}代表作者|仅供(?:参考|学习|交流)|不构成.{0,8}建议"
    r"|法律责任|版权"
)
_COPYRIGHT = re.compile(
    r"(?:©|\(c\)|copyright)\s*(?:©|\(c\))?\s*(?:\d{4}|[a-z].{0,80}(?:corporation|inc|ltd|llc|corp|\d{4}))"
)
_LINKS_HEADING = re.compile(
    r"(?:additional|other|more|further|helpful|useful)\s+(?:resources|links|information)"
    r"|related\s+(?:posts?|articles?|stories|content|reading)|recommended\s+(?:posts?|articles?|for\s+you)"
    r"|you\s+(?:may|might)\s+also\s+(?:like|enjoy)|(?:recent|popular|latest|trending|featured|similar)\s+(?:posts?"
    r"|articles?|stories)|more\s+(?:from|in|on|posts|articles)\b.{0,40}|keep\s+reading|read\s+next|what\s+to\s+read\s+next"
    r"|相关(?:推荐|阅读|文章|帖子)|推荐(?:阅读|文章)|猜你喜欢|热门(?:文章|推荐|阅读)|最新文章|往期(?:回顾|精选|推荐|文章)|延伸推荐|更多(?:精彩|文章)"
)
_PAGE = re.compile(
    r"(?:create|open|file|submit|raise)\s+an?\s+(?:github\s+|new\s+)?issue\b.{0,40}"
    r"|(?:provide|leave|send|share|give)\s+(?:us\s+)?(?:your\s+)?feedback\b.{0,40}|report\s+(?:an?\s+)?(?:issue|bug|problem)s?\b.{0,30}"
    r"|(?:leave|post|add|write|submit)\s+(?:a|your)\s+(?:comment|reply|response)\b.{0,40}|(?:no|\d+|view|show|loading|load\s+more)\s+comments?"
    r"(?:\s+(?:yet|below))?|comments?(?:\s+(?:are\s+)?(?:closed|off|disabled|below|powered\s+by.{0,30}))?|join\s+the\s+(?:discussion"
    r"|conversation).{0,30}|(?:log|sign)\s*in(?:\s+(?:to|or)\b.{0,40})?|sign\s+up(?:\s+(?:for|to)\b.{0,60})?|register|log\s*out"
    r"|(?:←|«|<<?|‹)?\s*(?:previous|prev|older|newer|next)(?:\s+(?:post|article|page|story|entry|posts))?\s*(?:→|»|>>?|›)?"
    r"|(?:←|«|→|»)\s.{0,80}|share(?:\s+(?:this|on|via|with|to)\b.{0,60})?|tweet(?:\s+this)?|(?:facebook|twitter|linkedin|reddit|email|print"
    r"|whatsapp|telegram|pocket|copy\s+link|x)(?:\s*[|·,]\s*\w+)*|like(?:\s+this)?:?|loading\.*|pin\s+it|\d+\s+(?:likes?|claps?|shares?|views?)"
    r"|edit\s+(?:this\s+page|on\s+github|this\s+post).{0,30}|improve\s+this\s+page.{0,30}|back\s+to\s+(?:top|blog|home|all\s+posts).{0,20}"
    r"|(?:home|menu|search|skip\s+to\s+(?:main\s+)?content|toggle\s+navigation|table\s+of\s+contents|advertisement|sponsored)"
    r"|powered\s+by\b.{0,60}|proudly\s+powered.{0,60}|built\s+with\b.{0,40}|theme\s+(?:by|:).{0,60}|hosted\s+(?:on|by)\b.{0,40}"
    r"|please\s+enable\s+javascript.{0,80}|this\s+site\s+uses\s+(?:cookies|akismet).{0,160}|we\s+use\s+cookies.{0,200}"
    r"|(?:accept|reject|manage)\s+(?:all\s+)?cookies.{0,20}|cookie\s+(?:settings|policy|preferences)|privacy\s+policy|terms\s+of\s+(?:use|service)"
    r"|(?:posted|filed)\s+(?:in|under)\b.{0,100}|tagged(?:\s+(?:in|with|as))?\b.{0,100}|(?:tags?|categor(?:y|ies)|labels?)\s*:.{0,120}"
    r"|(?:get|download)\s+the\s+app|open\s+in\s+app|read\s+more(?:\s*(?:»|→|>|\.\.\.|…))?|continue\s+reading.{0,20}|view\s+all(?:\s+posts)?"
    r"|(?:rss|atom)(?:\s+feed)?|print(?:\s+this)?|bookmark|permalink|follow(?:\s+(?:us|me))?(?:\s+on\b.{0,60})?|about\s+the\s+author"
    r"|发(?:布|表)评论.{0,16}|评论(?:区|列表|\(\d+\))?|暂无评论|(?:登录|注册)(?:后|即可)?.{0,12}(?:评论|发表|下载)?|写(?:下你的)?评论.{0,10}|回复|举报"
    r"|返回(?:顶部|首页|列表)|(?:上|下)一(?:篇|页)\s*:?.{0,60}|分享(?:到|至|给)?\s*:?.{0,30}|点赞.{0,8}|收藏(?:\s*\d+)?|\+?关注(?:我们|作者)?|\+?加关注|打赏.{0,10}|赞赏.{0,10}"
    r"|\d+\s*(?:次?阅读|人?点赞|条?评论|文章|浏览量?|粉丝|收藏|关注)|\d*\s*文章\s*\d+\s*浏览量?|(?:阅读|浏览|点击)(?:量|数|次数)?\s*:?\s*\d+.{0,6}|浏览量?"
    r"|(?:标签|分类|归档|栏目)\s*:.{0,60}|(?:编辑|责编|责任编辑|校对|排版|审核)\s*[:丨|/].{0,30}|首页|菜单|搜索|导航|广告"
)
_ADVERT = re.compile(
    r"subscribe\b|unsubscribe|newsletter\s+(?:sign[- ]?up|archive)"
    r"|join\s+(?:our|the|\d[\d,]*)\s.{0,30}(?:newsletter|subscribers|mailing|readers|community|slack|discord)"
    r"|was\s+this\s+(?:email|newsletter)\s+forwarded|forward(?:ed)?\s+this\s+(?:email|to\s+a\s+friend)|view\s+(?:this\s+email\s+)?in\s+(?:your\s+)?browser"
    r"|you(?:'re|\s+are)\s+receiving\s+this|manage\s+(?:your\s+)?(?:preferences|subscription)|update\s+your\s+preferences|(?:follow|find|join)\s+us\s+(?:on|at)\b"
    r"|thanks?\s+for\s+(?:reading|subscribing)|see\s+you\s+(?:next\s+week|in\s+the\s+next)|(?:become|upgrade\s+to)\s+a\s+(?:paid|premium|member|sponsor)"
    r"|this\s+(?:issue|week|newsletter).{0,24}(?:sponsored|brought\s+to\s+you)\s+by|want\s+to\s+(?:sponsor|advertise)|get\s+\d+%\s+off|use\s+(?:the\s+)?code\b.{0,20}(?:off|discount)"
    r"|register\s+(?:now|today|here)|(?:early[- ]bird|limited)\s+(?:tickets|seats)|we(?:'re|\s+are)\s+hiring"
    r"|扫(?:码|描|一扫)|二维码|报名(?:链接|地址|方式|通道|入口|时间|费用)|(?:立即|点击|扫码|免费)报名|点击.{0,4}(?:阅读|查看|下方)?原文|阅读原文|关注(?:我们|本号|.{0,12}公众号)"
    r"|(?:微信)?公众号\s*[:：]|微信(?:号|群)|添加微信|加微信|(?:交流|读者|学习|技术)群|进群|入群|拉(?:你)?进|商务合作|投稿(?:邮箱|请)|联系(?:我们|方式|邮箱)|招聘(?:信息|启事)"
    r"|欢迎(?:关注|订阅|转发|投稿|加入|扫码|分享)|长按(?:识别|关注)|点(?:个|击)?(?:赞|在看|关注)|转发(?:给|到|至|分享)|觉得(?:不错|有用|有帮助).{0,12}(?:点|分享|转发)"
    r"|原文标题\s*:|文章出处\s*:|本文(?:转载自|来自|由.{0,20}授权)|限时(?:优惠|免费)|优惠券?|(?:课程|活动|会议|培训).{0,8}(?:报名|优惠|详情)|巡回城市|线下.{0,10}(?:培训|活动|沙龙)"
)
_END = re.compile(r"[\W_]*(?:the\s+)?(?:end|fin|eof|完|全文完|正文完|正文结束|本文完|分割线|-30-)[\W_]*", re.I)
_FOOTER_BULLET = re.compile(r"[-*+•·]\s*")
_SHORT = 90
_LEGAL_LENGTH = 900


@lru_cache(maxsize=4096)
def furniture(line: str) -> Furniture | None:
    """Return what kind of furniture a whole line is: None for content."""
    if len(line) > _LEGAL_LENGTH:
        return None
    form = _FOOTER_BULLET.sub("", " ".join(normalise(line).split()), count=1).strip("#* ")
    if not form:
        return None
    if _LEGAL_HEADING.fullmatch(form) or _COPYRIGHT.match(form) or _LEGAL.search(form):
        return "legal"
    if _LEGALESE.search(form):
        return "legalese"
    if len(form) > _SHORT * 2:
        return None
    if _LINKS_HEADING.fullmatch(form.rstrip(": ")):
        return "links"
    if _END.fullmatch(form) and re.search(r"^\W{2}|\W{2}$|^完$|^\(?(?:全文|正文|本文)?完\)?$|^the end\W*$", form):
        return "end"
    if _PAGE.fullmatch(form.rstrip(": ")):
        return "page"
    if len(form) <= _SHORT and _ADVERT.search(form):
        return "advert"
    return None
