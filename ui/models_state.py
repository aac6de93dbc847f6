"""The Models page's address, and how its figures are worded. Pure; knows no Streamlit."""

from dataclasses import dataclass, replace
from typing import Any, Self

from ui.links import State, href

VIEWS = {"": "On this machine", "server": "On a server"}
WINDOWS = (2048, 4096, 8192, 16_384, 32_768, 65_536)


@dataclass(frozen=True)
class ModelsState(State):
    """The Models page."""

    view: str = ""
    window: int = 0
    """Tokens that needs are worked out for; 0: those of the setting."""

    def _valid(self) -> Self:
        return replace(
            self,
            view=self.view if self.view in VIEWS else "",
            window=self.window if self.window in WINDOWS else 0,
        )

    def href(self, **changes: Any) -> str:
        """Return the address of this state with changes."""
        return href("models", **replace(self, **changes).parameters())


def size(count: int) -> str:
    """Return bytes as a reader compares them: `2.5 GB`, `491 MB`."""
    if count >= 995_000_000:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB" if count >= 10_000_000 else f"{count / 1e6:.1f} MB"


def parameters(count: int) -> str:
    """Return a number of parameters as models are named by it: `4.0 B`, `494 M`."""
    return f"{count / 1e9:.1f} B" if count >= 995_000_000 else f"{count / 1e6:.0f} M"
