"""Whether digests keep their promises: ten checks on the samples, the starter library and generated quarters.

Counts, over all quarters of each library, what a reader could object to: a work twice, a number that
its source does not state, a document unaccounted for. Where a sample lists works with remarks in
sections of its own, our topics are compared with those sections, our must-reads with the works that
it recommends, and our summaries of those works, where the library has them, with its remarks.
"""

import argparse
import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from almanac import Almanac, open_almanac
from almanac.digesting import Digests
from almanac.library import STARTER
from benchmarks._quarters import Quarters
from benchmarks._table import Row, Table, bar
from benchmarks.ingest import SAMPLES
from digests import cues
from digests.brief import LIST
from digests.sentences import candidates, count_words
from digests.titles import near
from digests.types import Digest, Entry, NamedWork
from kb.glossary import load_glossary
from kb.references import canonical_url
from kb.settings import load_settings
from kb.store import Store
from kb.text import fold_space
from kb.topics import Tagger
from kb.types import Document, Kind
from tests.fakes import FixedClock

NAME = "digest-quality"
HELP = "the ten checks of digests, on the samples, the starter library and generated quarters"
GROUP = "quality"
ROUGE_WORDS = 75
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"\w+")
_EDGES = (
    ("2023-03-31T23:00:00-08:00", "2023-Q1"),
    ("2023-04-01T00:30:00+09:00", "2023-Q2"),
    ("2022-12-31T23:59:59+00:00", "2022-Q4"),
    ("2023-01-01T00:00:00+05:30", "2023-Q1"),
    ("2099-07-01", "2099-Q3"),
)
"""Dates in five zones, and the quarter that each is in by its own clock."""


@dataclass
class Found:
    """What the checks counted over all digests of one library."""

    digests: int = 0
    entries: int = 0
    strange: int = 0
    """Entries whose document is not stored, or whose link is not that document's."""
    linked: int = 0
    twice: int = 0
    numbers: int = 0
    unstated: int = 0
    sentences: int = 0
    loose: int = 0
    """Sentences that are no span of their document."""
    unaccounted: int = 0
    foreign: int = 0
    """Must-reads that are not of their quarter."""
    fitting: int = 0
    """Summaries of 40 to 90 words."""
    long_enough: int = 0
    """Entries whose source has at least 40 words of sentences."""

    @property
    def objections(self) -> int:
        """All that a reader could object to."""
        return self.strange + self.twice + self.unstated + self.loose + self.unaccounted + self.foreign


def run(args: argparse.Namespace) -> Iterator[Table]:
    """Check every library and yield the counts, then what the samples' own list says of ours."""
    del args
    with tempfile.TemporaryDirectory() as folder:
        libraries = dict(_libraries(Path(folder)))
        counts = {name: checked(store, digests) for name, (store, digests, _) in libraries.items()}
        rows = [_row(name, found) for name, found in counts.items()]
        yield Table("promises kept, by library", rows, ("every figure but entries and words should be 0 or 100 %",))
        bars: list[Row] = [
            bar(f"objections in {name}", float(found.objections), most=0) for name, found in counts.items()
        ]
        bars.append(bar("libraries whose digests depend on the order of arrival", _order(Path(folder)), most=0))
        bars.append(bar("dates at the edges of quarters that land elsewhere", _edges(Path(folder)), most=0))
        lists = lists_of(libraries)
        for store, listing in lists:
            sections, agreed = agreement(store, listing)
            yield sections
            bars.append(bar(f"works of {len(listing.names)} under the section of their list", agreed, least=22))
            yield _recommended(store, listing, Path(folder))
        yield _rouge(libraries, [listing for _, listing in lists])
        yield Table("bars", bars)
        for _, _, almanac in libraries.values():
            if almanac is not None:
                almanac.close()


Libraries = dict[str, tuple[Store, Digests, Almanac | None]]


def _libraries(folder: Path) -> Iterator[tuple[str, tuple[Store, Digests, Almanac | None]]]:
    if SAMPLES.is_dir():
        almanac = open_almanac(load_settings(folder / "samples", embedder="none"))
        list(almanac.ingest([SAMPLES], embed=False))
        yield "samples", (almanac.store, almanac.digests, almanac)
    almanac = open_almanac(load_settings(folder / "starter", embedder="none"))
    almanac.load_starter(embed=False)
    yield "starter", (almanac.store, almanac.digests, almanac)
    almanac = open_almanac(load_settings(folder / "generated", embedder="none"))
    quarters = Quarters()
    _write(almanac.store, quarters, [d for q in ("2023-Q4", "2024-Q1") for d in quarters.documents(q, 300)])
    yield "generated", (almanac.store, almanac.digests, almanac)


def _write(store: Store, quarters: Quarters, documents: Sequence[Document]) -> None:
    with store.write("generating") as writer:
        source = writer.open_source("generated", "generated")
        writer.write_documents(source, [quarters.prepared(document) for document in documents], "")


def _entries(digest: Digest) -> list[Entry]:
    return [*(entry for section in digest.sections for entry in section.entries), *digest.earlier]


