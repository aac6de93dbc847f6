"""The Models page: a choice takes effect at once, a server is tried, the environment is respected."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from almanac.downloads import Downloads, DownloadState
from almanac.local_models import LocalModel, local_models
from kb.settings import load_settings
from tests.llm_server import MODEL, llm_server
from tests.ui.conftest import shown, wait
from ui.state import prepare_library

PAGE = "ui/pages/models.py"


def _open(app: AppTest, **parameters: str) -> AppTest:
    app.run()
    for name, value in parameters.items():
        app.query_params[name] = value
    return app.switch_page(PAGE).run()


def _press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def _toml(home: Path) -> str:
    return (home / "almanac.toml").read_text(encoding="utf-8")


def test_without_a_model_the_page_says_what_answers(app: AppTest) -> None:
    text = shown(_open(app))
    assert not app.exception
    assert "quotes only" in text
    assert all(model.name in text for model in local_models())
    assert "of memory" in text


def test_a_file_is_chosen_loaded_and_given_up_again(app: AppTest, library_home: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not built: `make llm`")
    from tests.tiny_gguf import write_tiny_gguf

    (library_home / "models").mkdir()
    write_tiny_gguf(library_home / "models" / "mine.gguf", quantised=True)
    _press(_open(app), "Use")
    language = prepare_library().almanac.language
    wait(lambda: language.state.status in ("ready", "failed"), 60)
    assert language.state.status == "ready", language.state.message
    assert 'llm = "gguf:mine.gguf"' in _toml(library_home)
    text = shown(app.run())
    assert "mine" in text
    assert "window of 2,048 tokens" in text, "the model's own limit"
    assert [button.label for button in app.button if button.disabled] == ["In use"]
    _press(app, "Use no model")
    assert 'llm = "none"' in _toml(library_home)
    assert language.state.status == "off"
    assert language.ready() is None


def test_a_file_that_is_none_is_explained_in_place(app: AppTest, library_home: Path) -> None:
    (library_home / "models").mkdir()
    (library_home / "models" / "broken.gguf").write_bytes(b"not a model")
    _press(_open(app), "Use")
    language = prepare_library().almanac.language
    wait(lambda: language.state.status == "failed", 60)
    text = shown(app.run())
    assert "broken.gguf is not a GGUF file" in text
    assert not app.exception


def test_a_server_is_tried_and_used(app: AppTest, library_home: Path) -> None:
    with llm_server() as server:
        _open(app, view="server")
        app.text_input[0].set_value(server.url)
        _press(app, "Test the connection")
        assert "Name one of them" in app.info[0].value
        app.text_input[0].set_value(server.url)
        app.text_input[1].set_value(MODEL)
        app.text_input[2].set_value("sk-secret")
        _press(app, "Test the connection")
        assert f"{MODEL} reads 8,192 tokens" in app.success[0].value.replace("\\", "")
        _press(app, "Use this server")
        settings = load_settings(library_home)
        assert settings.llm == server.llm
        assert settings.llm_api_key.get_secret_value() == "sk-secret"
        assert "sk-secret" not in shown(app)
        assert [field.value for field in app.text_input] == [server.url, MODEL, ""]
        assert server.requests == [], "nothing but its list of models was asked for"
        # Another server does not get the first one's key.
        app.text_input[0].set_value("http://127.0.0.1:9/v1")
        _press(app, "Use this server")
        assert load_settings(library_home).llm_api_key.get_secret_value() == ""


def test_a_server_that_is_not_there_is_explained(app: AppTest) -> None:
    _open(app, view="server")
    app.text_input[0].set_value("http://127.0.0.1:9/v1")
    _press(app, "Test the connection")
    assert "cannot be reached" in app.error[0].value
    _press(app, "Use this server")
    assert "names no server and model" in app.error[0].value


def test_what_the_environment_chooses_is_not_chosen_here(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALMANAC_LLM", "gguf:absent.gguf")
    text = shown(_open(app))
    assert "ALMANAC_LLM" in text
    assert not [button for button in app.button if button.label == "Use no model"]


def test_a_download_is_begun_shown_and_stopped(
    app: AppTest, library_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def start(self: Downloads, model: LocalModel) -> bool:
        asked.append(model.file)
        self._state = DownloadState("fetching", model.name, model.file, done=model.bytes // 2, total=model.bytes)
        return True

    monkeypatch.setattr(Downloads, "start", start)
    first = local_models()[0]
    _press(_open(app), "Fetch")
    assert asked == [first.file]
    assert all(button.disabled for button in app.button if button.label == "Fetch")
    downloads = prepare_library().almanac.language.downloads
    _press(app, "Stop")
    assert downloads._stop.is_set()
    downloads._state = DownloadState("failed", first.name, first.file, message="It is gone.", hint="Look there.")
    text = shown(app.run())
    assert "It is gone." in text
    _press(app, "Clear this report")
    assert downloads.state == DownloadState()


def test_the_window_changes_what_is_needed(app: AppTest) -> None:
    text = shown(_open(app, window="8192"))
    assert "cache of 8,192 tokens" in text
