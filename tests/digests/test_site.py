"""The static site: every link in it resolves, a crash leaves the old one, foreign files stay."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from digests import site
from digests.site import OWN, pages, write_site
from kb.errors import DigestError
from tests.conftest import ROOT
from tests.digests.reading import Page, is_inert
from tests.digests.samples import cited, digest, full, hostile

COUNTS = {"2022-Q3": {"serving": 2}, "2023-Q1": {"serving": 4, "quantization": 1, "other": 1}, "2023-Q2": {"other": 12}}


def three() -> Iterator[tuple[str, str]]:
    others = [hostile().model_copy(update={"quarter": "2023-Q2"}), digest("2022-Q3")]
    return pages([*others, full()], COUNTS, lambda one: cited())


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_every_link_and_anchor_resolves_from_disk(tmp_path: Path) -> None:
    names = write_site(tmp_path, three())
    assert {"index.html", "feed.xml", "digests.bib", "2023-Q1.html", "2023-Q2.md"} <= set(names)
    made = {name: Page((tmp_path / name).read_text(encoding="utf-8")) for name in names if name.endswith(".html")}
    checked = 0
    for name, page in made.items():
        assert is_inert(page), name
        for link in page.links:
            if link.startswith(("http://", "https://", "mailto:")):
                continue
            file, _, anchor = link.partition("#")
            assert (tmp_path / unquote(file or name)).is_file(), link
            assert not anchor or anchor in made[file or name].ids, link
            checked += 1
    assert checked > 30


def test_pages_lead_to_the_quarter_before_and_after(tmp_path: Path) -> None:
    write_site(tmp_path, three())
    read = {q: Page((tmp_path / f"{q}.html").read_text(encoding="utf-8")) for q in ("2022-Q3", "2023-Q1", "2023-Q2")}
    assert "2023-Q1.html" in read["2022-Q3"].links
    assert {"2022-Q3.html", "2023-Q2.html"} <= set(read["2023-Q1"].links)
    assert "2023-Q2.html" not in read["2023-Q2"].links


def test_the_index_has_a_drawing_with_a_name_and_the_numbers_as_a_table(tmp_path: Path) -> None:
    write_site(tmp_path, three())
    page = Page((tmp_path / "index.html").read_text(encoding="utf-8"))
    drawing = page.all("{http://www.w3.org/2000/svg}svg") or page.all("svg")
    assert drawing[0].attrib["aria-label"].startswith("Documents per topic, Q3'22 to Q2'23")
    rows = ["".join(row.itertext()) for row in page.all("tr")]
    assert rows[1:] == ["Q2'23––12", "Q1'23141", "Q3'22–2–"]
    assert "<script>alert('title')</script>" in page.words


def test_an_empty_library_has_a_site_too(tmp_path: Path) -> None:
    write_site(tmp_path, pages([], {}))
    assert "No quarter has a document yet." in Page((tmp_path / "index.html").read_text(encoding="utf-8")).words


def test_files_of_others_stay_and_pages_that_are_no_more_go(tmp_path: Path) -> None:
    (tmp_path / "CNAME").write_text("digests.example", encoding="utf-8")
    (tmp_path / "img").mkdir()
    write_site(tmp_path, three())
    write_site(tmp_path, pages([full()], COUNTS))
    assert (tmp_path / "CNAME").read_text(encoding="utf-8") == "digests.example"
    assert (tmp_path / "img").is_dir()
    assert (tmp_path / "2023-Q1.html").exists()
    assert not (tmp_path / "2023-Q2.html").exists()


def test_a_file_of_somebody_else_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("my own page", encoding="utf-8")
    with pytest.raises(DigestError, match=r"index\.html is not a page of this site"):
        write_site(tmp_path, three())
    assert held(tmp_path) == {"index.html": b"my own page"}


def test_writing_the_same_again_changes_nothing_on_disk(tmp_path: Path) -> None:
    write_site(tmp_path, three())
    before = {path.name: path.stat().st_ino for path in tmp_path.iterdir() if path.is_file()}
    write_site(tmp_path, three())
    assert {path.name: path.stat().st_ino for path in tmp_path.iterdir() if path.is_file()} == before
    assert sorted(path.name for path in (tmp_path / OWN).iterdir() if path.suffix != "") == ["written.json"]


def test_an_error_while_pages_are_made_leaves_the_old_site(tmp_path: Path) -> None:
    write_site(tmp_path, pages([digest("2022-Q3")], {}))
    before = held(tmp_path)

    def failing() -> Iterator[tuple[str, str]]:
        yield "2022-Q3.html", "new"
        raise DigestError("It broke.")

    with pytest.raises(DigestError, match="It broke"):
        write_site(tmp_path, failing())
    assert held(tmp_path) == before


@pytest.mark.parametrize("fail_at", range(0, 12, 3))
def test_an_error_while_files_are_put_in_place_brings_the_old_site_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail_at: int
) -> None:
    write_site(tmp_path, pages([digest("2022-Q3"), digest("2021-Q1")], {}))
    before = held(tmp_path)
    done, real = [], Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.parent.name == "new":
            if len(done) == fail_at:
                raise OSError(28, "No space left on device")
            done.append(self)
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(DigestError, match="No space left"):
            write_site(tmp_path, three())
    assert held(tmp_path) == before
    write_site(tmp_path, three())
    assert (tmp_path / "2023-Q2.html").exists()
    assert not (tmp_path / "2021-Q1.html").exists()


KILLED = """
import os, sys
from pathlib import Path
from digests.site import pages, write_site
from tests.digests.test_site import three
left, real = [int(sys.argv[2])], Path.replace
def replace(self, target):
    if self.parent.name == "new":
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
    return real(self, target)
