"""What an address says of the Ask page: a question, a conversation, where to look.

Pure; knows no Streamlit. Invariant: as in `links`, nothing that is typed into the address bar is an error.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

from chat.types import Scope
from kb.types import Kind
from ui.links import LANGUAGES, State, href, partial_date

VIEWS = ("", "conversations")
LONGEST = 4000
"""Letters of a question."""
NARROWING = ("topic", "kind", "source", "label", "since", "until", "lang", "doc")


@dataclass(frozen=True)
class AskState(State):
    """The Ask page."""

    q: str = ""
    """A question to begin a conversation with."""
    c: str = ""
    """The conversation."""
    view: str = ""
    find: str = ""
    """Words to look for across conversations."""
    turn: int = 0
    """The turn to bring into view."""
    edit: int = 0
    """The turn whose question is being edited."""
    quotes: int = 0
    """The turn that shows its quotes instead of what a model wrote."""
    topic: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    lang: str = ""
    doc: str = ""
    """The one document that is asked about."""

    def _valid(self) -> Self:
        return replace(
            self,
            q=self.q[:LONGEST],
            c=self.c if self.c.isalnum() and self.c.isascii() and len(self.c) <= 40 else "",
            view=self.view if self.view in VIEWS else "",
            kind=tuple(kind for kind in self.kind if kind in set(Kind)),
            since=partial_date(self.since),
            until=partial_date(self.until),
            lang=self.lang if self.lang in LANGUAGES else "",
        )

    @property
    def scope(self) -> Scope:
        """Where to look."""
        return Scope(
            topics=self.topic,
            kinds=tuple(Kind(kind) for kind in self.kind),
            sources=self.source,
            labels=self.label,
            since=self.since,
            until=self.until,
            language=self.lang or None,  # type: ignore[arg-type]  # checked by _valid
            doc_id=self.doc,
        )

    def href(self, **changes: Any) -> str:
        """Return the address of this state with changes; what is done to a turn is not taken along."""
        plain = replace(self, q="", turn=0, edit=0, quotes=0, view="", find="")
        return href("ask", **replace(plain, **changes).parameters())


def scope_parameters(scope: Scope) -> dict[str, Any]:
    """Return the parameters of an address that narrow as a scope does."""
    return {
        "topic": scope.topics,
        "kind": tuple(str(kind) for kind in scope.kinds),
        "source": scope.sources,
        "label": scope.labels,
        "since": scope.since,
        "until": scope.until,
        "lang": scope.language or "",
        "doc": scope.doc_id,
    }
