"""ingest.fetch: each awkward peer ends in its named outcome, and nothing is asked that must not be."""

import gzip
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

import httpcore
import pytest
import trustme

from ingest import _wire
from ingest._wire import Network
from ingest.fetch import FEED, PAGE, Fetched, Fetcher, Hop, NotFetched
from kb.settings import load_settings
from tests.peers import (
    Act,
    Peer,
    Request,
    chunked,
    drip,
    endless,
    endless_headers,
    feed,
    peer,
    raw,
    redirect,
    reply,
    reset,
    short,
    silent,
    zipped,
)

PUBLIC = "93.184.216.34"
START = 1_700_000_000.0


class FakeTime:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


class FakeNetwork:
    """Names with the addresses that each look-up gives in turn; every address leads to one port of loopback."""

    def __init__(self, port: int, names: dict[str, list[list[str]]] | None = None) -> None:
        self.port = port
        self.names = names or {}
        self.connected: list[tuple[str, int]] = []
        self.looked_up: list[str] = []

    def resolve(self, host: str, port: int) -> list[str]:
        self.looked_up.append(host)
        answers = self.names.get(host, [[PUBLIC]])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def connect(self, address: str, port: int, timeout: float) -> httpcore.NetworkStream:
        self.connected.append((address, port))
        return _wire.connect("127.0.0.1", self.port, timeout)

    def network(self) -> Network:
        return Network(self.resolve, self.connect, is_own=lambda stream: False)


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as made:
        made.otherwise = reply("<rss/>")
        yield made


@pytest.fixture
def time_() -> FakeTime:
    return FakeTime()


def fetcher_for(time_: FakeTime, network: Network | None = None, **more: object) -> Fetcher:
    settings = load_settings(**{"allow_private_hosts": network is None, "http_timeout": 5.0, **more})
    return Fetcher(settings, network=network, clock=time_.clock, sleep=time_.sleep, jitter=lambda: 0.5)


def failure(fetcher: Fetcher, url: str, **more: object) -> NotFetched:
    with pytest.raises(NotFetched) as caught:
        fetcher.fetch(url, **more)  # type: ignore[arg-type]
    assert caught.value.message
    assert caught.value.hint
    return caught.value


# What comes back


def test_a_body_comes_with_its_validators_byte_for_byte(server: Peer, time_: FakeTime) -> None:
    date = "Tue, 14 Nov 2023 22:13:20 GMT"
    kind = "text/xml; charset=GBK"
    server.script = [reply(b"\xff\x00bytes", ETag='W/"a\xe9 b"', Last_Modified=date, Content_Type=kind)]
    fetched = fetcher_for(time_).fetch(server.url)
    assert (fetched.status, fetched.body, fetched.final_url) == (200, b"\xff\x00bytes", server.url)
    assert (fetched.etag, fetched.last_modified) == ('W/"a\xe9 b"', date)
    assert (fetched.charset, fetched.hops, fetched.not_modified, fetched.moved_to) == ("GBK", (), False, "")


def test_validators_go_back_as_they_came_and_new_ones_are_taken(server: Peer, time_: FakeTime) -> None:
    server.script = [reply("", 304, ETag='"two"'), reply("", 304), reply("new", ETag='"three"')]
    fetcher = fetcher_for(time_)
    first = fetcher.fetch(server.url, etag='W/"a\xe9 b"', last_modified="yesterday, roughly")
    assert first.not_modified
    assert (first.etag, first.last_modified) == ('"two"', "yesterday, roughly")
    sent = server.requests[0].headers
    assert sent["If-None-Match"].encode("latin-1") == b'W/"a\xe9 b"'
    assert sent["If-Modified-Since"] == "yesterday, roughly"
    second = fetcher.fetch(server.url, etag=first.etag, last_modified=first.last_modified)
    assert (second.not_modified, second.etag) == (True, '"two"')
    third = fetcher.fetch(server.url, etag='"two"', last_modified="yesterday, roughly")
    # What the old body was known by is not carried over to the new one.
    assert (third.status, third.etag, third.last_modified) == (200, '"three"', "")


