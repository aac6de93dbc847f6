"""ui.state: one façade a home, errors shown in place, text that means nothing in Markdown."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from almanac import open_almanac
from kb.settings import load_settings
from kb.store.schema import VERSION
from tests.conftest import ROOT
from tests.ui.conftest import shown, wait
from ui.state import plain, prepare_library


def test_plain_text_means_nothing_in_markdown() -> None:
    assert plain("a *b* [c](d) :red[e] <f>") == r"a \*b\* \[c\]\(d\) \:red\[e\] \<f\>"
    assert plain("run `a *b*` now") == "run `a *b*` now"
    assert plain("one ` alone *") == r"one  alone \*"


def test_two_pages_share_one_library(app: AppTest, library_home: Path) -> None:
    app.run()
    assert not app.exception
    one = prepare_library()
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not other.exception
    assert prepare_library() is one
    assert one.woken.is_set()


def test_another_home_is_another_library(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = prepare_library()
    open_almanac(load_settings(tmp_path / "second", embedder="none")).remove_starter()
    monkeypatch.setenv("ALMANAC_HOME", str(tmp_path / "second"))
    assert prepare_library() is not one


def test_a_library_of_a_newer_version_says_so_in_place(app: AppTest, library_home: Path) -> None:
    with sqlite3.connect(library_home / "almanac.sqlite") as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    app.run()
    assert not app.exception
    assert "newer version" in app.error[0].value
    assert "Nothing was changed" in app.error[0].value


def test_a_setting_that_makes_no_sense_is_named(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALMANAC_LLM", "magic")
    app.run()
    assert not app.exception
    assert "llm" in app.error[0].value


def test_the_first_paint_loads_nothing_heavy(library_home: Path) -> None:
    """The real script, run once in a fresh process with the real embedder as its setting."""
    program = f"""
import os, sys
os.environ["ALMANAC_HOME"], os.environ["ALMANAC_EMBEDDER"] = {str(library_home)!r}, "packaged"
import pytest
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(ROOT / "app.py")!r}, default_timeout=60).run()
assert not app.exception, app.exception
names = ("torch", "sentence_transformers", "transformers", "chromadb", "altair")
heavy = [name for name in names if name in sys.modules]
print("loaded:", heavy)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "loaded: []" in done.stdout, done.stdout + done.stderr[-2000:]


def test_an_empty_home_is_filled_with_the_starter_library(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALMANAC_EMBEDDER", "none")
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    library = prepare_library()
    job = library.jobs.job
    assert job is not None
    assert job.title == "Loading the starter library"
    wait(lambda: library.jobs.running is None, 60)
    assert library.almanac.starter_state == "loaded"
    app.run()
    assert "starter library" in shown(app)
