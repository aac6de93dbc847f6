"""Sources to documents: one module per kind of source, discovered, and one way in.

Owns the choice of module for some bytes. Knows neither store nor network: whoever has bytes, from
a file or a response, gives them here. Invariant: pure; the same bytes give the same documents.
"""

from types import ModuleType

from ingest._decode import declared_encoding, decode
from kb.errors import ParseError
from kb.types import Kind, Parsed

__all__ = ["discover", "parse"]


def discover() -> dict[Kind, ModuleType]:
    """Return the modules that read each kind, in the order of their names."""
    from ingest._recognise import discover as find  # it imports this package to look into it

    return dict(find())


def parse(
    data: bytes, *, name: str, source: str, kind: Kind | None = None, base_url: str = "", charset: str = ""
) -> Parsed:
    """Return the documents in some bytes, recognised by content unless `kind` says what they are.

    Args:
        data: a file's or a response's content.
        name: file name or last part of the address; shown, and a source of dates for some kinds.
        source: path or address that the documents carry.
        kind: overrides recognition.
        base_url: address the bytes were fetched from, for relative links; empty for a file.
        charset: what the server said of the encoding: a hint, overruled by the bytes.

    Raises:
        ParseError: binary, empty, broken, or of no recognised kind.
    """
    from ingest._recognise import discover, recognise

    try:
        text, encoding = decode(data, declared=declared_encoding(data) or charset)
        module = discover()[kind] if kind else recognise(text, name)
        if hasattr(module, "parse_bytes"):
            parsed: Parsed = module.parse_bytes(data, name=name, source=source, base_url=base_url, charset=charset)
        else:
            parsed = module.parse(text, name=name, source=source)
    except ParseError as error:
        raise ParseError(f"{name}: {error.message}", error.hint) from error
    if encoding.endswith("(damaged)") and not hasattr(module, "parse_bytes"):
        warning = "Some bytes of the text could not be read; they show as \ufffd."
        parsed = parsed.model_copy(update={"warnings": (warning, *parsed.warnings)})
    return parsed
