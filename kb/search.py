"""Hybrid search over the library: keywords and vectors, one filter, one ranking.

Scores of the two legs are normalised and summed, never fused by rank alone: where the embedder
cannot read the question, plain rank fusion lets its noise bury the keyword hits. A leg that is
blind for a question stays out. Read only; knows no user interface.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kb._highlight import highlight, matched_words
from kb.embed import Embedder
from kb.errors import AlmanacError, IndexMismatch
from kb.glossary import Expansion, Glossary
from kb.index import VectorIndex
from kb.query import ParsedQuery, parse_query
from kb.store import Store
from kb.store.retrieval import Rows, all_vectors, keyword_scores, matching_rows, quote, vectors_of
from kb.text import fold_space, is_term_like, language_of, normalise, query_terms, tokens
from kb.types import Chunk, Hit, Query, SearchResult

POOL = 150
"""Candidates taken from each leg."""
MAX_TERMS = 48
VECTOR_SHARE, LONG_SHARE = 0.75, 0.5
"""Weight of the vector leg for a question of few and of many words; the rest is the keyword leg's."""
FEW_WORDS, MANY_WORDS = 4, 16
TERM_SHARE = 0.15
TRANSLATED_SHARE = 0.3
EXPANSION_WEIGHT = 0.5
EXACT_BONUS = 0.35
EXACT_LIMIT = 20_000
"""Up to this many vectors an exact scan beats opening and asking the index."""

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Scored:
    row: int
    score: float
    keyword: float
    vector: float


class VectorLeg:
    """Ranks passages by meaning: from the index where it is open, else exactly from stored vectors."""

    def __init__(self, store: Store, embedder: Embedder, index: VectorIndex | None) -> None:
        self.embedder = embedder
        self.index = index
        self._store = store
        self._cache: tuple[int, Rows, Vector] | None = None

    def _matrix(self) -> tuple[Rows, Vector]:
        generation = self._store.generation()
        if self._cache is None or self._cache[0] != generation:
            self._cache = (generation, *all_vectors(self._store, self.embedder.fingerprint))
        return self._cache[1], self._cache[2]

    def nearest(self, vector: Vector, allowed: Rows | None, limit: int) -> dict[int, float]:
        """Return the nearest passages among the allowed: chunk row to cosine."""
        if self.index is not None and allowed is None:
            try:
                if self.index.count() > EXACT_LIMIT:
                    return self._by_index(self.index, vector, limit)
            except IndexMismatch:
                self.index = None
        rows, matrix = self._matrix()
        if allowed is not None:
            chosen = np.flatnonzero(np.isin(rows, allowed, assume_unique=True))
            rows, matrix = rows[chosen], matrix[chosen]
        if not len(rows):
            return {}
        cosines = matrix @ vector
        take = min(limit, len(rows))
        best = np.argpartition(-cosines, take - 1)[:take]
        return {int(rows[i]): float(cosines[i]) for i in best}

    def _by_index(self, index: VectorIndex, vector: Vector, limit: int) -> dict[int, float]:
        found = dict(index.search(vector, limit))
        rows = self._store.rows(
            "SELECT row, id FROM chunks WHERE id IN (SELECT value FROM json_each(?))", (_json(list(found)),)
        )
        return {row: found[key] for row, key in rows}

    def cosines(self, vector: Vector, rows: Sequence[int]) -> dict[int, float]:
        """Return the cosines of the given passages; those without a vector are absent."""
        if self._cache is not None and self._cache[0] == self._store.generation():
            known, matrix = self._cache[1], self._cache[2]
            if not len(known):
                return {}
            wanted = np.asarray(sorted(rows), dtype=np.int64)
            places = np.searchsorted(known, wanted)
            places, wanted = places[places < len(known)], wanted[places < len(known)]
            found = known[places] == wanted
            return dict(zip(wanted[found].tolist(), (matrix[places[found]] @ vector).tolist(), strict=True))
        stored = vectors_of(self._store, self.embedder.fingerprint, rows)
        return {row: float(stored[row] @ vector) for row in stored}


