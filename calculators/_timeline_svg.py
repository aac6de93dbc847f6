"""A pipeline timeline as a picture: stages as rows, work as coloured cells, bubbles hatched.

Owns layout and drawing, and the bubbles measured from cells. Pure: knows no page; the palette is an
argument. Refuses no size: cells narrower than a pixel are merged, rows beyond `MOST_ROWS` are thinned
evenly and the picture says so. Invariant: drawn cells of a row never overlap, and every text in the
picture is the program's own.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from calculators._schedules import Cell

Timeline = Sequence[Sequence[Cell]]
MOST_ROWS = 128
LEFT, RIGHT, TITLE, GAP = 64, 16, 30, 22
"""Margins: stage names on the left, a title above each timeline, room between two."""
AXIS, LEGEND = 34, 26
NARROW, MERGED = 1.0, 4.0
"""Cells below so many pixels are merged, into blocks of at most so many."""
READABLE = 7.0
"""Pixels that a digit needs."""
HALVES = {"FB": ("F", "B")}


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a picture: ink and paper, and each kind of work with the ink upon it."""

    paper: str
    ink: str
    faint: str
    line: str
    work: dict[str, str]
    on_work: str


LIGHT = Palette("#FBFAF6", "#22262B", "#6B675F", "#E2DDD0", {"F": "#40509E", "B": "#176B66", "W": "#B98A1D"}, "#FFFFFF")
DARK = Palette("#14181D", "#E6E3DC", "#A8A39A", "#323A43", {"F": "#9DAAF0", "B": "#6CC3B6", "W": "#DDB65A"}, "#14181D")


class Bubbles(NamedTuple):
    """Idle shares of a timeline, by both conventions; each from all stages together, and the worst stage's span."""

    makespan: float
    against_makespan: float
    """Idle over stages times makespan."""
    against_span: float
    """1 − work over the longest span of a stage, as in Zero Bubble's tables."""
    against_ideal: float
    """Idle over work, as PTD-P states it."""


class Drawn(NamedTuple):
    """A cell or several merged ones, in pixels from the row's left."""

    x: float
    width: float
    bands: tuple[tuple[str, float], ...]
    """From top to bottom each kind of work with its share of the height: halves where two overlap, and where
    cells are merged the share of time that each kind takes."""
    chunk: int
    label: str


def measure(timeline: Timeline) -> Bubbles:
    """Measure the bubbles of a timeline."""
    works = [sum(cell.end - cell.start for cell in row) for row in timeline]
    makespan = max((row[-1].end for row in timeline if row), default=0.0)
    spans = [row[-1].end - row[0].start for row in timeline if row]
    longest, work = max(spans, default=0.0), sum(works)
    if not work:
        return Bubbles(makespan, 0.0, 0.0, 0.0)
    total = len(timeline) * makespan
    return Bubbles(makespan, 1 - work / total, 1 - max(works) / longest, (total - work) / work)


def in_flight(row: Sequence[Cell]) -> float:
    """Most microbatches that a stage holds from the start of F to the end of B; chunks count as their part."""
    chunks = len({cell.chunk for cell in row if cell.op in ("F", "FB")}) or 1
    both_ways = any(cell.op == "FB" for cell in row)
    held = peak = 0
    for cell in row:
        held += cell.op in ("F", "FB")
        peak = max(peak, held)
        held -= cell.op in ("B", "FB")
    return float(peak) if both_ways else peak / chunks


def lay_out(row: Sequence[Cell], scale: float) -> list[Drawn]:
    """Place a row's cells at `scale` pixels per unit of time; narrow ones are merged into their neighbours."""
    found: list[Drawn] = []
    heap: list[Cell] = []
    for cell in row:
        if (cell.end - cell.start) * scale >= NARROW:
            _flush(found, heap, scale)
            number = str(cell.microbatch + 1)
            width = (cell.end - cell.start) * scale
            label = number if width >= READABLE * len(number) + 3 else ""
            found.append(Drawn(cell.start * scale, width, _bands({cell.op: 1.0}), cell.chunk, label))
            continue
        gap = heap and (cell.start - heap[-1].end) * scale >= NARROW / 2
        if gap or (heap and (cell.end - heap[0].start) * scale >= MERGED):
            _flush(found, heap, scale)
        heap.append(cell)
    _flush(found, heap, scale)
    return found


