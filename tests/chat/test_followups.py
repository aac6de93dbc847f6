"""Questions that lean on the one before, made to stand alone; those that stand already stay as they are."""

import pytest

from almanac import Almanac
from chat.finding import lexicon_of
from chat.followups import standalone


@pytest.mark.parametrize(
    ("before", "question", "alone"),
    [
        ("How much faster is FrobNet-2?", "What about FrobNet-1?", "How much faster is FrobNet-1?"),
        ("How much faster is FrobNet-2?", "and SlowFrob?", "How much faster is SlowFrob?"),
        ("FrobNet-2 有多快？", "那 SlowFrob 呢？", "SlowFrob 有多快？"),
        ("What is FrobNet-2?", "How many stages does it have?", "How many stages does FrobNet-2 have?"),
        ("What is FrobNet-2?", "What is its throughput?", "What is FrobNet-2's throughput?"),
        ("什么是 FrobNet-2？", "它的吞吐是多少？", "FrobNet-2 的吞吐是多少？"),
        ("Compare FrobNet-2 and SlowFrob", "Does the latter split work?", "Does SlowFrob split work?"),
        ("Does a widget cache save time?", "why?", "why a widget cache save time?"),
        ("What is FrobNet-2?", "And who wrote it?", "who wrote FrobNet-2?"),
        ("What is a widget cache in FrobNet-2?", "How much faster is it?", "How much faster is widget cache?"),
        ("how much does 投机解码 speed up?", "What is its drawback?", "What is 投机解码's drawback?"),
        ("Compare FrobNet-2 and SlowFrob", "Which one is faster?", "Which one is faster, FrobNet-2 or SlowFrob?"),
        ("FrobNet-2 和 SlowFrob 有什么区别？", "哪个更快？", "FrobNet-2 和 SlowFrob 哪个更快？"),
        ("What does FrobNet stage 3 pack?", "and stage 2?", "What does FrobNet stage 2 pack?"),
        (
            "bubble of 1F1B with 6 stages and 48 microbatches",
            "and 4 stages?",
            "bubble of 1F1B with 4 stages and 48 microbatches",
        ),
    ],
)
def test_what_is_left_out_is_taken_from_before(almanac: Almanac, before: str, question: str, alone: str) -> None:
    assert standalone(question, [before], lexicon_of(almanac.chat.library)) == alone


@pytest.mark.parametrize(
    "question",
    ["What is a widget cache?", "Is it true that FrobNet-2 is fast?", "调度器怎么选会话？", "How do trays work?"],
)
def test_what_stands_alone_stays(almanac: Almanac, question: str) -> None:
    lexicon = lexicon_of(almanac.chat.library)
    assert standalone(question, ["What is FrobNet-2?"], lexicon) == question
    assert standalone(question, [], lexicon) == question


def test_chains_of_follow_ups_reach_the_first_question(almanac: Almanac) -> None:
    lexicon = lexicon_of(almanac.chat.library)
    first = "How much faster is FrobNet-2?"
    second = standalone("what about FrobNet-1?", [first], lexicon)
    assert standalone("and SlowFrob?", [first, second], lexicon) == "How much faster is SlowFrob?"
