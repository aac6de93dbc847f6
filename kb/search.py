"""Hybrid search over the library: keywords and vectors, one filter, one ranking.

A leg that is blind for a question stays out of its ranking. Read only; knows no user interface.
Invariant: every filter and operator gives the same set in both legs.
"""

import difflib
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kb._highlight import highlight, matched_words
from kb._ranking import POOL, Folded, Scored, common_path, fold, fuse, vector_share
from kb.glossary import Expansion, Glossary
from kb.query import ParsedQuery, parse_query
from kb.store import Store
from kb.store.retrieval import Rows, keyword_rows, keyword_scores, matching_rows, quote, vocabulary
from kb.text import fold_space, is_term_like, language_of, normalise, query_terms, stem, tokens
from kb.types import Chunk, Hit, Query, SearchResult
from kb.vector_leg import Vector, VectorLeg

MAX_TERMS = 48
MAX_EMBEDDED = 4000
"""Characters of a question that are embedded."""
TERM_SHARE = 0.15
TRANSLATED_SHARE = 0.4
EXPANSION_WEIGHT = 0.5
LONGEST_ABBREVIATION = 6
_WORD = re.compile("[a-z0-9]+")
SPARE = 4
"""Hits ranked beyond those wanted: headings take the passages below them along."""
EXPANSION_CAP, TERM_EXPANSION_CAP = 1.0, 0.5
"""The most that the glossary's terms may add, as a share of the best score of the question's own."""
EXACT_BONUS = 0.35
FAINT = 0.25
"""Below this cosine a passage that shares no word with the question is no answer, but noise."""


@dataclass(frozen=True)
class _Question:
    """A parsed query with what both legs and the hits need of it."""

    parsed: ParsedQuery
    terms: list[list[str]]
    expansions: Sequence[Expansion]
    short: bool

    @property
    def exact(self) -> bool:
        """Whether hits must be looked at letter by letter."""
        return self.short or bool(self.parsed.phrases or self.parsed.without)


