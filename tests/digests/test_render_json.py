"""A digest as the contract for scripts states it."""

import json

from digests.render_json import render_json, to_json
from tests.digests.samples import full, hostile

ENTRY = {"doc_id", "title", "authors", "url", "published", "topics", "summary", "sentences", "code_urls"}


def test_it_has_the_keys_of_the_contract_and_no_others() -> None:
    made = to_json(full())
    assert set(made) == {
        "quarter", "title", "summary", "highlights", "sections", "earlier", "left_out", "undated", "coverage",
    }  # fmt: skip
    assert {frozenset(one) for one in made["sections"]} == {frozenset({"topic", "entries"})}
    entries = [one for section in made["sections"] for one in section["entries"]] + made["earlier"]
    assert all(set(one) == ENTRY for one in entries)
    assert {frozenset(one) for entry in entries for one in entry["sentences"]} == {
        frozenset({"text", "chunk_id", "start", "end"})
    }
    assert {frozenset(one) for one in made["highlights"] + made["left_out"]} == {frozenset({"doc_id", "reason"})}
    assert made["undated"] == ["page:x#1"]
    assert made["coverage"] == {"in_quarter": 10, "shown": 7, "left_out": 2, "undated": 1, "failed_sources": 1}


def test_its_text_is_json_whatever_titles_hold() -> None:
    assert json.loads(render_json(hostile())) == to_json(hostile())