Path.replace = replace
write_site(Path(sys.argv[1]), three())
"""


@pytest.mark.parametrize("after", [0, 5])
def test_what_a_killed_run_left_is_undone_by_the_next(tmp_path: Path, after: int) -> None:
    write_site(tmp_path, pages([digest("2022-Q3")], {}))
    before = held(tmp_path)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(after)], cwd=ROOT, check=False)
    assert ended.returncode == 9
    assert (held(tmp_path) == before) is (after == 0)

    def failing() -> Iterator[tuple[str, str]]:
        raise DigestError("It broke.")
        yield

    with pytest.raises(DigestError, match="It broke"):
        write_site(tmp_path, failing())
    assert held(tmp_path) == before


def reached(folder: Path) -> dict[str, bool]:
    """What the index and the pages that it leads to link to in the folder, and whether it is there."""
    found: dict[str, bool] = {}
    waiting = ["index.html"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = (folder / name).is_file()
        if found[name] and name.endswith(".html"):
            links = Page((folder / name).read_text(encoding="utf-8")).links
            waiting += [unquote(link.partition("#")[0]) for link in links if "://" not in link and link[0] != "#"]
    return found


def quarters_of(names: Iterable[str]) -> set[str]:
    return {name.removesuffix(".html") for name in names if name.endswith(".html")} - {"index"}


def test_a_run_cut_off_anywhere_leaves_no_link_that_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old quarters go, change and come; the index is the one step that turns the old site into the new one."""
    before = [digest("2021-Q1"), digest("2022-Q3"), digest("2023-Q4")]
    after = [full(), hostile().model_copy(update={"quarter": "2023-Q2"}), digest("2022-Q3"), digest("2022-Q2")]
    write_site(tmp_path, pages(before, {}))
    seen: list[set[str]] = []
    real, remove = Path.replace, Path.unlink

    def look() -> None:
        found = reached(tmp_path)
        assert all(found.values()), [name for name in found if not found[name]]
        seen.append(quarters_of(found))

    def replace(self: Path, target: Path) -> Path:
        made = real(self, target)
        if self.parent.name == "new":
            look()
        return made

    def unlink(self: Path, missing_ok: bool = False) -> None:
        remove(self, missing_ok)
        if self.parent == tmp_path:
            look()

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        patch.setattr(Path, "unlink", unlink)
        write_site(tmp_path, pages(after, COUNTS))
    old, new = {one.quarter for one in before}, {one.quarter for one in after}
    assert len(seen) > 15
    assert seen[0] == old
    assert seen[-1] == new
    assert not (tmp_path / "2023-Q4.html").exists()


def test_two_runs_at_once_do_not_mix(tmp_path: Path) -> None:
    def nested() -> Iterator[tuple[str, str]]:
        with pytest.raises(DigestError, match="Another run"):
            write_site(tmp_path, three())
        yield from three()

    assert write_site(tmp_path, nested())


def test_a_place_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(DigestError, match="cannot be written") as caught:
        write_site(tmp_path / "file", three())
    assert caught.value.hint


def test_a_list_of_files_that_was_tampered_with_reaches_nothing_outside(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("x", encoding="utf-8")
    folder = tmp_path / "site"
    write_site(folder, pages([full()], {}))
    (folder / OWN / "written.json").write_text(json.dumps(["../outside.txt", 7, "index.html"]), encoding="utf-8")
    with pytest.raises(DigestError):
        write_site(folder, three())
    assert outside.exists()


def test_the_disk_need_not_know_second_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    write_site(tmp_path, pages([digest("2022-Q3")], {}))
    write_site(tmp_path, three())
    assert (tmp_path / "2023-Q2.html").exists()


def test_the_feed_links_to_the_site_where_it_is_known() -> None:
    files = dict(pages([full()], COUNTS, base="https://example.org/d/"))
    assert 'href="https://example.org/d/2023-Q1.html"' in files[site.FEED]
    assert "example.org/d" not in dict(pages([full()], COUNTS))[site.FEED]