@pytest.mark.parametrize("damaged", ['"a\r\nX-Evil: 1"', '"\u8def"', "\x00", "x" * 5000])
def test_damaged_validators_are_not_sent(server: Peer, time_: FakeTime, damaged: str) -> None:
    assert fetcher_for(time_).fetch(server.url, etag=damaged, last_modified=damaged).status == 200
    assert not {"If-None-Match", "If-Modified-Since", "X-Evil"} & set(server.requests[0].headers)


def test_no_change_since_nothing_is_no_answer(server: Peer, time_: FakeTime) -> None:
    server.script = [reply("", 304)]
    assert failure(fetcher_for(time_), server.url).cause == "http-304"


def test_validators_can_be_kept_to_the_address_that_gave_them(server: Peer, time_: FakeTime) -> None:
    server.pages = {"/old": redirect("/new", 301), "/new": reply("", 304)}
    there = f"{server.base}/new"
    fetched = fetcher_for(time_).fetch(f"{server.base}/old", etag='"x"', validated_url=there)
    assert fetched.not_modified
    assert ["If-None-Match" in request.headers for request in server.requests] == [False, True]


def test_requests_are_honest_and_carry_nothing_else(server: Peer, time_: FakeTime) -> None:
    server.script = [reply("x", Set_Cookie="a=b"), reply("y")]
    fetcher = fetcher_for(time_, user_agent="Almanac/1", contact="mailto:me@example.org")
    fetcher.fetch(server.url)
    fetcher.fetch(server.url, accept=PAGE)
    first, second = (request.headers for request in server.requests)
    assert first["User-Agent"] == "Almanac/1 (mailto:me@example.org)"
    assert (first["Accept"], second["Accept"]) == (FEED, PAGE)
    assert set(second) == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}


def test_the_environments_proxy_is_not_heeded(server: Peer, time_: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    assert fetcher_for(time_).fetch(server.url).status == 200


def test_the_settings_proxy_is(server: Peer, time_: FakeTime) -> None:
    fetcher = fetcher_for(time_, Network(), proxy=server.base)
    assert fetcher.fetch("http://feed.example/a?b").body == b"<rss/>"
    (request,) = server.requests
    assert request.path == "http://feed.example/a?b"
    assert request.headers["Host"] == "feed.example"
    assert failure(fetcher, "http://10.0.0.1/").cause == "private-address"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "act",
    [zipped("<rss/>"), chunked(b"<rs", b"s/>"), chunked(gzip.compress(b"<rss/>"), Content_Encoding="gzip")],
)
def test_bodies_in_every_dress(server: Peer, time_: FakeTime, act: Act) -> None:
    server.script = [act]
    assert fetcher_for(time_).fetch(server.url).body == b"<rss/>"


# What does not


