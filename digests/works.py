"""Which documents are about one work: a paper's abstract, a post that announces it, a note on it.

Pure. Joined are the same arXiv paper or DOI, the same address in two sources, the same title, and a
post that names a paper and bears its title. Two works are never joined by a guess: a post that only
cites or uses a paper stays a work of its own, and so do two papers. The result does not depend on
the order of the documents.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from digests.titles import LEAST_WORDS, blocks, near, title_key, title_stems, title_words, within
from kb.references import canonical_url, of_url

FAR_APART = 200
"""Days after which the same title of another author is another work: columns and reports recur."""
_TELLS_OF = frozenset(
    "introduc announc paper review explain explained understand summari note read deep dive overview releas now open "
    "sourc blog post stori insid meet walkthrough guid talk slide notes reading "
    "论 文 解 读 精 笔 记 速 介 绍 发 布 开 源".split()
)


class Facts(NamedTuple):
    """What of a document tells which work it is about."""

    id: str
    kind: str
    source: str
    url: str
    title: str
    title_estimated: bool
    authors: tuple[str, ...]
    published: str


def group(documents: Iterable[Facts], named: Mapping[str, frozenset[str]]) -> dict[str, tuple[str, ...]]:
    """Return for each document the ids of all documents about its work, itself among them, in order.

    Args:
        named: arXiv ids that a document names, by document.
    """
    known = {facts.id: facts for facts in sorted(documents)}
    works = _Works(known)
    for left, right in sorted(set(_same_key(known.values()))):
        works.join(left, right)
    for left, right in sorted(set(_about(known, named))):
        works.join(left, right)
    return works.groups()


class _Works:
    """Sets of documents that grow by joining; two papers are never joined."""

    def __init__(self, known: Mapping[str, Facts]) -> None:
        self._root = {doc: doc for doc in known}
        self._papers = {doc: _paper(facts) for doc, facts in known.items()}

    def _find(self, doc: str) -> str:
        while self._root[doc] != doc:
            self._root[doc] = self._root[self._root[doc]]
            doc = self._root[doc]
        return doc

    def join(self, left: str, right: str) -> None:
        """Make one work of two, unless they are two papers."""
        a, b = sorted((self._find(left), self._find(right)))
        if a == b or (self._papers[a] and self._papers[b] and self._papers[a] != self._papers[b]):
            return
        self._root[b] = a
        self._papers[a] = self._papers[a] or self._papers[b]

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return the members of each document's work."""
        members: dict[str, list[str]] = defaultdict(list)
        for doc in self._root:
            members[self._find(doc)].append(doc)
        return {doc: tuple(found) for found in map(sorted, members.values()) for doc in found}


def paper_of(doc_id: str, url: str) -> str:
    """Return the arXiv id of the paper that a document itself is, empty where it is none."""
    if doc_id.startswith("arxiv:"):
        return doc_id.removeprefix("arxiv:")
    kind, key = named_by_address(url)
    return key if kind == "arxiv" else ""


@lru_cache(maxsize=100_000)
def named_by_address(url: str) -> tuple[str, str]:
    """Return kind and key of what an address refers to; a repository's pages are told apart, by their address."""
    reference = of_url(url) if url else None
    if reference is None:
        return "", ""
    return ("url", canonical_url(url)) if reference.kind == "github" else (reference.kind, reference.key)


def _paper(facts: Facts) -> str:
    return paper_of(facts.id, facts.url)


def _same_key(documents: Iterable[Facts]) -> Iterable[tuple[str, str]]:
    """Pairs with the same paper, DOI, address or title."""
    keyed: dict[tuple[str, str], list[Facts]] = defaultdict(list)
    spelled: dict[int, list[Facts]] = defaultdict(list)
    for facts in documents:
        for key in _keys(facts):
            keyed[key].append(facts)
        if not facts.title_estimated:
            for block in blocks(facts.title):
                spelled[block].append(facts)
    for (sort, _), found in keyed.items():
        # A page whose items have no address of their own gives them all its own.
        test = {"url": _same_address, "title": _same_title}.get(sort)
        yield from _pairs(found, test)
    for found in spelled.values():
        yield from _pairs(found, _same_title)


def _keys(facts: Facts) -> Iterable[tuple[str, str]]:
    if paper := _paper(facts):
        yield "arxiv", paper
    kind, key = named_by_address(facts.url)
    if kind in ("doi", "url"):
        yield kind, key.rstrip("/")
    if not facts.title_estimated and title_words(facts.title):
        yield "title", title_key(facts.title)


def _pairs(found: Sequence[Facts], test: Callable[[Facts, Facts], bool] | None) -> Iterable[tuple[str, str]]:
    for at, left in enumerate(found):
        # Chains suffice where all are alike; a test must see each pair.
        for right in found[at + 1 :][: 50 if test else 1]:
            if test is None or test(left, right):
                yield left.id, right.id


def _same_address(left: Facts, right: Facts) -> bool:
    return left.source != right.source or near(left.title, right.title)


def _same_title(left: Facts, right: Facts) -> bool:
    if not near(left.title, right.title):
        return False
    shared = bool(_names(left.authors) & _names(right.authors))
    strangers = bool(left.authors and right.authors) and not shared
    days = _days_apart(left.published, right.published)
    if days is not None and days > FAR_APART and not shared and left.kind == right.kind:
        return False
    if left.source == right.source and left.published != right.published:
        return False
    if len(title_words(left.title)) < LEAST_WORDS:
        return shared or (days is not None and days <= 2 and not strangers)
    return not strangers or left.kind != right.kind


def _names(authors: Iterable[str]) -> set[str]:
    return {words[-1].lower() for author in authors if (words := author.replace(",", " ").split())}


def _days_apart(left: str, right: str) -> int | None:
    if len(left) < 10 or len(right) < 10:
        return None
    return abs((date.fromisoformat(left[:10]) - date.fromisoformat(right[:10])).days)


def _about(known: Mapping[str, Facts], named: Mapping[str, frozenset[str]]) -> Iterable[tuple[str, str]]:
    """Pairs of a post or note and the paper that it names and whose title it bears."""
    for doc, keys in named.items():
        facts = known.get(doc)
        if facts is None or facts.title_estimated or _paper(facts):
            continue
        for key in keys:
            paper = known.get(f"arxiv:{key}")
            if paper is not None and not paper.title_estimated and _bears(facts.title, paper.title):
                yield doc, paper.id


def _bears(title: str, paper: str) -> bool:
    """Tell whether a title is a paper's, with words around it that tell of it."""
    known = {*title_stems(paper), *_TELLS_OF}
    own = [word for word in title_stems(title) if word not in _TELLS_OF]
    head = title_stems(paper.partition(":")[0]) if ":" in paper else ()
    if not own:
        return False
    if head and tuple(own) == head:
        return True
    return len(own) >= LEAST_WORDS and within(title, known) == 1.0
