"""A model file from its publisher to the disk: resumed after a break, checked before it counts.

Owns the `.part` file and the note beside it. Refuses what is no GGUF, what has another hash than its publisher
states, and every address but https (http to this machine, for tests). Invariant: a file under its final name
is whole; whatever broke a download off, what was fetched stays for the next attempt.
"""

import errno
import hashlib
import ipaddress
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from kb.errors import FetchError
from kb.llm._guard import MAGIC
from kb.store.lock import exclusive

ATTEMPTS = 5
"""Breaks without any progress between them after which a download is given up."""
REDIRECTS = 5
SPARE = 256_000_000
"""Bytes that are left free on the disk."""
CHUNK = 1 << 20
Report = Callable[[str, int, int], None]
"""Told the step (`fetching` or `checking`), bytes done and bytes in all, 0 where that is unknown."""


@dataclass(frozen=True)
class Fetched:
    """A file that was fetched."""

    path: Path
    sha256: str
    verified: bool
    """Whether the publisher states a hash; it is then this one."""


@dataclass
class _Order:
    """One download under way."""

    client: httpx.Client
    url: str
    path: Path
    sha256: str
    report: Report
    cancelled: Callable[[], bool]
    pause: float
    total: int = 0
    etag: str = ""
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def part(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part")

    @property
    def note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part.json")

    @property
    def have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0


def fetch_model(
    url: str,
    path: Path,
    *,
    sha256: str = "",
    user_agent: str = "",
    timeout: float = 20.0,
    report: Report = lambda step, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
    pause: float = 1.0,
) -> Fetched | None:
    """Fetch a model file; None where it was cancelled, and then the next call goes on from there.

    Args:
        sha256: the hash that is known already; else the publisher's header is asked for it.
        pause: seconds before going on after the first break; later ones wait longer.
    Raises:
        FetchError: the address, the network, the disk or the file's content is at fault; the hint says what helps.
        Locked: another process fetches it.
    """
    _check_address(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    headers = {"accept-encoding": "identity"} | ({"user-agent": user_agent} if user_agent else {})
    lock = path.with_name("download.lock")
    near = _near(urlsplit(url).hostname or "")
    with (
        exclusive(lock, f"fetching {path.name}", 0, "A model is being fetched"),
        httpx.Client(headers=headers, timeout=timeout, trust_env=not near) as client,
    ):
        order = _Order(client, url, path, sha256, report, cancelled, pause)
        try:
            return _finish(order) if _fetch(order) else None
        except OSError as error:
            raise _disk_fault(order, error) from error


def _fetch(order: _Order) -> bool:
    """Fetch what is missing, again after each break; False where it was cancelled."""
    breaks = 0
    while True:
        before = order.have
        try:
            with order.stack:
                return _request(order)
        except httpx.HTTPError as error:
            breaks = 1 if order.have > before else breaks + 1
            if breaks >= ATTEMPTS:
                raise FetchError(
                    f"{order.path.name} could not be fetched from {_host(order.url)}: {error or type(error).__name__}.",
                    f"{_size(order.have)} are kept; try again and it goes on from there.",
                ) from error
        until = time.monotonic() + min(order.pause * 2 ** (breaks - 1), 30)
        while time.monotonic() < until:
            if order.cancelled():
                return False
            time.sleep(min(0.05, order.pause))


def _request(order: _Order) -> bool:
    """Ask for what is missing and write it down; False where it was cancelled."""
    headers = {}
    note = _read_note(order)
    if order.have and note.get("url") == order.url and note.get("etag"):
        headers = {"range": f"bytes={order.have}-", "if-range": note["etag"]}
    response = _follow(order, headers)
    if response.status_code == 416 and headers:
        # What is there is not the beginning of what is offered now, or all of it: the hash decides.
        if order.have and order.have == order.total:
            return True
        order.part.unlink(missing_ok=True)
        response = _follow(order, {})
    if response.status_code >= 400 or response.status_code == 204:
        raise _refusal(order, response.status_code)
    resumed = response.status_code == 206 and _starts_at(response, order.have)
    length = int(response.headers.get("content-length") or 0)
    start = order.have if resumed else 0
    order.total = order.total or (start + length if length else 0)
    order.etag = response.headers.get("etag", "")
    strong = order.etag if not order.etag.startswith("W/") else ""
    order.note.write_text(json.dumps({"url": order.url, "etag": strong}), encoding="utf-8")
    _check_room(order, start)
    return _write(order, response, start)


def _follow(order: _Order, headers: dict[str, str]) -> httpx.Response:
    """Send the request through redirects; note what the publisher states of size and hash on the way."""
    url = order.url
    for _ in range(REDIRECTS + 1):
        response = order.client.send(order.client.build_request("GET", url, headers=headers), stream=True)
        order.stack.callback(response.close)
        stated = response.headers.get("x-linked-etag", "").strip('"').lower()
        if re.fullmatch("[0-9a-f]{64}", stated) and not order.sha256:
            order.sha256 = stated
        size = response.headers.get("x-linked-size", "")
        order.total = int(size) if size.isdigit() else order.total
        if not response.is_redirect:
            found = re.fullmatch(r"bytes (?:\*|\d+-\d+)/(\d+)", response.headers.get("content-range", ""))
            order.total = int(found[1]) if found else order.total
            return response
        url = urljoin(url, response.headers.get("location", ""))
        _check_address(url)
    raise FetchError(f"{_host(order.url)} sends the request in circles.", "Fetch the file with a browser.")


def _write(order: _Order, response: httpx.Response, start: int) -> bool:
    done = start
    with order.part.open("r+b" if start else "wb") as file:
        file.seek(start)
        for data in response.iter_bytes():
            if done == 0 and not data.startswith(MAGIC):
                _discard(order)
                raise FetchError(f"{_host(order.url)} answers with something that is no GGUF file.", _BY_HAND)
            file.write(data)
            done += len(data)
            if order.total and done > order.total:
                raise FetchError(f"{_host(order.url)} sends more than it announced.", _BY_HAND)
            order.report("fetching", done, order.total)
            if order.cancelled():
                return False
        file.flush()
        os.fsync(file.fileno())
    if done < order.total:
        raise httpx.RemoteProtocolError(f"it ended after {_size(done)} of {_size(order.total)}")
    return True


def _finish(order: _Order) -> Fetched | None:
    """Check what was fetched and give it its name."""
    digest, done, total = hashlib.sha256(), 0, order.have
    with order.part.open("rb") as file:
        while data := file.read(CHUNK):
            digest.update(data)
            done += len(data)
            order.report("checking", done, total)
            if order.cancelled():
                return None
    found = digest.hexdigest()
    if order.sha256 and found != order.sha256:
        _discard(order)
        raise FetchError(
            f"{order.path.name} does not have the hash that is published for it; it was thrown away.",
            "Fetch it again; if that repeats, the file or the line to it is not to be trusted.",
        )
    order.part.replace(order.path)
    order.note.unlink(missing_ok=True)
    return Fetched(order.path, found, bool(order.sha256))


_BY_HAND = "Fetch the file with a browser and put it into the library's folder `models`."


def _check_room(order: _Order, start: int) -> None:
    free = shutil.disk_usage(order.path.parent).free
    if order.total and order.total - start + SPARE > free:
        raise FetchError(
            f"{order.path.name} needs {_size(order.total - start)} more; "
            f"{_size(free)} are free, of which {_size(SPARE)} are left alone.",
            "Free some space, or choose a smaller model.",
        )


def _disk_fault(order: _Order, error: OSError) -> FetchError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FetchError(f"The disk is full; {_size(order.have)} of {order.path.name} are kept.", "Free some space.")
    return FetchError(f"{order.path.parent} cannot be written: {error.strerror or error}.", "Check the folder.")


def _refusal(order: _Order, status: int) -> FetchError:
    host = _host(order.url)
    if status in (401, 403):
        return FetchError(
            f"{host} gives {order.path.name} only to accounts that accepted its terms ({status}).", _BY_HAND
        )
    if status in (404, 410):
        return FetchError(
            f"{host} does not have {order.path.name} ({status}).", "Look for it there, or choose another."
        )
    if status == 429 or status >= 500:
        # Passing trouble: counted as a break, so that it is tried again.
        raise httpx.RemoteProtocolError(f"it answers {status}")
    return FetchError(f"{host} refuses {order.path.name} ({status}).", _BY_HAND)


def _starts_at(response: httpx.Response, offset: int) -> bool:
    return bool(response.headers.get("content-range", "").startswith(f"bytes {offset}-"))


def _read_note(order: _Order) -> dict[str, str]:
    try:
        found = json.loads(order.note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # Without it the file is fetched from its beginning.
        return {}
    return found if isinstance(found, dict) else {}


def _discard(order: _Order) -> None:
    order.part.unlink(missing_ok=True)
    order.note.unlink(missing_ok=True)


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _near(parts.hostname or "")):
        return
    raise FetchError(f"Models are fetched over https only, not from {parts.scheme}://{parts.netloc}.", _BY_HAND)


def _near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
