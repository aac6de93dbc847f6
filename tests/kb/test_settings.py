"""kb.settings: environment over file over defaults, clear errors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kb.errors import SettingsError
from kb.settings import load_settings


def test_environment_wins_over_the_file_and_the_file_over_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "almanac.toml").write_text('embedder = "none"\nmax_file = 1000\n')
    assert load_settings(tmp_path).embedder == "none"
    monkeypatch.setenv("ALMANAC_MAX_FILE", "2000")
    assert load_settings(tmp_path).max_file == 2000
    assert load_settings(tmp_path, max_file=3000).max_file == 3000


def test_the_home_of_the_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "almanac.toml").write_text('embedder = "none"\n')
    monkeypatch.setenv("ALMANAC_HOME", str(tmp_path))
    found = load_settings()
    assert (found.home, found.embedder) == (tmp_path, "none")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("embeder = 'none'", "embeder"),
        ("max_file = -1", "max_file"),
        ("embedder = 'bert'", "embedder"),
        ("llm = 'gpt'", "llm"),
        ("chroma_url = 'ftp://x'", "chroma_url"),
        ("not toml at all", "almanac.toml"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, named: str) -> None:
    (tmp_path / "almanac.toml").write_text(line)
    with pytest.raises(SettingsError, match=named) as caught:
        load_settings(tmp_path)
    assert caught.value.hint


def test_settings_are_frozen_and_can_key_a_cache(tmp_path: Path) -> None:
    assert hash(load_settings(tmp_path)) == hash(load_settings(tmp_path))


def test_native_libraries_are_held_back_before_they_load() -> None:
    code = (
        "import os; from kb.settings import prepare_process; prepare_process(offline=True);"
        "print(*(os.environ[name] for name in ('ONEDNN_MAX_CPU_ISA', 'OMP_WAIT_POLICY', 'HF_HUB_OFFLINE')))"
    )
    clean = {
        k: v for k, v in os.environ.items() if k not in ("ONEDNN_MAX_CPU_ISA", "OMP_WAIT_POLICY", "HF_HUB_OFFLINE")
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=clean, check=True)
    assert done.stdout.split() == ["AVX512_CORE_FP16", "PASSIVE", "1"]


@pytest.mark.parametrize(
    "address", ["https://export.arxiv.org/api/query", "https://mirror:8443/q", "http://127.0.0.1:9/q"]
)
def test_addresses_of_arxiv(address: str) -> None:
    assert load_settings(arxiv_url=address).arxiv_url == address


@pytest.mark.parametrize(
    "address",
    [
        "http://export.arxiv.org/api/query",
        "https://a@b/q",
        "https://x/q?a=b",
        "https://x/{}",
        "file:///q",
        "https:///q",
        "",
    ],
)
def test_addresses_in_the_clear_or_with_more_in_them_are_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="arxiv_url"):
        load_settings(arxiv_url=address)
