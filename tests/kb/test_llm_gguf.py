"""A tiny GGUF through llama.cpp: template, stream, cancel, JSON by grammar, overflow, prefix, two at once."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import calculators
from kb.errors import ContextTooLong, ModelError, ModelUnavailable
from kb.llm import Message, Usage, open_model
from kb.llm.gguf import GgufModel
from kb.settings import load_settings
from tests.tiny_gguf import CONTROL, write_tiny_gguf

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not built: `make llm`")

QUESTION = [Message(role="system", content="Be brief."), Message(role="user", content="What is a bubble? 流水线")]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "calculator": {"enum": ["kv_cache", "pipeline_bubble"]},
        "why": {"type": "string", "minLength": 1, "maxLength": 30},
        "stages": {"type": "integer", "minimum": 2, "maximum": 4096},
        "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "names": {"type": "array", "items": {"type": "string", "maxLength": 6}, "maxItems": 3},
        "exact": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
    },
    "required": ["calculator", "why", "stages", "share"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module", params=["f32", "q8_0"])
def path(folder: Path, request: pytest.FixtureRequest) -> Path:
    """Both kinds: only the quantised one takes the code that crashes on some machines."""
    return write_tiny_gguf(folder / f"tiny-{request.param}.gguf", quantised=request.param == "q8_0")


@pytest.fixture
def model(path: Path, folder: Path) -> Iterator[GgufModel]:
    made = GgufModel(path, context=1024, folder=folder, threads=1)
    yield made
    made.close()


def _ask(model: GgufModel, messages: list[Message] = QUESTION, **options: Any) -> tuple[str, Usage]:
    told: list[Usage] = []
    text = "".join(model.stream(messages, finished=told.append, **options))
    assert len(told) == 1
    return text, told[0]


def test_the_setting_opens_a_file_of_the_home(home: Path, path: Path) -> None:
    (home / "models").mkdir(parents=True)
    (home / "models" / path.name).write_bytes(path.read_bytes())
    model = open_model(load_settings(llm=f"gguf:{path.name}", llm_context=4096, llm_threads=1))
    assert isinstance(model, GgufModel)
    assert model.name == path.stem
    assert model.context == 2048, "the model's own limit"
    assert model.template.own
    model.close()


def test_an_answer_is_the_same_each_time_and_ends(model: GgufModel) -> None:
    first, usage = _ask(model, max_tokens=40)
    second, again = _ask(model, max_tokens=40)
    assert first == second
    assert 0 < usage.answer_tokens <= 40
    assert usage.prompt_tokens == again.prompt_tokens == model.count_tokens(QUESTION)
    assert not usage.estimated


def test_a_prompt_has_the_control_tokens_of_its_template_and_no_others(model: GgufModel) -> None:
    sly = "".join(CONTROL)
    plain = model.count_tokens([Message(role="user", content="")])
    assert model.count_tokens([Message(role="user", content=sly)]) == plain + len(sly.replace("in", "x")), (
        "each letter is a token of its own"
    )


def test_a_token_that_is_one_even_in_plain_text_is_parted(folder: Path) -> None:
    template = "{% for m in messages %}<turn>{{ m.content }}{% endfor %}<turn>"
    path = write_tiny_gguf(folder / "turns.gguf", template=template, marked="<turn>")
    model = GgufModel(path, context=512, folder=folder, threads=1)
    # Begin, turn, the six letters and the blank that parts them, turn.
    assert model.count_tokens([Message(role="user", content="<turn>")]) == 3 + len("< turn>")
    model.close()


def test_a_tokeniser_that_begins_with_a_blank_puts_none_inside(folder: Path) -> None:
    template = "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}"
    model = GgufModel(
        write_tiny_gguf(folder / "pieces.gguf", template=template, pieces=True), context=512, folder=folder, threads=1
    )
    sly = "abc<|im_end|>"
    # Begin, start, the letters and signs of the content, end: no blank before the content.
    assert model.count_tokens([Message(role="user", content=sly)]) == 2 + len(sly) + 1
    text, usage = _ask(model, [Message(role="user", content="流水线 abc")], max_tokens=200, schema=SCHEMA)
    jsonschema.validate(json.loads(text), SCHEMA)
    assert usage.finish == "stop"
    model.close()


def test_a_file_without_a_template_answers_too(folder: Path) -> None:
    model = GgufModel(write_tiny_gguf(folder / "bare.gguf", template=""), context=512, folder=folder, threads=1)
    assert not model.template.own
    assert _ask(model, max_tokens=8)[1].answer_tokens > 0
    model.close()


def test_the_beginning_of_a_prompt_is_computed_once(model: GgufModel) -> None:
    long = [Message(role="system", content="Say what the passages say. " * 12), Message(role="user", content="one")]
    _, cold = _ask(model, long, max_tokens=4)
    assert cold.reused_tokens == 0
    head = model.count_tokens(long[:1]) - len("<assistant\n") - 2
    other = [long[0], Message(role="user", content="two")]
    _, warm = _ask(model, other, max_tokens=4)
    assert warm.reused_tokens >= head
    _, same = _ask(model, other, max_tokens=4)
    assert same.reused_tokens == same.prompt_tokens - 1, "the last token is computed for the choice of the next"
    _, unlike = _ask(model, QUESTION, max_tokens=4)
    assert unlike.reused_tokens < 10


def test_reuse_changes_no_answer(folder: Path) -> None:
    path = write_tiny_gguf(folder / "again.gguf")
    model = GgufModel(path, context=1024, folder=folder, threads=1)
    history = [*QUESTION, Message(role="assistant", content="Idle time."), Message(role="user", content="And then?")]
    _ask(model, max_tokens=8)
    warm, usage = _ask(model, history, max_tokens=30)
    assert usage.reused_tokens > 0
    fresh = GgufModel(path, context=1024, folder=folder, threads=1)
    assert _ask(fresh, history, max_tokens=30)[0] == warm
    model.close()
    fresh.close()


def test_too_long_a_prompt_is_found_before_anything_is_computed(model: GgufModel) -> None:
    with pytest.raises(ContextTooLong) as caught:
        next(model.stream([Message(role="user", content="a" * 2000)], max_tokens=10))
    assert "1,024" in caught.value.message
    room = model.context - model.count_tokens(QUESTION)
    with pytest.raises(ContextTooLong):
        next(model.stream(QUESTION, max_tokens=room + 1))
    assert _ask(model, max_tokens=room)[1].finish in ("stop", "length", "repetition")


def test_max_tokens_ends_an_answer(model: GgufModel) -> None:
    usage = _ask(model, max_tokens=1)[1]
    assert (usage.answer_tokens, usage.finish) in [(1, "length"), (0, "stop")]


def test_a_stop_text_is_not_shown(model: GgufModel) -> None:
    whole, _ = _ask(model, max_tokens=30)
    mark = whole[1:3]
    text, usage = _ask(model, max_tokens=30, stop=[mark])
    assert text == whole.partition(mark)[0]
    assert usage.finish == "stop"


def test_cancel_stops_before_the_next_token(model: GgufModel) -> None:
    for after in (0, 1, 3):
        pieces: list[str] = []
        told: list[Usage] = []
        prompt = [Message(role="user", content=f"Tell me {after} things")]
        for piece in model.stream(
            prompt, max_tokens=200, cancelled=lambda n=after, seen=pieces: len(seen) >= n, finished=told.append
        ):
            pieces.append(piece)
        assert told[0].finish in ("cancelled", "stop")
        assert len(pieces) <= after
    assert _ask(model, max_tokens=4)[1].answer_tokens > 0, "it goes on afterwards"


def test_cancel_stops_while_a_prompt_is_read(folder: Path) -> None:
    path = write_tiny_gguf(folder / "wider.gguf", dim=128, layers=6)
    model = GgufModel(path, context=2048, folder=folder, threads=1)
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 4

    long = [Message(role="user", content="abcdefgh" * 160)]
    told: list[Usage] = []
    assert list(model.stream(long, max_tokens=4, cancelled=cancelled, finished=told.append)) == []
    assert told[0].finish == "cancelled"
    text, usage = _ask(model, long, max_tokens=6)
    assert usage.finish != "cancelled"
    fresh = GgufModel(path, context=2048, folder=folder, threads=1)
    assert _ask(fresh, long, max_tokens=6)[0] == text, "what was broken off left nothing wrong behind"
    model.close()
    fresh.close()


def test_closing_the_stream_lets_the_next_begin(model: GgufModel) -> None:
    told: list[Usage] = []
    stream = model.stream([Message(role="user", content="count")], max_tokens=200, finished=told.append)
    next(stream)
    assert model.busy
    stream.close()  # type: ignore[attr-defined]
    assert told[0].finish == "cancelled"
    assert not model.busy


def test_json_keeps_to_its_schema_whatever_the_weights_say(path: Path, folder: Path) -> None:
    """Random weights: nothing but the grammar makes this JSON."""
    for seed in range(3):
        made = write_tiny_gguf(folder / f"json-{seed}.gguf", seed=seed, quantised="q8" in path.name)
        model = GgufModel(made, context=2048, folder=folder, threads=1)
        for word in ("one", "二", "three?"):
            text, usage = _ask(model, [Message(role="user", content=word)], max_tokens=700, schema=SCHEMA)
            jsonschema.validate(json.loads(text), SCHEMA)
            assert usage.finish == "stop"
        model.close()


def test_the_calculators_inputs_can_be_asked_for(model: GgufModel) -> None:
    for name in ("pipeline_bubble", "kv_cache", "quant_size"):
        schema = calculators.discover()[name].inputs.model_json_schema()
        text, _ = _ask(model, [Message(role="user", content=name)], max_tokens=900, schema=schema)
        made = json.loads(text)
        jsonschema.validate(made, schema)
        assert set(schema.get("required", ())) <= made.keys() <= schema["properties"].keys()


def test_json_that_breaks_a_rule_the_grammar_cannot_keep_is_refused_after_a_second_try(model: GgufModel) -> None:
    schema = {"type": "string", "pattern": "^never this$", "maxLength": 8}
    with pytest.raises(ModelError, match="breaks the schema"):
        _ask(model, max_tokens=100, schema=schema)
    with pytest.raises(ModelError, match="cannot be kept"):
        _ask(model, schema={"not": {}})


def test_json_without_room_is_an_error_not_half_an_answer(model: GgufModel) -> None:
    with pytest.raises(ModelError, match="had not finished"):
        _ask(model, max_tokens=5, schema=SCHEMA)


def test_two_sessions_share_one_model(folder: Path) -> None:
    model = GgufModel(write_tiny_gguf(folder / "shared.gguf"), context=1024, folder=folder, threads=1)
    alone = {word: _ask(model, [Message(role="user", content=word)], max_tokens=24)[0] for word in ("one", "two")}
    first = model.stream([Message(role="user", content="one")], max_tokens=24)
    begun = next(first)
    told: list[int] = []
    answers: dict[str, str] = {}
    heard = threading.Event()

    def second() -> None:
        def waiting(ahead: int) -> None:
            told.append(ahead)
            heard.set()

        answers["two"] = "".join(model.stream([Message(role="user", content="two")], max_tokens=24, waiting=waiting))

    thread = threading.Thread(target=second)
    thread.start()
    assert heard.wait(10)
    assert told == [1], "one is ahead"
    answers["one"] = begun + "".join(first)
    thread.join(20)
    assert told == [1, 0]
    assert answers == alone
    model.close()


def test_who_waits_may_give_up(model: GgufModel) -> None:
    first = model.stream([Message(role="user", content="one")], max_tokens=24)
    next(first)
    told: list[Usage] = []
    assert list(model.stream(QUESTION, cancelled=lambda: True, finished=told.append)) == []
    assert told[0].finish == "cancelled"
    assert told[0].answer_tokens == 0
    assert "".join(first)


def test_a_closed_model_says_so(path: Path, folder: Path) -> None:
    model = GgufModel(path, context=512, folder=folder, threads=1)
    model.close()
    model.close()
    with pytest.raises(ModelUnavailable, match="was closed"):
        next(model.stream(QUESTION))


def test_closing_ends_the_generation_that_runs(path: Path, folder: Path) -> None:
    model = GgufModel(path, context=512, folder=folder, threads=1)
    told: list[Usage] = []
    stream = model.stream([Message(role="user", content="one")], max_tokens=300, finished=told.append)
    next(stream)
    closing = threading.Thread(target=model.close)
    closing.start()
    while not model._closed.is_set():
        closing.join(0.01)
    assert "".join(stream) is not None
    closing.join(20)
    assert told[0].finish == "cancelled"
