"""almanac.gathering: whatever a location names ends in one outcome, and asking again asks for what is new."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import almanac.library
from almanac.__main__ import main
from almanac.gathering import Scope
from almanac.ingestion import Progress
from almanac.library import Almanac, open_almanac
from ingest import fetch
from kb.settings import load_settings
from kb.topics import Tagger
from kb.types import Kind, Outcome
from tests.fakes import FakeEmbedder, FixedClock
from tests.ingest.test__webpage import POST, page
from tests.ingest.test_arxiv_snapshot import lines, record, write
from tests.peers import Peer, catalogue, entry, peer, redirect, reply, reset

FEED = """<rss version="2.0"><channel><title>Room</title><link>https://room.example/</link>
<item><guid>1</guid><title>Paging</title><link>/1</link>
<description>The cache is kept in pages of equal size.</description></item>
<item><guid>2</guid><title>Racks</title><link>/2</link><description>Racks in the rain are wet.</description></item>
</channel></rss>"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    monkeypatch.setattr(fetch, "ARXIV_SPACING", 0.0)
    with peer() as made:
        monkeypatch.setenv("ALMANAC_ARXIV_URL", made.url)
        monkeypatch.setenv("ALMANAC_HOST_SPACING", "0")
        monkeypatch.setenv("ALMANAC_ALLOW_PRIVATE_HOSTS", "true")
        yield made


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger()


@pytest.fixture
def library(server: Peer, tagger: Tagger, tmp_path: Path) -> Iterator[Almanac]:
    made = open_almanac(load_settings(tmp_path / "home"), embedder=FakeEmbedder(), tagger=tagger, clock=FixedClock())
    yield made
    made.close()


def only(library: Almanac, location: str | Path, **more: object) -> Outcome:
    (outcome,) = library.ingest([location], **more)  # type: ignore[arg-type]
    return outcome


def held(library: Almanac) -> list[str]:
    return sorted(info.id for info in library.documents())


# Addresses


def test_a_feed_by_its_address(library: Almanac, server: Peer) -> None:
    server.pages = {"/feed": redirect("/feed.xml"), "/feed.xml": reply(FEED)}
    outcome = only(library, f"{server.base}/feed")
    assert (outcome.status, outcome.kind, outcome.counts.added) == ("ok", Kind.RSS, 2)
    assert {info.url for info in library.documents()} == {f"{server.base}/1", f"{server.base}/2"}
    assert only(library, f"{server.base}/feed").status == "unchanged"
    server.pages["/feed.xml"] = reply(FEED.replace("<guid>1</guid>", "<guid>3</guid>"))
    assert only(library, f"{server.base}/feed").counts.added == 1
    assert len(held(library)) == 3  # what slid out of the window stays


def test_what_the_server_says_of_the_kind_is_not_believed(library: Almanac, server: Peer) -> None:
    server.pages = {
        "/feed": reply(FEED, Content_Type="text/html"),
        "/post": reply(POST, Content_Type="application/rss+xml"),
        "/page.xml": reply(POST, Content_Type="application/xml"),
    }
    assert only(library, f"{server.base}/feed").kind is Kind.RSS
    assert only(library, f"{server.base}/post").kind is Kind.PAGE
    assert "HTML page, not a feed" in only(library, f"{server.base}/page.xml").error


def test_a_feed_of_arxiv_keeps_what_slid_out_of_it(library: Almanac, server: Peer) -> None:
    head = '<rss xmlns:arxiv="http://arxiv.org/schemas/atom"><channel><link>http://rss.arxiv.org/rss/cs.DC</link>'
    item = (
        "<item><title>A</title><link>https://arxiv.org/abs/{0}</link><guid>oai:arXiv.org:{0}v1</guid>"
        "<description>arXiv:{0}v1 Announce Type: new Abstract: We measure.</description></item>"
    )
    for name in ("2301.00001", "2301.00002"):
        server.pages = {"/rss": reply(f"{head}{item.format(name)}</channel></rss>")}
        assert only(library, f"{server.base}/rss").kind is Kind.ARXIV
    assert held(library) == ["arxiv:2301.00001", "arxiv:2301.00002"]