def checked(store: Store, digests: Digests) -> Found:
    """Return what the checks count over all digests of a library."""
    found = Found()
    for state in digests.quarters():
        digest = digests.digest(state.quarter)
        entries = _entries(digest)
        found.digests += 1
        found.entries += len(entries)
        found.twice += _twice(entries)
        found.unaccounted += _unaccounted(store, digest)
        main = {entry.doc_id for section in digest.sections for entry in section.entries}
        found.foreign += sum(highlight.doc_id not in main for highlight in digest.highlights)
        for entry in entries:
            _check_entry(store, entry, found)
    return found


def _check_entry(store: Store, entry: Entry, found: Found) -> None:
    held = store.rows("SELECT url FROM documents WHERE id = ?", (entry.doc_id,))
    found.strange += not held or held[0][0] != entry.url
    found.linked += entry.url.startswith(("http://", "https://"))
    for sentence in (*entry.sentences, *entry.opinions, *entry.remarks):
        text = fold_space(store.text_of(sentence.doc_id)[sentence.start : sentence.end])
        found.sentences += 1
        found.loose += text != sentence.text
    text = " ".join(store.text_of(doc) for doc in {sentence.doc_id for sentence in entry.sentences})
    stated = Counter(_NUMBER.findall(text))
    said = _NUMBER.findall(entry.summary)
    found.numbers += len(said)
    found.unstated += sum(number not in stated for number in said)
    if entry.kind is not Kind.NOTES and held:
        words = sum(candidate.words for candidate in candidates(store.document(entry.doc_id)))
        found.long_enough += words >= 40
        found.fitting += words >= 40 and 40 <= count_words(entry.summary) <= 90


def _twice(entries: Sequence[Entry]) -> int:
    urls = Counter(canonical_url(entry.url) for entry in entries if entry.url)
    ids = Counter(entry.doc_id for entry in entries)
    titled = [entry for entry in entries if not entry.title_estimated and entry.kind is not Kind.NOTES]
    same = sum(near(left.title, right.title) for at, left in enumerate(titled) for right in titled[at + 1 : at + 200])
    return sum(n - 1 for n in urls.values()) + sum(n - 1 for n in ids.values()) + same


def _unaccounted(store: Store, digest: Digest) -> int:
    """Documents of the quarter that are accounted for never or more than once, and counts that do not add up."""
    dated = {row[0] for row in store.rows("SELECT id FROM documents WHERE quarter = ?", (digest.quarter,))}
    entries = [entry for section in digest.sections for entry in section.entries]
    places = Counter(doc for entry in entries for doc in (entry.doc_id, *entry.also))
    places.update(left.doc_id for left in (*digest.left_out, *digest.undated))
    covered = digest.coverage
    wrong = covered.in_quarter != covered.shown + covered.left_out + covered.undated
    return sum(places[doc] != 1 for doc in dated) + wrong


def _row(name: str, found: Found) -> Row:
    return {
        "library": name,
        "digests": found.digests,
        "entries": found.entries,
        "strange": found.strange,
        "with a link %": round(100 * found.linked / max(1, found.entries), 1),
        "twice": found.twice,
        "numbers": found.numbers,
        "numbers unstated": found.unstated,
        "sentences": found.sentences,
        "sentences loose": found.loose,
        "unaccounted": found.unaccounted,
        "must-reads foreign": found.foreign,
        "40 to 90 words %": round(100 * found.fitting / max(1, found.long_enough), 1),
    }


def _plain(store: Store) -> Digests:
    glossary, tagger = load_glossary(STARTER / "glossary.tsv"), Tagger()
    return Digests(store, lambda: glossary, lambda: tagger)


def _order(folder: Path) -> float:
    """Of two libraries with the same documents in another order, how many differ: 0 or 1."""
    made: list[list[str]] = []
    for seed in (1, 2):
        quarters = Quarters()
        documents = list(quarters.documents("2024-Q1", 120))
        random.Random(seed).shuffle(documents)
        store = Store(folder / f"order{seed}", clock=FixedClock())
        for at in range(0, len(documents), 40):
            _write(store, quarters, documents[at : at + 40])
        digests = _plain(store)
        made.append([digests.digest(quarter).model_dump_json() for quarter in ("2024-Q1", "2026-Q4")])
        store.close()
    return float(made[0] != made[1])


def _edges(folder: Path) -> float:
    """How many of the dates at the edges of quarters are in another digest than in their own clock's."""
    quarters, wrong = Quarters(), 0
    store = Store(folder / "edges", clock=FixedClock())
    documents = [
        document.model_copy(update={"published": published, "quarter": quarter})
        for document, (published, quarter) in zip(quarters.documents("2024-Q1", len(_EDGES)), _EDGES, strict=True)
    ]
    _write(store, quarters, documents)
    digests = _plain(store)
    for document in documents:
        digest = digests.digest(document.quarter)
        shown = {entry.doc_id for section in digest.sections for entry in section.entries}
        wrong += document.id not in shown
    store.close()
    return float(wrong)