AWKWARD: dict[str, tuple[Act, str, str]] = {
    "reset": (reset, "reset", "broke off"),
    "less than promised": (short, "reset", "broke off"),
    "half the chunks": (chunked(b"<rss>", whole=False), "reset", "broke off"),
    "half a gzip": (reply(gzip.compress(b"x" * 9999)[:-9], Content_Encoding="gzip"), "reset", "ends early"),
    "no http": (raw(b"220 mail.example ESMTP\r\n\r\n"), "protocol", "no HTTP"),
    "nothing": (raw(b""), "reset", "broke off"),
    "headers without end": (endless_headers, "protocol", "no HTTP"),
    "body without end": (endless, "too-large", "0.2 MB"),
    "gzip bomb": (zipped("x" * 50_000_000), "too-large", "0.2 MB"),
    "large by its own word": (reply("x", Content_Length="999999999"), "too-large", "0.2 MB"),
    "wrong coding": (reply("plain", Content_Encoding="gzip"), "encoding", "gzip"),
    "unknown coding": (reply("plain", Content_Encoding="sdch"), "encoding", "sdch"),
    "empty": (reply(""), "empty", "nothing at all"),
    "blank": (reply("\ufeff \r\n\r\n"), "empty", "nothing at all"),
    "no content": (reply("", 204), "empty", "there is nothing"),
    "part": (reply("x", 206), "http-206", "206 Partial Content"),
    "bad request": (reply("x", 400), "http-400", "400"),
    "login": (reply("x", 401), "http-401", "401"),
    "forbidden": (reply("x", 403), "http-403", "403"),
    "missing": (reply("x", 404), "http-404", "404 Not Found"),
    "gone": (reply("x", 410), "http-410", "410 Gone"),
    "odd status": (reply("x", 499), "http-499", "answered 499"),
    "broken": (reply("x", 500), "http-500", "out of order"),
    "overloaded": (reply("x", 503), "http-503", "out of order"),
    "gatekeeper": (reply("<title>Just a moment...</title>", 403), "bot-challenge", "a person"),
    "gatekeeper, zipped, 200": (zipped("<html><title>DDoS-Guard</title>"), "bot-challenge", "a person"),
    "choices": (reply("x", 300, Location="/b"), "http-300", "300"),
    "nowhere": (reply("", 302), "redirect", "nowhere"),
    "loop": (redirect("/api/query"), "redirect-loop", "circle"),
    "to a file": (redirect("file:///etc/passwd"), "address", "only http"),
    "to a script": (redirect("javascript:alert(1)"), "address", "only http"),
    "to a login": (redirect("http://user:word@127.0.0.1/"), "address", "name and password"),
    "to mail": (redirect("http://127.0.0.1:25/"), "address", "port 25"),
    "to a number": (redirect("http://2130706433/"), "address", "disguise"),
}


@pytest.mark.parametrize("case", AWKWARD)
def test_awkward_peers(server: Peer, time_: FakeTime, case: str) -> None:
    act, cause, words = AWKWARD[case]
    server.script = [act]
    error = failure(fetcher_for(time_, max_body=200_000), server.url)
    assert (error.cause, len(server.requests)) == (cause, 1)
    assert words in error.message
    assert "127.0.0.1" in error.message or cause == "address"
    assert time_.slept == []


def test_slow_peers_end_in_time(server: Peer, time_: FakeTime) -> None:
    began = time.monotonic()
    fetcher = fetcher_for(time_, http_timeout=0.15)
    server.script = [silent]
    assert "sent nothing for 0.15 seconds" in failure(fetcher, server.url).message
    server.script = [drip]
    error = failure(fetcher, server.url, deadline=0.2)
    assert (error.cause, "did not finish" in error.message) == ("timeout", True)
    assert time.monotonic() - began < 5


def test_the_deadline_is_for_all_hops_together(server: Peer, time_: FakeTime) -> None:
    def slow(request: Request) -> None:
        time.sleep(0.05)
        redirect(request.path + "x")(request)

    server.otherwise = slow
    error = failure(fetcher_for(time_), server.url, deadline=0.2)
    assert error.cause == "timeout"
    assert 1 <= len(error.hops) < 10


def test_a_name_that_takes_too_long_to_look_up(server: Peer, time_: FakeTime) -> None:
    release = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        release.wait(10)
        return [PUBLIC]

    error = failure(fetcher_for(time_, Network(resolve=resolve), http_timeout=0.05), "http://slow.example/")
    release.set()
    assert (error.cause, "slow.example could not be looked up" in error.message) == ("dns", True)


def test_a_name_that_nobody_has(time_: FakeTime) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    assert failure(fetcher_for(time_, Network(resolve=resolve)), "http://nobody.example/").cause == "dns"
    assert failure(fetcher_for(time_, Network(resolve=lambda h, p: [])), "http://nobody.example/").cause == "dns"


def test_no_server_there(time_: FakeTime) -> None:
    with peer() as gone:
        pass
    error = failure(fetcher_for(time_), gone.url)
    assert (error.cause, error.passing, error.repeatable) == ("refused", True, False)


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_redirect_is_followed_and_noted(server: Peer, time_: FakeTime, status: int) -> None:
    server.pages = {"/a": redirect("/b?c", status), "/b?c": reply("there")}
    fetched = fetcher_for(time_).fetch(f"{server.base}/a")
    assert (fetched.body, fetched.final_url) == (b"there", f"{server.base}/b?c")
    assert fetched.hops == (Hop(status, f"{server.base}/a"),)
    assert fetched.moved_to == (fetched.final_url if status in (301, 308) else "")