class Searcher:
    """Answers queries over one library."""

    def __init__(self, store: Store, glossary: Glossary) -> None:
        self._store = store
        self._glossary = glossary

    def search(self, query: Query, leg: VectorLeg | None, notices: Sequence[str] = ()) -> SearchResult:
        """Return the best passages for a query.

        Args:
            leg: the vector leg, or None where no embedder is loaded: keywords alone then serve.
            notices: what the caller knows of the state of the legs, passed through.
        """
        began = time.perf_counter()
        parsed = parse_query(query)
        expansions = self._glossary.expand(parsed.text) if query.expand and parsed.text else []
        asked = _Question(parsed, query_terms(parsed.text)[:MAX_TERMS], expansions, is_term_like(parsed.text))
        allowed = self._allowed(parsed)
        if parsed.text:
            scored = self._rank(asked, allowed, leg)
        else:
            # Filters alone: the passages they leave, in the order of the library.
            scored = [Scored(int(row), 0.0, 0.0, 0.0) for row in (allowed[: POOL * 2] if allowed is not None else ())]
        hits = self._hits(asked, scored)
        return SearchResult(
            query=parsed.query,
            hits=tuple(hits),
            expanded=tuple(dict.fromkeys(term for e in expansions for term in _terms_of(e))),
            notices=tuple(notices),
            suggestions=tuple(self._suggestions(parsed.text)) if query.suggest and parsed.text and not hits else (),
            total_candidates=len(scored),
            milliseconds=(time.perf_counter() - began) * 1000,
        )

    def similar(self, chunk: Chunk, leg: VectorLeg | None, limit: int = 10) -> tuple[Hit, ...]:
        """Return passages of other documents that are like one: by its vector, else by its rarest words."""
        query = Query(text=chunk.text, limit=limit, expand=False)
        stored = leg.vector_of(chunk.id) if leg is not None else None
        terms = self._rare_terms(chunk.text)
        asked = _Question(ParsedQuery("", query), terms, (), False)
        keyword = keyword_scores(self._store, _any_of(t for group in terms for t in group), None, POOL)
        near = leg.nearest(stored, None, POOL) if leg is not None and stored is not None else {}
        chunks = self._store.chunks_by_row(list(keyword.keys() | near.keys()))
        scored = [s for s in fuse(keyword, near, 0.7 if near else 0.0) if chunks[s.row].doc_id != chunk.doc_id]
        return tuple(self._hits(asked, scored[: limit * 4]))

    def _rare_terms(self, text: str, count: int = 16) -> list[list[str]]:
        terms = query_terms(text)
        found = vocabulary(self._store, [group[0] for group in terms])
        return sorted(terms, key=lambda group: found.get(group[0], 1))[:count]

    def _allowed(self, parsed: ParsedQuery) -> Rows | None:
        """Return the rows that pass filters and phrases, None where all do."""
        allowed = matching_rows(self._store, parsed.query)
        for phrase in parsed.phrases:
            # The words select; the hits are then compared letter by letter.
            needed = " AND ".join(quote(token) for token in _content_tokens(phrase))
            if needed:
                rows = keyword_rows(self._store, needed)
                allowed = rows if allowed is None else np.intersect1d(allowed, rows)
        return allowed

    def _rank(self, asked: _Question, allowed: Rows | None, leg: VectorLeg | None) -> list[Scored]:
        keyword = self._keyword_leg(asked, allowed)
        share, vector = self._vector_for(asked, leg)
        near: dict[int, float] = {}
        if leg is not None and vector is not None:
            near = leg.nearest(vector, allowed, POOL)
            near |= leg.cosines(vector, [row for row in keyword if row not in near])
            if not keyword:
                near = {row: cosine for row, cosine in near.items() if cosine >= FAINT}
        return fuse(keyword, near, share if near else 0.0)

    def _keyword_leg(self, asked: _Question, allowed: Rows | None) -> dict[int, float]:
        scores = keyword_scores(self._store, _any_of(t for group in asked.terms for t in group), allowed, POOL * 2)
        extra = " OR ".join(
            "(" + " AND ".join(quote(token) for token in phrase) + ")"
            for phrase in _expansion_phrases(asked)[:MAX_TERMS]
        )
        found = keyword_scores(self._store, extra, allowed, POOL)
        weight = EXPANSION_WEIGHT
        if scores and found:
            # A concept has many names; together they must not outweigh the reader's own words.
            cap = TERM_EXPANSION_CAP if asked.short else EXPANSION_CAP
            weight = min(weight, cap * max(scores.values()) / max(found.values()))
        for row, score in found.items():
            scores[row] = scores.get(row, 0.0) + weight * score
        return scores

    def _vector_for(self, asked: _Question, leg: VectorLeg | None) -> tuple[float, Vector | None]:
        """Return the vector leg's weight and the question's vector, None where the leg is blind for it."""
        text = asked.parsed.text
        if leg is None or not tokens(text):
            return 0.0, None
        share = vector_share(len(asked.terms))
        if language_of(text) != "en" and "zh" not in leg.embedder.languages:
            if not asked.parsed.query.expand:
                return 0.0, None
            text, share = self._glossary.to_english(text), TRANSLATED_SHARE
            if not tokens(text):
                return 0.0, None
        if asked.short:
            share = min(share, TERM_SHARE)
        return share, leg.embedder.embed_query(text[:MAX_EMBEDDED])

    def _hits(self, asked: _Question, scored: Sequence[Scored]) -> list[Hit]:
        """Turn the ranking into hits: exact matches first, phrases enforced, near twins folded."""
        limit = asked.parsed.query.limit
        ranked = self._exact(asked, scored) if asked.exact else self._read(scored[: limit * 8], 2 * limit + SPARE)
        best = self._with_contents(fold(ranked, limit + SPARE))[:limit]
        infos = self._store.infos_by_id(list({item.chunk.doc_id for item in best}))
        terms = {token for group in asked.terms for token in group}
        extra = {token for e in asked.expansions for word in _terms_of(e) for token in tokens(word)} - terms
        explain = asked.parsed.query.explain
        made = []
        for item in best:
            chunk = self._joined(item)
            made.append(
                Hit(
                    chunk=chunk,
                    document=infos[chunk.doc_id],
                    score=round(item.score, 6),
                    matched=_matched(item.scored),
                    meaning=round(item.scored.vector, 6),
                    why=_why(item, chunk, terms, extra) if explain else "",
                    highlights=highlight(chunk.text, terms | extra) if explain else (),
                    others=(*(c.id for c in item.joined if c.id != chunk.id), *item.twins),
                )
            )
        return made

    def _read(self, scored: Sequence[Scored], at_once: int) -> Iterator[tuple[float, Scored, Chunk]]:
        """Give candidates with their passages, read as they are asked for: few are folded away."""
        for start in range(0, len(scored), at_once):
            part = scored[start : start + at_once]
            chunks = self._store.chunks_by_row([item.row for item in part])
            yield from ((item.score, item, chunks[item.row]) for item in part)

    def _with_contents(self, folded: list[Folded]) -> list[Folded]:
        """Join a heading that stands alone with the first passage below it: by itself it answers nothing."""
        shown = {chunk.id: item for item in folded for chunk in item.joined}
        kept: list[Folded] = []
        gone: set[int] = set()
        for item in folded:
            if id(item) in gone:
                continue
            kept.append(item)
            last = item.joined[-1]
            if len(item.joined) > 1 or not last.path or fold_space(last.text) != fold_space(last.path[-1]):
                continue
            below = self._store.chunks("d.id = ? AND c.ordinal = ?", (last.doc_id, last.ordinal + 1))
            if not below or below[0].path[: len(last.path)] != last.path:
                continue
            other = shown.get(below[0].id)
            item.joined = [last, *(other.joined if other else below)]
            gone.add(id(other))
        return kept

    def _joined(self, item: Folded) -> Chunk:
        """Return a hit's passage: the best one's id and ordinal, the span of all that join it."""
        if len(item.joined) == 1:
            return item.chunk
        start, end = item.joined[0].start, item.joined[-1].end
        text = self._store.text_of(item.chunk.doc_id)[start:end]
        path = common_path(item.joined)
        return item.chunk.model_copy(update={"start": start, "end": end, "text": text, "path": path})

    def _exact(self, asked: _Question, scored: Sequence[Scored]) -> list[tuple[float, Scored, Chunk]]:
        chunks = self._store.chunks_by_row([item.row for item in scored])
        needle = fold_space(normalise(asked.parsed.text))
        kept: list[tuple[float, Scored, Chunk]] = []
        for item in scored:
            chunk = chunks[item.row]
            form = fold_space(normalise("\n".join((*chunk.path, chunk.text))))
            if any(p not in form for p in asked.parsed.phrases) or any(p in form for p in asked.parsed.without):
                continue
            bonus = EXACT_BONUS if asked.short and needle and needle in form else 0.0
            kept.append((item.score + bonus, item, chunk))
        kept.sort(key=lambda entry: (-entry[0], entry[2].id))
        return kept

    def _suggestions(self, text: str) -> list[str]:
        """Return words of the library that are spelled like those of a question that found nothing."""
        words = [w for w in fold_space(normalise(text)).split() if len(w) > 3 and w.isascii()]
        if not words:
            return []
        held = vocabulary(self._store)
        # The index knows stems; whole words come from the glossary, identifiers stand as they are.
        whole = {word for word in self._glossary.words() if not held.keys().isdisjoint(tokens(word))}
        known = sorted(whole | {token for token in held if stem(token) == token and token not in whole})
        return list(dict.fromkeys(m for w in words for m in difflib.get_close_matches(w, known, n=2, cutoff=0.8)))