def test_a_page_by_its_address(library: Almanac, server: Peer) -> None:
    server.pages = {"/post": reply(POST)}
    place = f"{server.base}/post"
    outcome = only(library, place)
    assert (outcome.status, outcome.kind, outcome.counts.documents) == ("ok", Kind.PAGE, 1)
    document = library.document(f"page:{place}#1")
    assert (document.title, document.url) == ("Paging the cache", "https://room.example/2023/paging")
    assert library.search("pages of equal size").hits[0].document.id == document.id
    server.pages = {"/post": reply(page("<title>Another</title>"))}
    assert only(library, place).counts.updated == 1
    assert held(library) == [f"page:{place}#1"]


def test_a_page_that_names_a_feed_says_so(library: Almanac, server: Peer) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    server.pages = {"/": reply(page(link))}
    assert f"{server.base}/feed.xml" in only(library, f"{server.base}/").warnings[0]


def test_what_the_server_says_of_the_encoding_is_heeded(library: Almanac, server: Peer) -> None:
    body = page("<title>分页</title>", "<p>" + "把缓存分成同样大小的页。" * 9 + "</p>").encode("gb18030")
    server.pages = {"/zh": reply(body, Content_Type="text/html; charset=gbk")}
    only(library, f"{server.base}/zh")
    assert library.documents()[0].title == "分页"


def test_notes_by_their_address(library: Almanac, server: Peer) -> None:
    server.pages = {"/notes.md": reply("1. Notes\n    1. first of all\n    2. second of all\n2. More\n")}
    assert only(library, f"{server.base}/notes.md").kind is Kind.NOTES


@pytest.mark.parametrize(
    ("path", "words"),
    [("/gone", "410"), ("/gate", "a person"), ("/pdf", "PDF"), ("/empty", "nothing at all"), ("/scripts", "scripts")],
)
def test_what_is_had_of_no_use_is_said_and_changes_nothing(
    library: Almanac, server: Peer, path: str, words: str
) -> None:
    server.pages = {
        "/gone": reply("", 410),
        "/gate": reply("<title>Just a moment...</title>", 403),
        "/pdf": reply(b"%PDF-1.7\n\x00"),
        "/empty": reply(""),
        "/scripts": reply("<!doctype html><html><body><noscript></noscript><p>Enable JavaScript.</p></body></html>"),
    }
    outcome = only(library, f"{server.base}{path}")
    assert outcome.status == "failed"
    assert words in outcome.error
    assert outcome.hint
    assert held(library) == []


def test_a_failure_leaves_what_was_there_and_is_remembered(library: Almanac, server: Peer) -> None:
    server.pages = {"/feed": reply(FEED)}
    place = f"{server.base}/feed"
    only(library, place)
    server.pages = {"/feed": reply("", 404)}
    assert only(library, place).status == "failed"
    assert len(held(library)) == 2
    (source,) = library.overview.sources()
    assert (source.status, "404" in source.error) == ("failed", True)


def test_one_that_fails_leaves_the_others_alone(library: Almanac, server: Peer, tmp_path: Path) -> None:
    server.pages = {"/feed": reply(FEED), "/no": reply("", 404)}
    (tmp_path / "notes.md").write_text("1. Notes\n    1. first of all\n    2. second of all\n2. More\n")
    server.otherwise = catalogue([entry("2301.00001v1")])
    places = [f"{server.base}/no", tmp_path / "notes.md", "arxiv-query:cat:cs.DC", f"{server.base}/feed", "ftp://x.y/z"]
    steps: list[Progress] = []
    outcomes = list(library.ingest(places, report=steps.append))
    assert [outcome.status for outcome in outcomes] == ["failed", "ok", "ok", "ok", "failed"]
    told = [step for step in steps if step.stage != "digests"]
    assert (told[-1].stage, told[-1].sources_done, told[-1].sources_total) == ("done", 5, 5)
    assert sorted({step.sources_done for step in told}) == [0, 1, 2, 3, 4, 5]