def test_only_a_chain_of_moves_for_good_is_one(server: Peer, time_: FakeTime) -> None:
    server.pages = {"/a": redirect("/b", 301), "/b": redirect("/c", 308), "/c": redirect("/d", 302), "/d": reply("x")}
    fetched = fetcher_for(time_).fetch(f"{server.base}/a")
    assert [hop.status for hop in fetched.hops] == [301, 308, 302]
    assert fetched.moved_to == ""
    server.pages["/c"] = redirect("/d", 301)
    assert fetcher_for(time_).fetch(f"{server.base}/a").moved_to == f"{server.base}/d"


def test_a_chain_without_end_is_cut(server: Peer, time_: FakeTime) -> None:
    server.otherwise = lambda request: redirect(request.path + "x")(request)
    error = failure(fetcher_for(time_), server.url)
    assert (error.cause, len(server.requests), len(error.hops)) == ("redirect-limit", 11, 11)
    assert time_.slept == []  # one turn of one host


def test_a_loop_over_two_addresses(server: Peer, time_: FakeTime) -> None:
    server.pages = {"/a": redirect("/b"), "/b": redirect("/a")}
    error = failure(fetcher_for(time_), f"{server.base}/a")
    assert (error.cause, [hop.url for hop in error.hops]) == ("redirect-loop", [f"{server.base}/a", f"{server.base}/b"])


def test_addresses_beyond_ascii_in_redirects(server: Peer, time_: FakeTime) -> None:
    path = "/%E8%B7%AF"
    server.pages = {"/a": redirect("/路".encode().decode("latin-1")), path: reply("there")}
    assert fetcher_for(time_).fetch(f"{server.base}/a").final_url == server.base + path


def test_hops_of_a_failure_are_told(server: Peer, time_: FakeTime) -> None:
    server.pages = {"/a": redirect("/b", 301), "/b": reply("", 410)}
    error = failure(fetcher_for(time_), f"{server.base}/a")
    assert (error.cause, error.status, error.hops) == ("http-410", 410, (Hop(301, f"{server.base}/a"),))


# Into the own network


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.100.100.200", "::1", "fd00:ec2::254"]
)
def test_a_name_of_a_closed_network_is_not_asked(server: Peer, time_: FakeTime, address: str) -> None:
    fake = FakeNetwork(server.port, {"inside.example": [[address]]})
    error = failure(fetcher_for(time_, fake.network()), "http://inside.example/")
    assert (error.cause, error.passing) == ("private-address", False)
    assert address in error.message
    assert (fake.connected, server.requests) == ([], [])


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
                "http://127.0.0.1./", "http://169.254.169.254/latest/meta-data", "http://[fd00:ec2::254]/"]
)  # fmt: skip
@pytest.mark.parametrize("by_redirect", [False, True])
def test_a_closed_address_is_not_asked(server: Peer, time_: FakeTime, address: str, by_redirect: bool) -> None:
    fake = FakeNetwork(server.port)
    server.script = [redirect(address)]
    error = failure(fetcher_for(time_, fake.network()), "http://outside.example/" if by_redirect else address)
    assert error.cause == "private-address"
    assert fake.connected == [(PUBLIC, 80)] * by_redirect
    assert len(error.hops) == by_redirect


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"])
def test_services_of_the_machine_stay_closed_where_the_own_network_is_open(
    server: Peer, time_: FakeTime, address: str
) -> None:
    fake = FakeNetwork(server.port, {"inside.example": [[address]]})
    error = failure(fetcher_for(time_, fake.network(), allow_private_hosts=True), "http://inside.example/latest")
    assert (error.cause, "never asked" in error.hint) == ("private-address", True)
    assert (fake.connected, server.requests) == ([], [])


