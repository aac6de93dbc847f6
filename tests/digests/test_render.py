"""Every form in which a digest leaves the library, by name."""

import pytest

from digests.render import FORMS, OF_MANY
from tests.digests.samples import SAMPLES, cited, full


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SAMPLES)
def test_each_form_is_text_that_any_disk_holds_and_equal_each_time(form: str, name: str) -> None:
    made = FORMS[form].render(SAMPLES[name](), cited())
    assert made == FORMS[form].render(SAMPLES[name](), cited())
    assert made.endswith("\n")
    made.encode("utf-8")


def test_forms_of_many_quarters_are_forms() -> None:
    assert set(OF_MANY) <= set(FORMS)
    assert all(make([full()]) for make in OF_MANY.values())
