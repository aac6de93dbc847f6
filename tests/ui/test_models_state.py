"""The Models page's address and wording."""

import pytest

from ui.models_state import ModelsState, parameters, size


def test_an_address_holds_the_state_and_nothing_else() -> None:
    state = ModelsState(view="server", window=8192)
    assert ModelsState.read(state.parameters()) == state
    assert ModelsState.read({"view": "elsewhere", "window": "17"}) == ModelsState()
    assert ModelsState().href() == "/models"
    assert ModelsState().href(view="server") == "/models?view=server"


@pytest.mark.parametrize(
    ("count", "said"), [(120_000, "0.1 MB"), (49_600_000, "50 MB"), (891_000_000, "891 MB"), (2_500_000_000, "2.5 GB")]
)
def test_sizes_read_as_they_are_compared(count: int, said: str) -> None:
    assert size(count) == said


def test_models_are_named_by_their_parameters() -> None:
    assert parameters(494_000_000) == "494 M"
    assert parameters(4_020_000_000) == "4.0 B"
