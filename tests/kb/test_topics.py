"""Topics and the tagger: the files, tags with their reasons, and a floor under the quality."""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.topics import main, measure, read_golden
from kb._phrases import phrase_key
from kb.topics import NONE, Tag, Tagger, Topic, load_examples, load_topics

ROOT = Path(__file__).resolve().parents[2]
TOPICS = ("compression", "hardware", "parallelism", "quantization", "serving")


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger()


# The files


def test_there_are_five_topics_in_order() -> None:
    assert tuple(load_topics()) == TOPICS


@pytest.mark.parametrize("slug", TOPICS)
def test_a_topic_is_complete(slug: str) -> None:
    topic = load_topics()[slug]
    assert topic.slug == slug
    assert topic.title
    assert topic.description.endswith(".")
    assert "abs:" in topic.arxiv_query
    chinese = [phrase for phrase in topic.phrases if not phrase.isascii()]
    assert len(chinese) >= 8
    assert len(topic.phrases) - len(chinese) >= 25
    assert any(weight < 0 for weight in topic.phrases.values())
    assert len(topic.subtopics) >= 4
    for part in topic.subtopics:
        assert part.title
        assert len(part.phrases) >= 5
        assert any(not phrase.isascii() for phrase in part.phrases), part.slug


def test_colours_differ() -> None:
    assert len({topic.colour for topic in load_topics().values()}) == len(TOPICS)


@pytest.mark.parametrize("slug", TOPICS)
def test_no_phrase_is_listed_twice_within_a_list(slug: str) -> None:
    topic = load_topics()[slug]
    for phrases in (topic.phrases, *(part.phrases for part in topic.subtopics)):
        keys = Counter(phrase_key(phrase) for phrase in phrases)
        assert [key for key, count in keys.items() if count > 1] == []
        assert "" not in keys


def test_examples_are_many_and_in_both_languages() -> None:
    examples = load_examples()
    count = Counter(label for label, _ in examples)
    assert set(count) == {*TOPICS, NONE}
    assert all(count[slug] >= 80 for slug in TOPICS)
    assert count[NONE] >= 160
    for label in count:
        assert sum(not text.isascii() for name, text in examples if name == label) >= 8
    assert len({text.casefold() for _, text in examples}) == len(examples)


def test_golden_titles_are_no_examples() -> None:
    seen = {text.casefold() for _, text in load_examples()}
    golden = read_golden()
    assert len(golden) >= 120
    assert [title for _, title, _ in golden if title.casefold() in seen] == []


# Tags


@pytest.mark.parametrize(
    ("title", "topic", "reason", "subtopic"),
    [
        ("Pipeline parallelism for recurrent networks", "parallelism", "pipeline parallelism", "pipeline"),
        ("Post-training quantization of a chat model", "quantization", "post-training quantization", "post-training"),
        ("Continuous batching for LLM serving", "serving", "continuous batching", "batching"),
        ("A systolic array for sparse convolution", "hardware", "systolic array", "accelerators"),
        ("Knowledge distillation into a small student", "compression", "knowledge distillation", "distillation"),
        ("流水線並行的調度", "parallelism", "流水线并行", "pipeline"),
        ("存算一体芯片", "hardware", "存算一体", "in-memory"),
        ("大模型的训练后量化", "quantization", "训练后量化", "post-training"),
    ],
)
def test_a_tag_names_what_earned_it(tagger: Tagger, title: str, topic: str, reason: str, subtopic: str) -> None:
    first = tagger.tag(title)[0]
    assert (first.topic, first.reason, first.subtopic) == (topic, reason, subtopic)
    assert first.score > 0.7


def test_words_are_the_reason_where_no_phrase_is(tagger: Tagger) -> None:
    examples = [("serving", "replica routing of chats"), ("serving", "routing chats to a replica")]
    examples += [(NONE, "birds in the garden"), (NONE, "garden birds")]
    silent = {"serving": load_topics()["serving"].model_copy(update={"phrases": {}, "subtopics": ()})}
    tags = Tagger(silent, [*examples * 20]).tag("Routing chats", "")
    assert [tag.topic for tag in tags] == ["serving"]
    assert tags[0].reason.startswith("words: ")
    assert "Routing" in tags[0].reason


