"""The starter library holds what it promises: enough nodes, both languages, sound references, right sums."""

import itertools
import math
import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from lxml import etree

STARTER = Path(__file__).resolve().parent.parent / "starter"
NOTES = sorted((STARTER / "notes").glob("*.md"))
NODE = re.compile(r"(?P<indent> *)(?:\d+|n)\. (?P<text>\S.*)")
ARXIV_URL = re.compile(r"https?://(?:www\.)?arxiv\.org\S*")
ARXIV_ABS = re.compile(r"https://arxiv\.org/abs/(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})")
HAN = re.compile(r"[\u4e00-\u9fff]")
TOPICS = {"parallelism", "quantization", "serving", "hardware"}
ATOM = {"a": "http://www.w3.org/2005/Atom", "x": "http://arxiv.org/schemas/atom"}


def read(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def nodes(path: Path) -> list[tuple[int, str]]:
    found = [NODE.fullmatch(line) for line in read(path)]
    return [(len(match["indent"]), match["text"]) for match in found if match]


def entries() -> list[etree._Element]:
    return etree.parse(str(STARTER / "papers.xml")).getroot().findall("a:entry", ATOM)


def paper_titles() -> dict[str, str]:
    return {e.findtext("a:id", "", ATOM).rsplit("/", 1)[1]: e.findtext("a:title", "", ATOM) for e in entries()}


def cited() -> list[tuple[str, str]]:
    """Every arXiv id in the notes with the title on the line above it, where that line is annotated as a work."""
    pairs = []
    for path in NOTES:
        lines = read(path)
        for above, line in itertools.pairwise(lines):
            if (match := ARXIV_ABS.fullmatch(line.strip())) and (title := re.match(r" *\w+\. (.+?)    \[\d{4}", above)):
                pairs.append((match[1], title[1]))
    return pairs


# --- notes ------------------------------------------------------------------------------------------


def test_enough_nodes_in_both_languages() -> None:
    every = [text for path in NOTES for _, text in nodes(path)]
    assert len(NOTES) >= 8
    assert len(every) >= 380
    assert sum(bool(HAN.search(text)) for text in every) >= 0.2 * len(every)


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_a_notebook_is_a_clean_outline(path: Path) -> None:
    lines = read(path)
    assert lines[0] == "---"
    front = dict(line.split(": ", 1) for line in lines[1 : lines.index("---", 1)])
    assert front["title"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", front["date"])
    levels = [indent / 4 for indent, _ in nodes(path)]
    assert len(levels) >= 60
    assert all(level.is_integer() for level in levels)
    assert levels[0] == 0
    assert all(level <= before + 1 for before, level in itertools.pairwise(levels))
    assert max(levels) >= 3
    fences = [line for line in lines if line.startswith("```")]
    assert len(fences) in (0, 2)
    texts = [text for _, text in nodes(path) if not text.startswith("related ")]
    assert len(set(texts)) == len(texts)


def test_every_topic_has_a_notebook() -> None:
    tags = {
        tag.strip()
        for path in NOTES
        for line in read(path)
        if line.startswith("tags:")
        for tag in line[7:-1].split(",")
    }
    assert tags >= TOPICS


def test_the_readers_own_marks_are_there() -> None:
    every = [text for path in NOTES for _, text in nodes(path)]
    for mark in ("related materials", "question: ", "very good", "useful", "interesting"):
        assert sum(text.startswith(mark) for text in every) >= 3, mark
    assert sum(bool(re.search(r"    \[\d{4}[^]]*\] - \S", text)) for text in every) >= 50
    assert sum(text.startswith(("worked example", "算例", "例：", "综合算例")) for text in every) >= 15


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_arxiv_addresses_are_well_formed(path: Path) -> None:
    addresses = [url for line in read(path) for url in ARXIV_URL.findall(line)]
    assert len(addresses) >= 5
    assert [url for url in addresses if not ARXIV_ABS.fullmatch(url)] == []


def test_one_id_has_one_title_everywhere() -> None:
    titles = defaultdict(set)
    for number, title in [*cited(), *paper_titles().items()]:
        titles[number].add(title)
    clashes = {
        number: names for number, names in titles.items() if any(not max(names, key=len).startswith(n) for n in names)
    }
    assert clashes == {}
    assert len(cited()) >= 90


GB, TB = 1e9, 1e12
LLAMA_70B = 70.6e9
KV_70B = 2 * 80 * 8 * 128 * 2
YOUNG = math.sqrt(2 * 60 * 3.1 * 3600)
H100_FLOPS, H100_BW = 989e12, 3.35e12


@pytest.mark.parametrize(
    ("notebook", "printed", "value", "decimals"),
    [
        ("parallelism-layouts", "gives {} MB", 8 * 2048 * 12288 * 7 / 8 * 2 / 1e6, 0),
        ("parallelism-layouts", "about {} GB leave each rank", 2 * 63 / 64 * 14, 1),
        ("parallelism-layouts", "8 at B = 1 and {} at B = 32", 256 * (1 - (1 - 8 / 256) ** 32), 0),
        ("parallelism-layouts", "(2 + 4 + 12/8) = {} GB", LLAMA_70B / 32 * 7.5 / GB, 1),
        ("parallelism-layouts", "stage 0: {} GB", 34 * 8192**2 / 8 * 20 * 4 / GB, 1),
        ("parallelism-layouts", "63/512 = {}% bubble", 63 / 512 * 100, 1),
        ("pipeline-schedules", "{}% of ideal, 17.9% of total", 7 / 32 * 100, 1),
        ("pipeline-schedules", "21.9% of ideal, {}% of total", 7 / 39 * 100, 1),
        ("pipeline-schedules", "here {} instead of 8 microbatches", 8 * (1 + 7 / 32), 2),
        ("pipeline-schedules", "weighs as much as {} layers", 4096 * 128256 / (2 * 4096 * 5120 + 3 * 4096 * 14336), 1),
        ("training-memory", "4 + 12/64 = 4.19 字节/参数，{} GB", 7.5 * (4 + 12 / 64), 1),
        ("training-memory", "每层 114 sbh = 2.87 GB，96 层共 {} GB", 114 * 2048 * 12288 * 96 / GB, 0),
        ("training-memory", "每层 34 sbh = 0.86 GB，共 {} GB", 34 * 2048 * 12288 * 96 / GB, 0),
        ("training-memory", "的模型约 {} GB", LLAMA_70B * (4 + 8 / 64 + 32 / (64 * 256)) / 8 / GB, 1),
        ("quantization-basics", "rms error 0.0091, {} dB", -20 * math.log10(4 / 127 / math.sqrt(12)), 1),
        ("quantization-basics", "rms error 0.136, {} dB", -20 * math.log10(60 / 127 / math.sqrt(12)), 1),
        ("low-bit-language-models", "4 + 20/128 = {}", 4 + 20 / 128, 2),
        ("low-bit-language-models", "(4.16 bits a weight) {} GB", LLAMA_70B * (4 + 20 / 128) / 8 / GB, 1),
        ("low-bit-language-models", "0.5 down to {} bits per weight", 8 / 64 + 32 / (64 * 256), 3),
        ("serving-engines", "(8 * 3.35 TB/s) = {} ms", 2 * LLAMA_70B / (8 * H100_BW) * 1e3, 1),
        ("serving-engines", "the cache adds {} GB", 32 * 8192 * KV_70B / GB, 1),
        ("serving-engines", "2*N*T = {} PFLOP", 2 * LLAMA_70B * 32768 / 1e15, 1),
        ("serving-engines", "plus {} PFLOP of causal attention", 2 * 32768**2 * 8192 * 80 / 1e15, 1),
        ("decoding-and-latency", "期望得到 {} 个 token", (1 - 0.8**5) / 0.2, 2),
        ("decoding-and-latency", "gamma = 8 时 {} 倍", (1 - 0.8**9) / 0.2 / 1.4, 2),
        ("decoding-and-latency", "gamma = 4：{} 倍，比不用还慢", (1 - 0.4**5) / 0.6 / 1.8, 2),
        ("hardware", "H100 SXM: 989 / 3.35 = {}", H100_FLOPS / H100_BW, 0),
        ("hardware", "{} TFLOP/J at best", H100_FLOPS / 700 / 1e12, 2),
        ("clusters", "2*(127/128) / 50 = {} ms", 2 * 127 / 128 / 50 * 1e3, 1),
        ("clusters", "M = 3.1 h: {} s", YOUNG, 0),
        ("clusters", "lost work cost {}% each", 60 / YOUNG * 100, 1),
        ("clusters", "6.35e24 FLOP, {} days", 6 * LLAMA_70B * 15e12 / (16384 * 0.4 * H100_FLOPS) / 86400, 1),
        ("clusters", "应为 {} 小时", 24000 / (6.5 * 128), 1),
    ],
)
def test_a_printed_number_is_what_its_formula_gives(notebook: str, printed: str, value: float, decimals: int) -> None:
    text = (STARTER / "notes" / f"{notebook}.md").read_text(encoding="utf-8")
    assert printed.format(f"{value:.{decimals}f}") in text


# --- papers -----------------------------------------------------------------------------------------


def test_papers_are_shaped_as_the_api_answers() -> None:
    found = entries()
    numbers = [entry.findtext("a:id", "", ATOM) for entry in found]
    assert len(found) >= 40
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"http://arxiv\.org/abs/\d{4}\.\d{4,5}", number) for number in numbers)
    quarters = {
        (e.findtext("a:published", "", ATOM)[:4], (int(e.findtext("a:published", "", ATOM)[5:7]) + 2) // 3)
        for e in found
    }
    assert len(quarters) >= 15
    assert {int(year) for year, _ in quarters} == set(range(2018, 2026))


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.findtext("a:id", "", ATOM).rsplit("/", 1)[1])
def test_a_paper_is_complete(entry: etree._Element) -> None:
    number = entry.findtext("a:id", "", ATOM).rsplit("/", 1)[1]
    published = entry.findtext("a:published", "", ATOM)
    assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\dT\d\d:\d\d:\d\dZ", published)
    months = 12 * (2000 + int(number[:2]) - int(published[:4])) + int(number[2:4]) - int(published[5:7])
    assert months in (0, 1, 2), "an id is given in or shortly after the month of submission"
    assert entry.findtext("a:title", "", ATOM).strip()
    assert entry.xpath("a:author/a:name/text()", namespaces=ATOM)
    assert 60 <= len(entry.findtext("a:summary", "", ATOM).split()) <= 120
    assert entry.findtext("x:comment", "", ATOM).startswith("Summary in the Almanac's own words")
    assert re.fullmatch(r"cs\.[A-Z]{2}", entry.find("x:primary_category", ATOM).get("term"))
    links = {link.get("rel"): link.get("href") for link in entry.findall("a:link", ATOM)}
    assert links["alternate"] == f"https://arxiv.org/abs/{number}"


