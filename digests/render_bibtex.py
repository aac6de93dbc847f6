"""The entries of digests as BibTeX, for any program that reads it.

Pure. Invariants: a key follows from its own document alone, so that additions change none; no two
documents share one; a value holds balanced braces and no command that its document brought along.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from pylatexenc.latexencode import RULE_DICT, UnicodeToLatexConversionRule, UnicodeToLatexEncoder

from digests.cited import entries_of
from digests.readable import HARMLESS
from digests.types import Digest, Entry
from digests.wording import name_of
from kb.markup import MONTHS, plain, web_address
from kb.references import of_url
from kb.text import fold_space
from kb.types import Kind

_NAMES = {Kind.NOTES: "notes", Kind.RSS: "post", Kind.ARXIV: "paper", Kind.PAGE: "page"}
# BibTeX counts braces that LaTeX escapes, so a lone one is named; the rest LaTeX reads as commands.
_SPECIAL = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    "<": r"{\textless}",
    ">": r"{\textgreater}",
    "|": r"{\textbar}",
}
# A formula as pandoc reads it: no blank inside the signs, no digit after; what would end it or the line is not in it.
_SIGN = r"[A-Za-z0-9 +\-*/=<>()\[\].,:;'!^_|]"
_MATH = re.compile(rf"\$(?=\S)(?:{_SIGN}|\\[a-zA-Z]+|\{{(?:{_SIGN}|\\[a-zA-Z]+)*\}})+(?<=\S)\$(?!\d)")
_COMMAND = re.compile(r"\\([a-zA-Z]+)")
_ARXIV_ID = re.compile(r"\d{4}\.\d{4,5}|[a-z.-]+/\d{7}")


@cache
def _encoder() -> UnicodeToLatexEncoder:
    rules = [
        UnicodeToLatexConversionRule(RULE_DICT, {ord(sign): made for sign, made in _SPECIAL.items()}),
        "defaults",
    ]
    return UnicodeToLatexEncoder(
        conversion_rules=rules,
        replacement_latex_protection="braces-almost-all",
        unknown_char_policy="keep",
        unknown_char_warning=False,
    )


def to_latex(text: str, *, math: bool = True) -> str:
    """Return plain text as LaTeX that prints it; formulas of harmless commands stay formulas."""
    text = unicodedata.normalize("NFC", fold_space(plain(text)))
    made, at = [], 0
    for match in _MATH.finditer(text) if math else ():
        if all(command in HARMLESS for command in _COMMAND.findall(match.group())):
            made += [_encoder().unicode_to_latex(text[at : match.start()]), match.group()]
            at = match.end()
    return "".join([*made, _encoder().unicode_to_latex(text[at:])])


def key_of(entry: Entry) -> str:
    """Return an entry's key: the first author's name and the year to know it by, then what is its own alone."""
    own = entry.doc_id.removeprefix("arxiv:").lower()
    if not (entry.doc_id.startswith("arxiv:") and _ARXIV_ID.fullmatch(own)):
        own = hashlib.sha256(entry.doc_id.encode()).hexdigest()[:16]
    name = entry.authors[0].split(",")[0].split()[-1:] if entry.authors else []
    folded = unicodedata.normalize("NFKD", "".join(name)).encode("ascii", "ignore").decode()
    letters = re.sub(r"[^a-z]", "", folded.lower())[:24]
    return f"{letters or _NAMES[entry.kind]}{entry.published[:4]}-{own.replace('/', '-')}"


def _author(name: str) -> str:
    """Return one name; one that BibTeX would take apart is kept whole."""
    made = to_latex(name, math=False)
    return f"{{{made}}}" if re.search(r"\band\b|,|\d", name) or (not name.isascii() and " " not in made) else made


def _fields(entry: Entry) -> Iterable[tuple[str, str]]:
    # The inner braces keep the title's capitals as they are.
    yield "title", f"{{{{{to_latex(name_of(entry))}}}}}"
    names = [_author(name) for name in entry.authors if plain(name).strip()]
    if names:
        yield "author", f"{{{' and '.join(names)}}}"
    if entry.published:
        yield "year", f"{{{entry.published[:4]}}}"
    if len(entry.published) >= 7:
        yield "month", MONTHS[int(entry.published[5:7]) - 1].lower()
    if address := web_address(entry.url):
        yield "url", f"{{{address}}}"
    reference = of_url(entry.url)
    if reference is not None and reference.kind == "arxiv":
        yield "eprint", f"{{{reference.key}}}"
        yield "archiveprefix", "{arXiv}"
    elif reference is not None and reference.kind == "doi":
        yield "doi", f"{{{to_latex(reference.key, math=False)}}}"
    if entry.topics:
        yield "keywords", f"{{{', '.join(entry.topics)}}}"
    if entry.status == "withdrawn":
        yield "note", "{Withdrawn}"


def render_bibtex(digests: Iterable[Digest]) -> str:
    """Return the entries of digests, each document once, sorted by key."""
    found = {entry.doc_id: entry for digest in digests for entry in entries_of(digest)}
    made = []
    for key, entry in sorted(((key_of(entry), entry) for entry in found.values()), key=lambda pair: pair[0]):
        rows = "".join(f",\n  {name} = {value}" for name, value in _fields(entry))
        made.append(f"@misc{{{key}{rows}\n}}\n")
    return "\n".join(made) or "% No entries.\n"
