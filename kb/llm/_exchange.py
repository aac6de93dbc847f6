"""One request to a server, read in a thread of its own, so that stopping it never waits for the network.

Owns sockets and time-outs. Knows no JSON. Invariant: once closed, the connection is shut, and the server sees that.
"""

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

POLL = 0.05


@dataclass(frozen=True)
class Limits:
    """How long and how much to take. Seconds and bytes."""

    silence: float
    total: float
    size: int


class TooMuch(Exception):
    """The answer is longer than is taken."""


class TooLong(Exception):
    """The answer as a whole took longer than is waited."""


@dataclass
class Exchange:
    """A request under way; the answer's head comes first, then its bytes."""

    client: httpx.Client
    method: str
    url: str
    limits: Limits
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    answer: httpx.Headers = field(default_factory=httpx.Headers)

    def __post_init__(self) -> None:
        self._arrived: queue.Queue[httpx.Headers | bytes | Exception | None] = queue.Queue(maxsize=1000)
        self._closed = threading.Event()
        self._sockets: list[socket.socket] = []
        self._deadline = time.monotonic() + self.limits.total
        threading.Thread(target=self._run, name="almanac-exchange", daemon=True).start()

    def begin(self, cancelled: Callable[[], bool]) -> bool:
        """Wait for the answer's head; False where that was cancelled.

        Raises:
            httpx.HTTPError, TooLong: there is none.
        """
        return self._next(cancelled) is not None

    def chunks(self, cancelled: Callable[[], bool]) -> Iterator[bytes]:
        """Yield the answer's bytes as they come, to its end or until it is cancelled.

        Raises:
            httpx.HTTPError, TooMuch, TooLong: it broke off.
        """
        while (data := self._next(cancelled)) is not None:
            yield bytes(data)

    def _next(self, cancelled: Callable[[], bool]) -> bytes | None:
        while not cancelled():
            if time.monotonic() > self._deadline:
                raise TooLong
            try:
                item = self._arrived.get(timeout=POLL)
            except queue.Empty:
                continue
            if isinstance(item, Exception):
                raise item
            if isinstance(item, httpx.Headers):
                return b""
            return item
        return None

    def close(self) -> None:
        """Shut the connection, whatever it was waiting for."""
        self._closed.set()
        for held in self._sockets:
            # It may be closed already, which is what is wanted.
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        try:
            with self.client.stream(
                self.method,
                self.url,
                json=self.body,
                headers=self.headers,
                extensions={"trace": self._trace},
                timeout=httpx.Timeout(self.limits.silence, connect=min(10.0, self.limits.silence), pool=10.0),
            ) as response:
                self._hold(response.extensions.get("network_stream"))
                self.status, self.answer = response.status_code, response.headers
                self._put(response.headers)
                size = 0
                for data in response.iter_bytes():
                    size += len(data)
                    if size > self.limits.size:
                        raise TooMuch
                    self._put(data)
            self._put(None)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, TooMuch) as error:
            # Where nobody listens any more, there is nobody to tell.
            with contextlib.suppress(httpx.CloseError):
                self._put(error)

    def _trace(self, name: str, info: dict[str, Any]) -> None:
        if name in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._hold(info.get("return_value"))

    def _hold(self, stream: Any) -> None:
        """Note a connection's socket; one that was made after the end is shut at once."""
        found = stream.get_extra_info("socket") if stream is not None else None
        if found is not None:
            self._sockets.append(found)
            if self._closed.is_set():
                self.close()

    def _put(self, item: httpx.Headers | bytes | Exception | None) -> None:
        while not self._closed.is_set():
            try:
                self._arrived.put(item, timeout=POLL)
                return
            except queue.Full:
                continue
        raise httpx.CloseError("closed")
