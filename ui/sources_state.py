"""The Sources page's address, and how its facts are worded. Pure; knows no Streamlit."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from ui.links import State, href
from ui.render import count, day

if TYPE_CHECKING:
    from almanac.subscriptions import Subscription

VIEWS = {"": "Subscriptions", "add": "Add", "lists": "Exchange", "files": "Files"}
STATES = {
    "fine": ("fine", "al-ok"),
    "new": ("new", ""),
    "partly": ("partly read", "al-warn"),
    "failing": ("failing", "al-bad"),
    "resting": ("resting", "al-bad"),
    "gone": ("gone", "al-bad"),
    "waiting": ("told to wait", "al-warn"),
    "paused": ("paused", ""),
}
"""State of a subscription to the word for it and its tone."""
MEANINGS = {
    "resting": "It failed several times in a row, and is asked once a day only until it answers again.",
    "gone": "Its server says that it is gone for good. It is not asked again unless you go on with it.",
    "waiting": "Its server asked to be left alone for a while.",
    "paused": "You paused it.",
    "new": "It was never checked.",
    "partly": "Some of it could not be read.",
}
KIND_WORDS = {"rss": "feed", "arxiv": "query to arXiv", "page": "page", "notes": "folder"}


@dataclass(frozen=True)
class SourcesState(State):
    """The Sources page."""

    view: str = ""
    id: str = ""
    """Key of the one subscription that is shown."""
    text: str = ""
    state: str = ""
    page: int = 1

    def _valid(self) -> Self:
        return replace(
            self,
            view=self.view if self.view in VIEWS else "",
            state=self.state if self.state in STATES or self.state == "trouble" else "",
            page=min(max(self.page, 1), 999),
        )

    def href(self, **changes: Any) -> str:
        """Return the address of this state with changes; a change of anything but the page goes to page 1."""
        changes.setdefault("page", 1)
        return href("sources", **replace(self, **changes).parameters())


def ago(stored: str, now: datetime) -> str:
    """Return when something was or will be, as it is said: `3 h ago`, `in 20 min`, `7 Apr 2023`."""
    if not stored:
        return "never"
    seconds = (datetime.fromisoformat(stored) - now).total_seconds()
    size = abs(seconds)
    if size < 60:
        return "just now" if seconds <= 0 else "in a moment"
    if size >= 14 * 86_400:
        return day(stored)
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if size >= unit * 0.98:
            words = f"{round(size / unit)} {name}"
            return f"{words} ago" if seconds < 0 else f"in {words}"
    return day(stored)


def pace(monthly: float) -> str:
    """Return how much a source brings: `12 a month`, `0.4 a month`."""
    if not monthly:
        return "none this year"
    return f"{monthly:.0f} a month" if monthly >= 3 else f"{monthly:.1f} a month"


def shown_target(one: "Subscription") -> str:
    """Return what a subscription asks for, without what every address begins with."""
    return one.target.removeprefix("https://").removeprefix("http://").rstrip("/")


def tally(found: list[Any]) -> str:
    """Return what a round brought so far: `31 checked · 12 new · 4 failed`."""
    asked = [one.outcome for one in found if one.outcome is not None]
    parts = [f"{len(asked):,} checked"]
    for name, word in (("added", "new"), ("updated", "updated"), ("removed", "removed")):
        if number := sum(getattr(outcome.counts, name) for outcome in asked):
            parts.append(f"{number:,} {word}")
    if failed := sum(outcome.status == "failed" for outcome in asked):
        parts.append(f"{failed:,} failed")
    if len(found) > len(asked):
        parts.append(f"{count(len(found) - len(asked), 'other')} not asked")
    return " · ".join(parts)
