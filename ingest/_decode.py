"""Bytes of a file or response to text: which encoding they are in, and whether they are text at all.

Owns the choice of encoding and the refusal of binary files. Refuses to guess where nothing is
plausible: a wrong encoding would be indexed as gibberish. Invariant: the text has "\\n" line
ends, no byte-order mark and no control characters but tab and newline.
"""

import codecs
import re

from kb.errors import ParseError

_SAMPLE = 1 << 18
"""Bytes or characters looked at when judging plausibility; strict decoding is of the whole."""

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_UNPACK = "Unpack it and give the text files inside."
_AS_TEXT = "Save it as plain text (UTF-8) and give that file."
_MAGICS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "a PDF document", "Save its text as a .txt file, or give the page's web address instead."),
    (b"PK\x03\x04", "a ZIP archive or an Office or EPUB document", "Unpack it, or save the document as plain text."),
    (b"PK\x05\x06", "an empty ZIP archive", _UNPACK),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh9", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", _AS_TEXT),
    (b"\xff\xd8\xff", "a JPEG image", _AS_TEXT),
    (b"GIF87a", "a GIF image", _AS_TEXT),
    (b"GIF89a", "a GIF image", _AS_TEXT),
    (b"RIFF", "a RIFF image, sound or film", _AS_TEXT),
    (b"\x7fELF", "a program (ELF)", _AS_TEXT),
    (b"\xcf\xfa\xed\xfe", "a program (Mach-O)", _AS_TEXT),
    (b"\x00asm", "a program (WebAssembly)", _AS_TEXT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", _AS_TEXT),
    (b"{\\rtf", "a rich text (RTF) document", _AS_TEXT),
    (b"SQLite format 3\x00", "an SQLite database", "Export the rows that matter as text."),
    (b"PAR1", "a Parquet table", "Export the rows that matter as text."),
    (b"\x89HDF\r\n", "an HDF5 file", "Export the rows that matter as text."),
    (b"OggS", "an Ogg recording", _AS_TEXT),
    (b"II*\x00", "a TIFF image", _AS_TEXT),
    (b"MM\x00*", "a TIFF image", _AS_TEXT),
)

_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事"
    "成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日者意无力它与长把机十第公此已工使"
    "情明性知全三又关点正业外将两高间由问很最重并物手应向头文体相见被利什二等产或新己制身果加月话合回特代内信表化给世位次"
    "度任常先通教原提立及比员解水名真论处各入几认条平系题更别变总何电数安少报结反受目太量再建做接必场件计管期直资命指统区"
    "形便空展科基书非则界放强即像难且权设式路记品求据程该交规取格术确传师清今让识带导运模型训练推网络并优化显存算图层参语"
    "這個們來為國說時會對於著過發後裡種經麼學現當沒動還進樣開從實無與長機關點業將兩間問並應頭體見產話內給門兒東聲員論處義"
    "幾認條氣題爾別變總電數報結務場計資許統區隊決馬書則聽卻達強難權設記類據邊張該規萬覺術領確傳師觀讓識帶導爭運簡練網絡優顯層參語"
    "，。、；：？！“”‘’（）《》【】—…·"
)

