"""Pages that ask whether a person is there, sent in the place of what was asked for.

Owns the marks of the common gatekeepers. Refuses to guess from words that any page may hold: a mark
is a header, or markup that only such a page has. Pure.
"""

import re
from collections.abc import Mapping

_HEADERS = {
    "cf-mitigated": ("challenge",),
    "x-amzn-waf-action": ("challenge", "captcha"),
    "x-vercel-mitigated": ("challenge", "deny"),
    "x-datadome": ("protected",),
    "x-sucuri-block": ("",),
}
_MARKUP = re.compile(
    rb"<title>\s*(?:just a moment\.\.\.|attention required! \| cloudflare|ddos-guard"
    rb"|making sure you(?:'|&#39;)re not a bot!?"
    rb"|vercel security checkpoint|please wait while (?:your request is being verified|we verify)[^<]{0,80}"
    rb"|verifying you are human[^<]{0,40}|are you a (?:robot|human)\??|robot check|human verification"
    rb"|access to this page has been denied)\s*</title>"
    rb"|<script[^<>]{0,200}>[^<]{0,4000}window\._cf_chl_opt\b|id=[\"']challenge-(?:form|running|stage)[\"']|/_incapsula_resource\?"
    rb"|id=[\"']px-captcha[\"']|geo\.captcha-delivery\.com|id=[\"']anubis_challenge[\"']|/\.within\.website/x/cmd/anubis",
    re.IGNORECASE,
)
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--[^>]{0,500}-->\s*)?<(?:!doctype\s+html|html|head|title)\b", re.IGNORECASE
)
_LOOKED_AT = 1 << 15


def is_challenge(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether an answer is a gatekeeper's page."""
    for name, values in _HEADERS.items():
        if name in headers and (status != 200 or name != "x-datadome"):
            said = headers[name].strip().lower()
            if any(said.startswith(value) for value in values):
                return True
    head = body[:_LOOKED_AT]
    # A feed or a listing may quote such a page; the page itself comes as one.
    return (status != 200 or _PAGE.match(head) is not None) and _MARKUP.search(head) is not None
