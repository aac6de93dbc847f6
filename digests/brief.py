"""What a digest takes from one document: its facts, the sentences that sum it up, the works it names.

Pure: the same content always gives the same brief, so it is made once for each content and kept.
Refuses to judge a document beside others; that is `build`.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from pydantic import Field

from digests import cues
from digests.listing import with_remarks
from digests.named import Noted, chunk_at, judged, listed, noted, titled
from digests.sentences import Candidate, candidates, count_words, is_boilerplate, node_lines
from digests.summarise import choose, rate
from digests.titles import title_key
from digests.types import NamedWork, SourceSentence
from kb.glossary import Glossary
from kb.references import of_url
from kb.text import fold_space, simplify
from kb.topics import Tagger
from kb.types import Chunk, DateBasis, Document, Frozen, Kind, Reference, Section

VERSION = "10"
"""Raised when something else would be made of the same document."""
READ = 2000
"""Characters that are read where no sentence sums a document up."""
LEAST_TEXT = 12
"""Words below which a document says nothing that could be summed up."""
ON_TOPIC = 0.5
"""Score of the nearest topic from which on a document without a topic still belongs to the field."""
LIST = 4
"""Works with remarks from which on a document is a list, whose own sentences are not about them."""
FIELDS = frozenset("parallelism quantization serving hardware compression training inference nlp".split())
"""Fields of the glossary whose terms may rise and fall."""
_TERM = re.compile(r"[ A-Z0-9]")
"""Terms of two words, or with a capital or figure: a single everyday word, such as feature, tells nothing."""
_TONGUES = frozenset({"Chinese", "English"})
"""What a text is written in, or mentions in passing: no trend of the field."""
_FIELD = re.compile(
    r"\b(neural|networks?|deep[- ]learning|machine[- ]learning|language models?|models?|LLMs?|GPT\w*|GPUs?|TPUs?|"
    r"CUDA|training|inference|"
    r"transformers?|attention|tensors?|embeddings?|AI|PyTorch|accelerators?|latency|throughput|compilers?|"
    r"kernels?|clusters?)\b"
    r"|模型|训练|訓練|推理|神经|神經|学习|學習|算力|芯片|智能|显卡|算法",
    re.I,
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.I)
_CODE_HOST = re.compile(r"https?://(?:www\.)?github\.com/[\w.-]+/[\w.-]+", re.I)
_CODE_WORD = re.compile(
    r"\b(code|implementation|repo(sitory)?|source|library|released|available)\b|代码|代碼|开源|開源|项目|項目", re.I
)

TOO_SHORT = "too short to sum up"
ONLY_BOILERPLATE = "nothing but boilerplate"
ANNOUNCEMENT = "an announcement of an event, not a work"
OFF_TOPIC = "off-topic: nothing in it is of the field"


class Brief(Frozen):
    """One document as digests see it."""

    id: str
    kind: Kind
    title: str
    title_estimated: bool = False
    authors: tuple[str, ...] = ()
    url: str = ""
    published: str = ""
    published_basis: DateBasis | None = None
    updated: str = ""
    version: int | None = None
    quarter: str = ""
    withdrawn: bool = False
    sentences: tuple[SourceSentence, ...] = ()
    code_urls: tuple[str, ...] = ()
    results: int = 0
    """Sentences that state a measured result."""
    subtopics: dict[str, str] = Field(default_factory=dict)
    terms: tuple[str, ...] = ()
    """Concepts that it names, by their preferred English term."""
    names: tuple[NamedWork, ...] = ()
    """Works that it lists."""
    noted: tuple[Noted, ...] = ()
    """Works that its nodes name by a link, where it is a notebook."""
    titled: tuple[tuple[str, Noted], ...] = ()
    """What is said under nodes whose line may be a work's title, by the key of that title."""
    unfit: str = ""
    """Why it can have no entry of its own; empty where it can."""


def brief(
    document: Document, chunks: Sequence[Chunk], references: Sequence[Reference], tagger: Tagger, glossary: Glossary
) -> Brief:
    """Return what digests take from a document.

    Args:
        chunks: its passages, in order.
        references: the works that they name.
    """
    references = with_remarks(document, references)
    found = _prose(document, references)
    # A citation opens one passage: a sentence that a passage's end cuts through stands only where no other does.
    found = [candidate for candidate in found if _inside(candidate, chunks)] or found
    rated = rate(found, document.title)
    chosen = choose(rated)
    title = "" if document.title_estimated else document.title
    works = listed(document, chunks, references, tagger) or judged(document, chunks, tagger)
    # What a work is about stands in its title and in the sentences that sum it up; the rest names it in passing.
    about = (
        ". ".join([title, *(candidate.text for candidate in chosen)]) if chosen else f"{title}. {document.text[:READ]}"
    )
    own_code = () if len(works) >= LIST else tuple(_code(document, chosen))
    return Brief(
        id=document.id,
        kind=document.kind,
        title=document.title,
        title_estimated=document.title_estimated,
        authors=document.authors,
        url=document.url,
        published=document.published,
        published_basis=document.published_basis,
        updated=document.updated,
        version=document.version,
        quarter=document.quarter,
        withdrawn=document.status == "withdrawn",
        sentences=tuple(_sentence(document, chunks, candidate) for candidate in chosen),
        code_urls=own_code,
        results=sum("result" in item.roles for item in rated),
        subtopics={slug: part for slug, part in tagger.subtopics(title, about).items() if part},
        terms=tuple(sorted(_terms(_ADDRESS.sub(" ", about), glossary))),
        names=tuple(works),
        noted=tuple(noted(document, chunks)),
        titled=tuple((title_key(line), said) for line, said in titled(document, chunks)),
        unfit=_unfit(document, found, tagger),
    )