def test_two_topics_give_two_tags(tagger: Tagger) -> None:
    topics = [tag.topic for tag in tagger.tag("An LLM serving engine with AWQ 4-bit weight quantization")]
    assert set(topics) == {"quantization", "serving"}


def test_at_most_three_tags_best_first(tagger: Tagger) -> None:
    title = "Pipeline parallelism, quantization, pruning, LLM serving and an FPGA accelerator: distillation in FP8"
    tags = tagger.tag(title)
    assert 2 <= len(tags) <= 3
    assert [tag.score for tag in tags] == sorted((tag.score for tag in tags), reverse=True)


@pytest.mark.parametrize(
    "title",
    [
        "A corpus of medieval recipes",
        "Zero-shot classification of birds",
        "We release a new chat model",
        "Weekly newsletter",
        "目标检测的改进",
        "情感分析综述",
        "12345",
        "!?",
    ],
)
def test_what_is_about_none_stays_untagged(tagger: Tagger, title: str) -> None:
    assert tagger.tag(title) == []
    assert all(score < 0.5 for score in tagger.scores(title).values())


def test_nothing_gives_no_tags(tagger: Tagger) -> None:
    assert tagger.tag("") == []
    assert tagger.tag("  ", "\n") == []
    assert tagger.scores("") == dict.fromkeys(TOPICS, 0.0)


def test_scores_cover_all_topics_and_agree_with_the_tags(tagger: Tagger) -> None:
    title = "Chunked prefill under latency objectives"
    scores = tagger.scores(title)
    assert tuple(scores) == TOPICS
    assert all(0 <= score <= 1 for score in scores.values())
    first = tagger.tag(title)[0]
    assert scores[first.topic] == first.score == max(scores.values())


def test_text_counts_where_the_title_says_nothing(tagger: Tagger) -> None:
    text = "We quantize the weights to four bits after training and smooth outlier channels of the activations."
    assert tagger.tag("A note on our release") == []
    assert tagger.tag("A note on our release", text)[0].topic == "quantization"
    assert tagger.tag("", text)[0].topic == "quantization"


def test_long_and_odd_texts_are_read(tagger: Tagger) -> None:
    assert tagger.tag("量化" * 100_000)[0].topic == "quantization"
    assert tagger.tag("\x00\u200b🙂 KV cache 🙂", "\ud800")[0].topic == "serving"


def test_another_tagger_gives_the_same_tags(tagger: Tagger) -> None:
    titles = [title for _, title, _ in read_golden()]
    assert [Tagger().tag(title) for title in titles[:3]] == [tagger.tag(title) for title in titles[:3]]


def test_a_tagger_takes_other_topics() -> None:
    cooking = Topic(
        slug="cooking", title="Cooking", description="Food.", phrases={"soup": 3.0}, arxiv_query="", colour="red"
    )
    tags = Tagger({"cooking": cooking}, [("cooking", "hot soup"), (NONE, "cold stone")] * 2).tag("Soups")
    assert tags == [Tag(topic="cooking", score=tags[0].score, reason="soup")]


# Quality and speed


def test_golden_titles_keep_the_measured_quality(tagger: Tagger) -> None:
    table = measure(read_golden(), tagger)
    assert float(str(table["macro_f1"])) >= 0.92
    assert float(str(table["off_topic_untagged"])) >= 0.95
    labels = table["labels"]
    assert isinstance(labels, dict)
    assert all(row["recall"] >= 0.75 for row in labels.values())


def test_learning_and_tagging_are_quick(tagger: Tagger) -> None:
    start = time.perf_counter()
    Tagger().tag("anything")
    assert time.perf_counter() - start < 5  # about 0.3 on an idle core
    assert float(str(measure(read_golden(), tagger)["median_ms"])) < 5  # about 0.2


def test_loading_topics_needs_no_numpy() -> None:
    script = "import sys, kb.topics; kb.topics.load_topics(); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_benchmark_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--golden"]) == 0
    assert "macro-F1 0." in capsys.readouterr().out
    assert main(["--golden", "--json"]) == 0
    assert '"set": "golden titles"' in capsys.readouterr().out
