"""Chinese passages for an embedder that reads English only: embedded as the English terms they hold.

Questions are rendered by search itself, which also weighs them down. Invariant: what the inner
embedder reads is handed on untouched, and the fingerprint says that passages were rendered.
"""

from kb.embed import Embedder, Vectors
from kb.glossary import Glossary
from kb.text import language_of

VERSION = "terms1"
"""Raised when the same passage would be rendered into something else."""


class RenderingEmbedder:
    """An embedder that sees a Chinese passage as the glossary's English terms, in their order.

    Numbers and Latin words stay. A passage without a known term is embedded as it is.
    """

    def __init__(self, inner: Embedder, glossary: Glossary) -> None:
        self.inner = inner
        self._glossary = glossary
        self.name = inner.name
        self.fingerprint = f"{inner.fingerprint}-{VERSION}"
        self.dim = inner.dim
        self.languages = inner.languages
        self.max_tokens = inner.max_tokens

    def embed(self, texts: list[str]) -> Vectors:
        """Return passages' vectors, shape (len(texts), dim)."""
        return self.inner.embed([self._render(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        """Return a question's vector, shape (dim,)."""
        return self.inner.embed_query(text)

    def count_tokens(self, texts: list[str]) -> list[int]:
        """Return each text's length in the model's own tokens, as it is embedded."""
        return self.inner.count_tokens([self._render(text) for text in texts])

    def _render(self, text: str) -> str:
        if language_of(text) == "en":
            return text
        return self._glossary.to_english(text) or text


def render_for(embedder: Embedder, glossary: Glossary) -> Embedder:
    """Return the embedder itself where it reads Chinese, else one that is given English terms."""
    return embedder if "zh" in embedder.languages else RenderingEmbedder(embedder, glossary)
