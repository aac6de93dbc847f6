"""One request to arXiv's API at a time, with time-outs, a size limit, patience and manners.

The `arxiv` package states the endpoint's query language and builds the address. Its session, its
retries and its parser stay unused, as measured on 4.0.2: no time-out and no size limit, Retry-After
ignored, a retry without any delay after a reset, pages that are no Atom taken for “no papers”, half
an answer read as a whole one, and one odd date that ends the run. The raw body goes to the reader
that files go to, so that a fetched paper equals the same paper from a file.

Refuses redirects, bodies over the limit and encodings nobody asked for. Invariant: only the
configured address is contacted, at most `TRIES` times for one answer, each in a turn of `Spacing`.
"""

import queue
import random
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

import httpx

from ingest._arxiv_feed import Refused
from ingest._spacing import Spacing
from kb.errors import FetchError, ParseError, SourceError

TRIES = 3
DEADLINE = 3.0
"""Most time for one request from its start to the last byte, in time-outs."""
_LATER = "Wait a few minutes, then fetch again."
T = TypeVar("T")


class _Broken(FetchError):
    """A connection that broke off; another may hold."""


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes = b""
    retry_after: str = ""
    location: str = ""


@dataclass(frozen=True)
class Client:
    """Asks the API; stateless but for the turns it takes."""

    base_url: str
    spacing: Spacing
    timeout: float
    """Seconds to connect, and between two packets."""
    max_body: int
    """Bytes, decompressed."""
    user_agent: str
    jitter: Callable[[], float] = random.random
    """Between 0 and 1: lengthens pauses, so that many who failed together do not return together."""

    def address(self, ids: Sequence[str]) -> str:
        """Return the address that answers with the papers of those ids."""
        import arxiv  # a third of a second, for a library that is mostly read offline

        package = arxiv.Client(page_size=len(ids))
        package.query_url_format = self.base_url + "?{}"
        made: str = package._format_url(arxiv.Search(id_list=list(ids), max_results=len(ids)), 0, len(ids))
        return made

    def get(self, address: str, read: Callable[[bytes], T]) -> T:
        """Return what `read` makes of the answer; one that it cannot read is asked for again.

        Raises:
            FetchError: no answer: network, time-out, size, redirect, status.
            ParseError: answers only that `read` refused; at once where arXiv refused the query.
        """
        error: SourceError = FetchError(f"{self._host} was not asked.", _LATER)
        for attempt in range(TRIES):
            with self.spacing.turn():
                try:
                    answer = self._ask(address)
                    if not _passes(answer.status):
                        return self._judge(answer, read)
                    error = self._busy(answer.status)
                    asked = _seconds(answer.retry_after, self.spacing.clock())
                except Refused:
                    raise
                except (_Broken, ParseError) as broken:
                    error, asked = broken, 0.0
                self.spacing.pause(max(asked, self.spacing.seconds * 2**attempt * (1 + self.jitter())))
                if asked > self.spacing.patience:
                    raise self._told_to_wait(answer.status, asked)
        raise error

    def _judge(self, answer: _Answer, read: Callable[[bytes], T]) -> T:
        if answer.status == 200:
            return read(answer.body)
        if 300 <= answer.status < 400:
            raise FetchError(
                f"{self._host} redirects to {answer.location[:200] or 'nowhere'}; redirects are not followed.",
                "Networks that want a login do this: open any page in a browser; else check the setting ARXIV_URL.",
            )
        if b"<feed" in answer.body[:2000]:
            read(answer.body)  # raises what arXiv says of the query
        raise FetchError(f"{self._host} answered with status {answer.status}.", "Check the ids, then fetch again.")

    @property
    def _host(self) -> str:
        return urlsplit(self.base_url).hostname or self.base_url

    def _busy(self, status: int) -> FetchError:
        if status == 429:
            return FetchError(f"{self._host} is asked too often (status 429, after {TRIES} tries).", _LATER)
        return FetchError(f"{self._host} is out of order (status {status}, after {TRIES} tries).", _LATER)

    def _told_to_wait(self, status: int, seconds: float) -> FetchError:
        until = datetime.fromtimestamp(self.spacing.clock() + seconds, UTC)
        return FetchError(
            f"{self._host} answered with status {status} and asks to wait {seconds:.0f} seconds.",
            f"Try again after {until:%H:%M} UTC.",
        )

    def _ask(self, address: str) -> _Answer:
        """Return one answer within the deadline.

        The exchange has a thread of its own: looking up a name and reading headers that come byte by
        byte know no deadline.
        """
        box: queue.SimpleQueue[_Answer | BaseException] = queue.SimpleQueue()
        connected = threading.Event()
        headers = {"User-Agent": self.user_agent, "Accept": "application/atom+xml", "Accept-Encoding": "gzip"}
        with httpx.Client(timeout=self.timeout, headers=headers, follow_redirects=False) as client:

            def exchange() -> None:
                try:
                    box.put(self._read(client, address, connected))
                except BaseException as error:  # noqa: BLE001 - raised again where the answer is awaited
                    box.put(error)
                finally:
                    connected.set()

            threading.Thread(target=exchange, daemon=True, name="arxiv").start()
            if not connected.wait(self.timeout):
                self._name(httpx.ConnectTimeout("name or address"))
            try:
                result = box.get(timeout=self.timeout * DEADLINE)
            except queue.Empty:
                raise FetchError(
                    f"{self._host} did not finish its answer within {self.timeout * DEADLINE:g} seconds.", _LATER
                ) from None
        if isinstance(result, BaseException):
            self._name(result)
        return result

    def _read(self, client: httpx.Client, address: str, connected: threading.Event) -> _Answer:
        def trace(event: str, _: Mapping[str, object]) -> None:
            if event == "connection.connect_tcp.complete":
                connected.set()

        with client.stream("GET", address, extensions={"trace": trace}) as response:
            headers = response.headers
            answer = _Answer(
                response.status_code,
                retry_after=headers.get("Retry-After", ""),
                location=headers.get("Location", ""),
            )
            if _passes(answer.status) or 300 <= answer.status < 400:
                return answer
            return _Answer(answer.status, self._body(response))

    def _body(self, response: httpx.Response) -> bytes:
        """Return the body, inflated no further than the limit."""
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise FetchError(f"{self._host} answers in the encoding {encoding[:40]!r}, not asked for.", _LATER)
        inflater = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
        body = bytearray()
        for part in response.iter_raw():
            body += inflater.decompress(part, self.max_body + 1 - len(body)) if inflater else part
            if len(body) > self.max_body:
                raise FetchError(
                    f"The answer of {self._host} is longer than {self.max_body / 1e6:g} MB.",
                    "Fetch fewer papers at once, or raise the setting MAX_BODY.",
                )
        if inflater and not inflater.eof:
            raise _Broken(f"The answer of {self._host} ends early.", _LATER)
        return bytes(body)

    def _name(self, error: BaseException) -> NoReturn:
        """Raise what happened to a request, in the reader's words."""
        host, network = self._host, "Check the network, then fetch again; everything else works without it."
        if isinstance(error, httpx.ConnectTimeout):
            message = f"The network or {host} cannot be reached: no connection within {self.timeout:g} seconds."
            raise FetchError(message, network) from error
        if isinstance(error, httpx.TimeoutException):
            raise FetchError(f"{host} sent nothing for {self.timeout:g} seconds.", _LATER) from error
        if isinstance(error, httpx.ConnectError) and "CERTIFICATE" in str(error):
            message = f"{host} does not prove that it is {host}: {error}."
            raise FetchError(message, "Check this machine's clock, the proxy, and the setting ARXIV_URL.") from error
        if isinstance(error, httpx.ConnectError | httpx.ProxyError):
            raise FetchError(f"The network or {host} cannot be reached: {error}.", network) from error
        if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError | zlib.error):
            raise _Broken(f"The connection to {host} broke off: {error}.", _LATER) from error
        if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
            raise FetchError(f"{host} cannot be asked: {error}.", "Check the setting ARXIV_URL.") from error
        raise error


def _passes(status: int) -> bool:
    """Whether a status says that the server is busy or unwell, which passes."""
    return status == 429 or status >= 500


def _seconds(retry_after: str, now: float) -> float:
    """Seconds to wait by a Retry-After header, given in seconds or as a date; 0 where it says nothing."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
