"""What surrounds a post and is none of it: scripts, trackers, share buttons, sponsors, sign-offs.

Owns the sanitising of HTML from strangers and every rule that leaves something of it out.
Refuses nothing: it only removes. Invariant: cleaned HTML holds no active content, its addresses
are http, https, mailto or relative, and it nests at most `MAX_DEPTH` deep.
"""

import html
import re

import nh3
from lxml.html import HtmlElement

from ingest._writer import fold
from kb.text import scrub

MAX_DEPTH = 400
"""Deeper nesting than any writing has; parsers take quadratic time or cut the text off beyond it."""

_TAGS = frozenset(
    "a abbr address article aside b big blockquote br caption center cite code col colgroup dd del details dfn div dl "
    "dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd label li main mark ol p "
    "picture pre q s samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u "
    "ul var wbr math semantics annotation mrow mi mo mn ms mtext msup msub msubsup mfrac msqrt mroot mover munder "
    "munderover mtable mtr mtd mspace mstyle mpadded menclose mphantom mmultiscripts".split()
)
_ATTRIBUTES = {
    "*": {"class", "style", "hidden", "aria-hidden", "role"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "reversed"},
    "li": {"value"},
    "math": {"alttext", "display"},
    "annotation": {"encoding"},
}
_SILENCED = frozenset(
    "script style template noscript iframe object embed applet svg canvas audio video nav button select textarea "
    "title head map dialog".split()
)
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS),
    attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
    clean_content_tags=set(_SILENCED),
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
    strip_comments=True,
)

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_TEX_SCRIPT = re.compile(
    r"<script\b[^<>]{0,200}\btype=[\"']?math/tex\b[^<>]{0,200}>([^<]{0,5000}(?:<(?!/?script)[^<]{0,500}){0,50})</script\s*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*>")
_SELF_CLOSING = frozenset(
    "br img hr input meta link wbr area base col embed source track param "
    "p li td th tr tbody thead tfoot dt dd option".split()
)
"""Void elements and those whose end tag may be left out: they do not deepen a document by themselves."""
_FLAT = frozenset(("p", "br", "li"))
"""What is left of a document that nests too deep: elements that do not nest in themselves."""

_NAMES = re.compile(
    r"(?:sharedaddy|sd-sharing\S*|shar(?:e|ing)(?:[-_](?:this|buttons?|bar|box|links?|icons?|post|tools|widget|section))?"
    r"|social(?:[-_](?:media|share|sharing|links?|icons?|buttons?|bar))?|addtoany\S*|a2a_kit|feedflare"
    r"|jp-relatedposts|related[-_]?(?:posts?|articles?|stories)|yarpp\S*"
    r"|sponsor(?:ed|s|ship)?(?:[-_](?:content|post|message|box|block|section|ad|by))?|advert(?:isement|orial)?s?"
    r"|ads?|adsbygoogle|ad[-_](?:slot|unit|container|wrapper|box|banner)|promo(?:tion)?(?:[-_](?:box|block|banner))?"
    r"|newsletter[-_](?:signup|form|box|cta|widget)|subscri(?:be|ption)(?:[-_](?:form|box|widget|cta|button))?"
    r"|subscription-widget\S*|button-wrapper|cookie-(?:notice|banner|consent)|comments?-(?:section|area|form|list|link)"
    r"|breadcrumbs?|pagination|navbar|site-(?:header|footer|nav)|skip-link|more-link|read-more|screen-reader-text|print-hide|noprint"
    r"|toc|toc[-_](?:container|wrapper|box)|table-of-contents|ez-toc-container"
    r"|katex-html|mjx-assistive-mml|mathjax_preview|copy-(?:btn|button)|edit-link)",
    re.IGNORECASE,
)
"""Class names. Ids are not looked at: they repeat the words of headings."""
_ANCHORS = re.compile(r"headerlink|header-?anchor|heading-anchor|anchor(?:js)?-?link|anchor|permalink", re.IGNORECASE)
_ANCHOR_SIGNS = frozenset(("#", "¶", "§", "🔗", "⚓", "⚓︎"))
"""Signs beside a heading that link to it."""
_LINE_NUMBERS = re.compile(
    r"gutter|lineno|linenos|line-?numbers?|rouge-gutter|hljs-ln-numbers|blob-num|ln-num", re.IGNORECASE
)
_SENTENCES = re.compile(
    r"the post .{1,300} (?:appeared first|first appeared) on .{1,200}"
    r"|.{1,300} was originally published in .{1,200} on medium, where people are continuing the conversation.{0,200}"
    r"|continue reading(?: on medium)?(?: [^.]{0,150})?[ »→…]*|read more(?: (?:on|at) \S+)?[ »→…]*"
    r"|read the (?:full|rest of the|whole|original) (?:article|post|story|entry)(?: (?:here|on|at|in)\b.{0,60})?[ »→…]*"
    r"|阅读(?:全文|原文|更多)|閱讀(?:全文|原文|更多)|点击(?:阅读|查看)原文"
    r"|share(?: this)?(?: post| article| story)?(?: (?:on|via)\b.{0,60})?:?|tweet(?: this)?"
    r"|(?:sponsored|advertise?ment|advertorial|sponsored (?:by|content|post).{0,80}|广告|廣告|推广|贊助|赞助)[:：]?"
    r"|this (?:post|article|newsletter|issue|episode|week.s issue) is (?:sponsored|brought to you) by .{1,300}"
    r"|subscribe(?: now)?|thanks for reading .{1,100}! ?(?:subscribe|this post is public).{0,150}"
    r"|leave a comment|(?:\d+ )?comments?|refer a friend|sign up|get the app"
    r"|listen to this (?:article|post).{0,60}|\d{1,3} min(?:ute)?s? read"
    r"|submitted by /u/\S+(?: \[link\])?(?: \[comments\])?|\[link\](?: \[comments\])?"
    r"|related (?:posts|articles|stories):?|you may also like:?",
    re.IGNORECASE | re.DOTALL,
)
_TITLE_TAG = re.compile(
    r"</?(?:a|abbr|b|big|br|code|div|em|font|h[1-6]|i|img|mark|p|s|small|span|strike|strong|sub|sup|tt|u)\b[^<>]*>",
    re.IGNORECASE,
)
_TITLE_SCRIPT = re.compile(
    r"<(script|style|iframe|object|svg)\b[^<]{0,5000}</\1\s*>|</?(?:script|style|iframe|object|embed|svg)\b[^<>]*>?",
    re.IGNORECASE,
)
_ALT_IS_NO_TEXT = re.compile(
    r"(?:image|img|figure|photo|picture|screenshot|untitled|logo|avatar|banner|icon|null|undefined|图片|圖片|图像|配图)?"
    r"[\s\d_.\-*()]*(?:\S+\.(?:png|jpe?g|gif|webp|svg|bmp|avif))?",
    re.IGNORECASE,
)


