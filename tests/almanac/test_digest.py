"""The command `digest`: every form, files written whole, a site, clear errors."""

import json
from pathlib import Path

import pytest

from almanac import open_almanac
from almanac.__main__ import main
from almanac.commands.digest import write_whole
from almanac.language import Language
from kb.errors import DigestError
from kb.settings import load_settings
from tests.conftest import ROOT
from tests.digests.reading import Page
from tests.digests.test_prose import Scripted, said

Capture = pytest.CaptureFixture[str]
DATA = ROOT / "tests" / "data"


@pytest.fixture(autouse=True)
def library(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fill a library without an embedder."""
    monkeypatch.setenv("ALMANAC_EMBEDDER", "none")
    made = open_almanac(load_settings(home, embedder="none"))
    assert [o.status for o in made.ingest([DATA / "posts.rss", DATA / "arxiv_api.xml"])] != []
    made.close()


def out(capsys: Capture, *argv: str) -> str:
    capsys.readouterr()
    assert main(["digest", *argv]) == 0
    return capsys.readouterr().out


def quarter(capsys: Capture) -> str:
    """Return the quarter with most documents."""
    found = json.loads(out(capsys, "--list", "--json"))["quarters"]
    return str(max(found, key=lambda state: state["documents"])["quarter"])


def test_quarters_are_listed(capsys: Capture) -> None:
    words = out(capsys, "--list")
    found = json.loads(out(capsys, "--list", "--json"))["quarters"]
    assert set(found[0]) == {"quarter", "documents", "built_at", "stale"}
    assert sum(state["documents"] for state in found) >= 3
    assert all(state["quarter"] in words for state in found)


def test_json_is_the_contract_and_accounts_for_every_document(capsys: Capture) -> None:
    found = json.loads(out(capsys, quarter(capsys), "--json"))
    covered = found["coverage"]
    assert covered["in_quarter"] == covered["shown"] + covered["left_out"] + covered["undated"] > 0
    entries = [entry for section in found["sections"] for entry in section["entries"]]
    assert entries
    assert all(entry["url"].startswith("http") and entry["doc_id"] for entry in entries)
    assert json.loads(out(capsys, found["quarter"], "--format", "json")) == found


def test_each_form_is_printed_and_written_alike(capsys: Capture, tmp_path: Path) -> None:
    for form in ("json", "md", "html", "atom", "bibtex"):
        printed = out(capsys, quarter(capsys), "--format", form)
        path = tmp_path / f"digest.{form}"
        assert f"Wrote {path}" in out(capsys, quarter(capsys), "--format", form, "--out", str(path))
        assert path.read_text(encoding="utf-8") == printed
    assert out(capsys, quarter(capsys)).startswith("# ")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_quarter_may_be_typed_as_it_is_spoken(capsys: Capture) -> None:
    name = quarter(capsys)
    assert out(capsys, f"Q{name[-1]} {name[:4]}") == out(capsys, name)


def test_a_quarter_without_documents_is_an_empty_digest(capsys: Capture) -> None:
    assert json.loads(out(capsys, "1950-Q1", "--json"))["coverage"]["in_quarter"] == 0
    assert "Nothing of this quarter" in out(capsys, "1950-Q1")


def test_feed_and_bibtex_hold_all_quarters(capsys: Capture) -> None:
    assert out(capsys, "--format", "atom").count("<entry>") >= 2
    assert out(capsys, "--format", "bibtex").count("@misc") >= 3


def test_a_site_is_written(capsys: Capture, tmp_path: Path) -> None:
    made = json.loads(out(capsys, "--site", str(tmp_path / "site"), "--url", "https://example.org/d", "--json"))
    assert {"index.html", "feed.xml", "digests.bib"} <= set(made["files"])
    assert [f"{name}.html" in made["files"] for name in made["quarters"]] == [True] * len(made["quarters"])
    page = Page((tmp_path / "site" / "index.html").read_text(encoding="utf-8"))
    assert f"{made['quarters'][0]}.html" in page.links
    assert "https://example.org/d/feed.xml" in (tmp_path / "site" / "feed.xml").read_text(encoding="utf-8")
    assert "Wrote" in out(capsys, "--site", str(tmp_path / "site"))


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["2023-Q5"], "2023-Q5"),
        (["yesterday"], "yesterday"),
        ([], "No quarter is given"),
        (["--format", "html"], "No quarter is given"),
        (["2023-Q1", "--json", "--format", "md"], "two things"),
        (["--site", "x", "--format", "md"], "all digests"),
        (["--site", "x", "--url", "ftp://example.org"], "no http address"),
        (["--write", "--format", "atom"], "words one digest"),
        (["2023-Q1", "--write"], "No language model"),
        (["2023-Q1", "--out", "/no/such/folder/x.md"], "cannot be written"),
    ],
)
def test_what_makes_no_sense_is_two_lines_on_standard_error(capsys: Capture, argv: list[str], said: str) -> None:
    capsys.readouterr()
    assert main(["digest", *argv]) == 1
    shown = capsys.readouterr()
    assert said in shown.err
    assert len(shown.err.strip().splitlines()) == 2
    assert shown.out == ""


def test_a_file_is_written_whole_or_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.md"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("almanac.commands.digest.os.fsync", fail)
        with pytest.raises(DigestError, match="No space left"):
            write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert [found.name for found in tmp_path.iterdir() if found.name != "home"] == ["kept.md"]
    write_whole(path, "new")
    assert (path.read_text(encoding="utf-8"), path.stat().st_mode & 0o777) == ("new", 0o640)
    with pytest.raises(DigestError, match="cannot be written"):
        write_whole(tmp_path, "new")


def test_a_model_words_a_digest_before_it_is_shown(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    name = quarter(capsys)
    entry = next(one for part in json.loads(out(capsys, name, "--json"))["sections"] for one in part["entries"])
    model = Scripted(*[said((entry["sentences"][0]["text"], [1]))] * 50)
    monkeypatch.setattr(Language, "model", lambda self: model)
    assert "Written by the language model scripted" in out(capsys, name, "--write")
