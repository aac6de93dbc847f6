"""Entries as BibTeX: a library of BibTeX reads them back; keys collide never and stay for ever."""

import codecs
import re

import latexcodec  # noqa: F401  # registers the codec that decodes LaTeX
import pytest
from pybtex.database import BibliographyData, parse_string

from digests.render_bibtex import key_of, render_bibtex, to_latex
from digests.types import Section
from tests.digests.samples import HOSTILE, SAMPLES, digest, entry, full, large


def read(text: str) -> BibliographyData:
    return parse_string(text, "bibtex")


def decoded(text: str) -> str:
    return codecs.decode(text, "ulatex")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_library_reads_every_entry_back(name: str) -> None:
    made = SAMPLES[name]()
    wanted = {one.doc_id for section in made.sections for one in section.entries} | {one.doc_id for one in made.earlier}
    assert len(read(render_bibtex([made])).entries) == len(wanted)


def test_an_entry_says_what_is_known() -> None:
    found = read(render_bibtex([full()])).entries["example2023-2301.00001"]
    assert found.type == "misc"
    assert dict(found.fields) == {
        "title": "{Paging the cache}",
        "year": "2023",
        "month": "February",
        "url": "https://arxiv.org/abs/2301.00001",
        "eprint": "2301.00001",
        "archiveprefix": "arXiv",
        "keywords": "serving",
    }
    assert [str(person) for person in found.persons["author"]] == ["Example, Ada", "Muster, Bo"]
    gone = read(render_bibtex([full()])).entries["example2023-2303.00004"]
    assert gone.fields["note"] == "Withdrawn"


@pytest.mark.parametrize(
    "text",
    [
        "Café naïve Łódź, Ångström",
        "50% of A & B #1 _x_ {a} \\input{/etc/passwd}",
        "Costs $5 and $6",
        "分布式训练 🚀",
        "<script>alert(1)</script>",
        "$\\write18{rm -rf}$",
        "an unbalanced { brace and } another } one",
    ],
)
def test_a_title_comes_back_as_it_was(text: str) -> None:
    title = read(render_bibtex([digest(sections=(Section(topic="serving", title="", entries=(entry(title=text),)),))]))
    kept = title.entries["example2023-2301.00001"].fields["title"]
    for command, sign in (
        ("backslash", "\\"),
        ("braceleft", "{"),
        ("braceright", "}"),
        ("less", "<"),
        ("greater", ">"),
    ):
        kept = kept.replace(f"{{\\text{command}}}", f"\0{ord(sign)}\0")
    plain = re.sub("[{}]", "", decoded(kept)).replace("\\$", "$")
    assert re.sub("\0(\\d+)\0", lambda match: chr(int(match[1])), plain) == text


def test_a_formula_stays_one_and_a_dangerous_one_does_not() -> None:
    assert to_latex("The $\\mathcal{O}(n \\log n)$ bound") == "The $\\mathcal{O}(n \\log n)$ bound"
    for text in ("$\\input{x}$", "$a%b$", "$x$5", "$ x$", "$\\def\\x{y}$"):
        assert "$" not in to_latex(text).replace("{\\$}", "").replace("\\$", "")


@pytest.mark.parametrize("title", HOSTILE)
def test_no_command_of_a_title_survives_and_braces_balance(title: str) -> None:
    made = to_latex(title)
    assert made.count("{") == made.count("}")
    assert not re.search(r"\\(input|write|include|def|catcode|immediate)", made)
    assert "\n" not in made


def test_names_are_not_taken_apart_at_their_commas_and_ands() -> None:
    who = ("Research and Sons, Inc.", "张 伟", "María José de la Cruz")
    found = read(render_bibtex([digest(sections=(Section(topic="x", title="", entries=(entry(authors=who),)),))]))
    people = next(iter(found.entries.values())).persons["author"]
    assert len(people) == 3
    assert str(people[0]) == "{Research and Sons, Inc.}"


def test_keys_never_collide_and_do_not_depend_on_what_else_is_there() -> None:
    twins = tuple(entry(f"page:{name}", "The same title") for name in ("a#1", "a-1", "a_1", "A#1", "a#11"))
    keys = {one.doc_id: key_of(one) for one in twins}
    assert len({key.lower() for key in keys.values()}) == len(twins)
    few = read(render_bibtex([digest(sections=(Section(topic="x", title="", entries=twins[:2]),))]))
    many = read(render_bibtex([digest(sections=(Section(topic="x", title="", entries=twins),))]))
    assert set(few.entries) <= set(many.entries)
    assert all(re.fullmatch(r"[a-z][a-z0-9.-]*", key) for key in keys.values())


def test_keys_are_made_of_what_identifies() -> None:
    assert key_of(entry(authors=("Łukasz Übermaß",))).startswith("uberma2023-")
    assert key_of(entry(authors=("张伟",), published="")) == "paper-2301.00001"
    assert key_of(entry("arxiv:cs/0501001")) == "example2023-cs-0501001"


def test_a_work_in_two_digests_stands_there_once() -> None:
    made = render_bibtex([full(), full()])
    assert made == render_bibtex([full()])


def test_a_large_quarter_has_a_key_for_each_work() -> None:
    assert len(set(re.findall(r"^@misc\{(.+),$", render_bibtex([large(2000)]), re.M))) == 2000
