"""A scripted server on loopback: what is sent, what is read, and how each fault is explained."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from kb.errors import ContextTooLong, ModelError, ModelUnavailable
from kb.llm import Message, Usage, _faults, _server, open_model
from kb.llm._events import LINE, Unreadable, events, read_event
from kb.llm.openai_server import ServerModel, estimate_tokens
from kb.settings import load_settings
from tests import llm_server as play
from tests.llm_server import MODEL, ModelServer, llm_server

QUESTION = [Message(role="user", content="How large is the bubble?\n[3] The bubble takes 12 percent. More follows.")]
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"stages": {"type": "integer"}}, "required": ["stages"]}
KEY = "sk-very-secret-key"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with llm_server() as running:
        yield running


@pytest.fixture
def model(server: ModelServer) -> Iterator[ServerModel]:
    made = ServerModel(load_settings(llm=server.llm, llm_timeout=5, llm_api_key=KEY), backoff=0.001)
    yield made
    made.close()


def _ask(model: ServerModel, messages: list[Message] = QUESTION, **options: Any) -> tuple[str, Usage]:
    told: list[Usage] = []
    text = "".join(model.stream(messages, finished=told.append, **options))
    assert len(told) == 1
    return text, told[0]


def test_nothing_is_sent_before_a_question(server: ModelServer) -> None:
    model = open_model(load_settings(llm=server.llm))
    assert model is not None
    assert (model.name, model.estimates) == (MODEL, True)
    assert model.count_tokens(QUESTION) > 10
    model.close()
    assert server.requests == []


def test_an_answer_streams_with_the_servers_counts(server: ModelServer, model: ServerModel) -> None:
    text, usage = _ask(model)
    assert text == "“The bubble takes 12 percent.” [3]"
    assert (usage.prompt_tokens, usage.reused_tokens, usage.finish) == (40, 8, "stop")
    assert usage.answer_tokens == len(play.pieces_of(text))
    assert not usage.estimated
    sent = server.requests[0]
    assert sent.path == "/v1/chat/completions"
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert (sent.body["model"], sent.body["temperature"], sent.body["max_tokens"]) == (MODEL, 0, 512)
    assert sent.body["messages"] == [{"role": "user", "content": QUESTION[0].content}]


def test_without_counts_they_are_estimated(server: ModelServer, model: ServerModel) -> None:
    server.script = [play.says("Twelve percent.", counts=False)]
    usage = _ask(model)[1]
    assert usage.estimated
    assert usage.prompt_tokens == model.count_tokens(QUESTION)


def test_a_cut_off_answer_and_a_whole_one_are_read(server: ModelServer, model: ServerModel) -> None:
    server.script = [play.says("Twelve per", finish="length"), play.whole("All at once.")]
    assert _ask(model)[1].finish == "length"
    assert _ask(model)[0] == "All at once."


def test_stop_texts_hold_even_where_the_server_ignores_them(server: ModelServer, model: ServerModel) -> None:
    server.script = [play.says("One two STOP three")]
    assert _ask(model, stop=["STOP"])[0] == "One two "
    assert server.requests[0].body["stop"] == ["STOP"]


FAULTS: dict[str, tuple[type[ModelError], str, str]] = {
    "breaks_off": (ModelError, "broke off in the middle", "Ask again"),
    "resets": (ModelError, "broke off in the middle", "Ask again"),
    "garbled": (ModelError, "cannot be read: {not json", "OpenAI-compatible"),
    "silent": (ModelError, "said nothing for 0.3 seconds", "ALMANAC_LLM_TIMEOUT"),
    "page": (ModelUnavailable, "answers with a web page", "/v1"),
    "unauthorised": (ModelUnavailable, "does not accept the key (401): Incorrect", "ALMANAC_LLM_API_KEY"),
    "forbidden": (ModelUnavailable, "does not accept the key (403)", "ALMANAC_LLM_API_KEY"),
    "no_such_model": (ModelUnavailable, f"has no model {MODEL}", "Models page"),
    "busy": (ModelError, "refuses more requests for now (429)", "Ask again"),
    "broken": (ModelError, "failed (500): Something broke", "log"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_explained(server: ModelServer, name: str) -> None:
    server.otherwise = play.FAULTS[name]
    model = ServerModel(load_settings(llm=server.llm, llm_timeout=0.3, llm_api_key=KEY), backoff=0.001)
    kind, said, hint = FAULTS[name]
    told: list[Usage] = []
    with pytest.raises(ModelError) as caught:
        list(model.stream(QUESTION, finished=told.append))
    assert type(caught.value) is kind
    assert said in caught.value.message
    assert server.url.split("/")[2] in caught.value.message
    assert hint in caught.value.hint
    assert told[0].finish == "failed"
    assert KEY not in str(caught.value)
    model.close()


def test_every_fault_of_the_play_is_tried() -> None:
    assert set(FAULTS) == set(play.FAULTS)


@pytest.mark.parametrize("fault", [play.refuses(500), play.refuses(503), play.too_many(0), play.reset])
def test_what_may_pass_is_tried_again(server: ModelServer, model: ServerModel, fault: Any) -> None:
    server.script = [fault, fault]
    assert _ask(model)[0].endswith("[3]")
    assert len(server.requests) == 3


@pytest.mark.parametrize("fault", [play.refuses(401), play.refuses(404), play.refuses(400, "no"), play.breaks_off])
def test_what_will_not_pass_is_not(server: ModelServer, model: ServerModel, fault: Any) -> None:
    server.script = [fault]
    with pytest.raises(ModelError):
        _ask(model)
    assert len(server.requests) == 1


@pytest.mark.parametrize("as_date", [False, True])
def test_a_long_wait_is_said_and_not_waited(server: ModelServer, model: ServerModel, as_date: bool) -> None:
    server.script = [play.too_many(4000, as_date=as_date)]
    with pytest.raises(ModelError) as caught:
        _ask(model)
    seconds = float(caught.value.hint.split()[3])
    assert 3900 < seconds <= 4000
    assert len(server.requests) == 1


def test_the_wait_between_attempts_can_be_cancelled(server: ModelServer, model: ServerModel) -> None:
    server.script = [play.too_many(50)]
    text, usage = _ask(model, cancelled=lambda: bool(server.requests))
    assert (text, usage.finish) == ("", "cancelled")


def test_cancel_shuts_the_connection_though_the_server_is_silent(server: ModelServer, model: ServerModel) -> None:
    held = threading.Event()

    def waits(asked: play.Asked) -> None:
        held.set()
        if asked.handler.rfile.read(1) == b"":
            raise ConnectionResetError

    server.script = [waits]
    usage = _ask(model, cancelled=held.is_set)[1]
    assert usage.finish == "cancelled"
    assert server.gone.wait(10), "the server sees that nobody listens"


def test_an_endless_answer_ends(server: ModelServer, model: ServerModel) -> None:
    server.script = [play.endless]
    text, usage = _ask(model)
    assert usage.finish == "repetition"
    assert len(text) < 2000
    server.script = [play.says(" ".join(f"word{n}" for n in range(3000)))]
    assert _ask(model, max_tokens=50)[1].finish == "length"


def test_too_much_is_not_taken(server: ModelServer) -> None:
    model = ServerModel(load_settings(llm=server.llm, max_body=3000))
    server.script = [play.says(" ".join(f"word{n}" for n in range(3000)))]
    with pytest.raises(ModelError, match="sends more than is taken"):
        _ask(model)
    model.close()


def test_a_server_that_is_not_there_is_said() -> None:
    with llm_server() as gone:
        llm = gone.llm
    model = ServerModel(load_settings(llm=llm), backoff=0.001)
    with pytest.raises(ModelUnavailable, match="cannot be reached") as caught:
        _ask(model)
    assert "Start the server" in caught.value.hint
    model.close()


@pytest.mark.parametrize("llm", ["", "http://127.0.0.1:1/v1", "ftp://x/v1#m", "http://me:pw@x/v1#m", "http://x:y/v1#m"])
def test_an_address_that_is_none_is_refused(llm: str) -> None:
    with pytest.raises(ModelUnavailable, match="names no server and model"):
        open_model(load_settings(llm=f"openai:{llm}"))


def test_json_is_asked_for_by_schema(server: ModelServer, model: ServerModel) -> None:
    server.script = [play.says('{"stages": 8}')]
    pieces = list(model.stream(QUESTION, schema=SCHEMA))
    assert [json.loads(piece) for piece in pieces] == [{"stages": 8}]
    assert server.requests[0].body["response_format"]["json_schema"]["schema"] == SCHEMA


def test_a_server_without_schemas_is_told_in_words(server: ModelServer, model: ServerModel) -> None:
    server.script = [play.refuses(400, "json_schema is not supported"), play.says('```json\n{"stages": 8}\n```')]
    assert json.loads(_ask(model, schema=SCHEMA)[0]) == {"stages": 8}
    assert "response_format" not in server.requests[1].body
    assert json.dumps(SCHEMA) in server.requests[1].question
    server.script = [play.says('{"stages": 9}')]
    _ask(model, schema=SCHEMA)
    assert "response_format" not in server.requests[2].body, "it is remembered"


@pytest.mark.parametrize("first", [play.wrong_json, play.no_json])
def test_wrong_json_is_asked_for_once_more_and_then_refused(
    server: ModelServer, model: ServerModel, first: Any
) -> None:
    server.script = [first, play.says('{"stages": 8}')]
    assert json.loads(_ask(model, schema=SCHEMA)[0]) == {"stages": 8}
    assert "JSON alone" in server.requests[1].question
    server.script = [first, first]
    with pytest.raises(ModelError, match="The model's JSON"):
        _ask(model, schema=SCHEMA)
    assert len(server.requests) == 4


def test_fields_that_a_server_does_not_know_are_left_out(server: ModelServer, model: ServerModel) -> None:
    server.script = [
        play.refuses(400, "Unsupported parameter: 'max_tokens' is not supported with this model."),
        play.refuses(400, "Unsupported value: 'temperature' does not support 0"),
        play.refuses(422, "stream_options: extra fields not permitted"),
    ]
    assert _ask(model)[0].endswith("[3]")
    body = server.requests[-1].body
    assert body["max_completion_tokens"] == 512
    assert not {"max_tokens", "temperature", "stream_options"} & set(body)


def test_too_long_a_question_is_found_here_or_said_by_the_server(server: ModelServer, model: ServerModel) -> None:
    with pytest.raises(ContextTooLong, match="about"):
        next(model.stream([Message(role="user", content="word " * 9000)]))
    assert server.requests == []
    server.script = [play.refuses(400, "This model's maximum context length is 2048 tokens. However, max_tokens …")]
    with pytest.raises(ContextTooLong, match="2048"):
        _ask(model)
    assert len(server.requests) == 1


def test_estimates_err_on_the_high_side() -> None:
    # A word is rarely more than two tokens, a Han character rarely more than one.
    english = "Pipeline parallelism splits the layers of a model into stages."
    assert 10 < estimate_tokens(english) < 2 * len(english.split()) + 10
    assert estimate_tokens("流水线并行把模型的层分到多个阶段") > 16
    assert estimate_tokens("") == 0


def test_a_server_is_asked_what_it_has(model: ServerModel) -> None:
    report = model.inspect()
    assert report.models == (MODEL, "another")
    assert report.has_model
    assert report.context == 8192


def test_several_answer_at_once_and_the_fifth_waits(server: ModelServer, model: ServerModel) -> None:
    server.otherwise = play.slow
    streams = [model.stream(QUESTION) for _ in range(4)]
    for stream in streams:
        next(stream)
    told: list[int] = []
    fifth = model.stream(QUESTION, waiting=told.append, cancelled=lambda: bool(told))
    assert list(fifth) == []
    assert told == [1]
    for stream in streams:
        stream.close()  # type: ignore[attr-defined]
    assert not model.busy


def test_closing_ends_what_runs(server: ModelServer) -> None:
    model = ServerModel(load_settings(llm=server.llm))
    server.script = [play.slow]
    told: list[Usage] = []
    stream = model.stream(QUESTION, finished=told.append)
    next(stream)
    model.close()
    list(stream)
    assert told[0].finish == "cancelled"


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("192.168.1.7", True),
        ("::1", True),
        ("gpu-box", True),
        ("box.local", True),
        ("api.example.org", False),
        ("8.8.8.8", False),
    ],
)
def test_proxies_are_for_the_world_outside(host: str, near: bool) -> None:
    assert _server._near(host) is near


def test_the_key_is_hidden_even_where_the_server_repeats_it(server: ModelServer, model: ServerModel) -> None:
    server.script = [play.refuses(401, f"Incorrect API key provided: {KEY}")]
    with pytest.raises(ModelUnavailable) as caught:
        _ask(model)
    assert KEY not in str(caught.value)
    assert KEY not in repr(load_settings(llm_api_key=KEY))


# The stream's form


def test_events_are_read_wherever_chunks_end() -> None:
    text = (
        ': ping\r\nevent: x\r\ndata: {"choices":[{"delta":{"content":"a\u2028流"}}]}\r\n\r\ndata: [DONE]\n\n'.encode()
    )
    for size in (1, 3, len(text)):
        found = list(events(text[i : i + size] for i in range(0, len(text), size)))
        assert [event.text for event in found] == ["a\u2028流", ""]
        assert found[-1].done


@pytest.mark.parametrize("text", ["[]", "3", '{"choices": 3}', '{"choices":[{"delta":{"content":["x"]}}]}', "{", "{}"])
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_event(text)


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(Unreadable):
        list(events(b"x" * 100_000 for _ in range(LINE // 100_000 + 2)))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": {"message": "no"}}', "no"),
        ('{"error": "no"}', "no"),
        ('{"detail": "no"}', "no"),
        ('{"detail": [{"msg": "no"}]}', "[{'msg': 'no'}]"),
        ("plain words", "plain words"),
        ("<html><body>no</body></html>", ""),
        ("", ""),
    ],
)
def test_complaints_come_in_many_forms(body: str, said: str) -> None:
    assert _faults.complaint(body) == said


def test_an_error_inside_a_stream_is_an_error(server: ModelServer, model: ServerModel) -> None:
    server.script = [lambda asked: play.stream(asked, [play.event("The "), b'data: {"error": {"message": "full"}}'])]
    with pytest.raises(ModelError, match="failed: full"):
        _ask(model)


def test_a_server_that_keeps_the_line_open_after_its_answer_is_not_waited_for(
    server: ModelServer, model: ServerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.llm.openai_server.LINGER", 0.1)
    free = threading.Event()

    def lingers(asked: play.Asked) -> None:
        play.stream(asked, [play.event("Done."), play.event(finish="stop")])
        free.wait(20)

    server.script = [lingers]
    began = time.monotonic()
    text, usage = _ask(model)
    free.set()
    assert (text, usage.finish) == ("Done.", "stop")
    assert time.monotonic() - began < 15, "the server would have kept it for twenty"