def _json(items: list[str]) -> str:
    import json

    return json.dumps(items)


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
        notes = list(notices)
        allowed = matching_rows(self._store, parsed.query)
        expansions = self._glossary.expand(parsed.text) if query.expand and parsed.text else []
        keyword = self._keyword_leg(parsed, expansions, allowed)
        share, vector = self._vector_for(parsed, expansions, leg)
        near: dict[int, float] = {}
        if leg is not None and vector is not None:
            near = leg.nearest(vector, allowed, POOL)
            near |= leg.cosines(vector, [row for row in keyword if row not in near])
        scored = _fuse(keyword, near, share if near else 0.0)
        if not parsed.text and allowed is not None:
            scored = [_Scored(int(row), 0.0, 0.0, 0.0) for row in allowed[: POOL * 2]]
        hits = self._hits(parsed, expansions, scored)
        return SearchResult(
            query=parsed.query,
            hits=tuple(hits[: query.limit]),
            expanded=tuple(dict.fromkeys(term for e in expansions for term in (*e.translations, *e.variants))),
            notices=tuple(notes),
            total_candidates=len(scored),
            milliseconds=(time.perf_counter() - began) * 1000,
        )

    def _keyword_leg(
        self, parsed: ParsedQuery, expansions: Sequence[Expansion], allowed: Rows | None
    ) -> dict[int, float]:
        terms = query_terms(parsed.text)[:MAX_TERMS]
        scores = keyword_scores(self._store, _any_of(t for group in terms for t in group), allowed, POOL * 2)
        extra = _any_of_phrases(_expansion_phrases(expansions, terms))
        for row, score in keyword_scores(self._store, extra, allowed, POOL).items():
            scores[row] = scores.get(row, 0.0) + EXPANSION_WEIGHT * score
        return scores

    def _vector_for(
        self, parsed: ParsedQuery, expansions: Sequence[Expansion], leg: VectorLeg | None
    ) -> tuple[float, Vector | None]:
        """Return the vector leg's weight and the question's vector, None where the leg is blind for it."""
        if leg is None or not tokens(parsed.text):
            return 0.0, None
        text, share = parsed.text, _share(len(query_terms(parsed.text)))
        if language_of(text) != "en" and "zh" not in leg.embedder.languages:
            text, share = self._glossary.to_english(text), TRANSLATED_SHARE
            if not tokens(text):
                return 0.0, None
        if is_term_like(parsed.text):
            share = min(share, TERM_SHARE)
        return share, leg.embedder.embed_query(text[:4000])

    def _hits(self, parsed: ParsedQuery, expansions: Sequence[Expansion], scored: Sequence[_Scored]) -> list[Hit]:
        """Turn the ranking into hits: exact matches first, required and forbidden phrases enforced."""
        chunks = self._store.chunks_by_row([item.row for item in scored])
        needle = fold_space(normalise(parsed.text))
        short = is_term_like(parsed.text)
        kept: list[tuple[float, _Scored, Chunk]] = []
        for item in scored:
            chunk = chunks.get(item.row)
            if chunk is None:
                continue
            form = fold_space(normalise("\n".join((*chunk.path, chunk.text)))) if _needs_form(parsed, short) else ""
            if any(p not in form for p in parsed.phrases) or any(p in form for p in parsed.without):
                continue
            bonus = EXACT_BONUS if short and needle and needle in form else 0.0
            kept.append((item.score + bonus, item, chunk))
        kept.sort(key=lambda entry: (-entry[0], entry[2].id))
        infos = self._store.infos_by_id(list({chunk.doc_id for _, _, chunk in kept[: parsed.query.limit * 4]}))
        terms = {token for group in query_terms(parsed.text) for token in group}
        extra = {token for e in expansions for word in (*e.translations, *e.variants) for token in tokens(word)}
        made: list[Hit] = []
        for score, item, chunk in kept:
            if len(made) >= parsed.query.limit:
                break
            made.append(
                Hit(
                    chunk=chunk,
                    document=infos[chunk.doc_id],
                    score=round(score, 6),
                    matched="both" if item.keyword and item.vector else "keyword" if item.keyword else "vector",
                    why=_why(chunk, terms, extra, item),
                    highlights=highlight(chunk.text, terms, extra),
                )
            )
        return made


def _share(words: int) -> float:
    """The more words a question has, the more they say by themselves."""
    part = min(1.0, max(0.0, (words - FEW_WORDS) / (MANY_WORDS - FEW_WORDS)))
    return VECTOR_SHARE + part * (LONG_SHARE - VECTOR_SHARE)


def _needs_form(parsed: ParsedQuery, short: bool) -> bool:
    return short or bool(parsed.phrases or parsed.without)


def _why(chunk: Chunk, terms: set[str], extra: set[str], item: _Scored) -> str:
    parts: list[str] = []
    if words := matched_words(chunk, terms):
        parts.append("words: " + ", ".join(words[:6]))
    if item.keyword and (words := matched_words(chunk, extra - terms)):
        parts.append("glossary: " + ", ".join(words[:4]))
    if item.vector > 0:
        parts.append(f"meaning {item.vector:.2f}")
    return " · ".join(parts)


def _any_of(found: object) -> str:
    unique = dict.fromkeys(found)  # type: ignore[call-overload]
    return " OR ".join(quote(token) for token in unique)


def _any_of_phrases(phrases: Sequence[Sequence[str]]) -> str:
    return " OR ".join("(" + " AND ".join(quote(t) for t in phrase) + ")" for phrase in phrases[:MAX_TERMS] if phrase)


def _expansion_phrases(expansions: Sequence[Expansion], terms: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the tokens of each glossary term that the question does not hold already."""
    have = {token for group in terms for token in group}
    found: list[list[str]] = []
    for expansion in expansions:
        for word in (*expansion.translations, *expansion.variants):
            # The last character of a CJK run is a token of its own; in a phrase it says nothing.
            parts = [t for t in tokens(word) if len(t) > 1 or t.isascii()]
            if parts and not have.issuperset(parts) and parts not in found:
                found.append(parts)
    return found


def _fuse(keyword: dict[int, float], near: dict[int, float], share: float) -> list[_Scored]:
    """Sum the two legs' normalised scores; `share` is the vector leg's part."""
    top = max(keyword.values(), default=0.0) or 1.0
    high = max(near.values(), default=0.0)
    # The far end of the pool is what an unrelated passage scores.
    low = min(sorted(near.values(), reverse=True)[:POOL], default=0.0)
    span = (high - low) or 1.0
    scored = []
    for row in keyword.keys() | near.keys():
        words = keyword.get(row, 0.0) / top
        meaning = max(0.0, (near.get(row, low) - low) / span)
        scored.append(_Scored(row, (1 - share) * words + share * meaning, keyword.get(row, 0.0), near.get(row, 0.0)))
    scored.sort(key=lambda item: (-item.score, item.row))
    return scored


__all__ = ["AlmanacError", "Searcher", "VectorLeg"]
