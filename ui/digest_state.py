"""What an address says of the Digests page: a quarter, a part of it, how its text is shown.

Pure; knows no Streamlit. Invariant: as in `links`, nothing that is typed into the address bar is an error.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

from digests.quarter import parse_quarter
from kb.errors import DigestError
from ui.links import State, href

EARLIER, LEFT_OUT, UNDATED = "earlier", "left-out", "undated"


@dataclass(frozen=True)
class DigestState(State):
    """The Digests page; without a quarter, all of them."""

    quarter: str = ""
    part: str = ""
    """A topic, or one of `earlier`, `left-out` and `undated`; empty shows the whole digest."""
    sub: str = ""
    """Title of a subtopic of that topic."""
    text: str = ""
    """`sources` shows the sources' own sentences where a model wrote."""
    at: str = ""
    """Id of the document whose entry is brought into view."""
    edit: int = 0
    page: int = 1

    def _valid(self) -> Self:
        try:
            quarter = parse_quarter(self.quarter) if self.quarter else ""
        except DigestError:
            quarter = ""
        sub = self.sub if self.part else ""
        return replace(self, quarter=quarter, sub=sub, edit=int(bool(self.edit)), page=max(self.page, 1))

    def href(self, **changes: Any) -> str:
        """Return the address of this state with changes; a change of anything but the page goes to page 1."""
        changes.setdefault("page", 1)
        changes.setdefault("at", "")
        return href("digests", **replace(self, **changes).parameters())