def test_a_redirect_to_a_name_of_a_closed_network(server: Peer, time_: FakeTime) -> None:
    fake = FakeNetwork(server.port, {"inside.example": [["192.168.1.1"]]})
    server.script = [redirect("http://inside.example/")]
    error = failure(fetcher_for(time_, fake.network()), "http://outside.example/")
    assert (error.cause, len(server.requests)) == ("private-address", 1)


def test_a_name_that_changes_its_mind_gains_nothing(server: Peer, time_: FakeTime) -> None:
    """The address that was checked is the one connected to; each request checks anew."""
    fake = FakeNetwork(server.port, {"rebind.example": [[PUBLIC], ["127.0.0.1"]]})
    fetcher = fetcher_for(time_, fake.network())
    assert fetcher.fetch("http://rebind.example/").status == 200
    assert (fake.looked_up, fake.connected) == (["rebind.example"], [(PUBLIC, 80)])
    assert failure(fetcher, "http://rebind.example/").cause == "private-address"
    assert len(fake.connected) == 1


def test_a_name_that_changes_its_mind_between_hops(server: Peer, time_: FakeTime) -> None:
    fake = FakeNetwork(server.port, {"rebind.example": [[PUBLIC], ["127.0.0.1"]]})
    server.script = [redirect("/again")]
    assert failure(fetcher_for(time_, fake.network()), "http://rebind.example/").cause == "private-address"
    assert len(server.requests) == 1


def test_of_mixed_addresses_only_the_open_ones_are_tried(server: Peer, time_: FakeTime) -> None:
    fake = FakeNetwork(server.port, {"mixed.example": [["127.0.0.1", "10.0.0.1", PUBLIC, "8.8.8.8"]]})
    assert fetcher_for(time_, fake.network()).fetch("http://mixed.example:8080/").status == 200
    assert fake.connected == [(PUBLIC, 8080)]
    assert server.requests[0].headers["Host"] == "mixed.example:8080"


def test_the_next_address_is_tried_where_one_does_not_answer(server: Peer, time_: FakeTime) -> None:
    fake = FakeNetwork(server.port, {"two.example": [["9.9.9.9", PUBLIC]]})

    def connect(address: str, port: int, timeout: float) -> httpcore.NetworkStream:
        if address == "9.9.9.9":
            raise httpcore.ConnectError("no route")
        return fake.connect(address, port, timeout)

    network = Network(fake.resolve, connect, is_own=lambda stream: False)
    assert fetcher_for(time_, network).fetch("http://two.example/").status == 200


def test_this_machines_own_public_address_is_closed_too(server: Peer, time_: FakeTime) -> None:
    fake = FakeNetwork(server.port)
    # The connection of the play really leads from loopback to loopback.
    network = Network(fake.resolve, fake.connect)
    assert failure(fetcher_for(time_, network), "http://myself.example/").cause == "private-address"
    assert server.requests == []


# TLS


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    made = trustme.CA()
    context = ssl.create_default_context()
    made.configure_trust(context)
    monkeypatch.setattr(_wire, "_trust", lambda: context)
    return made


