"""Digests made by hand, for what renders them: a full one, a hostile one, an empty one, a large one."""

from digests.cited import Cited
from digests.types import (
    Built,
    Coverage,
    Digest,
    Edits,
    Entry,
    FailedSource,
    GeneratedSentence,
    Highlight,
    LeftOut,
    Movement,
    NamedWork,
    Opinion,
    Section,
    SourceSentence,
)
from kb.types import DocumentInfo, Kind

HOSTILE = (
    "<script>alert('title')</script>",
    "</title></style><img src=x onerror=alert(1)>",
    'A "quoted" & <b>bold</b> &lt;entity&gt; title',
    "# Heading [link](javascript:alert(1)) *stars* `code` | bar _under_ ~~gone~~ <https://evil.example>",
    "Scaling $\\mathcal{O}(n \\log n)$ attention to $\\ell_1$ \\input{/etc/passwd} {unbalanced",
    "🚀 Rockets 👩‍💻 and 100% more ₿ #1 ~ ^ \\",
    "מודלים גדולים \u202e reversed \u2066 and back",
    "分布式训练：流水线并行的气泡",
    "1. An ordered title",
    "- A list of one",
    "]]> closes &#x26; opens \x00\x1b\ufffe",
    "Café naïve Łódź, Ångström and H₂O ≥ 3×",
)


def sentence(text: str, doc_id: str, start: int = 0) -> SourceSentence:
    """Return a sentence of a document."""
    return SourceSentence(text=text, doc_id=doc_id, chunk_id=f"{doc_id}#1", start=start, end=start + len(text))


def entry(doc_id: str = "arxiv:2301.00001", title: str = "Paging the cache", **changes: object) -> Entry:
    """Return an entry; give only what the test is about."""
    words = (f"We page the cache of {doc_id}.", "It needs 2.5x less memory on one GPU with 40 GB.")
    number = doc_id.removeprefix("arxiv:")
    given: dict[str, object] = {
        "doc_id": doc_id,
        "kind": Kind.ARXIV if doc_id.startswith("arxiv:") else Kind.PAGE,
        "title": title,
        "authors": ("Ada Example", "Bo Muster"),
        "url": f"https://arxiv.org/abs/{number}" if doc_id.startswith("arxiv:") else "https://blog.example/post",
        "source": "/srv/reader/lists/papers.txt",
        "published": "2023-02-10",
        "published_basis": "stated",
        "topics": ("serving",),
        "summary": " ".join(words),
        "sentences": tuple(sentence(text, doc_id, 60 * number_) for number_, text in enumerate(words)),
    }
    return Entry.model_validate(given | changes)


def digest(quarter: str = "2023-Q1", **changes: object) -> Digest:
    """Return a digest; give only what the test is about."""
    given: dict[str, object] = {
        "quarter": quarter,
        "title": "Q1'23: caches are paged",
        "summary": "Serving rose from 1 of 10 documents to 4 of 12.",
        "coverage": Coverage(in_quarter=0, shown=0, left_out=0, undated=0, failed_sources=0),
        "built_from": Built(documents=12, fingerprint="00ff", method="extractive 1"),
    }
    return Digest.model_validate(given | changes)


def full() -> Digest:
    """Return a digest in which every part has something."""
    noted = Opinion(
        text="very good. 一页一页地管理缓存",
        doc_id="notes:caches.md",
        chunk_id="notes:caches.md#1",
        start=3,
        end=20,
        labels=("very-good", "year:2023"),
    )
    paged = entry(
        also=("notes:caches.md", "rss:aa11"),
        opinions=(noted,),
        remarks=(sentence("A clever idea, says the weekly.", "page:weekly.txt#3"),),
        code_urls=("https://github.com/example/paging",),
        subtopic="cache",
        updated="2023-05-01",
        version=3,
        pinned=True,
    )
    written = GeneratedSentence(text="It pages the cache.", sources=paged.sentences[:1])
    made = entry("arxiv:2302.00002", "Batches that never stop", subtopic="batching", generated=(written,))
    lists = entry(
        "page:weekly.txt#1",
        "What was read this week",
        kind=Kind.PAGE,
        title_estimated=True,
        published="2023-03",
        published_basis="title",
        topics=(),
        authors=(),
        names=(
            NamedWork(
                kind="arxiv",
                key="2303.00003",
                url="https://arxiv.org/abs/2303.00003",
                title="Three bits",
                remark=sentence("Three bits are enough, it claims.", "page:weekly.txt#1", 90),
            ),
        ),
    )
    gone = entry("arxiv:2303.00004", "Withdrawn since", status="withdrawn", topics=("quantization",))
    late = entry("arxiv:2206.00005", "Found late", published="2022-06-01")
    return digest(
        sections=(
            Section(topic="serving", title="Serving", entries=(paged, made)),
            Section(topic="quantization", title="Quantization", entries=(gone,)),
            Section(topic="other", title="Other", entries=(lists,)),
        ),
        highlights=(Highlight(doc_id=paged.doc_id, reason="named by 4 documents, opinion `very good`", score=4.5),),
        criterion="How many documents name the work, and what the reader says of it.",
        movements=(
            Movement(subject="serving", kind="topic", before=1, now=4, total_before=10, total_now=12),
            Movement(subject="pruning & <b>masks</b>", kind="term", before=5, now=1, total_before=10, total_now=12),
        ),
        earlier=(late,),
        left_out=(
            LeftOut(doc_id="rss:bb", title="An announcement", reason="it has no text of its own"),
            LeftOut(doc_id="rss:cc", title="<i>Another</i>", reason="hidden by you"),
        ),
        undated=(LeftOut(doc_id="page:x#1", title="No date", reason="its source states no date"),),
        failed_sources=(FailedSource(location="/srv/reader/feeds/x.xml", error="/srv/reader/feeds/x.xml is no feed"),),
        coverage=Coverage(in_quarter=10, shown=7, left_out=2, undated=1, failed_sources=1, works=4),
        edits=Edits(
            title="Q1'23: caches are paged",
            note="Read **this** first: [site](https://example.org).",
            pinned=("arxiv:2301.00001",),
        ),
    )


