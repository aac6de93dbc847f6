"""Addresses as posts write them: made absolute, checked, and freed of the redirectors of platforms.

Owns which schemes may be linked to. Fetches nothing: a redirector is seen through only where the
target stands in its query. Invariant: what it returns is http or https with a host, mailto, or empty.
"""

import re
from urllib.parse import parse_qs, urljoin, urlsplit

from kb.references import NO_HOST, tidy
from kb.text import scrub

_REDIRECTORS = {
    ("link.zhihu.com", "/"): "target",
    ("link.juejin.cn", "/"): "target",
    ("xie.infoq.cn", "/link"): "target",
    ("link.csdn.net", "/"): "target",
    ("www.jianshu.com", "/go-wild"): "url",
    ("www.google.com", "/url"): "q",
    ("l.facebook.com", "/l.php"): "u",
    ("out.reddit.com", "/"): "url",
    ("www.youtube.com", "/redirect"): "q",
    ("href.li", "/"): "",
}
"""Host and path to the name of the query's field that holds the target; empty where the query is the target."""


def without_feed_scheme(address: str, instead: str) -> str:
    """`feed:https://…` without its first scheme, and `feed://…` with another one in its place; else as it is."""
    text = re.sub(r"^feed:(?://)?(?=https?:)", "", address.strip(), flags=re.IGNORECASE)
    return re.sub(r"^(?:feed|podcast|itpc)://", instead, text, flags=re.IGNORECASE)


def resolve(address: str, base_url: str) -> str:
    """Absolute http, https or mailto address; empty for any other scheme, a page anchor or nonsense."""
    address = tidy(scrub(address))
    if not address or address.startswith("#"):
        return ""
    if address.startswith("//") and not base_url:
        address = f"https:{address}"
    try:
        url = urljoin(base_url, address) if base_url else address
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme.lower() == "mailto":
        return url if "@" in parts.path else ""
    if parts.scheme.lower() not in ("http", "https") or not host or NO_HOST.search(host):
        return ""
    field = _REDIRECTORS.get((host.lower(), parts.path or "/"))
    if field is None or not parts.query:
        return url
    target = parse_qs(parts.query).get(field, [""])[0] if field else parts.query
    return target if re.match(r"https?://[^/\s]", target, re.IGNORECASE) else url
