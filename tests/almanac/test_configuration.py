"""Settings that a page changes: in the file, with everything else left as the reader wrote it."""

import stat
from pathlib import Path

import pytest

from almanac.configuration import change_settings
from kb.errors import SettingsError, StoreError
from kb.settings import load_settings

BEFORE = """# Mine.
embedder = "none"   # until the model is wanted

# Patience.
http_timeout = 7.5
"""


def test_a_file_is_begun(home: Path) -> None:
    settings = change_settings(home, {"llm": "gguf:a.gguf", "llm_context": 8192})
    assert (settings.llm, settings.llm_context) == ("gguf:a.gguf", 8192)
    assert load_settings(home).llm == "gguf:a.gguf"


def test_comments_order_and_other_lines_stay(home: Path) -> None:
    home.mkdir()
    (home / "almanac.toml").write_text(BEFORE, encoding="utf-8")
    change_settings(home, {"llm": "gguf:a.gguf"})
    assert (home / "almanac.toml").read_text(encoding="utf-8") == f'{BEFORE}llm = "gguf:a.gguf"\n'
    change_settings(home, {"llm": "none", "http_timeout": 8.0})
    changed = BEFORE.replace("7.5", "8.0") + 'llm = "none"\n'
    assert (home / "almanac.toml").read_text(encoding="utf-8") == changed
    change_settings(home, {"llm": None, "http_timeout": 7.5})
    assert (home / "almanac.toml").read_text(encoding="utf-8") == BEFORE


@pytest.mark.parametrize("changes", [{"llm": "claude"}, {"llm_context": 3}, {"unknown": 1}])
def test_what_is_no_setting_is_not_written(home: Path, changes: dict[str, str | int]) -> None:
    home.mkdir()
    (home / "almanac.toml").write_text(BEFORE, encoding="utf-8")
    with pytest.raises(SettingsError):
        change_settings(home, changes)
    assert (home / "almanac.toml").read_text(encoding="utf-8") == BEFORE
    assert list(home.glob("*.part")) == []


def test_a_file_that_is_no_toml_is_left_alone(home: Path) -> None:
    home.mkdir()
    (home / "almanac.toml").write_text("llm = = 3", encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be read"):
        change_settings(home, {"llm": "none"})
    assert (home / "almanac.toml").read_text(encoding="utf-8") == "llm = = 3"


def test_what_the_environment_fixes_cannot_be_changed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALMANAC_LLM", "none")
    with pytest.raises(SettingsError, match="ALMANAC_LLM is set in the environment"):
        change_settings(home, {"llm": "gguf:a.gguf"})
    assert not (home / "almanac.toml").exists()


def test_a_file_with_a_key_is_its_owners_alone(home: Path) -> None:
    home.mkdir()
    (home / "almanac.toml").write_text(BEFORE, encoding="utf-8")
    (home / "almanac.toml").chmod(0o644)
    change_settings(home, {"llm": "none"})
    assert stat.S_IMODE((home / "almanac.toml").stat().st_mode) == 0o644
    change_settings(home, {"llm_api_key": "secret"})
    assert stat.S_IMODE((home / "almanac.toml").stat().st_mode) == 0o600
    assert load_settings(home).llm_api_key.get_secret_value() == "secret"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        change_settings(tmp_path / "file", {"llm": "none"})
