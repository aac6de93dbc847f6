"""digests.prose: a model's sentences stand where their sources bear them out, and nowhere else."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from digests.prose import SUMMARY, entry_key, pack, summary_key, with_prose, write_entry, write_summary
from digests.types import Digest, Entry, GeneratedSentence, Highlight, Section
from kb.errors import ModelError
from kb.llm import Message, Usage
from tests.digests.samples import digest, entry, sentence
from tests.digests.shelf import GLOSSARY
from tests.digests.test_summarise import HOW, IDEA, RESULT

TRUE_IDEA = "Zephyr is a pager that manages the cache in small blocks."
TRUE_RESULT = "On one GPU with 24 GB it reaches 2.5x the throughput of the best baseline."
LIES = (
    "On one GPU with 24 GB it reaches 3.5x the throughput of the best baseline.",
    "On one GPU with 80 GB it reaches 2.5x the throughput of the best baseline.",
    "On one GPU with 24 GB, Zephyr does not reach 2.5x the throughput of the best baseline at the same latency.",
    "vLLM manages the cache in small blocks.",
    "The authors won a prize for their friendly manners and good cooking.",
)


class Scripted:
    """A model that gives the answers it was given, in order, and remembers what it was asked."""

    name = "scripted"
    context = 4096
    estimates = False

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[Sequence[Message]] = []

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content.split()) for message in messages)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 512,
        schema: dict[str, Any] | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = lambda: False,
        waiting: Callable[[int], None] = lambda _: None,
        finished: Callable[[Usage], None] = lambda _: None,
    ) -> Iterator[str]:
        self.asked.append(messages)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        yield answer if isinstance(answer, str) else json.dumps({"sentences": answer})

    def close(self) -> None:
        """Nothing to free."""


def said(*pairs: tuple[str, list[int]]) -> list[dict[str, object]]:
    return [{"text": text, "sources": sources} for text, sources in pairs]


def zephyr() -> Entry:
    texts = (IDEA, HOW, RESULT)
    return entry(
        "arxiv:2301.00001",
        "Zephyr: Lazy Paging",
        sentences=tuple(sentence(text, "arxiv:2301.00001", 100 * n) for n, text in enumerate(texts)),
        summary=" ".join(texts),
    )


def written(*pairs: tuple[str, list[int]]) -> tuple[GeneratedSentence, ...]:
    return write_entry(zephyr(), Scripted(said(*pairs)), GLOSSARY)


def test_what_the_sources_bear_out_stands_with_them() -> None:
    found = written((TRUE_IDEA, [1]), (TRUE_RESULT, [3]))
    assert [(s.text, [source.text for source in s.sources], s.replaced) for s in found] == [
        (TRUE_IDEA, [IDEA], False),
        (TRUE_RESULT, [RESULT], False),
    ]


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_gives_way_to_the_sources_own_sentence(lie: str) -> None:
    found = written((TRUE_IDEA, [1]), (lie, [3]))
    assert [(s.text, s.replaced) for s in found] == [(TRUE_IDEA, False), (RESULT, True)]
    assert found[1].sources[0].text == RESULT


def test_a_true_sentence_that_names_the_wrong_source_or_none_is_replaced() -> None:
    assert [s.replaced for s in written((TRUE_IDEA, [1]), (TRUE_RESULT, [2]))] == [False, True]
    assert [s.replaced for s in written((TRUE_IDEA, [1]), (TRUE_RESULT, []))] == [False, True]
    assert [s.replaced for s in written((TRUE_IDEA, [1]), (TRUE_RESULT, [0, 17, -1]))] == [False, True]


def test_where_nothing_stands_nothing_is_shown() -> None:
    assert written(*((lie, [1]) for lie in LIES)) == ()
    assert written() == ()


@pytest.mark.parametrize("answer", ["", "no JSON", "[1, 2]", '{"sentences": 3}', '{"sentences": [{"text": 1}]}'])
def test_an_answer_of_another_form_is_none(answer: str) -> None:
    assert write_entry(zephyr(), Scripted(answer), GLOSSARY) == ()


def test_several_sentences_in_one_are_checked_one_by_one() -> None:
    found = written((f"{TRUE_IDEA} {LIES[0]}", [1, 3]))
    assert [s.replaced for s in found] == [False, True]


def test_marks_of_citation_in_the_text_are_taken_off() -> None:
    assert written((f"{TRUE_IDEA[:-1]} [1].", [1]))[0].text == TRUE_IDEA


def test_the_model_is_given_the_numbered_sources_as_material() -> None:
    model = Scripted(said((TRUE_IDEA, [1])))
    write_entry(zephyr(), model, GLOSSARY)
    rules, task = model.asked[0]
    assert "never instructions" in rules.content
    assert f"[1] {IDEA}\n[2] {HOW}\n[3] {RESULT}" in task.content


def test_an_entry_without_sentences_is_not_put_to_the_model() -> None:
    model = Scripted()
    assert write_entry(entry(sentences=(), summary=""), model, GLOSSARY) == ()
    assert model.asked == []


def test_a_failing_model_is_said() -> None:
    with pytest.raises(ModelError):
        write_entry(zephyr(), Scripted(ModelError("It broke.")), GLOSSARY)


def a_digest() -> Digest:
    return digest(
        sections=(Section(topic="serving", title="Serving", entries=(zephyr(),)),),
        highlights=(Highlight(doc_id=zephyr().doc_id, reason="code", score=1.0),),
    )


def test_the_summary_rests_on_the_must_reads() -> None:
    found = write_summary(a_digest(), Scripted(said((TRUE_IDEA, [1]), (LIES[0], [2]))), GLOSSARY)
    assert [(s.text, s.replaced) for s in found] == [(TRUE_IDEA, False), (HOW, True)]


def test_kept_prose_is_shown_where_its_sources_are_unchanged() -> None:
    made, prose = a_digest(), written((TRUE_IDEA, [1]))
    kept = {
        zephyr().doc_id: (entry_key("scripted", zephyr()), pack("scripted", prose)),
        SUMMARY: (summary_key("scripted", made), pack("scripted", prose)),
    }
    shown = with_prose(made, kept)
    assert shown.sections[0].entries[0].generated == prose
    assert shown.generated_summary == prose
    assert shown.built_from.model == "scripted"
    # The extractive version stays beside it.
    assert shown.sections[0].entries[0].summary == zephyr().summary
    assert shown.summary == made.summary


def test_kept_prose_of_other_sentences_stays_away() -> None:
    made, prose = a_digest(), written((TRUE_IDEA, [1]))
    changed = zephyr().model_copy(update={"sentences": zephyr().sentences[:2]})
    kept = {
        zephyr().doc_id: (entry_key("scripted", changed), pack("scripted", prose)),
        SUMMARY: ("x", pack("m", prose)),
    }
    assert with_prose(made, kept) == made
    assert with_prose(made, {}) == made
    assert with_prose(made, {zephyr().doc_id: (entry_key("m", zephyr()), pack("m", ()))}) == made
