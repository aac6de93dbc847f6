"""A generated library: documents in two languages of realistic length and vocabulary, with vectors.

Words follow Zipf's law over the glossary's terms and made-up words; each document leans to the
words of one of many clusters, and its vectors lie around that cluster's centre, so that searches
find few passages well and many a little, as in a real library. No model is run. Equal seeds give
equal libraries.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from almanac import Almanac
from kb.glossary import read_concepts
from kb.store import Prepared
from kb.store.writer import embed_hash
from kb.types import Chunk, Document, Kind

GLOSSARY = Path(__file__).resolve().parent.parent / "starter" / "glossary.tsv"
TOPICS = ("parallelism", "quantization", "serving", "hardware", "compression")
PER_DOCUMENT = 12
CHINESE_SHARE = 0.2
CLUSTERS = 250
CLUSTER_WORDS = 40
BATCH = 200
FUNCTION_WORDS = (
    "the of and to a in is that for it as with on are by this be from at or an which can not we have has but more when "
    "each one two than its their into between over so where only also these while then about after before under"
).split()
CHINESE_FUNCTION = "的 是 在 和 了 有 与 对 可以 这 个 以及 通过 进行 使用 因此 如果 我们 其中 需要".split()
SYLLABLES = "ba de fi go ku la mi no pa re si to va xe zo tra ple sti gen mon ter cal lor ver dis com pro".split()

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Vocabulary:
    """Words of one language by Zipf's law, commonest first."""

    words: tuple[str, ...]
    bounds: npt.NDArray[np.float64]
    """Sums of the chances of all words up to each."""
    joint: str
    """What stands between words."""

    def pick(self, random: np.random.Generator, count: int) -> list[str]:
        """Return words drawn by their chances."""
        return [self.words[i] for i in np.searchsorted(self.bounds, random.random(count))]


@dataclass(frozen=True)
class Question:
    """A generated question and its kind."""

    text: str
    kind: str