@pytest.fixture
def secure(authority: trustme.CA) -> Callable[[str], ssl.SSLContext]:
    def make(name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        return context

    return make


def test_the_certificate_is_that_of_the_name_not_of_the_address(
    time_: FakeTime, secure: Callable[[str], ssl.SSLContext]
) -> None:
    with peer(secure("feed.example")) as server:
        server.otherwise = reply("<rss/>")
        fake = FakeNetwork(server.port)
        fetcher = fetcher_for(time_, fake.network())
        assert fetcher.fetch("https://feed.example/").body == b"<rss/>"
        assert fake.connected == [(PUBLIC, 443)]
        assert server.requests[0].headers["Host"] == "feed.example"
        error = failure(fetcher, "https://other.example/")
    assert (error.cause, len(server.requests)) == ("tls", 1)
    assert "other.example does not prove" in error.message
    assert "clock" in error.hint


def test_a_certificate_of_nobody_known(time_: FakeTime) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("feed.example").configure_cert(context)
    with peer(context) as server:
        error = failure(fetcher_for(time_, FakeNetwork(server.port).network()), "https://feed.example/")
    assert error.cause == "tls"
    assert server.requests == []


def test_no_tls_where_it_should_be(server: Peer, time_: FakeTime) -> None:
    error = failure(fetcher_for(time_), server.url.replace("http", "https"))
    assert error.cause == "tls"


# Manners


def test_requests_to_one_host_are_spaced(server: Peer, time_: FakeTime) -> None:
    fetcher = fetcher_for(time_, host_spacing=2.0)
    for _ in range(3):
        fetcher.fetch(server.url)
    assert time_.slept == [2.0, 2.0]


def test_one_connection_a_host_across_threads(server: Peer) -> None:
    server.otherwise = server.linger(reply("x"))
    fetcher = Fetcher(load_settings(allow_private_hosts=True, host_spacing=0.0))
    done: list[Fetched] = []
    threads = [threading.Thread(target=lambda: done.append(fetcher.fetch(server.url))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), server.most_at_once) == (6, 1)


def dated(seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(START + seconds, UTC), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("header", "seconds"), [("600", 600), (dated(600), 600)])
def test_retry_after_is_told_and_kept_to(
    server: Peer, time_: FakeTime, status: int, header: str, seconds: float
) -> None:
    server.script = [reply("", status, Retry_After=header)]
    fetcher = fetcher_for(time_)
    error = failure(fetcher, server.url)
    assert (error.cause, error.retry_after, error.passing) == (f"http-{status}", seconds, True)
    assert "600 seconds" in error.message
    again = failure(fetcher, server.url)
    assert (again.cause, again.retry_after, len(server.requests)) == ("told-to-wait", 600, 1)
    time_.now += 601
    assert fetcher.fetch(server.url).status == 200


def test_429_without_a_word_on_how_long_ends_the_round_for_the_host(server: Peer, time_: FakeTime) -> None:
    server.script = [reply("", 429)]
    fetcher = fetcher_for(time_)
    assert failure(fetcher, server.url).retry_after is None
    assert failure(fetcher, f"{server.base}/other").cause == "told-to-wait"
    assert (len(server.requests), time_.slept) == (1, [])


def test_repeats_wait_longer_each_time(server: Peer, time_: FakeTime) -> None:
    server.script = [reply("", 500), reset, reply("", 503, Retry_After="20"), reply("there")]
    assert fetcher_for(time_).fetch(server.url, tries=4).body == b"there"
    assert time_.slept == [1.5, 3.0, 20.0]


@pytest.mark.parametrize("act", [reply("", 404), reply("", 429, Retry_After="3600"), redirect("ftp://x/")])
def test_what_lasts_is_not_repeated(server: Peer, time_: FakeTime, act: Act) -> None:
    server.script = [act]
    failure(fetcher_for(time_), server.url, tries=3)
    assert (len(server.requests), time_.slept) == (1, [])


def test_repeats_come_to_an_end(server: Peer, time_: FakeTime) -> None:
    server.otherwise = reply("", 500)
    assert failure(fetcher_for(time_), server.url, tries=3).cause == "http-500"
    assert (len(server.requests), time_.slept) == (3, [1.5, 3.0])


def test_everything_at_arxiv_takes_the_turns_that_all_processes_share(server: Peer, time_: FakeTime) -> None:
    server.otherwise = reply(feed(""))
    fake = FakeNetwork(server.port)
    for host in ("rss.arxiv.org", "arxiv.org", "export.arxiv.org"):
        # As in processes of their own, which share the home only.
        fetcher_for(time_, fake.network()).fetch(f"http://{host}/rss/cs.DC")
    assert time_.slept == [3.0, 3.0]


def test_hints_and_messages_name_the_host_and_the_step(server: Peer, time_: FakeTime) -> None:
    error = failure(fetcher_for(time_), f"{server.base}:1/")
    assert re.search(r"https?://", error.hint)