_FAMILIAR = re.compile(r"[\t\n\r -~\u00a0-\u024f\u0370-\u03ff\u0400-\u045f\u3040-\u30ff]")
"""ASCII, Latin, Greek, Cyrillic and kana; everyday Chinese is counted apart."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CHARSET = re.compile(
    rb"(?:<\?xml[^>]{0,200}\bencoding|<meta[^>]{0,200}\bcharset)\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE
)
_SAME_AS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "iso8859-1": "cp1252",
    "ascii": "utf-8",
    "utf-8-sig": "utf-8",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
"""What a declared name stands for in practice: the wider encoding that real files use."""


def declared_encoding(data: bytes) -> str | None:
    """Encoding that an XML declaration or HTML `meta` names, None without one."""
    match = _CHARSET.search(data[:2048])
    return match[1].decode("ascii").lower() if match else None


def decode(data: bytes, *, declared: str | None = None) -> tuple[str, str]:
    """Text of `data` and the name of its encoding; `declared` is a hint, overruled by the bytes.

    A name that ends in " (damaged)" says that some bytes could not be read and show as U+FFFD.

    Raises:
        ParseError: the bytes are empty, binary, or text in no plausible encoding.
    """
    if not data.strip(b" \t\r\n\x00"):
        raise ParseError("There is no text: the content is empty.", "Check that the file was saved, or fetch it again.")
    _refuse_magic(data)
    for bom, name in _BOMS:
        # UTF-32-LE's mark begins with UTF-16-LE's; a text that opens with U+0000 is none.
        if data.startswith(bom):
            text = _strict(data[len(bom) :], name.removesuffix("-sig"))
            if text is None:
                text = data[len(bom) :].decode(name.removesuffix("-sig"), errors="replace")
                name += " (damaged)"
            return _finish(text), name
    if b"\x00" in data or _canonical(declared).startswith(("utf-16", "utf-32")):
        wide = _decode_wide(data, _canonical(declared))
        if wide:
            return _finish(wide[0]), wide[1]
    text, name = _decode_narrow(data, declared)
    return _finish(text), name


def _refuse_magic(data: bytes) -> None:
    head = data[:64].lstrip(b" \t\r\n")
    for magic, kind, hint in _MAGICS:
        if head.startswith(magic) and (magic not in (b"RIFF", b"PAR1", b"OggS") or _has_controls(data[:64])):
            raise ParseError(f"The content looks like {kind}, not text.", hint)
    if head[:2] == b"MZ" and b"\x00" in data[:64]:
        raise ParseError("The content looks like a program (Windows), not text.", _AS_TEXT)
    if data[4:8] == b"ftyp" and b"\x00" in data[:4]:
        raise ParseError("The content looks like a film or sound recording, not text.", _AS_TEXT)
    if head[:3] == b"ID3" and _has_controls(data[:16]):
        raise ParseError("The content looks like a sound recording (MP3), not text.", _AS_TEXT)


def _has_controls(data: bytes) -> bool:
    return any(byte < 9 or 13 < byte < 32 for byte in data)


def _strict(data: bytes, encoding: str) -> str | None:
    """Strict decoding that forgives a last character cut in half: downloads end where they end."""
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(data, final=False)
    except (UnicodeDecodeError, LookupError):
        return None


def _decode_wide(data: bytes, declared: str) -> tuple[str, str] | None:
    """UTF-32 and UTF-16 without a mark: no other text encoding contains NUL bytes."""
    wide = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
    if declared not in wide and data.count(0) * 2000 < len(data):
        return None  # a stray NUL in narrow text
    for name in sorted(wide, key=lambda name: name != declared):
        text = _strict(data, name)
        if text and _looks_written(text):
            return text, name
    return None


def _looks_written(text: str) -> bool:
    """Whether wide text is mostly letters of everyday scripts; the wrong byte order yields rare characters."""
    sample = text[:_SAMPLE]
    known = len(_FAMILIAR.findall(sample)) + sum(char in _COMMON for char in sample)
    return known >= 0.4 * len(sample) and not any("\ue000" <= char <= "\uf8ff" for char in sample[:1000])


def _decode_narrow(data: bytes, declared: str | None) -> tuple[str, str]:
    text = _strict(data, "utf-8")
    name = _canonical(declared)
    if text is not None and not name.startswith("iso2022"):
        return text, "utf-8"
    if name and name not in ("utf-8", "cp1252", "latin-1") and not name.startswith(("utf-16", "utf-32")):
        text = _strict(data, name)
        if text is not None and (name not in ("gb18030", "big5hkscs") or _chinese_share(text) >= 0.25):
            return text, name
    scored = [(_chinese_share(text), name, text) for name in ("gb18030", "big5hkscs") if (text := _strict(data, name))]
    best = max(scored, default=(0.0, "", ""))
    if best[0] >= 0.25:
        return best[2], best[1]
    damaged = _decode_damaged(data)
    if damaged:
        return damaged
    return _decode_western(data)


def _canonical(declared: str | None) -> str:
    try:
        name = codecs.lookup((declared or "").strip().strip("\"'")).name
    except (LookupError, ValueError):
        return ""
    return _SAME_AS.get(name, name)


def _chinese_share(text: str) -> float:
    """Share of everyday Chinese among the characters beyond ASCII, 0..1; a wrong encoding yields rare ones."""
    beyond = [char for char in text[:_SAMPLE] if char >= "\x80"]
    return sum(char in _COMMON for char in beyond) / len(beyond) if beyond else 0.0


def _decode_damaged(data: bytes) -> tuple[str, str] | None:
    """A known encoding with a few broken bytes, which would otherwise be read as Western gibberish."""
    for name in ("utf-8", "gb18030", "big5hkscs"):
        text = data.decode(name, errors="replace")
        sample = text[:_SAMPLE]
        broken = sample.count("\ufffd")
        whole = sum(char >= "\x80" for char in sample) - broken
        # Sequences of UTF-8 hardly ever arise by chance; those of the others do.
        if whole >= 2 * broken if name == "utf-8" else whole >= 9 * broken and _chinese_share(sample) >= 0.4:
            return text, f"{name} (damaged)"
    return None


def _decode_western(data: bytes) -> tuple[str, str]:
    sample = data[:_SAMPLE]
    high = sum(byte >= 0x80 for byte in sample)
    if _too_many_controls(sample.decode("latin-1")):
        raise ParseError("The content looks like binary data, not text.", _AS_TEXT)
    if high * 4 > len(sample):
        # Another script than Latin or Chinese: here only statistics can tell.
        from charset_normalizer import from_bytes

        match = from_bytes(sample).best()
        text = _strict(data, match.encoding) if match is not None else None
        if match is None or text is None:
            raise ParseError("The content is text in no encoding that could be recognised, or binary data.", _AS_TEXT)
        return text, match.encoding
    text = _strict(data, "cp1252")
    if text is not None:
        return text, "cp1252"
    return data.decode("latin-1"), "latin-1"


def _too_many_controls(text: str) -> bool:
    sample = text[:_SAMPLE]
    return len(_CONTROL.findall(sample.replace("\x0c", "").replace("\x0b", ""))) * 100 > len(sample)


def _finish(text: str) -> str:
    if _too_many_controls(text):
        raise ParseError("The content looks like binary data, not text: it is full of control characters.", _AS_TEXT)
    text = _CONTROL.sub("", _LINE_END.sub("\n", text)).removeprefix("\ufeff")
    if not text.strip():
        raise ParseError("There is no text: the content is empty.", "Check that the file was saved, or fetch it again.")
    return text