def hostile() -> Digest:
    """Return a digest whose documents try to be more than text, in every place that shows text."""
    entries = tuple(
        entry(
            f"page:hostile.txt#{number}",
            title,
            authors=(title, "O'Neil, {B} and Sons"),
            topics=("serving",),
            summary=title,
            sentences=(sentence(title, f"page:hostile.txt#{number}"),),
            subtopic=title,
            url='javascript:alert("url")' if number % 2 else 'https://evil.example/"><script>x</script> [1]',
            code_urls=("javascript:alert(1)", 'https://github.com/o/n"onclick=x'),
            also=(f"rss:{number}",),
        )
        for number, title in enumerate(HOSTILE)
    )
    return digest(
        title=HOSTILE[0],
        summary=HOSTILE[2],
        criterion=HOSTILE[3],
        highlights=tuple(Highlight(doc_id=one.doc_id, reason=one.title, score=1) for one in entries[:4]),
        movements=tuple(
            Movement(subject=title, kind="term", before=0, now=1, total_before=0, total_now=1) for title in HOSTILE
        ),
        sections=(Section(topic="serving", title="Serving", entries=entries),),
        left_out=tuple(LeftOut(doc_id=title, title=title, reason=title) for title in HOSTILE),
        undated=tuple(LeftOut(doc_id=title, title=title, reason=title) for title in HOSTILE),
        failed_sources=tuple(FailedSource(location=title, error=title) for title in HOSTILE if title.strip()),
        edits=Edits(note="\n\n".join(HOSTILE) + "\n\n![p](https://evil.example/p.png) [j](javascript:alert(2))"),
        coverage=Coverage(in_quarter=36, shown=12, left_out=12, undated=12, failed_sources=12, works=12),
    )


def empty() -> Digest:
    """Return the digest of a quarter without documents."""
    return digest(
        quarter="2022-Q4",
        title="Q4'22: nothing",
        summary="",
        built_from=Built(documents=0, fingerprint="", method="extractive 1"),
    )


def large(size: int = 5000) -> Digest:
    """Return a digest of so many works."""
    topics = ("parallelism", "serving", "quantization", "compression", "hardware", "other")
    made = [
        entry(
            f"arxiv:2301.{number:05d}",
            f"Work {number} on caches and kernels",
            topics=(topics[number % 6],),
            subtopic=f"part {number % 4}",
        )
        for number in range(size)
    ]
    sections = tuple(
        Section(topic=topic, title=topic.capitalize(), entries=tuple(made[rank::6]))
        for rank, topic in enumerate(topics)
    )
    covered = Coverage(in_quarter=size, shown=size, left_out=0, undated=0, failed_sources=0, works=size)
    return digest(sections=sections, coverage=covered)


def cited() -> Cited:
    """Return the names that `full` needs."""
    infos = [
        ("notes:caches.md", Kind.NOTES, "", "Caches"),
        ("rss:aa11", Kind.RSS, "https://blog.example/paging", "Paging, a post"),
        ("page:weekly.txt#3", Kind.PAGE, "https://weekly.example/3", "Weekly 3"),
    ]
    documents = {
        name: DocumentInfo(id=name, source="/srv/reader/x", kind=kind, url=url, title=title)
        for name, kind, url, title in infos
    }
    return Cited(documents, {"notes:caches.md#1": ("Caches", "Paged caches", "Opinions")})


SAMPLES = {"full": full, "hostile": hostile, "empty": empty}