def lists_of(libraries: Libraries) -> list[tuple[Store, Entry]]:
    """The documents of the samples that list many works with remarks, as a digest by human hands does."""
    if "samples" not in libraries:
        return []
    store, digests, _ = libraries["samples"]
    entries = [entry for state in digests.quarters() for entry in _entries(digests.digest(state.quarter))]
    long = {e.doc_id: e for e in entries if e.kind is not Kind.NOTES and len(e.names) >= 2 * LIST}
    return [(store, entry) for _, entry in sorted(long.items())]


def _headed(store: Store, listing: Entry) -> list[tuple[NamedWork, str]]:
    """The works of a list with the heading that each stands under."""
    sections = store.document(listing.doc_id).sections
    made = []
    for work in listing.names:
        at = work.remark.start if work.remark else 0
        own = next((s for s in reversed(sections) if s.start <= at), None)
        above = next((s for s in reversed(sections) if own and s.start < own.start and s.level < own.level), None)
        made.append((work, above.title if above else ""))
    return made


def agreement(store: Store, listing: Entry) -> tuple[Table, float]:
    """Our first topic of each listed work against its section; a section about none of the topics takes the rest."""
    tagger = Tagger()
    headed = _headed(store, listing)
    meant = {title: (tags[0].topic if (tags := tagger.tag(title)) else "") for _, title in headed}
    named = {topic for topic in meant.values() if topic}
    rows: list[Row] = []
    for title in meant:
        works = [work for work, above in headed if above == title]
        topic = meant[title]
        right = sum(work.topic == topic if topic else work.topic not in named for work in works)
        ours = Counter(work.topic or "other" for work in works)
        told = ", ".join(f"{topic} {count}" for topic, count in ours.most_common())
        rows.append({"section": title, "works": len(works), "agree": right, "our topics": told})
    agreed = float(sum(int(str(row["agree"])) for row in rows))
    return Table("topics against the sections of a list by human hands", rows), agreed


def _recommended(store: Store, listing: Entry, folder: Path) -> Table:
    """Our must-reads among a list's works, from its remarks alone, against those that it recommends itself."""
    text = " ".join(sentence.text for sentence in listing.sentences)
    documents, picks = [], set()
    for number, (work, _) in enumerate(_headed(store, listing)):
        remark = work.remark.text if work.remark else ""
        names = {work.title.partition(":")[0], *cues.own_names(work.title, remark)}
        if any(re.search(rf"\b{re.escape(name)}\b", text) for name in names if len(name) > 2):
            picks.add(f"page:{number}")
        given = {"source": "list", "kind": Kind.PAGE, "published": "2023-02-01", "quarter": "2023-Q1"}
        told = {"id": f"page:{number}", "url": work.url, "title": work.title, "text": remark or work.title}
        documents.append(Document.model_validate(given | told | {"content_hash": str(number)}))
    own = Store(folder / "recommended", clock=FixedClock())
    quarters = Quarters()
    _write(own, quarters, documents)
    highlights = _plain(own).digest("2023-Q1").highlights
    own.close()
    both = picks & {highlight.doc_id for highlight in highlights}
    row = {"recommended": len(picks), "our must-reads": len(highlights), "of these recommended": len(both)}
    return Table("must-reads against those of a list, from its remarks alone (no bar: n is tiny)", [row])


def _rouge(libraries: Libraries, lists: Sequence[Entry]) -> Table:
    """ROUGE-1 of our summaries, and of plain ways to shorten, against the remarks of lists on the same works."""
    rows: list[Row] = []
    for listing in lists:
        for work in listing.names:
            for store, digests, _ in libraries.values():
                abstract = store.rows("SELECT quarter FROM documents WHERE id = ?", (f"arxiv:{work.key}",))
                if not abstract or work.remark is None:
                    continue
                entries = _entries(digests.digest(abstract[0][0]))
                ours = next(entry.summary for entry in entries if entry.doc_id == f"arxiv:{work.key}")
                told = [candidate.text for candidate in candidates(store.document(f"arxiv:{work.key}"))]
                human = work.remark.text
                rows.append(
                    {
                        "work": work.title[:50],
                        "ours": rouge(ours, human),
                        "first two": rouge(" ".join(told[:2]), human),
                        "first three": rouge(" ".join(told[:3]), human),
                        "last three": rouge(" ".join(told[-3:]), human),
                    }
                )
    return Table(
        f"ROUGE-1 against a list's remarks, at most {ROUGE_WORDS} words, for works whose abstract a library has",
        rows,
        ("abstracts of the starter library are the product's own words, not the authors'",),
    )


def rouge(made: str, human: str) -> float:
    """Return the F1 of the words that two texts share, the first cut at the words that a summary may have."""
    left = Counter(_WORD.findall(" ".join(made.split()[:ROUGE_WORDS]).lower()))
    right = Counter(_WORD.findall(human.lower()))
    shared = sum((left & right).values())
    return 2 * shared / (left.total() + right.total()) if shared else 0.0
