"""What a passage bears out and what it does not: quotes, numbers, names, direction, words."""

import pytest

from kb.evidence import quote_in, quotes_of, supported
from kb.glossary import Concept, Glossary

PASSAGE = """ring all-reduce: 1 GB over 8 GPUs at 450 GB/s takes 3.9 ms
More microbatches reduce the bubble, and ZeRO-3 does not change the result.
流水线气泡随微批数增多而减少，显存占用则不变。"""


@pytest.mark.parametrize(
    ("quote", "passage"),
    [
        ("the bubble", "More microbatches reduce\nthe  bubble."),
        ("流水线並行的氣泡", "论 流水线并行\n的气泡。"),
        ("3.5× faster", "it is 3.5×\nfaster."),
        ("it's “done”", 'yes, it’s "done" now'),
        ("KV cache", "the kv cache grows"),
        ("ﬁne-tuning", "fine-tuning helps"),
    ],
)
def test_a_quote_may_differ_in_form_only(quote: str, passage: str) -> None:
    place = quote_in(quote, passage)
    assert place is not None
    assert quote_in(passage[place[0] : place[1]], quote) is not None


@pytest.mark.parametrize(
    ("quote", "passage"),
    [
        ("reduce a bubble", "reduce the bubble"),
        ("does change", "does not change"),
        ("3", "takes 3.9 ms"),
        ("cat", "the cattle"),
        ("1", "1,024 ranks"),
        ("", "anything"),
        ("气泡不减少", "气泡减少"),
    ],
)
def test_a_quote_altered_or_cut_is_none(quote: str, passage: str) -> None:
    assert quote_in(quote, passage) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "With 8 GPUs at 450 GB/s, 1 GB takes 3.9 ms over the ring [1].",
        "The notes say “more microbatches reduce the bubble” [2].",
        "ZeRO-3 does not change the result.",
        "ZeRO 3 does not change the result.",
        "流水线气泡随微批数增多而减少 [1]。",
        "More microbatches reduce the bubble [1].",
    ],
)
def test_what_a_passage_says_is_supported(sentence: str) -> None:
    found = supported(sentence, [PASSAGE])
    assert found.ok, found.reasons
    assert found.spans
    assert all(0 <= span.start < span.end <= len(PASSAGE) for span in found.spans)


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("With 8 GPUs at 450 GB/s, 1 GB takes 4.9 ms over the ring.", "4.9 ms"),
        ("With 8 GPUs at 450 GB, 1 GB takes 3.9 ms over the ring.", "450 GB"),
        ("With 8 GPUs at 450 GB/s, 1 GiB takes 3.9 ms over the ring.", "1 GiB"),
        ("The notes say “more microbatches reduce a bubble”.", "quote"),
        ("The notes say “more microbatches do not reduce the bubble”.", "quote"),
        ("More microbatches increase the bubble.", "increase"),
        ("ZeRO-3 changes the result.", "negates"),
        ("ZeRO-2 does not change the result.", "ZeRO-2"),
        ("流水线气泡随微批数增多而增加。", "增加"),
        ("Olive oil and garlic make a good sauce for pasta.", "words"),
    ],
)
def test_what_a_passage_does_not_say_is_not(sentence: str, named: str) -> None:
    found = supported(sentence, [PASSAGE])
    assert not found.ok
    assert named in " ".join(found.reasons)


def test_a_sentence_that_cites_nothing_is_not_supported() -> None:
    assert supported("More microbatches reduce the bubble.", []).reasons == ("cites nothing",)


def test_a_number_may_be_a_result_rounded() -> None:
    results = ["bubble_fraction 0.109375 1", "kv_bytes 51539607552 B"]
    assert supported("The bubble is 10.9%.", [], results=results).ok
    assert supported("The cache takes 51.5 GB.", [], results=results).ok
    assert not supported("The bubble is 11.9%.", [], results=results).ok
    assert not supported("The cache takes 51.5 GiB.", [], results=results).ok


def test_a_sentence_may_rest_on_a_passage_of_the_other_language() -> None:
    concepts = [
        Concept(english=("pipeline bubble",), chinese=("流水线气泡", "气泡"), field="parallelism"),
        Concept(english=("microbatch",), chinese=("微批",), field="parallelism"),
    ]
    english = "More microbatches reduce the pipeline bubble."
    assert supported("微批越多，气泡越少。", [english], glossary=Glossary(concepts)).ok
    assert not supported("微批越多，气泡越少。", [english]).ok


def test_emphasis_is_no_quote() -> None:
    assert quotes_of("so-called “bubbles” and “a quote of several words”") == ["a quote of several words"]


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("FrobNet lowers throughput to 2.5x of the baseline.", "FrobNet reaches 2.5x the throughput of the baseline."),
        ("Stacking trays increases the wait from 20% to 5%.", "Stacking trays cuts the wait from 20% to 5%."),
        ("A widget cache is 3x slower than a shelf.", "A widget cache is 3x faster than a shelf."),
        ("托盘使占用提高了 50%。", "托盘使占用降低了 50%。"),
        ("托盘提高了占用。", "托盘降低了占用。"),
        ("FrobNet beats WidgetNet by 2x in throughput.", "WidgetNet beats FrobNet by 2x in throughput."),
        ("Frob v1 比 Frob v2 快 2.1 倍。", "Frob v2 比 Frob v1 快 2.1 倍。"),
        ("Packing is limited by glue and cutting by steel.", "Packing is limited by steel and cutting by glue."),
        ("FrobNet holds 128 trays, WidgetNet holds 16.", "WidgetNet holds 128 trays, FrobNet holds 16."),
        ("The gain is at least 3x.", "The gain is at most 3x."),
        ("Larger trays grow the gain of stacking.", "The larger the tray, the smaller the gain of stacking."),
        ("FrobNet 的吞吐比 WidgetNet 低 30%。", "In throughput, FrobNet is about 30% higher than WidgetNet."),
        ("Frob packing wastes 40% of the shelf.", "Frob packing not only saves 40% of the shelf but lasts."),
    ],
)
def test_what_points_the_other_way_is_not_supported(sentence: str, source: str) -> None:
    assert not supported(sentence, [source]).ok
    assert supported(source, [source]).ok


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("Stacking trays reduces the wait from 20% to 5%.", "Stacking trays cuts the wait from 20% to 5%."),
        ("托盘把占用减少 50%。", "托盘使占用降低了 50%。"),
        ("Accuracy improves by 1.3% on frobs.", "Accuracy rises by 1.3% on frobs."),
        ("WidgetNet outperforms FrobNet by 2x in throughput.", "WidgetNet beats FrobNet by 2x in throughput."),
        ("Cutting is limited by glue, and packing by steel.", "Packing is limited by steel and cutting by glue."),
        ("Frob packing saves 40% of the shelf.", "Frob packing not only saves 40% of the shelf but lasts."),
        ("堆叠降低占用。", "堆叠提升吞吐，并且降低占用。"),
    ],
)
def test_other_words_for_the_same_way_are_supported(sentence: str, source: str) -> None:
    found = supported(sentence, [source])
    assert found.ok, found.reasons
