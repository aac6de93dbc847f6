"""What a question is about: the thing asked of, not the place after in, on or of."""

import pytest

from almanac import Almanac
from chat._subjects import subject_of
from chat.finding import lexicon_of
from chat.question import read_question


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("How fast is FrobNet-2?", "FrobNet-2"),
        ("What is a widget cache?", "widget cache"),
        ("What is sorting, packing and labelling in FrobNet-2?", "sorting, packing and labelling"),
        ("What is a widget cache in FrobNet-2?", "widget cache"),
        ("How does the tray table work in FrobNet-2?", "tray table"),
        ("Why is the tray table needed?", "tray table"),
        ("How does FrobNet-2 quantize the widget cache?", "FrobNet-2"),
        ("Why is FrobNet-2 faster than SlowFrob?", "FrobNet-2"),
        ("What is the latency of FrobNet-2 on SlowFrob?", "FrobNet-2"),
        ("What is FrobNet-2's throughput?", "FrobNet-2"),
        ("how much does 投机解码 speed up?", "投机解码"),
        ("What is 投机解码's drawback?", "投机解码"),
        ("什么是投机解码？", "投机解码"),
        ("FrobNet-2 的吞吐是多少？", "FrobNet-2"),
        ("投机解码为什么快？", "投机解码"),
        ("Compare FrobNet-2 and SlowFrob", "FrobNet-2 and SlowFrob"),
    ],
)
def test_the_subject_is_the_thing_not_its_place(almanac: Almanac, question: str, subject: str) -> None:
    assert subject_of(read_question(question, lexicon_of(almanac.chat.library))) == subject
