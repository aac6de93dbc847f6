"""A small library to ask: notes in two languages and a feed, in words made up for these tests. No embedder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from almanac import Almanac, open_almanac
from kb.settings import load_settings

NOTES = """---
title: Widgets at scale
date: 2026-11-22
---

1. Widget caching
    1. a widget cache keeps the last 64 frobs of every session in fast memory, so that a hit costs 3 ms instead of 40 ms
    2. the cache is cut into trays of 16 frobs; only the last tray of a session can be partly empty
    3. very good, the clearest account of trays
    4. question: why do trays of 16 work better than trays of 32?
        1. because the last tray wastes half its slots on average, and smaller trays have fewer slots to waste
2. Frob pipelines
    1. FrobNet: Pipelined Frobs for Everyone    [2023, FROBCONF] - Ada Example
       https://example.org/frobnet
        1. FrobNet-2 splits work into 12 stages and reaches 3.5x the throughput of FrobNet-1
        2. idle share of the pipeline: (p-1)/m with p stages and m batches
    2. SlowFrob processes frobs one by one and never splits them
3. 小部件的调度
    1. 调度器先处理等待最久的会话，因此尾延迟降低 40%
    2. 托盘越小，浪费越少，但查表越慢
"""
FEED = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Frob news</title>
<link>https://news.example.org</link><description>News</description>
<item><title>Frob compression arrives</title><link>https://news.example.org/compression</link><guid>a1</guid>
<pubDate>Tue, 15 Aug 2023 09:00:00 GMT</pubDate>
<description>Frob compression stores each frob in 4 bits and keeps 99% of its accuracy.</description></item>
<item><title>Frob markets cool</title><link>https://news.example.org/markets</link><guid>a2</guid>
<pubDate>Fri, 12 Jan 2024 09:00:00 GMT</pubDate>
<description>Demand for frob compression fell in winter, say three traders.</description></item>
</channel></rss>
"""


def open_small(folder: Path, **files: str) -> Almanac:
    """Open a library of files by name, without an embedder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    almanac = open_almanac(load_settings(folder / "home", embedder="none"))
    outcomes = list(almanac.ingest(paths))
    assert all(outcome.status == "ok" for outcome in outcomes), outcomes
    return almanac


@pytest.fixture(scope="session")
def almanac(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Almanac]:
    """The small library."""
    opened = open_small(tmp_path_factory.mktemp("small"), widgets__md=NOTES, frobs__rss=FEED)
    yield opened
    opened.close()
