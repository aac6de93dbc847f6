"""Documents per topic over the quarters: a drawing for the eye and a table for everybody.

Pure SVG and HTML without a script; the hues come from the page's stylesheet.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from digests.quarter import shift, short
from digests.wording import count, hue_of, topic_title
from kb.markup import esc
from kb.topics import load_topics

Counts = Mapping[str, Mapping[str, int]]
OTHER = "other"
WIDTH, HEIGHT, LEFT, FOOT = 704, 170, 34, 20
MOST_QUARTERS = 48
"""Quarters that are drawn one beside the other; older ones stand in the table alone."""


def topics_in(counts: Counts) -> list[str]:
    """Return the topics that have documents, in their fixed order, `other` last."""
    found = {topic for by_topic in counts.values() for topic, number in by_topic.items() if number}
    return [topic for topic in (*load_topics(), OTHER) if topic in found]


def quarters_in(counts: Counts) -> list[str]:
    """Return every quarter from the first with documents to the last, the empty ones between included."""
    known = sorted(quarter for quarter, by_topic in counts.items() if sum(by_topic.values()))
    if not known:
        return []
    made = [known[0]]
    while made[-1] < known[-1] and len(made) < 4 * MOST_QUARTERS:
        made.append(shift(made[-1], 1))
    return made if made[-1] == known[-1] else known


def _total(counts: Counts, quarter: str) -> int:
    return sum(counts.get(quarter, {}).values())


def chart(counts: Counts) -> str:
    """Return the drawing: one bar a quarter, its topics stacked; empty where there is nothing to draw."""
    quarters, topics = quarters_in(counts)[-MOST_QUARTERS:], topics_in(counts)
    if not quarters:
        return ""
    most = max(_total(counts, quarter) for quarter in quarters)
    step = (WIDTH - LEFT) / len(quarters)
    wide = min(step * 0.75, 48)
    drawn = [_grid(most)]
    for number, quarter in enumerate(quarters):
        at = LEFT + step * number + (step - wide) / 2
        drawn.append(_bar(counts, quarter, topics, at, wide, most))
        if len(quarters) <= 12 or quarter.endswith("Q1"):
            words = short(quarter) if len(quarters) <= 12 else quarter[:4]
            drawn.append(f'<text x="{at + wide / 2:.1f}" y="{HEIGHT + FOOT - 5}" text-anchor="middle">{words}</text>')
    key = "".join(f'<li class="hue {hue_of(topic)}">{esc(topic_title(topic))}</li>' for topic in topics)
    title = f"Documents per topic, {short(quarters[0])} to {short(quarters[-1])}; the table below has the numbers"
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT + FOOT}" role="img" aria-label="{esc(title)}">\n'
        f'{"".join(drawn)}</svg>\n<figcaption class="contents"><ul>{key}</ul></figcaption></figure>\n'
    )


def _grid(most: int) -> str:
    ticks = sorted({0, most // 2, most})
    return "".join(
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{_y(tick, most):.1f}" y2="{_y(tick, most):.1f}"/>'
        f'<text x="{LEFT - 6}" y="{_y(tick, most) + 4:.1f}" text-anchor="end">{tick:,}</text>\n'
        for tick in ticks
    )


def _y(number: float, most: int) -> float:
    return 6 + (HEIGHT - 6) * (1 - number / max(most, 1))


def _bar(counts: Counts, quarter: str, topics: Sequence[str], at: float, wide: float, most: int) -> str:
    made, below = "", 0
    for topic in topics:
        number = counts.get(quarter, {}).get(topic, 0)
        if number:
            top = _y(below + number, most)
            tall = _y(below, most) - top
            words = f"{short(quarter)}, {topic_title(topic)}: {count(number, 'document')}"
            box = f'x="{at:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{tall:.1f}"'
            made += f'<g class="hue {hue_of(topic)}"><rect {box}><title>{esc(words)}</title></rect></g>\n'
            below += number
    return made


def table(counts: Counts, linked: AbstractSet[str]) -> str:
    """Return the numbers, newest quarter first; quarters with a page of their own are linked."""
    quarters = [quarter for quarter in reversed(quarters_in(counts)) if _total(counts, quarter)]
    if not quarters:
        return ""
    topics = topics_in(counts)
    head = "".join(f'<th scope="col" class="num">{esc(topic_title(topic))}</th>' for topic in topics)
    rows = ""
    for quarter in quarters:
        name = f'<a href="{quarter}.html">{short(quarter)}</a>' if quarter in linked else short(quarter)
        cells = "".join(f'<td class="num">{counts[quarter].get(topic, 0) or "–"}</td>' for topic in topics)
        rows += f'<tr><th scope="row">{name}</th>{cells}</tr>\n'
    return (
        '<section><h2 id="numbers">Documents per topic</h2>\n<div class="wide"><table>'
        f'<thead><tr><th scope="col">Quarter</th>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n'
        '<p class="dim">A document about several topics counts once for each.</p></section>\n'
    )