def _flush(found: list[Drawn], heap: list[Cell], scale: float) -> None:
    """Draw merged cells as bands in proportion to the time that each kind of work takes."""
    if not heap:
        return
    spent: dict[str, float] = {}
    for cell in heap:
        spent[cell.op] = spent.get(cell.op, 0.0) + cell.end - cell.start
    width = (heap[-1].end - heap[0].start) * scale
    if width > 0:
        found.append(Drawn(heap[0].start * scale, width, _bands(spent), 0, ""))
    heap.clear()


def _bands(spent: dict[str, float]) -> tuple[tuple[str, float], ...]:
    """Return the share of each kind of work, in the fixed order F, B, W; an overlapped pair is half of either."""
    whole = sum(spent.values())
    shares = dict.fromkeys("FBW", 0.0)
    for op, time in spent.items():
        kinds = HALVES.get(op, (op,))
        for kind in kinds:
            shares[kind] += time / whole / len(kinds)
    return tuple((kind, share) for kind, share in shares.items() if share)


def rows_shown(stages: int) -> list[int]:
    """Return the stages that are drawn: all, or evenly spread ones with both ends."""
    if stages <= MOST_ROWS:
        return list(range(stages))
    return sorted({round(at * (stages - 1) / (MOST_ROWS - 1)) for at in range(MOST_ROWS)})


def draw(timelines: Sequence[tuple[str, Timeline]], palette: Palette, width: int = 900) -> str:
    """Return the SVG of one timeline, or of several one above the other on the same scale of time."""
    makespan = max((measure(item).makespan for _, item in timelines), default=0.0) or 1.0
    scale = (width - LEFT - RIGHT) / makespan
    body: list[str] = []
    top = 0.0
    for name, item in timelines:
        made, height = _timeline(name, item, scale, top, palette, width)
        body += made
        top += height
    body += _axis(makespan, scale, top, palette)
    body += _legend(timelines, top + AXIS, palette)
    height = int(top + AXIS + LEGEND)
    title = "Pipeline timeline: " + " and ".join(name for name, _ in timelines)
    about = "; ".join(_said(name, item) for name, item in timelines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="t d" font-family="\'Source Sans 3\', \'Source Sans Pro\', Arial, sans-serif">'
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(about)}</desc>{_patterns(palette)}'
        f'<rect width="{width}" height="{height}" fill="{palette.paper}"/>{"".join(body)}</svg>'
    )


def _said(name: str, timeline: Timeline) -> str:
    found = measure(timeline)
    return (
        f"{name}: {len(timeline)} stages, makespan {found.makespan:g}, bubble {found.against_makespan:.1%} of the "
        f"makespan, {found.against_span:.1%} of the longest stage span"
    )


def _patterns(palette: Palette) -> str:
    return (
        '<defs><pattern id="h" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="6" height="6" fill="{palette.line}" fill-opacity="0.55"/>'
        f'<rect width="1.6" height="6" fill="{palette.faint}" fill-opacity="0.5"/></pattern></defs>'
    )


def _timeline(
    name: str, timeline: Timeline, scale: float, top: float, palette: Palette, width: int
) -> tuple[list[str], float]:
    """Return a title and the rows, and the height they take."""
    shown = rows_shown(len(timeline))
    pitch = max(4.0, min(28.0, 560 / max(len(shown), 1)))
    thick = pitch - (2.0 if pitch > 8 else 0.5)
    found = measure(timeline)
    note = (
        f" · every {len(timeline) / len(shown):.3g}th stage of {len(timeline)} shown"
        if len(shown) < len(timeline)
        else ""
    )
    words = (
        f"makespan {found.makespan:.6g} · bubble {found.against_makespan:.1%} of makespan, "
        f"{found.against_span:.1%} of the longest stage span{note}"
    )
    made = [
        _text(LEFT, top + 19, name, palette.ink, 15, weight=600),
        _text(width - RIGHT, top + 19, words, palette.faint, 12.5, anchor="end"),
    ]
    y = top + TITLE
    step = max(1, round(14 / pitch))
    for number, stage in enumerate(shown):
        made += _row(timeline[stage], found.makespan, scale, y, thick, palette)
        if number % step == 0:
            made.append(_text(LEFT - 8, y + thick / 2 + 4, f"stage {stage + 1}", palette.faint, 11, anchor="end"))
        y += pitch
    return made, TITLE + pitch * len(shown) + GAP


