"""The library's language model: loaded once and late, its state said, changed without a restart."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from almanac import open_almanac
from almanac.language import Language, LanguageState, named
from kb.errors import ModelUnavailable
from kb.llm import LanguageModel, Message
from kb.settings import Settings, load_settings


class Scripted:
    """A model that says one thing."""

    estimates = False
    context = 4096

    def __init__(self, name: str = "scripted") -> None:
        self.name = name
        self.closed = threading.Event()

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return 1

    def stream(self, messages: Sequence[Message], **_: Any) -> Iterator[str]:
        yield self.name

    def close(self) -> None:
        self.closed.set()


class Opener:
    """Loads scripted models and remembers which."""

    def __init__(self, error: ModelUnavailable | None = None) -> None:
        self.error = error
        self.opened: list[str] = []
        self.models: list[Scripted] = []
        self.hold = threading.Event()
        self.hold.set()
        self.began = threading.Event()
        self.stopped = False

    def __call__(self, settings: Settings, stopped: Callable[[], bool]) -> LanguageModel | None:
        self.opened.append(settings.llm)
        self.began.set()
        assert self.hold.wait(20)
        self.stopped = stopped()
        if self.error:
            raise self.error
        self.models.append(Scripted(settings.llm))
        return self.models[-1]


def _language(llm: str, opener: Opener) -> Language:
    return Language(load_settings(llm=llm), opener=opener)


def test_none_is_off_and_opens_nothing() -> None:
    opener = Opener()
    language = _language("none", opener)
    assert language.state == LanguageState("off")
    assert language.model() is None
    assert opener.opened == []


def test_it_is_loaded_once_by_the_first_who_needs_it() -> None:
    opener = Opener()
    language = _language("gguf:a/b/Some-Model.gguf", opener)
    assert (language.state.status, language.state.name) == ("waiting", "Some-Model")
    assert language.ready() is None
    opener.hold.clear()
    found: list[LanguageModel | None] = []
    threads = [threading.Thread(target=lambda: found.append(language.model())) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert opener.began.wait(10)
    assert language.state.status == "loading"
    opener.hold.set()
    for thread in threads:
        thread.join(10)
    assert opener.opened == ["gguf:a/b/Some-Model.gguf"]
    assert found == [language.ready()] * 3
    assert language.state.status == "ready"


def test_warming_up_loads_behind_the_pages() -> None:
    opener = Opener()
    language = _language("gguf:a.gguf", opener)
    language.warm_up()
    assert opener.began.wait(10)
    assert language.model() is not None
    language.warm_up()
    assert len(opener.opened) == 1


def test_a_failure_is_said_and_tried_again_only_on_request() -> None:
    opener = Opener(ModelUnavailable("It is not there.", "Fetch it."))
    language = _language("gguf:a.gguf", opener)
    assert language.model() is None
    assert language.model() is None
    assert len(opener.opened) == 1
    assert language.state == LanguageState("failed", "a", "It is not there.", "Fetch it.")
    opener.error = None
    language.retry()
    assert language.state.status == "waiting"
    assert language.model() is not None


def test_another_choice_takes_effect_and_frees_the_one_before() -> None:
    opener = Opener()
    language = _language("gguf:a.gguf", opener)
    language.model()
    language.follow(load_settings(llm="gguf:a.gguf", max_body=1))
    assert language.ready() is not None, "the same choice changes nothing"
    language.follow(load_settings(llm="openai:http://127.0.0.1:1/v1#other"))
    assert (language.state.status, language.state.name) == ("waiting", "other")
    assert opener.models[0].closed.wait(10)
    found = language.model()
    assert found is not None
    assert found.name == "openai:http://127.0.0.1:1/v1#other"
    language.follow(load_settings(llm="none"))
    assert language.state.status == "off"


def test_a_change_during_loading_gives_the_load_up() -> None:
    opener = Opener()
    language = _language("gguf:a.gguf", opener)
    opener.hold.clear()
    found: list[LanguageModel | None] = []
    thread = threading.Thread(target=lambda: found.append(language.model()))
    thread.start()
    assert opener.began.wait(10)
    language.follow(load_settings(llm="gguf:b.gguf"))
    opener.hold.set()
    thread.join(10)
    assert [model.name for model in found if model] == ["gguf:b.gguf"]
    assert opener.models[0].closed.is_set(), "the first was loaded in vain"
    assert opener.stopped is False, "the second was not asked to stop"


def test_closing_frees_the_model() -> None:
    opener = Opener()
    language = _language("gguf:a.gguf", opener)
    language.model()
    language.close()
    assert opener.models[0].closed.is_set()
    assert language.model() is None


def test_a_library_is_given_a_model_of_its_callers() -> None:
    model = Scripted()
    almanac = open_almanac(load_settings(embedder="none"), llm=model)
    assert almanac.language.state == LanguageState("ready", "scripted")
    assert almanac.language.model() is model
    almanac.language.follow(load_settings(llm="gguf:x.gguf"))
    assert almanac.language.model() is model
    almanac.close()
    assert model.closed.is_set()


def test_opening_a_library_loads_no_model() -> None:
    almanac = open_almanac(load_settings(embedder="none", llm="gguf:nowhere.gguf"))
    assert almanac.language.state.status == "waiting"
    almanac.close()


def test_names_of_choices() -> None:
    assert named(load_settings(llm="gguf:C:\\models\\Q.gguf")) == "Q"
    assert named(load_settings(llm="openai:https://host/v1#team/model")) == "team/model"
    assert named(load_settings()) == ""
