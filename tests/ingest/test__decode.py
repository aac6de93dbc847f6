"""ingest._decode: the encoding is found from the bytes, binary content is refused."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest._decode import decode
from kb.errors import ParseError

SIMPLIFIED = "流水线越深，空闲的时间就越长。我们把模型切成许多小段，让每个设备都有事可做。\r\n第一步：测量显存。"
TRADITIONAL = "這個系統把模型切成許多階段，並且讓每一個裝置都有事可做。\r\n第一步：測量記憶體的用量，然後決定大小。"
FRENCH = "Le modèle a été entraîné à l’université ; c'était « rapide » mais coûteux.\r\nVoilà tout ce qu'il faut."
RUSSIAN = "Модель обучается сразу на нескольких устройствах, и это заметно ускоряет работу."


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8-sig"),
        (SIMPLIFIED, "utf-16", "utf-16-le"),
        (SIMPLIFIED, "utf-16-le", "utf-16-le"),
        (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        (SIMPLIFIED, "utf-32", "utf-32-le"),
        (SIMPLIFIED, "utf-32-be", "utf-32-be"),
        (SIMPLIFIED, "gbk", "gb18030"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (TRADITIONAL, "utf-16-be", "utf-16-be"),
        (FRENCH, "cp1252", "cp1252"),
        (FRENCH, "utf-8", "utf-8"),
        (RUSSIAN, "cp1251", "cp1251"),
    ],
)
@pytest.mark.parametrize("declared", [None, "utf-8", "iso-8859-1", "no such encoding"])
def test_found_from_bytes_whatever_is_declared(text: str, encoding: str, name: str, declared: str | None) -> None:
    got, found = decode(text.encode(encoding), declared=declared)
    assert got == text.replace("\r\n", "\n")
    assert found == name


def test_declared_decides_where_bytes_cannot() -> None:
    japanese = "学習を速くします"
    assert decode(japanese.encode("iso-2022-jp"), declared="iso-2022-jp")[0] == japanese
    assert decode(japanese.encode("euc-jp"), declared="EUC-JP")[0] == japanese
    assert decode(japanese.encode("utf-16-le"), declared="utf-16le")[0] == japanese


def test_line_ends_mark_and_controls() -> None:
    text, _ = decode("\ufeffone\r\ntwo\rthree\u2028four\x0cfive\n".encode() + b"x" * 500 + b"\x00\x08")
    assert text == "one\ntwo\nthree\nfour\nfive\n" + "x" * 500


def test_cut_in_the_middle_of_a_character() -> None:
    text, name = decode(SIMPLIFIED.encode()[:-1])
    assert (text, name) == (SIMPLIFIED.replace("\r\n", "\n")[:-1], "utf-8")


def test_a_broken_byte_is_shown_and_named() -> None:
    data = (SIMPLIFIED * 5).encode()
    text, name = decode(data[:30] + b"\xff" + data[31:])
    assert name == "utf-8 (damaged)"
    assert text.count("第一步") == 5
    assert "\ufffd" in text


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "PDF"),
        (b"PK\x03\x04\x14\x00\x06\x00", "ZIP"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG"),
        (b"\x7fELF\x02\x01\x01\x00", "ELF"),
        (b"\x1f\x8b\x08\x00\x00", "gzip"),
        (b"MZ\x90\x00\x03\x00", "program"),
        (bytes(range(256)) * 8, "binary"),
        (b"word\x00word\x01\x02", "binary"),
        (b"\x01\x02\x03\x04" * 50, "binary"),
    ],
)
def test_binary_is_refused_by_name(data: bytes, kind: str) -> None:
    with pytest.raises(ParseError) as caught:
        decode(data)
    assert kind in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\x00\x00\x00\x00", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_empty_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError, match="empty"):
        decode(data)


@pytest.mark.parametrize("text", ["PAR1 is a gene", "MZ was here", "RIFF raff", "ID3 trees are decision trees"])
def test_words_that_resemble_magics_are_text(text: str) -> None:
    assert decode(text.encode())[0] == text


def test_large_input_is_linear() -> None:
    data = (SIMPLIFIED * 60_000).encode("gbk")
    start = time.perf_counter()
    decode(data)
    assert time.perf_counter() - start < 5


@given(st.binary(max_size=300))
def test_any_bytes_give_clean_text_or_a_parse_error(data: bytes) -> None:
    try:
        text, name = decode(data)
    except ParseError:
        return
    assert name
    assert text.strip()
    assert not any(char in text for char in "\r\x00\x0c\x1b\u2028")


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0xD7FF), min_size=1).filter(str.strip))
def test_valid_utf8_is_never_read_as_anything_else(text: str) -> None:
    plain = "Read as it is: " + text.translate({0x7F: None, 0x85: None, 0x2028: None, 0x2029: None})
    assert decode(plain.encode()) == (plain, "utf-8")