def _row(cells: Sequence[Cell], makespan: float, scale: float, y: float, thick: float, palette: Palette) -> list[str]:
    """Return one stage: idle ends plain, bubbles within its span hatched, then the work."""
    made = [f'<rect x="{LEFT}" y="{y:.1f}" width="{makespan * scale:.1f}" height="{thick:.1f}" fill="{palette.line}" '
            'fill-opacity="0.35"/>']  # fmt: skip
    if not cells:
        return made
    begin, end = cells[0].start * scale, cells[-1].end * scale
    made.append(
        f'<rect x="{LEFT + begin:.2f}" y="{y:.1f}" width="{end - begin:.2f}" height="{thick:.1f}" fill="url(#h)"/>'
    )
    paths: dict[tuple[str, int], list[str]] = {}
    labels: list[str] = []
    # Neighbours are told apart by a hair of paper where there is room for one.
    for cell in lay_out(cells, scale):
        hair = 0.8 if cell.width > 5 else 0.25 if cell.width > 2 and len(cell.bands) == 1 else 0.0
        x, across, at = LEFT + cell.x, cell.width - hair, y
        for op, share in cell.bands:
            path = f"M{x:.2f} {at:.1f}h{across:.2f}v{share * thick:.1f}h{-across:.2f}z"
            paths.setdefault((op, min(cell.chunk, 4)), []).append(path)
            at += share * thick
        tall = thick * cell.bands[0][1]
        if cell.label and tall >= 12:
            size = 11 if tall >= 14 else 10
            labels.append(_text(x + across / 2, y + tall / 2 + 4, cell.label, palette.on_work, size, anchor="middle"))
    for (op, chunk), parts in paths.items():
        fill = palette.work[op]
        opacity = 1 - 0.16 * chunk
        made.append(f'<path d="{"".join(parts)}" fill="{fill}" fill-opacity="{opacity:g}"/>')
    return made + labels


def _axis(makespan: float, scale: float, top: float, palette: Palette) -> list[str]:
    """Return the axis of time with round numbers."""
    made = [f'<path d="M{LEFT} {top:.1f}h{makespan * scale:.1f}" stroke="{palette.faint}" fill="none"/>']
    for tick in ticks(makespan):
        x = LEFT + tick * scale
        made.append(f'<path d="M{x:.1f} {top:.1f}v5" stroke="{palette.faint}"/>')
        made.append(_text(x, top + 18, f"{tick:g}", palette.faint, 11, anchor="middle"))
    return made


def ticks(end: float) -> list[float]:
    """Return about eight round numbers from 0 to an end."""
    rough = end / 8
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough)
    return [float(f"{step * number:.10g}") for number in range(int(end / step) + 1)]


def _legend(timelines: Iterable[tuple[str, Timeline]], top: float, palette: Palette) -> list[str]:
    ops = {cell.op for _, item in timelines for row in item for cell in row[:400]}
    ops |= {part for op in ops for part in HALVES.get(op, ())}
    split = "W" in ops
    names = {"F": "F forward", "B": "B backward" + ("" if split else ", weights included"), "W": "W weight gradients"}
    made: list[str] = []
    x = float(LEFT)
    for fill, words in [
        *((palette.work[op], names[op]) for op in ("F", "B", "W") if op in ops),
        ("url(#h)", "bubble"),
        (palette.line, "before the first and after the last work"),
    ]:
        made.append(f'<rect x="{x:.0f}" y="{top:.1f}" width="13" height="13" rx="1.5" fill="{fill}"/>')
        made.append(_text(x + 19, top + 11, words, palette.faint, 12))
        x += 19 + 6.2 * len(words) + 20
    return made


def _text(x: float, y: float, words: str, fill: str, size: float, *, anchor: str = "", weight: int = 0) -> str:
    extra = (f' text-anchor="{anchor}"' if anchor else "") + (f' font-weight="{weight}"' if weight else "")
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{fill}"{extra}>{escape(words)}</text>'
