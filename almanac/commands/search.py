"""Find passages by meaning and by words, in English and Chinese.

Operators in the question: "exact phrase", -not, topic:serving, kind:notes, source:name,
since:2024-01, until:2024, lang:zh, label:very-good, doc:ID.

Examples:
  python -m almanac search "why do pipeline bubbles shrink with more microbatches"
  python -m almanac search "流水线气泡 kind:notes" -k 5
  python -m almanac search --batch questions.jsonl --json
"""

import argparse
from collections.abc import Callable

from almanac.commands._output import FieldError, add_batch, add_json, print_json, run_batch, take
from almanac.library import Almanac
from kb.errors import AlmanacError
from kb.topics import load_topics
from kb.types import Hit, Kind, Query, SearchResult

NAME = "search"
HELP = "find passages by meaning and by words"
MAX_HITS = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("query", nargs="?", help="the question or words")
    parser.add_argument("-k", type=int, default=10, help=f"how many hits (1 to {MAX_HITS}, default 10)")
    parser.add_argument("--topic", action="append", default=[], help="only this topic (may be given again)")
    parser.add_argument("--kind", action="append", default=[], choices=[str(k) for k in Kind], help="only this kind")
    parser.add_argument("--source", action="append", default=[], help="only sources whose name holds this")
    parser.add_argument("--since", default="", help="not before, as 2024, 2024-01 or 2024-01-31")
    parser.add_argument("--until", default="", help="not after")
    parser.add_argument("--language", choices=["en", "zh", "mixed", "other"], help="only this language")
    parser.add_argument("--no-glossary", action="store_true", help="do not search for the glossary's translations")
    add_batch(parser, '{"id","query","k","topics"?}')
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Search and print the hits."""
    almanac = opener()
    if args.batch:
        return run_batch(args.batch, lambda request: _answer(almanac, request))
    if args.query is None:
        raise AlmanacError("No question is given.", 'Put one in quotes: python -m almanac search "KV cache"')
    query = Query(
        text=args.query,
        topics=tuple(args.topic),
        kinds=tuple(Kind(kind) for kind in args.kind),
        sources=tuple(args.source),
        since=args.since,
        until=args.until,
        language=args.language,
        limit=_limit(args.k),
        expand=not args.no_glossary,
    )
    _check_topics(query.topics)
    result = almanac.search(query)
    if args.json:
        print_json(to_json(result))
    else:
        _print(result)
    return 0


def _limit(k: int) -> int:
    if not 1 <= k <= MAX_HITS:
        raise FieldError("k", f"is {k}; it must be from 1 to {MAX_HITS}")
    return k


def _check_topics(topics: tuple[str, ...]) -> None:
    for topic in topics:
        if topic not in load_topics():
            raise FieldError("topics", f"{topic!r} is unknown; use one of {', '.join(load_topics())}")


def _answer(almanac: Almanac, request: dict[str, object]) -> dict[str, object]:
    topics = tuple(take(request, "topics", list, []))
    if not all(isinstance(topic, str) for topic in topics):
        raise FieldError("topics", "must be a list of strings")
    _check_topics(topics)
    query = Query(text=take(request, "query", str), topics=topics, limit=_limit(take(request, "k", int, 10)))
    return to_json(almanac.search(query))


def to_json(result: SearchResult) -> dict[str, object]:
    """Return a result as the contract for scripts states it."""
    return {
        "hits": [_hit(rank, hit) for rank, hit in enumerate(result.hits, 1)],
        "expanded": list(result.expanded),
        "notices": list(result.notices),
        "suggestions": list(result.suggestions),
    }


def _hit(rank: int, hit: Hit) -> dict[str, object]:
    return {
        "rank": rank,
        "score": hit.score,
        "matched": hit.matched,
        "chunk_id": hit.chunk.id,
        "doc_id": hit.document.id,
        "title": hit.document.title,
        "url": hit.document.url,
        "kind": hit.document.kind,
        "path": list(hit.chunk.path),
        "text": hit.chunk.text,
        "published": hit.document.published,
        "topics": list(hit.document.topics),
        "why": hit.why,
    }


def _print(result: SearchResult) -> None:
    for notice in result.notices:
        print(f"note: {notice}\n")
    if result.expanded:
        print(f"also searched: {', '.join(result.expanded[:12])}\n")
    for rank, hit in enumerate(result.hits, 1):
        print(f"{rank}. {' › '.join((hit.document.title, *hit.chunk.path[-3:]))}")
        text = " ".join(hit.chunk.text.split())
        print(f"   {text[:300]}{'…' if len(text) > 300 else ''}")
        line = (
            hit.document.kind,
            hit.document.published or hit.document.quarter,
            ", ".join(hit.document.topics),
            hit.why,
        )
        print(f"   {' · '.join(part for part in line if part)}\n   {hit.chunk.id}\n")
    if not result.hits:
        print("Nothing in the library matches. Try fewer words, the other language, or no filters.")
        if result.suggestions:
            print(f"Words of the library that are spelled like yours: {', '.join(result.suggestions)}")
