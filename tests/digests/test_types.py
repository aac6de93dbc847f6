"""digests.types: what is promised of the vocabulary, apart from how it is filled."""

import pytest
from pydantic import ValidationError

from digests.types import BuildState, Coverage, Digest, Edits, Opinion, SourceSentence
from tests.digests.samples import digest, entry, full, hostile


def test_digests_survive_json_whatever_they_hold() -> None:
    for made in (full(), hostile(), digest()):
        assert Digest.model_validate_json(made.model_dump_json()) == made


def test_an_opinion_is_a_sentence_with_labels() -> None:
    told = SourceSentence(text="good", doc_id="notes:n.md", chunk_id="notes:n.md#1", start=0, end=4)
    opinion = Opinion(**told.model_dump(), labels=("good",))
    assert isinstance(opinion, SourceSentence)
    held = entry(opinions=(opinion,))
    assert type(held).model_validate_json(held.model_dump_json()).opinions[0].labels == ("good",)


def test_types_are_frozen_and_refuse_unknown_fields() -> None:
    with pytest.raises(ValidationError):
        digest().title = "Another"
    with pytest.raises(ValidationError):
        Edits.model_validate({"heading": "Mine"})
    with pytest.raises(ValidationError):
        Coverage.model_validate({"in_quarter": 1})


def test_a_quarter_never_built_has_an_empty_state() -> None:
    assert BuildState().built_at == BuildState().fingerprint == ""
    assert BuildState().changes.added == ()
