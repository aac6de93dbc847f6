"""Every error that a reader may see, as one tree.

AlmanacError
├── SettingsError
├── SourceError
│   ├── FetchError
│   └── ParseError
├── StoreError
│   ├── DocumentNotFound
│   ├── ConversationNotFound
│   ├── SchemaTooNew
│   └── Locked
├── IndexMismatch
├── DigestError
└── ModelError
    ├── ModelUnavailable
    └── ContextTooLong

Each carries a message that names the subject and the fact, and a hint that names the next
step. Foreign exceptions are mapped to these in the module that owns the library. The
calculators, which know nothing of this tree, raise their own error; the façade maps it.
"""


class AlmanacError(Exception):
    """An error fit to be shown: what is wrong, and what the reader can do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class SettingsError(AlmanacError):
    """A setting is missing, unknown or out of range."""


class SourceError(AlmanacError):
    """A source of documents could not be read."""


class FetchError(SourceError):
    """The bytes of a source could not be had: file or network."""


class ParseError(SourceError):
    """The bytes of a source were had, but are not what they should be."""


class StoreError(AlmanacError):
    """The library's database could not do what was asked."""


class DocumentNotFound(StoreError):
    """No document, chunk or source of that id is in the library."""


class ConversationNotFound(StoreError):
    """No conversation of that id is saved."""


class SchemaTooNew(StoreError):
    """The library was written by a newer version of the product."""


class Locked(StoreError):
    """Another process is writing to the library."""


class IndexMismatch(AlmanacError):
    """The vector index does not belong to the current embedder or store."""


class DigestError(AlmanacError):
    """A digest was asked for, or edited, in a way that has no meaning."""


class ModelError(AlmanacError):
    """An embedding or language model failed."""


class ModelUnavailable(ModelError):
    """A model could not be loaded; the product goes on without it."""


class ContextTooLong(ModelError):
    """The prompt does not fit the model's window."""
