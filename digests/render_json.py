"""A digest as the contract for scripts states it: these keys and no others.

Pure. `published` is the date as the source states it; spans are offsets into the text of the
document that the passage belongs to.
"""

import json
from typing import Any

from digests.types import Digest, Entry, SourceSentence

Object = dict[str, Any]


def to_json(digest: Digest) -> Object:
    """Return a digest as a JSON object."""
    covered = digest.coverage
    return {
        "quarter": digest.quarter,
        "title": digest.title,
        "summary": digest.summary,
        "highlights": [{"doc_id": one.doc_id, "reason": one.reason} for one in digest.highlights],
        "sections": [
            {"topic": section.topic, "entries": [_entry(entry) for entry in section.entries]}
            for section in digest.sections
        ],
        "earlier": [_entry(entry) for entry in digest.earlier],
        "left_out": [{"doc_id": one.doc_id, "reason": one.reason} for one in digest.left_out],
        "undated": [one.doc_id for one in digest.undated],
        "coverage": {
            "in_quarter": covered.in_quarter,
            "shown": covered.shown,
            "left_out": covered.left_out,
            "undated": covered.undated,
            "failed_sources": covered.failed_sources,
        },
    }


def _entry(entry: Entry) -> Object:
    return {
        "doc_id": entry.doc_id,
        "title": entry.title,
        "authors": list(entry.authors),
        "url": entry.url,
        "published": entry.published,
        "topics": list(entry.topics),
        "summary": entry.summary,
        "sentences": [_sentence(sentence) for sentence in entry.sentences],
        "code_urls": list(entry.code_urls),
    }


def _sentence(sentence: SourceSentence) -> Object:
    return {"text": sentence.text, "chunk_id": sentence.chunk_id, "start": sentence.start, "end": sentence.end}


def render_json(digest: Digest) -> str:
    """Return a digest as JSON text."""
    return json.dumps(to_json(digest), ensure_ascii=False, indent=1) + "\n"
