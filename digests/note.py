"""The editor's note: Markdown as safe HTML.

Pure. HTML in it is shown as text, pictures are left out, and links are http, https or mailto.
"""

from functools import cache

import nh3
from markdown_it import MarkdownIt

from kb.markup import plain, safe_url

_TAGS = set("p a em strong code pre ul ol li blockquote h3 h4 h5 h6 hr br".split())
_TOP = 2
"""Level of the heading that a note stands under."""


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).disable("image")


def note_html(text: str) -> str:
    """Return a note as HTML, empty where it says nothing."""
    reader = _reader()
    tokens = reader.parse(plain(text))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(_TOP + int(token.tag[1]), 6)}"
    made = reader.renderer.render(tokens, reader.options, {})
    return nh3.clean(made, tags=_TAGS, attributes={"a": {"href"}}, attribute_filter=_address).strip()


def _address(tag: str, name: str, value: str) -> str | None:
    return safe_url(value) or None