def _terms_of(expansion: Expansion) -> tuple[str, ...]:
    """The terms that an expansion adds.

    Translations always. Of other names in the same language, those of a Chinese or a compound term; of a single
    English word only what it abbreviates: its synonyms are as common as the word, and bury what it finds.
    Those of everyday words are noise.
    """
    if expansion.field == "general":
        return expansion.translations
    own = expansion.term
    if expansion.language == "zh" or len(_WORD.findall(own.lower())) > 1:
        return (*expansion.translations, *expansion.variants)
    return (*expansion.translations, *(v for v in expansion.variants if _abbreviates(own, v)))


def _abbreviates(short: str, name: str) -> bool:
    """Tell whether a word is made of a name's initials: KV for key-value."""
    initials = "".join(word[0] for word in _WORD.findall(name.lower()))
    return 2 <= len(initials) <= LONGEST_ABBREVIATION and short.lower().removesuffix("s") == initials


def _content_tokens(phrase: str) -> list[str]:
    # The last character of a CJK run is a token of its own, which the middle of a longer run lacks.
    return [token for token in tokens(phrase) if len(token) > 1 or token.isascii()]


def _expansion_phrases(asked: _Question) -> list[list[str]]:
    """Return the tokens of each glossary term that the question does not hold already."""
    have = {token for group in asked.terms for token in group}
    found: list[list[str]] = []
    for expansion in asked.expansions:
        for word in _terms_of(expansion):
            parts = _content_tokens(word)
            if parts and not have.issuperset(parts) and parts not in found:
                found.append(parts)
    return found


def _any_of(found: Iterable[str]) -> str:
    return " OR ".join(quote(token) for token in dict.fromkeys(found))


def _matched(item: Scored) -> str:
    return "both" if item.keyword and item.vector else "keyword" if item.keyword else "vector"


def _why(item: Folded, chunk: Chunk, terms: set[str], extra: set[str]) -> str:
    text = "\n".join((*chunk.path, chunk.text))
    own, glossary = matched_words(text, highlight(text, terms | extra), terms)
    parts = [f"words: {', '.join(own[:6])}"] if own else []
    if glossary and item.scored.keyword:
        parts.append(f"glossary: {', '.join(glossary[:4])}")
    if item.scored.vector > 0:
        parts.append(f"meaning {item.scored.vector:.2f}")
    if item.twins:
        parts.append(f"the same words in {len(item.twins)} more places")
    return " · ".join(parts)
