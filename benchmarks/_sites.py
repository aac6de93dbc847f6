"""Many sites on loopback, a fifth of which misbehave: `python -m benchmarks._sites PORT COUNT`.

Runs in a process of its own, so that serving does not count as syncing. Site n listens at 127.1.0.n (and
on from there), has a page that names its feed at `/feed`, and publishes one more post whenever somebody
asks for `/tick`. Prints a line once all listen. What each misbehaving site does is the same every time.
"""

import asyncio
import gzip
import random
import sys
from collections.abc import Awaitable, Callable
from email.utils import formatdate

FAULTS = (
    "500", "404", "reset", "drip", "silent", "html", "cut off", "bomb", "loop", "429", "endless", "garbage",
    "new guids", "one guid", "lying length", "410",
)  # fmt: skip
POSTS = 20
WORDS = (
    "cache page block batch token stage bubble shard weight gradient scale tile warp kernel queue request prefill "
    "decode router expert layer head rank host link ring tree buffer memory bandwidth latency throughput schedule"
).split()
_EPOCH = 1_700_000_000
_BOMB = gzip.compress(b"<rss>" + b" " * 60_000_000)

Writer = asyncio.StreamWriter


def host_of(number: int) -> str:
    """Return the address of a site, from 1."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


def fault_of(number: int) -> str:
    """Return how a site misbehaves; empty where it does not: four in five do not."""
    return FAULTS[number // 5 % len(FAULTS)] if number % 5 == 0 else ""


class Site:
    """One site: its posts grow with every tick of the clock that all share."""

    def __init__(self, number: int, base: str) -> None:
        self.number = number
        self.base = base
        self.fault = fault_of(number)
        self._random = random.Random(number)
        self._texts: dict[int, str] = {}

    def newest(self, tick: int) -> int:
        """Return the number of the newest post: two sites in three have a new one at a tick."""
        return POSTS + sum((self.number + n) % 3 != 0 for n in range(tick))

    def feed(self, tick: int) -> str:
        """Return the feed."""
        newest = self.newest(tick)
        items = "".join(self._item(n, tick) for n in range(newest, newest - POSTS, -1))
        head = f"<title>Site {self.number}</title><link>{self.base}/</link>"
        return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>'

    def _item(self, number: int, tick: int) -> str:
        guid = f"{self.number}-{number}"
        if self.fault == "new guids":
            guid += f"-{tick}"
        elif self.fault == "one guid":
            guid = "same"
        # Every tenth post is edited at every third tick.
        edited = f"<p>Revised for the {tick // 3}th time.</p>" if number % 10 == 0 and tick >= 3 else ""
        return (
            f"<item><title>Post {number} of site {self.number}</title>"
            f"<link>{self.base}/posts/{number}</link><guid isPermaLink='false'>{guid}</guid>"
            f"<pubDate>{formatdate(_EPOCH + number * 90_000)}</pubDate>"
            f"<description><![CDATA[<h2>Setup</h2>{self._text(number)}{edited}]]></description></item>"
        )

    def _text(self, number: int) -> str:
        if number not in self._texts:
            chosen = random.Random(self.number * 1000 + number)
            paragraphs = [" ".join(chosen.choices(WORDS, k=60)).capitalize() + "." for _ in range(5)]
            self._texts[number] = "".join(f"<p>{words}</p>" for words in paragraphs)
        return self._texts[number]


class Town:
    """All sites, and the clock that they share."""

    def __init__(self, port: int, count: int) -> None:
        self.port = port
        self.tick = 0
        self.sites = {host_of(n): Site(n, f"http://{host_of(n)}:{port}") for n in range(1, count + 1)}

    async def serve(self) -> None:
        """Listen until ended."""
        servers = [await asyncio.start_server(self._visit(site), host, self.port) for host, site in self.sites.items()]
        print(f"listening {len(servers)}", flush=True)
        await asyncio.Event().wait()

    def _visit(self, site: Site) -> Callable[[asyncio.StreamReader, Writer], Awaitable[None]]:
        async def visit(reader: asyncio.StreamReader, writer: Writer) -> None:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                await self._answer(site, head.split(" ")[1], head, writer)
                await writer.drain()
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                # Whoever asked went away: with some of these sites that is to be expected.
                writer.transport.abort()
            finally:
                writer.close()

        return visit

    async def _answer(self, site: Site, path: str, head: str, writer: Writer) -> None:
        if path == "/tick":
            self.tick += 1
            _send(writer, 200, str(self.tick).encode())
        elif path == "/":
            link = '<link rel="alternate" type="application/rss+xml" title="Posts" href="/feed">'
            _send(writer, 200, f"<html><head>{link}</head><body>Site {site.number}</body></html>".encode())
        elif not path.startswith("/feed"):
            _send(writer, 404, b"nothing here")
        elif site.fault in _ACTS:
            await _ACTS[site.fault](site, self.tick, writer)
        else:
            _feed(site, self.tick, head, writer)


def _feed(site: Site, tick: int, head: str, writer: Writer) -> None:
    etag = f'"{site.newest(tick)}-{tick // 3}"'
    if f"if-none-match: {etag}".lower() in head.lower():
        _send(writer, 304, b"", ETag=etag)
    else:
        _send(writer, 200, site.feed(tick).encode(), ETag=etag, Content_Type="application/rss+xml")


def _send(writer: Writer, status: int, body: bytes, **headers: str) -> None:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {headers.pop('Length', len(body))}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


async def _drip(site: Site, tick: int, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n\r\n")
    for byte in site.feed(tick).encode():
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.5)


async def _silent(site: Site, tick: int, writer: Writer) -> None:
    await asyncio.sleep(300)


async def _reset(site: Site, tick: int, writer: Writer) -> None:
    writer.transport.abort()


async def _endless(site: Site, tick: int, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n<rss><channel>")
    while True:
        writer.write(b"<item><title>more</title></item>" * 4000)
        await writer.drain()


def _said(status: int, body: str = "sorry", **headers: str) -> Callable[[Site, int, Writer], Awaitable[None]]:
    async def act(site: Site, tick: int, writer: Writer) -> None:
        _send(writer, status, body.encode(), **headers)

    return act


async def _cut_off(site: Site, tick: int, writer: Writer) -> None:
    body = site.feed(tick)
    _send(writer, 200, body[: int(len(body) * 0.7)].encode())


async def _lying_length(site: Site, tick: int, writer: Writer) -> None:
    body = site.feed(tick).encode()
    _send(writer, 200, body, Length=str(len(body) * 2))


async def _bomb(site: Site, tick: int, writer: Writer) -> None:
    _send(writer, 200, _BOMB, Content_Encoding="gzip")


async def _garbage(site: Site, tick: int, writer: Writer) -> None:
    _send(writer, 200, random.Random(tick).randbytes(20_000), Content_Type="application/rss+xml")


_ACTS: dict[str, Callable[[Site, int, Writer], Awaitable[None]]] = {
    "500": _said(500),
    "404": _said(404),
    "410": _said(410),
    "429": _said(429, Retry_After="2"),
    "html": _said(200, "<!doctype html><html><body>Please sign in</body></html>"),
    "loop": _said(302, Location="/feed"),
    "reset": _reset,
    "drip": _drip,
    "silent": _silent,
    "cut off": _cut_off,
    "lying length": _lying_length,
    "bomb": _bomb,
    "endless": _endless,
    "garbage": _garbage,
}


if __name__ == "__main__":
    asyncio.run(Town(int(sys.argv[1]), int(sys.argv[2])).serve())
