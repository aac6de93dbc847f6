"""digests.brief: what a digest takes from one document."""

from digests.brief import ANNOUNCEMENT, OFF_TOPIC, ONLY_BOILERPLATE, TOO_SHORT, Brief, brief
from kb.chunk import chunk
from kb.references import extract
from kb.text import fold_space
from kb.types import Document, Link
from tests.digests.shelf import GLOSSARY, document, notebook, paper, post, reading_list, tagger
from tests.digests.test_named import a_list
from tests.digests.test_summarise import ABSTRACT, HOW, IDEA, RESULT


def brief_of(made: Document) -> Brief:
    chunks = chunk(made)
    references = [r.model_copy(update={"chunk_id": c.id}) for c in chunks for r in extract(c.text, list(made.links))]
    return brief(made, chunks, references, tagger(), GLOSSARY)


def test_sentences_are_spans_of_the_document_in_their_passages() -> None:
    made = paper(
        "2301.00001", "Zephyr: Lazy Paging of the KV Cache", f"{ABSTRACT} {ABSTRACT.replace('Zephyr', 'It')}" * 3
    )
    found = brief_of(made)
    by_id = {c.id: c for c in chunk(made)}
    assert found.sentences
    for sentence in found.sentences:
        assert fold_space(made.text[sentence.start : sentence.end]) == sentence.text
        held = by_id[sentence.chunk_id]
        assert held.start <= sentence.start < sentence.end <= held.end
        assert sentence.doc_id == made.id


def test_it_survives_being_kept_as_text() -> None:
    found = brief_of(a_list())
    assert Brief.model_validate_json(found.model_dump_json()) == found


def test_the_same_content_gives_the_same_brief() -> None:
    made = paper("2301.00001", "Zephyr: Lazy Paging", ABSTRACT)
    assert brief_of(made) == brief_of(made.model_copy())


def test_measured_results_terms_and_subtopics_are_counted_by_content() -> None:
    text = f"{IDEA.replace('cache', '键值缓存')} {RESULT}"
    found = brief_of(paper("2301.00001", "Zephyr: Paging of the KV Cache", text))
    assert found.results == 1
    assert found.terms == ("KV cache",)
    assert found.subtopics["serving"] == "cache"


def test_addresses_are_no_terms() -> None:
    made = document("page:x#1", "T", f"{IDEA} See https://kv-cache.example/KV-cache/4-bit for more.")
    assert brief_of(made).terms == ()


def test_a_works_own_code_is_named_and_others_is_not() -> None:
    own, other = "https://github.com/lab/zephyr", "https://github.com/other/engine"
    text = f"{IDEA} {HOW} We compare it with the engine of others. Code: {own}"
    start = text.index("the engine")
    links = (Link(start=start, end=start + 10, url=other), Link(start=text.index(own), end=len(text), url=own))
    assert brief_of(post("1", "Zephyr: Lazy Paging", text, links=links)).code_urls == (own,)


def test_a_list_speaks_for_itself_alone() -> None:
    intro = "This quarter many teams worked on smaller caches and on fewer bits for language models."
    entries = [
        f"Work {name}: A Title of Several Words by Example (https://example.org/{n}). We propose {name}, which is "
        f"{n + 2}x faster than all baselines on eight GPUs, and explain in many words how that came about. "
        f"Code: https://github.com/{name}/{name}"
        for n, name in enumerate(("Ash", "Birch", "Cedar", "Dogwood"))
    ]
    found = brief_of(reading_list("page:list#1", intro, entries))
    assert len(found.names) == 4
    # What is said of its works, and their code, is theirs.
    assert [sentence.text for sentence in found.sentences] == [intro]
    assert found.code_urls == ()


def test_a_notebook_and_a_text_in_an_unknown_language_are_not_off_topic() -> None:
    lines = [(1, "plans for the garden: apples, roses, and a bench below the old tree by the wall", ())]
    assert brief_of(notebook("n.md", lines)).unfit == ""
    hebrew = "אנחנו מציגים שיטה חדשה שהיא מהירה פי שלושה מכל השאר על כרטיס אחד בלבד."
    assert brief_of(document("page:1", "מודלים", hebrew, language="other")).unfit == ""


def test_a_very_long_document_is_read_at_its_ends() -> None:
    middle = " ".join(f"Buffer number {n} holds the weights of layer number {n}." for n in range(2000))
    found = brief_of(document("page:1", "Zephyr", f"{IDEA} {middle} {RESULT}"))
    assert [sentence.text for sentence in found.sentences if sentence.text in (IDEA, RESULT)] == [IDEA, RESULT]


def test_reasons_for_having_no_entry() -> None:
    assert brief_of(document("page:1", "Title", "Only a few words.")).unfit == TOO_SHORT
    assert brief_of(
        document("page:2", "Title", "Subscribe to our newsletter and follow us for more news " * 3)
    ).unfit == (ONLY_BOILERPLATE)
    cooking = "The soup simmers for an hour. Salt is added at the end, and parsley from the garden on top of it all."
    assert brief_of(document("page:3", "A soup for winter", cooking)).unfit == OFF_TOPIC
    event = (
        "Sign up until Friday. The models of the winners are shown on the stage, and there are prizes for all of them."
    )
    assert brief_of(document("rss:4", "Join our hackathon in spring", event)).unfit == ANNOUNCEMENT
    assert brief_of(paper("2301.00001", "Zephyr", ABSTRACT)).unfit == ""
    assert brief_of(document("rss:5", "Join the fast lane: paging", f"{IDEA} {RESULT}")).unfit == ""
