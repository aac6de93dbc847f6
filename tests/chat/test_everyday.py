"""Everyday words: what stands for what, and what must not."""

from chat._everyday import kin_of, long_words


def test_a_word_has_its_others_in_both_languages_and_not_itself():
    kin = kin_of("rescued")
    assert frozenset({"keep"}) in kin
    assert frozenset({"保留"}) in kin
    assert all("rescu" not in form for form in kin)


def test_endings_are_seen_through_and_names_have_no_others():
    assert kin_of("emitted") == () or kin_of("emits") == kin_of("emit")
    assert kin_of("emissions") == kin_of("emission")
    assert kin_of("gptq") == ()


def test_a_long_chinese_word_is_kept_together():
    assert long_words("训练排放二氧化碳多吗") == ["训练排放", "二氧化碳", "多吗"]
    assert long_words("流水线") == ["流水线"]
