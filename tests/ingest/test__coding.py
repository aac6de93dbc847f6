"""ingest._coding: what was coded comes back, bombs stop early, half is not whole."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest._coding import CutOff, read_beginning, read_body, zstd
from ingest._failures import NotFetched


def deflated(data: bytes) -> bytes:
    maker = zlib.compressobj(wbits=-15)
    return maker.compress(data) + maker.flush()


CODERS: dict[str, Any] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
BIG = 50_000_000


def cut(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def read(pieces: Iterable[bytes], coding: str, limit: int = 1_000_000) -> bytes:
    return read_body(pieces, coding, limit, "host.example")


@given(st.sampled_from(sorted(CODERS)), st.binary(max_size=300), st.integers(0, 900), st.integers(1, 400))
def test_what_was_coded_comes_back_however_it_is_cut(coding: str, data: bytes, times: int, size: int) -> None:
    body = data * times
    assert read(cut(CODERS[coding](body), size), coding) == body


@given(st.binary(min_size=1, max_size=5000), st.integers(1, 400))
def test_deflate_without_its_wrapper(data: bytes, size: int) -> None:
    assert read(cut(deflated(data), size), "deflate") == data


@pytest.mark.parametrize("coding", ["", "identity", " Identity ", "none", "UTF-8"])
def test_no_coding(coding: str) -> None:
    assert read([b"ab", b"", b"c"], coding) == b"abc"


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_nothing_at_all_is_no_half_body(coding: str) -> None:
    assert read([], coding) == b""
    assert read([b""], coding) == b""


def test_codings_over_one_another() -> None:
    body = b"x" * 1000
    assert read([brotli.compress(gzip.compress(body))], "gzip, br") == body


def test_members_after_one_another_and_padding() -> None:
    body = gzip.compress(b"one") + gzip.compress(b"two")
    assert read([body], "gzip") == b"onetwo"
    assert read(cut(body, 1), "gzip") == b"onetwo"
    assert read([body + b"\0\0\0"], "gzip") == b"onetwo"
    assert read(cut(body + b"junk", 1), "gzip") == b"onetwo"
    assert read([zstd.compress(b"one") + zstd.compress(b"two")], "zstd") == b"onetwo"


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_a_bomb_stops_at_the_limit(coding: str) -> None:
    bomb = CODERS[coding](b"\0" * BIG)
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        for piece in cut(bomb, 512):
            taken += len(piece)
            yield piece

    with pytest.raises(NotFetched) as caught:
        read(pieces(), coding, 100_000)
    assert caught.value.cause == "too-large"
    assert "0.1 MB" in caught.value.message
    assert taken <= max(512, len(bomb) // 2)


def test_a_bomb_in_a_bomb_stops_at_the_first_stage() -> None:
    bomb = gzip.compress(gzip.compress(b"") * 200_000)
    with pytest.raises(NotFetched) as caught:
        read([bomb], "gzip, gzip")
    assert caught.value.cause == "too-large"


def test_the_limit_itself_is_allowed() -> None:
    assert len(read([b"x" * 1000], "", 1000)) == 1000
    with pytest.raises(NotFetched):
        read([b"x" * 1001], "", 1000)


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_half_a_body_is_not_taken_for_a_whole_one(coding: str) -> None:
    body = CODERS[coding](bytes(range(256)) * 400)
    with pytest.raises(CutOff):
        read([body[: len(body) // 2]], coding)


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_bytes_that_are_in_no_such_coding(coding: str) -> None:
    with pytest.raises((NotFetched, CutOff)) as caught:
        read([b"<html>this is plain text, whatever the header says</html>"], coding)
    if isinstance(caught.value, NotFetched):
        assert caught.value.cause == "encoding"
        assert coding in caught.value.message


@pytest.mark.parametrize("coding", ["compress", "gzip, sdch", "gzip, gzip, gzip, gzip", "\x00"])
def test_codings_nobody_asked_for(coding: str) -> None:
    with pytest.raises(NotFetched) as caught:
        read([b"x"], coding)
    assert caught.value.cause == "encoding"


@pytest.mark.parametrize("coding", ["", *sorted(CODERS)])
def test_the_beginning_of_an_errors_page(coding: str) -> None:
    page = b"<title>Just a moment...</title>" + Random(0).randbytes(300_000)
    body = CODERS[coding](page) if coding else page
    assert read_beginning([body[: len(body) - 20]], coding, 2000, "h")[:31] == page[:31]
    assert read_beginning([b"\x01\x02"], "gzip", 2000, "h") == b""
    assert read_beginning([b"x"], "unknown", 2000, "h") == b""


@given(st.sampled_from(sorted(CODERS)), st.binary(max_size=400))
def test_any_bytes_end_in_a_body_or_a_named_failure(coding: str, data: bytes) -> None:
    try:
        outcome = "" if len(read([data], coding, 10_000)) <= 10_000 else "too much"
    except NotFetched as failure:
        outcome = failure.cause
    except CutOff:
        outcome = "cut off"
    assert outcome in ("", "encoding", "too-large", "cut off")
