"""One request and its answer, over a connection whose other end was checked.

Owns name look-up, the check of every address at the moment of connecting, time-outs, the total
deadline, and what each fault of the network is called. Follows nothing, repeats nothing, keeps no
connection and no cookie. Invariant: bytes go only to an address that passed the check; Host and
the certificate's name stay those of the address as given, so a name that changes its mind between
check and connection gains nothing.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NoReturn

import certifi
import httpcore
import httpx

from ingest._coding import CutOff, read_beginning, read_body, too_large
from ingest._failures import NotFetched
from ingest._hosts import is_public, is_reachable, literal

_MOST_ADDRESSES = 4
"""Addresses of one name that are tried."""
_NOTICE = 1 << 16
"""Bytes of an error's page that are looked at."""
_NETWORK = "Check this machine's network; what is in the library stays usable without it."
_LATER = "It is tried again later. If it lasts, open the address in a browser."


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def connect(address: str, port: int, timeout: float) -> httpcore.NetworkStream:
    """Return a connection to an IP address. Raises httpcore's ConnectError and ConnectTimeout."""
    return httpcore.SyncBackend().connect_tcp(address, port, timeout)


def is_own(stream: httpcore.NetworkStream) -> bool:
    """Tell whether a connection leads back to this very machine, by one of its public addresses."""
    ours, theirs = stream.get_extra_info("client_addr"), stream.get_extra_info("server_addr")
    return bool(ours and theirs and ours[0] == theirs[0])


@dataclass(frozen=True)
class Network:
    """The operations of the operating system that a request needs; tests give their own."""

    resolve: Callable[[str, int], Sequence[str]] = resolve
    connect: Callable[[str, int, float], httpcore.NetworkStream] = connect
    is_own: Callable[[httpcore.NetworkStream], bool] = is_own


@dataclass(frozen=True)
class Limits:
    """What one exchange may cost."""

    timeout: float
    """Seconds to connect, and between two packets."""
    max_body: int
    """Bytes, decoded."""
    allow_private: bool = False
    proxy: str = ""


@dataclass
class Budget:
    """Seconds left for all exchanges of one fetch together."""

    seconds: float
    host: str = ""
    _until: float = field(default=0.0, init=False)

    def start(self, host: str) -> None:
        """Let the time run."""
        self.host = host
        self._until = time.monotonic() + self.seconds

    def stop(self) -> None:
        """Keep what is left for the next exchange."""
        self.seconds = max(0.0, self._until - time.monotonic())

    def left(self, most: float | None) -> float:
        """Return the seconds that the next step may take. Raises NotFetched where none are left."""
        left = self._until - time.monotonic()
        if left <= 0:
            message = f"{self.host} did not finish its answer in time: it sends too slowly or without end."
            raise NotFetched("timeout", message, _LATER)
        return left if most is None else min(left, most)


@dataclass(frozen=True)
class Answer:
    """What came back. `body` is whole for status 200, the beginning of the page for errors, else empty."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name; the first value where one is repeated."""
    body: bytes = b""


def exchange(url: httpx.URL, headers: Mapping[str, str], *, network: Network, limits: Limits, budget: Budget) -> Answer:
    """Ask once and return the answer.

    Raises:
        NotFetched: whatever hindered it.
    """
    host = url.host
    # A proxy looks names up itself; addresses that need no looking up are judged here.
    open_ = is_reachable if limits.allow_private else is_public
    if limits.proxy and (address := literal(host)) and not open_(str(address)):
        raise _closed(host, [str(address)])
    budget.start(host)
    backend = _Backend(network, limits, budget)
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), limits.timeout)
    request = httpcore.Request(
        b"GET",
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=[(b"Host", url.netloc), *((n.encode("ascii"), v.encode("latin-1")) for n, v in headers.items())],
        extensions={"timeout": timeouts},
    )
    try:
        with _pool(backend, limits.proxy) as pool:
            response = pool.handle_request(request)
            try:
                return _read(response, host, limits)
            finally:
                response.close()
    except httpcore.ConnectTimeout as error:
        message = f"{host} cannot be reached: no connection within {limits.timeout:g} seconds."
        raise NotFetched("timeout", message, _NETWORK) from error
    except httpcore.TimeoutException as error:
        budget.left(None)
        raise NotFetched("timeout", f"{host} sent nothing for {limits.timeout:g} seconds.", _LATER) from error
    except CutOff as error:
        raise NotFetched("reset", f"The answer of {host} ends early.", _LATER) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, OSError) as error:
        _name(host, error)
    finally:
        budget.stop()


def _pool(backend: "_Backend", proxy: str) -> httpcore.ConnectionPool:
    if proxy:
        return httpcore.HTTPProxy(
            proxy, ssl_context=_trust(), max_keepalive_connections=0, network_backend=backend.to_proxy()
        )
    return httpcore.ConnectionPool(ssl_context=_trust(), max_keepalive_connections=0, network_backend=backend)


