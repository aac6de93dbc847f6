"""What a strict reader makes of an exported page: parsed without an error, its ids, links and text."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib

VOID = frozenset({"meta", "link", "br", "hr"})
SAFE_TAGS = frozenset(
    """html head body meta link title style main nav header section article aside h1 h2 h3 h4 h5 h6 p a span b em strong
    ul ol li br details summary blockquote cite code pre figure figcaption svg g rect line text table thead tbody tr th
    td div""".split()
)


class Page:
    """A page that html5lib's strict parser took."""

    def __init__(self, text: str) -> None:
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.root: Element = parser.parse(text)
        self.elements = [element for element in self.root.iter() if isinstance(element.tag, str)]

    @property
    def tags(self) -> set[str]:
        """The names of all elements."""
        return {element.tag.rpartition("}")[2] for element in self.elements}

    @property
    def ids(self) -> list[str]:
        """Every id, repeats included."""
        return [element.attrib["id"] for element in self.elements if "id" in element.attrib]

    @property
    def links(self) -> list[str]:
        """Where the page leads to or takes something from."""
        names = ("href", "src", "action", "poster", "data", "xlink:href")
        return [element.attrib[name] for element in self.elements for name in names if name in element.attrib]

    @property
    def attributes(self) -> set[str]:
        """The names of all attributes."""
        return {str(name) for element in self.elements for name in element.attrib}

    def all(self, tag: str, kind: str = "") -> list[Element]:
        """Return the elements of a tag, or those of a class among them."""
        found = [element for element in self.elements if element.tag == tag]
        return [one for one in found if not kind or kind in one.attrib.get("class", "").split()]

    @property
    def words(self) -> str:
        """All text but the stylesheet's."""
        return " ".join("".join(self._text(self.root)).split())

    def _text(self, element: Element) -> Iterator[str]:
        if element.tag != "style" and isinstance(element.tag, str):
            yield element.text or ""
            for child in element:
                yield from self._text(child)
                yield child.tail or ""


def words_of(element: Element) -> str:
    """Return an element's text with white space folded."""
    return " ".join("".join(element.itertext()).split())


def is_inert(page: Page) -> bool:
    """Tell whether a page holds no script, no handler, no style of its own and no address that could run."""
    handlers = {name for name in page.attributes if name.startswith("on") or name in ("style", "srcdoc")}
    schemes = ("http://", "https://", "mailto:", "#")
    local = {link for link in page.links if not link.startswith(schemes)}
    return not handlers and page.tags <= SAFE_TAGS and not any(":" in link.split("/")[0] for link in local)
