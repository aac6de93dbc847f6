"""The isolation that the other tests rely on."""

import os
import socket
import threading
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from pytest_socket import SocketConnectBlockedError

from kb.embed import Embedder
from kb.settings import load_settings
from tests.fakes import FakeEmbedder, FixedClock


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_connecting_beyond_loopback_is_refused() -> None:
    # 192.0.2.0/24 is reserved for documentation: nothing answers there.
    with pytest.raises(SocketConnectBlockedError), socket.create_connection(("192.0.2.1", 80), timeout=1):
        pytest.fail("a connection beyond loopback was made")


def test_loopback_servers_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        greeter = threading.Thread(target=lambda: server.accept()[0].sendall(b"hello"))
        greeter.start()
        with socket.create_connection(server.getsockname()[:2], timeout=5) as client:
            assert client.recv(5) == b"hello"
        greeter.join()


def test_each_test_has_a_home_of_its_own(home: Path, tmp_path: Path) -> None:
    assert home.parent == tmp_path
    assert not home.exists()
    assert load_settings().home == home


def test_settings_of_the_caller_do_not_reach_tests() -> None:
    assert [name for name in os.environ if name.startswith("ALMANAC_")] == ["ALMANAC_HOME"]


def test_fake_embedder_keeps_the_promises_of_an_embedder(embedder: FakeEmbedder) -> None:
    promised: Embedder = embedder
    vectors = promised.embed(["paged attention", "attention, paged!", "流水线并行", ""])
    assert vectors.shape == (4, promised.dim)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert vectors[0] @ vectors[1] == pytest.approx(1)
    assert np.array_equal(promised.embed_query("流水线并行"), vectors[2])
    assert promised.count_tokens(["paged attention"]) == [4]
    assert promised.embed([]).shape == (0, promised.dim)
    assert embedder.embedded == ["paged attention", "attention, paged!", "流水线并行", ""]
    assert embedder.queries == ["流水线并行"]


def test_fake_embedder_ranks_by_shared_words(embedder: FakeEmbedder) -> None:
    query = embedder.embed_query("pipeline bubble")
    near, far = embedder.embed(["the bubble of a pipeline schedule", "weights are rounded to four bits"])
    assert query @ near > query @ far


def test_fake_embedder_fails_when_told() -> None:
    embedder = FakeEmbedder(fail=RuntimeError("out of memory"))
    with pytest.raises(RuntimeError, match="out of memory"):
        embedder.embed(["text"])


def test_fixed_clock_moves_only_when_told(clock: FixedClock) -> None:
    start = clock()
    assert clock() == start
    assert clock.advance(hours=2) - start == timedelta(hours=2)
    assert clock().tzinfo is not None