@cache
def _trust() -> ssl.SSLContext:
    """Return the certificates believed in: Mozilla's, and those of this machine."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context


def _read(response: httpcore.Response, host: str, limits: Limits) -> Answer:
    headers: dict[str, str] = {}
    for name, value in response.headers:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    pieces: Iterable[bytes] = response.iter_stream()
    coding = headers.get("content-encoding", "")
    if response.status == 200:
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:18]) > limits.max_body:
            raise too_large(host, limits.max_body)
        return Answer(200, headers, read_body(pieces, coding, limits.max_body, host))
    if response.status < 400:
        return Answer(response.status, headers)
    return Answer(response.status, headers, _notice(pieces, coding, host))


def _notice(pieces: Iterable[bytes], coding: str, host: str) -> bytes:
    """Return the beginning of an error's page; one that breaks off does not matter."""
    try:
        return read_beginning(pieces, coding, _NOTICE, host)
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
        return b""


class _Backend(httpcore.NetworkBackend):
    """Connects to the address that was checked, whatever the name says a moment later."""

    def __init__(self, network: Network, limits: Limits, budget: Budget, *, trusting: bool = False) -> None:
        self._network = network
        self._limits = limits
        self._budget = budget
        self._trusting = trusting or limits.allow_private

    def to_proxy(self) -> "_Backend":
        """Return a backend for the proxy of the settings, which may stand in the own network."""
        return _Backend(self._network, self._limits, self._budget, trusting=True)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Look the host up, leave out closed networks, and connect to what remains."""
        limit = self._budget.left(self._limits.timeout)
        found = [str(address)] if (address := literal(host)) else self._look_up(host, port, limit)
        open_ = is_reachable if self._trusting else is_public
        allowed = [one for one in found if open_(one)][:_MOST_ADDRESSES]
        if not allowed:
            raise _closed(host, found)
        for index, one in enumerate(allowed):
            try:
                share = self._budget.left(limit / (len(allowed) - index))
                stream = self._network.connect(one, port, share)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if index + 1 == len(allowed):
                    raise
                continue
            if not self._trusting and self._network.is_own(stream):
                stream.close()
                raise _closed(host, [one])
            return _Stream(stream, self._budget)
        raise _closed(host, found)

    def _look_up(self, host: str, port: int, limit: float) -> list[str]:
        """Return the addresses of a name within the time: the system's look-up knows no time-out."""
        box: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                box.put(list(self._network.resolve(host, port)))
            except (OSError, UnicodeError) as error:
                box.put(error)

        threading.Thread(target=ask, daemon=True, name=f"look-up of {host}").start()
        try:
            found = box.get(timeout=limit)
        except queue.Empty:
            message = f"The name {host} could not be looked up within {limit:.3g} seconds."
            raise NotFetched("dns", message, _NETWORK) from None
        if isinstance(found, list) and found:
            return found
        message = f"There is no host of the name {host}, or the name server cannot be reached."
        hint = "Check the spelling of the address and this machine's network."
        raise NotFetched("dns", message, hint) from (found if isinstance(found, Exception) else None)


class _Stream(httpcore.NetworkStream):
    """A connection of which every step keeps to the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, budget: Budget) -> None:
        self._inner = inner
        self._budget = budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._budget.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._budget.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._inner.start_tls(ssl_context, server_hostname, self._budget.left(timeout))
        return _Stream(stream, self._budget)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


def _closed(host: str, addresses: Sequence[str]) -> NotFetched:
    shown = ", ".join(addresses[:3])
    where = f"{host} leads to {shown}" if addresses != [host] else host
    hint = "If you trust this host, set ALLOW_PRIVATE_HOSTS; any source could then reach your own network."
    if not any(is_reachable(one) for one in addresses):
        hint = "Such addresses are never asked: machines keep their own keys there."
    return NotFetched("private-address", f"{where}, which is no address of the open internet; it is not asked.", hint)


def _name(host: str, error: Exception) -> NoReturn:
    """Raise what a fault of the network is called."""
    # httpcore hides the cause of its exceptions, and keeps it as their argument.
    cause = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
    if isinstance(cause, ssl.SSLError):
        if isinstance(cause, ssl.SSLCertVerificationError):
            message = f"{host} does not prove that it is {host}: {cause.verify_message.rstrip('.')}."
            hint = "Check this machine's clock; if it is right, the site must mend its certificate."
        else:
            message = f"No secure connection to {host} comes about: {cause.reason or cause}."
            hint = "Open the address in a browser; if it has none either, try it with http."
        raise NotFetched("tls", message, hint) from error
    if isinstance(cause, ConnectionRefusedError):
        message = f"{host} refuses connections: no server runs at that address."
        raise NotFetched("refused", message, "Check the address and its port, and try again later.") from error
    if isinstance(error, httpcore.ConnectError):
        raise NotFetched("unreachable", f"{host} cannot be reached: {cause}.", _NETWORK) from error
    if isinstance(error, httpcore.ProxyError):
        raise NotFetched("unreachable", f"The proxy does not reach {host}: {error}.", "Check PROXY.") from error
    words = str(error)
    if isinstance(error, httpcore.RemoteProtocolError) and not any(
        part in words for part in ("disconnected", "incomplete", "without sending complete")
    ):
        message = f"What {host} answers is no HTTP: {words[:200]}."
        raise NotFetched("protocol", message, "Check the address, and its port.") from error
    if isinstance(error, httpcore.LocalProtocolError):
        raise NotFetched("protocol", f"{host} cannot be asked: {words[:200]}.", "Check the address.") from error
    raise NotFetched("reset", f"The connection to {host} broke off: {words or 'no answer'}.", _LATER) from error
