"""Every form in which a digest leaves the library, by name.

Pure: the same digests give the same bytes in each of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from digests.cited import Cited
from digests.render_atom import render_atom
from digests.render_bibtex import render_bibtex
from digests.render_html import render_html
from digests.render_json import render_json
from digests.render_markdown import render_markdown
from digests.types import Digest


@dataclass(frozen=True)
class Form:
    """A form: its name on screen, the ending of its files, what it is on the web, and how it is made."""

    title: str
    suffix: str
    media_type: str
    render: Callable[[Digest, Cited], str]
    cites: bool = False
    """True where it names more documents than its entries."""


FORMS: Mapping[str, Form] = {
    "json": Form("JSON", "json", "application/json", lambda digest, cited: render_json(digest)),
    "md": Form("Markdown", "md", "text/markdown", render_markdown, cites=True),
    "html": Form("HTML", "html", "text/html", render_html, cites=True),
    "atom": Form("Atom", "xml", "application/atom+xml", lambda digest, cited: render_atom([digest], only=True)),
    "bibtex": Form("BibTeX", "bib", "application/x-bibtex", lambda digest, cited: render_bibtex([digest])),
}
OF_MANY: Mapping[str, Callable[[Sequence[Digest]], str]] = {"atom": render_atom, "bibtex": render_bibtex}
"""Forms that hold the digests of all quarters in one file."""