_SWARM = re.compile(
    r"<([A-Za-z][A-Za-z0-9:-]{0,40}+)(?=[\s/])"
    r"(?:[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'>][^\s>]*+))?+){5000,}+[\s/]*+>?"
)
"""An element with thousands of attributes. Parsers compare each with all others: one of a few megabytes takes hours."""


def sanitise(markup: str) -> str:
    """HTML without active content and control characters, ready for a lenient parser."""
    markup = printable(markup)
    markup = _TEX_SCRIPT.sub(lambda match: f"<span>${html.escape(html.unescape(match[1]))}$</span>", markup)
    clean = _CLEANER.clean(flatten(markup))
    shown = printable(clean)
    # A control character written as a reference may hide a scheme: what its removal uncovers is cleaned again.
    return clean if shown == clean else _CLEANER.clean(shown)


def printable(markup: str) -> str:
    """Text without control characters and halves of characters."""
    return _UNPRINTABLE.sub("", scrub(markup))


def flatten(markup: str) -> str:
    """HTML that nests no deeper than `MAX_DEPTH`: what does loses all elements but paragraphs, breaks and items.

    An element with thousands of attributes loses them all.
    """
    markup = _SWARM.sub(r"<\1>", markup)
    if not _too_deep(markup):
        return markup
    return _TAG.sub(lambda match: match[0] if match[2].lower() in _FLAT else " ", markup)


def plain_title(raw: str) -> str:
    """A title on one line, its entities read and its markup stripped; `<T>` and `a < b` are kept."""
    text = html.unescape(scrub(raw))
    for _ in range(3):  # a removed tag may uncover another
        text, before = _TITLE_TAG.sub("", _TITLE_SCRIPT.sub(" ", text)), text
        if text == before:
            break
    return fold(re.sub(r"(?i)<(?=/?script)", "", text))


def _too_deep(markup: str) -> bool:
    depth = 0
    for match in _TAG.finditer(markup):
        if match[2].lower() not in _SELF_CLOSING and not match[0].endswith("/>"):
            depth = max(0, depth + (-1 if match[1] else 1))
            if depth > MAX_DEPTH:
                return True
    return False


def is_furniture(element: HtmlElement) -> bool:
    """Whether an element and all in it is left out: hidden, a button row, an advert, a sign-off sentence."""
    tag = element.tag
    if element.attrib and _is_marked(element):
        return True
    return tag == "p" and is_sign_off(_short_text(element))


def _is_marked(element: HtmlElement) -> bool:
    """Whether an element's attributes say that it is hidden or furniture."""
    if element.get("aria-hidden") == "true" or element.get("hidden") is not None:
        return True
    style = (element.get("style") or "").replace(" ", "").lower()
    if "display:none" in style or "visibility:hidden" in style:
        return True
    names = (element.get("class") or "").split()[:20]
    if element.tag == "td" and is_line_number(element):
        return True
    if element.tag == "a" and "#" in (element.get("href") or "") and _short_text(element) in _ANCHOR_SIGNS:
        return True
    if element.tag == "a" and any(_ANCHORS.fullmatch(name) for name in names) and len(_short_text(element)) <= 2:
        return True
    plain = element.tag not in ("pre", "code", "math", "h1", "h2", "h3", "h4", "h5", "h6")
    return plain and any(_NAMES.fullmatch(name) for name in names)


def is_line_number(element: HtmlElement) -> bool:
    """Whether an element holds the line numbers beside a listing."""
    return any(_LINE_NUMBERS.fullmatch(name) for name in (element.get("class") or "").split()[:20])


def is_sign_off(sentence: str) -> bool:
    """Whether a whole paragraph is of the kind that publishing systems add around a post."""
    return 0 < len(sentence) <= 600 and _SENTENCES.fullmatch(sentence.rstrip(" .!…")) is not None


def _short_text(element: HtmlElement) -> str:
    """Folded text of an element, empty where it is long."""
    pieces: list[str] = []
    size = 0
    for piece in element.itertext():
        pieces.append(piece)
        size += len(piece)
        if size > 800:
            return ""
    return " ".join("".join(pieces).split())


def alternative(image: HtmlElement) -> str:
    """Words that stand for an image, empty for trackers, decoration and file names."""
    alt = " ".join((image.get("alt") or "").split())
    if not alt or any((image.get(side) or "").rstrip("px") in ("0", "1", "2") for side in ("width", "height")):
        return ""
    return "" if _ALT_IS_NO_TEXT.fullmatch(alt) else alt[:1000]
