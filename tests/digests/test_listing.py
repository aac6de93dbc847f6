"""digests.listing: a newsletter's linked titles and the words that stand by them."""

from digests.brief import brief
from digests.listing import with_remarks
from kb.chunk import chunk
from kb.references import extract
from kb.types import Document, Link, Reference
from tests.digests.shelf import GLOSSARY, post, tagger

WORDS = ("Blocks of the cache are mapped by a table.", "It rounds weights to four bits.", "A scheduler for idle cards.")


def linked(*lines: tuple[str, str, str]) -> Document:
    """Return a post of lines, given as (what stands before the link, the link's words, what stands after)."""
    text, links = "This week was about memory.\n\n", []
    for number, (before, words, after) in enumerate(lines, start=1):
        start = len(text) + len(before)
        links.append(Link(start=start, end=start + len(words), url=f"https://arxiv.org/abs/2301.0000{number}"))
        text += f"{before}{words}{after}\n"
    return post("list", "What we read", text, links=tuple(links))


def told(document: Document) -> list[tuple[str, str]]:
    """Return (title, remark) of each work."""
    return [(reference.title, reference.remark) for reference in with_remarks(document, references_of(document))]


def references_of(document: Document) -> list[Reference]:
    return [
        reference.model_copy(update={"chunk_id": one.id})
        for one in chunk(document)
        for reference in extract(
            one.text,
            [
                Link(start=link.start - one.start, end=link.end - one.start, url=link.url)
                for link in document.links
                if one.start <= link.start and link.end <= one.end
            ],
        )
    ]


def test_titles_that_open_their_lines() -> None:
    made = linked(*((f"{n}. ", f"Tool {n} for caches", f". {said}") for n, said in enumerate(WORDS, start=1)))
    assert told(made) == [(f"Tool {n} for caches", said) for n, said in enumerate(WORDS, start=1)]


def test_titles_before_a_dash_with_the_links_at_the_end() -> None:
    made = linked(*((f"- Tool {n} - {said} (", "paper", ")") for n, said in enumerate(WORDS, start=1)))
    assert told(made) == [(f"Tool {n}", said) for n, said in enumerate(WORDS, start=1)]


def test_prose_that_begins_with_links_is_no_list() -> None:
    made = linked(*(("", f"Tool {n}", " maps blocks of the cache by a table.") for n in range(3)))
    assert all(remark == "" for _, remark in told(made))
    few = linked(*(("- ", f"Tool {n}", f". {said}") for n, said in enumerate(WORDS[:2])))
    assert all(remark == "" for _, remark in told(few))


def test_a_newsletter_lists_its_works_with_exact_remarks() -> None:
    lines = [*WORDS, "Prompts are cut into chunks that fill each batch."]
    made = linked(*(("- ", f"Tool {n} for caches", f". {said}") for n, said in enumerate(lines)))
    found = brief(made, chunk(made), references_of(made), tagger(), GLOSSARY)
    titles = {f"Tool {n} for caches" for n in range(4)}
    assert not titles & {sentence.text.rstrip(".:") for sentence in found.sentences}
    assert [work.title for work in found.names] == [f"Tool {n} for caches" for n in range(4)]
    assert [work.remark.text for work in found.names if work.remark] == lines
    assert all(made.text[w.remark.start : w.remark.end] == w.remark.text for w in found.names if w.remark)
