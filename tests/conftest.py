"""What every test stands on: an empty home of its own, a clean environment, loopback only.

Sockets to anything but loopback are refused by pytest-socket, as pyproject.toml configures it.
Sample documents and evaluation sets may lie beside the repository; tests that want them skip
where they do not.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import FakeEmbedder, FixedClock

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
LOOPBACK = "127.0.0.1,localhost,::1"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a home of its own and none of the caller's settings; the folder is not made yet."""
    for name in list(os.environ):
        if name.startswith("ALMANAC_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("ALMANAC_HOME", str(folder))
    # A proxy of the machine's would swallow requests to servers that tests start.
    monkeypatch.setenv("NO_PROXY", LOOPBACK)
    monkeypatch.setenv("no_proxy", LOOPBACK)
    return folder


@pytest.fixture(autouse=True)
def _environment_is_restored() -> Iterator[None]:
    """Undo what the product writes into the environment, so that tests may run in any order."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def embedder() -> FakeEmbedder:
    """A deterministic embedder that costs nothing and records its calls."""
    return FakeEmbedder()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that moves only when told to."""
    return FixedClock()


@pytest.fixture
def seeds() -> Path:
    """Return the folder of sample documents beside the repository, or skip."""
    return _beside("seeds")


@pytest.fixture
def eval_dir() -> Path:
    """Return the folder of evaluation sets beside the repository, or skip."""
    return _beside("eval")


def _beside(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"there is no ../shared/{name} beside the repository")
    return folder


@pytest.fixture(autouse=True)
def audible() -> None:
    """Undo what other packages do to logging: their set-up silences loggers made before."""
    logging.disable(logging.NOTSET)
    for name in ("almanac", "almanac.ui"):
        logger = logging.getLogger(name)
        logger.disabled, logger.propagate = False, True
