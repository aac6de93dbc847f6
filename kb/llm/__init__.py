"""Language models behind one Protocol: a GGUF file in this process, or any OpenAI-compatible server.

The only home of llama_cpp, which is imported when a model is first used. Refuses to decide what is
true: a model writes, whoever asked it checks.
"""

from collections.abc import Callable
from pathlib import Path

from kb.llm._types import Finish, LanguageModel, Message, Usage
from kb.settings import Settings

__all__ = ["Finish", "LanguageModel", "Message", "Usage", "gguf_path", "models_folder", "open_model"]


def models_folder(home: Path) -> Path:
    """Return where a library keeps model files."""
    return home / "models"


def gguf_path(settings: Settings) -> Path:
    """Return the file that `gguf:PATH` names: a relative one in the home's `models`, else where the process runs."""
    path = Path(settings.llm.partition(":")[2]).expanduser()
    kept = models_folder(settings.home) / path
    return kept if kept.exists() or not path.exists() else path


def open_model(settings: Settings, stopped: Callable[[], bool] = lambda: False) -> LanguageModel | None:
    """Load the model that the settings choose; None for `none`. A file takes seconds to minutes, a server nothing.

    Args:
        stopped: asked while a file is tried; the load then ends in ModelUnavailable.
    Raises:
        ModelUnavailable: the file or the library is missing or fails, or the address is none.
    """
    if settings.llm == "none":
        return None
    if settings.llm.startswith("gguf:"):
        from kb.llm.gguf import GgufModel

        return GgufModel(
            gguf_path(settings),
            context=settings.llm_context,
            folder=models_folder(settings.home),
            threads=settings.llm_threads,
            stopped=stopped,
        )
    from kb.llm.openai_server import ServerModel

    return ServerModel(settings)
