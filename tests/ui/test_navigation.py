"""ui.navigation: every page module is a page, in order, with a path of its own."""

import pytest

from ui.links import PATHS
from ui.navigation import discover, pages


@pytest.mark.parametrize("module", discover(), ids=lambda module: module.__name__)
def test_a_page_declares_itself(module: object) -> None:
    assert isinstance(module.TITLE, str)
    assert module.TITLE
    assert module.URL_PATH.strip("/") == module.URL_PATH
    assert isinstance(module.ORDER, int)
    assert callable(module.render)
    assert module.__doc__


def test_paths_are_unique_and_search_is_the_home() -> None:
    paths = [module.URL_PATH for module in discover()]
    assert len(set(paths)) == len(paths)
    assert paths[0] == ""
    assert {f"/{path}" for path in paths} >= set(PATHS.values())


def test_the_menu_shows_pages_and_hides_what_needs_an_address() -> None:
    shown = [module.TITLE for module in discover() if getattr(module, "MENU", True)]
    assert shown[0] == "Search"
    assert shown.index("Library") < shown.index("Health")
    assert "Document" not in shown
    assert "Work" not in shown
    assert len(pages()) == len(discover())