# --- subscriptions ------------------------------------------------------------------------------------


def test_subscriptions_are_ready_to_sync() -> None:
    with (STARTER / "subscriptions.toml").open("rb") as file:
        subscriptions = tomllib.load(file)["subscription"]
    names = [entry["name"] for entry in subscriptions]
    assert len(set(names)) == len(names) >= 15
    for entry in subscriptions:
        assert entry["kind"] in {"rss", "arxiv"}, entry["name"]
        assert isinstance(entry["enabled"], bool)
        assert len(entry["why"]) >= 30 or HAN.search(entry["why"])
        assert entry["topics"]
        assert set(entry["topics"]) <= TOPICS | {"compression"}
        if entry["kind"] == "rss":
            assert re.fullmatch(r"https://[\w.-]+(?:/[\w./-]*)?", entry["url"])
            assert "query" not in entry
        else:
            query = entry["query"]
            assert query.count("(") == query.count(")")
            assert query.count('"') % 2 == 0
            assert "cat:cs." in query
            assert "url" not in entry
    on = [entry for entry in subscriptions if entry["enabled"]]
    assert {topic for entry in on if entry["kind"] == "arxiv" for topic in entry["topics"]} >= TOPICS


def test_the_readme_names_every_part() -> None:
    readme = (STARTER / "README.md").read_text(encoding="utf-8")
    for name in ("notes/", "papers.xml", "subscriptions.toml", "MIT", "--remove"):
        assert name in readme
