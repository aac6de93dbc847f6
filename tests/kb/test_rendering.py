"""kb.rendering: an English embedder gets Chinese passages as English terms, and says so."""

from kb.glossary import Concept, Glossary
from kb.rendering import RenderingEmbedder, render_for
from tests.fakes import FakeEmbedder

GLOSSARY = Glossary([Concept(english=("pipeline bubble",), chinese=("流水线气泡",), field="parallelism")])


def test_a_passage_is_embedded_as_its_terms() -> None:
    inner = FakeEmbedder()
    vectors = RenderingEmbedder(inner, GLOSSARY).embed(["流水线气泡占 12% 的时间", "The bubble, in English."])
    assert inner.embedded == ["pipeline bubble 12", "The bubble, in English."]
    assert vectors.shape == (2, inner.dim)


def test_a_passage_without_a_known_term_stays_as_it_is() -> None:
    inner = FakeEmbedder()
    RenderingEmbedder(inner, GLOSSARY).embed(["今天天气很好"])
    assert inner.embedded == ["今天天气很好"]


def test_lengths_are_those_of_what_is_embedded() -> None:
    inner = FakeEmbedder()
    outer = RenderingEmbedder(inner, GLOSSARY)
    assert outer.count_tokens(["流水线气泡"]) == inner.count_tokens(["pipeline bubble"])


def test_questions_are_left_to_search() -> None:
    inner = FakeEmbedder()
    RenderingEmbedder(inner, GLOSSARY).embed_query("流水线气泡")
    assert inner.queries == ["流水线气泡"]


def test_only_an_embedder_without_chinese_is_helped() -> None:
    reads_both = FakeEmbedder(languages=("en", "zh"))
    assert render_for(reads_both, GLOSSARY) is reads_both
    english = FakeEmbedder()
    helped = render_for(english, GLOSSARY)
    assert helped.fingerprint != english.fingerprint
    assert helped.languages == english.languages
