"""Bodies as they come over the wire to the bytes that were meant, in bounded steps.

Owns the content codings gzip, deflate, brotli and zstd, also one over another. Refuses to inflate past a
limit at any stage, to read a coding it does not know, and to take half a body for a whole one.
Invariant: never more than a step beyond the limit is in memory.
"""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli

from ingest._failures import NotFetched

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPTED = "gzip, deflate, br, zstd"
"""What requests offer to read."""
_STEP = 1 << 16
_DEEPEST = 3
_PLAIN = frozenset(("", "identity", "none", "utf-8", "binary"))
_WINDOW = 23
"""Log of the largest zstd window, as RFC 8878 asks of every reader: 8 MB."""
_AGAIN = "It is tried again later. If it lasts, the server is at fault; tell its owner."
_FAULTS = (zlib.error, brotli.error, zstd.ZstdError)
Stage = Callable[[Iterable[bytes]], Iterator[bytes]]


class CutOff(Exception):
    """A body that ends before its end."""


def read_body(pieces: Iterable[bytes], coding: str, limit: int, host: str) -> bytes:
    """Return a whole body, decoded.

    Args:
        pieces: as they arrive.
        coding: the header Content-Encoding.
        limit: most bytes after decoding.

    Raises:
        NotFetched: an unknown coding, bytes that are not in it, or more than the limit.
        CutOff: the coding's end is missing.
    """
    try:
        return b"".join(_decoded(pieces, coding, limit, host))
    except _FAULTS as error:
        message = f"The answer of {host} is not in the coding “{coding[:60]}” that it claims: {error}."
        raise NotFetched("encoding", message, _AGAIN) from error


def read_beginning(pieces: Iterable[bytes], coding: str, most: int, host: str) -> bytes:
    """Return about so many bytes of a body, decoded; less where it ends or breaks off."""
    body = bytearray()
    try:
        for piece in _decoded(pieces, coding, 1 << 24, host):
            body += piece
            if len(body) >= most:
                break
    except (*_FAULTS, CutOff, NotFetched):
        # It is the page of an error: what is missing of it does not matter.
        return bytes(body)
    return bytes(body)


def _decoded(pieces: Iterable[bytes], coding: str, limit: int, host: str) -> Iterator[bytes]:
    names = [name.strip().lower() for name in coding.split(",")]
    names = [name for name in names if name not in _PLAIN]
    unknown = [name for name in names if name not in _STAGES]
    if unknown or len(names) > _DEEPEST:
        message = f"{host} answers in the coding “{coding[:60]}”, which was not asked for."
        raise NotFetched("encoding", message, _AGAIN)
    stream = _counted(pieces, limit, host)
    for name in reversed(names):
        stream = _counted(_STAGES[name](stream), limit, host)
    return stream


def too_large(host: str, limit: int) -> NotFetched:
    """Return the failure that a body over the limit is."""
    return NotFetched(
        "too-large",
        f"The answer of {host} is longer than {limit / 1e6:g} MB.",
        "Check that the address is that of a feed or page; else raise the setting MAX_BODY.",
    )


def _counted(pieces: Iterable[bytes], limit: int, host: str) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise too_large(host, limit)
        yield piece


def _gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate gzip, members after one another included; what follows the last one is ignored."""
    inflater = zlib.decompressobj(wbits=31)
    begun = False
    for piece in pieces:
        data, out = piece, b""
        begun = begun or bool(piece)
        while data or (len(out) == _STEP and not inflater.eof):
            if inflater.eof:
                if not data.startswith(b"\x1f"):
                    return
                inflater = zlib.decompressobj(wbits=31)
            out = inflater.decompress(data, _STEP)
            if out:
                yield out
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    if begun and not inflater.eof:
        raise CutOff


def _inflate(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate deflate, with the wrapper that the standard asks for or without, as many servers send it."""
    inflater = None
    for piece in pieces:
        if inflater is None and piece:
            wrapped = piece[0] & 0x0F == 8 and (len(piece) < 2 or (piece[0] * 256 + piece[1]) % 31 == 0)
            inflater = zlib.decompressobj(wbits=15 if wrapped else -15)
        data = piece
        while inflater is not None and not inflater.eof:
            out = inflater.decompress(data, _STEP)
            if out:
                yield out
            data = inflater.unconsumed_tail
            if not data and len(out) < _STEP:
                break
    if inflater is not None and not inflater.eof:
        raise CutOff


def _unbrotli(pieces: Iterable[bytes]) -> Iterator[bytes]:
    inflater = brotli.Decompressor()
    begun = False
    for piece in pieces:
        begun = begun or bool(piece)
        data = piece
        while not inflater.is_finished():
            out = inflater.process(data, output_buffer_limit=_STEP)
            if not out:
                break
            yield out
            data = b""
    if begun and not inflater.is_finished():
        raise CutOff


def _unzstd(pieces: Iterable[bytes]) -> Iterator[bytes]:
    def start() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW})

    inflater = start()
    begun = False
    for piece in pieces:
        begun = begun or bool(piece)
        data = piece
        while data or not (inflater.needs_input or inflater.eof):
            if inflater.eof:
                inflater = start()
            out = inflater.decompress(data, _STEP)
            if out:
                yield out
            data = inflater.unused_data if inflater.eof else b""
    if begun and not inflater.eof:
        raise CutOff


_STAGES: dict[str, Stage] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