def _prose(document: Document, references: Sequence[Reference]) -> list[Candidate]:
    """The document's own sentences: those about works that it lists are theirs."""
    if document.kind is Kind.NOTES:
        return node_lines(document)
    found = candidates(document)
    told = [reference for reference in references if reference.remark and reference.title]
    if len(told) >= LIST:
        titles = {fold_space(reference.title) for reference in told}
        found = [c for c in found if c.text.rstrip(".:：。") not in titles]
        own = _beside(document, found, [reference.remark for reference in told])
        # A list that says too little of itself is summed up by what it says of its works.
        plain = sum(candidate.words for candidate in own if not cues.CHATTY.search(candidate.text))
        found = own if plain >= LEAST_TEXT else found
    return found if sum(candidate.words for candidate in found) >= LEAST_TEXT else node_lines(document)


def _beside(document: Document, found: Sequence[Candidate], remarks: Sequence[str]) -> list[Candidate]:
    """The sentences that stand in no remark, nor in a section of its own about one work."""
    held = Counter(s.start for s in document.sections for remark in remarks if _holds(document, s, remark))
    starts = [section.start for section in document.sections]
    said = " ".join(map(fold_space, remarks))
    return [
        c for c in found if c.text not in said and not (starts and held[starts[bisect_right(starts, c.start) - 1]] == 1)
    ]


def _inside(candidate: Candidate, chunks: Sequence[Chunk]) -> bool:
    at = bisect_right(chunks, candidate.start, key=lambda chunk: chunk.start) - 1
    return at >= 0 and candidate.end <= chunks[at].end


def _holds(document: Document, section: Section, remark: str) -> bool:
    return document.text.find(remark[:60], section.start, section.end) >= 0


def _sentence(document: Document, chunks: Sequence[Chunk], candidate: Candidate) -> SourceSentence:
    return SourceSentence(
        text=candidate.text,
        doc_id=document.id,
        chunk_id=chunk_at(chunks, candidate.start),
        start=candidate.start,
        end=candidate.end,
    )


def _unfit(document: Document, found: Sequence[Candidate], tagger: Tagger) -> str:
    text = document.text.strip()
    if count_words(text) < LEAST_TEXT:
        return TOO_SHORT
    if document.kind is Kind.NOTES:
        # What the reader noted is of the reader's field.
        return ""
    if not found:
        return ONLY_BOILERPLATE if is_boilerplate(text) else TOO_SHORT
    title = "" if document.title_estimated else document.title
    work = any(cues.IDEA.search(c.text) for c in found) and any(
        cues.RESULT.search(c.text) and cues.MEASURED.search(c.text) for c in found
    )
    if cues.is_event(simplify(title)) and not work:
        return ANNOUNCEMENT
    # Of a language that it does not know, nobody can say so.
    known = document.language != "other"
    read = text[:READ]
    if known and not _FIELD.search(f"{title} {read}") and max(tagger.scores(title, read).values()) < ON_TOPIC:
        return OFF_TOPIC
    return ""


def _terms(text: str, glossary: Glossary) -> Iterator[str]:
    return (
        name
        for name, field in glossary.names(text).items()
        if field in FIELDS and _TERM.search(name) and name not in _TONGUES
    )


def _code(document: Document, chosen: Sequence[Candidate]) -> Iterator[str]:
    """Addresses of the work's own code: said to be code, or a repository of the work's own name."""
    names = {name.lower().replace("-", "") for name in cues.own_names(document.title, " ".join(c.text for c in chosen))}
    seen: set[str] = set()
    places = [(link.start, link.url) for link in document.links]
    places += [(match.start(), match.group().rstrip(".")) for match in _CODE_HOST.finditer(document.text)]
    for at, url in sorted(places):
        reference = of_url(url)
        if reference is None or reference.kind != "github" or reference.key in seen:
            continue
        around = document.text[max(0, at - 80) : at + 20]
        own = reference.key.partition("/")[2].replace("-", "")
        if _CODE_WORD.search(around) or own in names or document.kind is Kind.ARXIV:
            seen.add(reference.key)
            yield reference.url