class Generator:
    """Makes documents, vectors and questions of one invented library."""

    def __init__(self, dim: int, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        self.english, self.chinese = _english(self._random), _chinese(self._random)
        centres = self._random.standard_normal((CLUSTERS, dim)).astype(np.float32)
        self._centres = centres / np.linalg.norm(centres, axis=1, keepdims=True)
        self._own = {
            vocabulary.joint: self._random.integers(60, len(vocabulary.words), (CLUSTERS, CLUSTER_WORDS))
            for vocabulary in (self.english, self.chinese)
        }

    def _words(self, vocabulary: Vocabulary, cluster: int, count: int) -> list[str]:
        words = vocabulary.pick(self._random, count)
        own = self._own[vocabulary.joint][cluster]
        for at in np.flatnonzero(self._random.random(count) < 0.2):
            words[at] = vocabulary.words[own[min(int(self._random.exponential(8)), CLUSTER_WORDS - 1)]]
        return words

    def _passage(self, vocabulary: Vocabulary, cluster: int) -> str:
        """About 130 words in sentences, some shorter and some longer, as the chunker makes them."""
        left = int(np.clip(self._random.normal(130, 45), 12, 190))
        stop = ". " if vocabulary.joint else "。"
        sentences = []
        while left > 0:
            words = self._words(vocabulary, cluster, min(left, int(self._random.integers(7, 26))))
            left -= len(words)
            sentences.append(vocabulary.joint.join(words))
        return stop.join(sentences) + stop.strip()

    def documents(self, chunks: int) -> Iterator[Prepared]:
        """Yield documents with that many chunks in all, ready to be written."""
        for number in range(-(-chunks // PER_DOCUMENT)):
            yield self._document(number, min(PER_DOCUMENT, chunks - number * PER_DOCUMENT))

    def _document(self, number: int, size: int) -> Prepared:
        random = self._random
        vocabulary = self.chinese if random.random() < CHINESE_SHARE else self.english
        cluster = int(random.integers(CLUSTERS))
        passages = [self._passage(vocabulary, cluster) for _ in range(size)]
        year, month = int(random.integers(2017, 2027)), int(random.integers(1, 13))
        kind = (Kind.NOTES, Kind.RSS, Kind.ARXIV, Kind.PAGE)[number % 4]
        document = Document(
            id=f"{kind}:generated#{number}",
            source="generated",
            kind=kind,
            title=vocabulary.joint.join(self._words(vocabulary, cluster, 6)),
            published=f"{year}-{month:02d}-15",
            quarter=f"{year}-Q{(month + 2) // 3}",
            language="en" if vocabulary is self.english else "zh",
            text="\n\n".join(passages),
            content_hash=str(number),
        )
        chunks = list(_chunks(document, passages))
        noise = (
            random.standard_normal((size, self._centres.shape[1])).astype(np.float32) / self._centres.shape[1] ** 0.5
        )
        vectors = self._centres[cluster] + 0.8 * noise
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        # One document in four has no topic, one in eight two.
        topics = [
            (TOPICS[int(t)], 0.9, "generated") for t in random.permutation(5)[: (0, 1, 1, 1, 1, 1, 0, 2)[number % 8]]
        ]
        made = {embed_hash(c.embed_text): (vectors[i], 200) for i, c in enumerate(chunks)}
        return Prepared(document, chunks, topics=topics, vectors=made)

    def questions(self, count: int) -> list[Question]:
        """Return questions of four kinds in turn: short, long, Chinese, a single term."""
        made = []
        for number in range(count):
            cluster = int(self._random.integers(CLUSTERS))
            kind = ("short", "long", "Chinese", "term")[number % 4]
            made.append(Question(self._question(kind, cluster), kind))
        return made

    def _question(self, kind: str, cluster: int) -> str:
        if kind == "term":
            return self.english.words[int(self._own[" "][cluster][0])]
        vocabulary = self.chinese if kind == "Chinese" else self.english
        own = [vocabulary.words[i] for i in self._own[vocabulary.joint][cluster][:12]]
        picked = [own[i] for i in self._random.permutation(12)[: {"short": 3, "long": 6, "Chinese": 4}[kind]]]
        common = vocabulary.pick(self._random, {"short": 3, "long": 10, "Chinese": 4}[kind])
        words = [word for pair in zip(common, picked, strict=False) for word in pair] + common[len(picked) :]
        return vocabulary.joint.join(words) + ("" if vocabulary.joint else "？")


def _chunks(document: Document, passages: Sequence[str]) -> Iterator[Chunk]:
    at = 0
    for ordinal, text in enumerate(passages):
        yield Chunk(
            id=f"{document.id}#{ordinal}",
            doc_id=document.id,
            ordinal=ordinal,
            path=(document.title,),
            text=text,
            start=at,
            end=at + len(text),
            embed_text=f"{document.title}\n{text}",
        )
        at += len(text) + 2


def write_library(almanac: Almanac, generator: Generator, chunks: int, fingerprint: str) -> None:
    """Write a generated library of that many chunks into an empty one and bring its index up to date."""
    with almanac.store.write("generating") as writer:
        source = writer.open_source("generated", "generated")
        batch: list[Prepared] = []
        for item in generator.documents(chunks):
            batch.append(item)
            if len(batch) == BATCH:
                writer.write_documents(source, batch, fingerprint)
                batch = []
        writer.write_documents(source, batch, fingerprint)
    almanac.update_index()


def _zipf(count: int) -> npt.NDArray[np.float64]:
    sums = np.cumsum(1 / (np.arange(count) + 2.7))
    return np.asarray(sums / sums[-1])


def _english(random: np.random.Generator) -> Vocabulary:
    terms = [word for concept in read_concepts(GLOSSARY) for term in concept.english for word in term.split()]
    made = ["".join(SYLLABLES[i] for i in random.integers(0, len(SYLLABLES), n)) for n in random.integers(2, 6, 24_000)]
    known = [terms[i] for i in random.permutation(len(terms))]
    words = tuple(dict.fromkeys([*FUNCTION_WORDS, *known, *made]))
    return Vocabulary(words, _zipf(len(words)), " ")


def _chinese(random: np.random.Generator) -> Vocabulary:
    terms = [term for concept in read_concepts(GLOSSARY) for term in concept.chinese]
    letters = sorted({letter for term in terms for letter in term if "\u4e00" <= letter <= "\u9fff"})
    made = ["".join(letters[i] for i in random.integers(0, len(letters), 2)) for _ in range(12_000)]
    known = [terms[i] for i in random.permutation(len(terms))]
    words = tuple(dict.fromkeys([*CHINESE_FUNCTION, *known, *made]))
    return Vocabulary(words, _zipf(len(words)), "")
