"""The language model of one library: chosen by a setting, loaded once, late, off the reader's path.

Its state is explicit, because pages say what answers and what is missing. Invariant: nothing here is
needed to read, to search or to answer with quotations; a change of the setting takes effect without
a restart, and the model before is freed.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from almanac.downloads import Downloads
from kb.errors import AlmanacError
from kb.llm import LanguageModel, open_model
from kb.settings import Settings

FOLLOWED = ("llm", "llm_context", "llm_threads", "llm_api_key", "llm_timeout")
"""The settings that make a model what it is; they may change while the library is open."""
Opener = Callable[[Settings, Callable[[], bool]], LanguageModel | None]


@dataclass(frozen=True)
class LanguageState:
    """What a page says of generated answers."""

    status: Literal["off", "waiting", "loading", "ready", "failed"]
    """`waiting`: chosen, and loaded by the first question."""
    name: str = ""
    message: str = ""
    hint: str = ""


class Language:
    """Loads and keeps the language model.

    Args:
        model: used instead of the one that the settings name.
        opener: loads the model of settings.
    """

    def __init__(self, settings: Settings, model: LanguageModel | None = None, opener: Opener = open_model) -> None:
        self._settings = settings
        self._open = opener
        self._loading = threading.Lock()
        self._changing = threading.Lock()
        self._model = model
        self._given = model is not None
        self.downloads = Downloads(settings)
        self._round = 0
        """Grows with each change of the choice: a load of an earlier round is thrown away."""
        self._state = LanguageState("ready", model.name) if model else _at_rest(settings)

    @property
    def state(self) -> LanguageState:
        """The present state."""
        return self._state

    @property
    def settings(self) -> Settings:
        """The settings that are followed at present."""
        return self._settings

    @property
    def computing(self) -> bool:
        """Whether this machine computes an answer at this moment."""
        return self._settings.llm.startswith("gguf:") and bool(getattr(self._model, "busy", False))

    def ready(self) -> LanguageModel | None:
        """Return the model if it is loaded already."""
        return self._model

    def model(self) -> LanguageModel | None:
        """Return the model, loading it where that was not done; None where none is chosen or it failed."""
        with self._loading:
            with self._changing:
                if self._model is not None or self._state.status not in ("waiting", "loading"):
                    return self._model
                settings, this = self._settings, self._round
                self._state = LanguageState("loading", named(settings), "The language model is loading.")
            found: LanguageModel | None = None
            try:
                found = self._open(settings, lambda: self._round != this)
                state = LanguageState("ready", found.name) if found else _at_rest(settings)
            except AlmanacError as error:
                state = LanguageState("failed", named(settings), error.message, error.hint)
            with self._changing:
                if self._round == this:
                    self._model, self._state = found, state
                    return found
        if found is not None:
            found.close()
        return self.model()

    def warm_up(self) -> None:
        """Load in a background thread, where a model is chosen and not loaded."""
        if self._state.status == "waiting":
            threading.Thread(target=self.model, name="almanac-language", daemon=True).start()

    def retry(self) -> None:
        """Let the next question load a model that failed once more."""
        with self._changing:
            if self._state.status == "failed":
                self._round += 1
                self._state = _at_rest(self._settings)

    def follow(self, settings: Settings) -> None:
        """Go over to what other settings choose; nothing happens where they choose the same."""
        with self._changing:
            if self._given or all(getattr(settings, n) == getattr(self._settings, n) for n in FOLLOWED):
                return
            before = self._model
            self._round += 1
            self._settings, self._model, self._state = settings, None, _at_rest(settings)
        if before is not None:
            # It may take seconds until a generation notices; the page does not wait.
            threading.Thread(target=before.close, name="almanac-language-close", daemon=True).start()

    def close(self) -> None:
        """Free the model; a load or a download that runs is given up."""
        self.downloads.close()
        with self._changing:
            self._round += 1
            before, self._model, self._state = self._model, None, LanguageState("off")
        if before is not None:
            before.close()


def named(settings: Settings) -> str:
    """Return what a choice is called before it is loaded."""
    kind, _, rest = settings.llm.partition(":")
    if kind == "gguf":
        return rest.replace("\\", "/").rpartition("/")[2].removesuffix(".gguf")
    return rest.rpartition("#")[2] if kind == "openai" else ""


def _at_rest(settings: Settings) -> LanguageState:
    if settings.llm == "none":
        return LanguageState("off")
    return LanguageState("waiting", named(settings), "The language model loads with the first question.")