# Queries


def test_a_query_asks_later_only_for_what_is_new(library: Almanac, server: Peer) -> None:
    server.otherwise = catalogue([entry("2301.00002v1", updated="2023-02-02T00:00:00Z"), entry("2301.00001v1")])
    place = 'arxiv-query:abs:"KV cache"'
    first = only(library, place)
    assert (first.kind, first.counts.added, first.source) == (Kind.ARXIV, 2, place)
    assert "submittedDate" in server.requests[0].path
    assert only(library, place).status == "unchanged"
    assert "lastUpdatedDate" in server.requests[1].path
    library.remove_source(place)
    only(library, place)
    assert "submittedDate" in server.requests[2].path


def test_a_topics_query_over_a_window(library: Almanac, server: Peer) -> None:
    server.otherwise = catalogue([entry("2301.00001v1")])
    outcome = only(library, "arxiv-topic:serving", scope=Scope(since="2023-Q1", until="2023-Q1", limit=5))
    assert outcome.counts.added == 1
    assert "submittedDate:[202301010000 TO 202303312359]" in server.requests[0].query
    assert server.requests[0].number("max_results") == 5


def test_a_query_that_fails_keeps_its_mark(library: Almanac, server: Peer) -> None:
    server.otherwise = catalogue([entry("2301.00001v1")])
    only(library, "arxiv-topic:serving")
    server.script = [reset] * 3
    library.fetcher._jitter = lambda: 0.0
    library.fetcher._politeness._sleep = lambda seconds: None
    object.__setattr__(library.fetcher.arxiv_turns, "sleep", lambda seconds: None)
    assert only(library, "arxiv-topic:serving").status == "failed"
    assert only(library, "arxiv-topic:serving").status == "unchanged"
    assert "lastUpdatedDate" in server.requests[-1].path


@pytest.mark.parametrize(
    ("place", "scope"),
    [
        ("arxiv-topic:cooking", Scope()),
        ("arxiv-query:", Scope()),
        ("arxiv-topic:serving", Scope(categories=("cs.DC",))),
        ("arxiv-topic:serving", Scope(since="soon")),
        ("arxiv-topic:serving", Scope(limit=0)),
    ],
)
def test_queries_that_cannot_be_asked(library: Almanac, server: Peer, place: str, scope: Scope) -> None:
    outcome = only(library, place, scope=scope)
    assert (outcome.status, bool(outcome.hint), server.requests) == ("failed", True, [])


# Filters


def test_filters_where_there_is_nothing_to_filter(library: Almanac, server: Peer, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("1. Notes\n    1. first of all\n    2. second of all\n2. More\n")
    for place in (tmp_path / "notes.md", f"{server.base}/feed"):
        outcome = only(library, place, scope=Scope(since="2023"))
        assert (outcome.status, "no query and no snapshot" in outcome.error) == ("failed", True)
    assert server.requests == []


# The command


def test_the_command_fetches_and_filters(
    server: Peer, tagger: Tagger, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALMANAC_EMBEDDER", "none")
    monkeypatch.setattr(almanac.library, "Tagger", lambda: tagger)
    server.pages = {"/feed": reply(FEED), "/no": reply("", 404)}
    path = write(tmp_path / "papers.json", *lines(3), json.dumps(record(9, categories="math.OC")).encode())
    assert main(["ingest", f"{server.base}/feed", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["outcomes"]
    assert (told["kind"], told["status"], told["added"], told["source"]) == ("rss", "ok", 2, f"{server.base}/feed")
    assert main(["ingest", path, "--category", "math", "--until", "2023", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["outcomes"]
    assert (told["kind"], told["added"]) == ("arxiv", 1)
    assert main(["ingest", f"{server.base}/no", "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["outcomes"]
    assert told["status"] == "failed"
