"""The router's data files: every name in them is known to the calculators, to the other files or to the rules."""

from calculators import discover
from chat.router._lexicon import lexicon, read_data
from chat.router._spelling import _ordinary


def test_every_calculator_is_described_by_its_own_inputs_and_outputs() -> None:
    described, known = read_data("calculators"), discover()
    assert set(described) == set(known)
    for name, entry in described.items():
        inputs = set(known[name].inputs.model_json_schema(by_alias=True)["properties"])
        for part in ("fields", "symbols", "choices"):
            assert set(entry.get(part, {})) <= inputs, (name, part)
        assert {output for output, _ in entry.get("output", [])} <= {output.name for output in known[name].outputs}


def test_fields_are_filled_from_known_quantities_and_choices() -> None:
    quantities, choices = read_data("quantities"), read_data("choices")
    for name, entry in read_data("calculators").items():
        for field, sources in entry.get("fields", {}).items():
            assert {source for source in sources if not source.endswith("_any")} <= set(quantities), (name, field)
        assert {group for group in entry.get("choices", {}).values() if isinstance(group, str)} <= set(choices), name


def test_conditions_name_concepts_that_exist() -> None:
    concepts = set(read_data("concepts"))
    for name, entry in read_data("calculators").items():
        for _, condition in (*entry.get("score", []), *entry.get("output", [])):
            for word in condition.replace("|", " ").split():
                plain = word.removeprefix("!")
                if plain.isupper() and plain[0].isalpha():
                    assert plain in concepts or plain.removesuffix("_ASKED") in concepts, (name, condition)


def test_everyday_words_are_never_mended() -> None:
    speller = lexicon().speller
    assert [word for word in _ordinary() if speller.mend(word) != word] == []
    everyday = "their about which letter butter works stating better paper water house question meeting worst".split()
    assert [word for word in everyday if speller.mend(word) != word] == []


def test_misspelt_words_of_the_trade_are_mended() -> None:
    speller = lexicon().speller
    slips = {"bubbel": "bubble", "quantizaton": "quantization", "chekpoint": "checkpoint", "gradeint": "gradient"}
    assert {word: speller.mend(word) for word in slips} == slips
