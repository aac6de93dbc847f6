"""Tables of results: rows of named values, drawn aligned for a terminal and kept plain for JSON.

Knows nothing of what was measured. A unit stands in its column's name.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Value = str | int | float | None
Row = Mapping[str, Value]


@dataclass(frozen=True)
class Table:
    """One table of results."""

    title: str
    rows: Sequence[Row]
    notes: Sequence[str] = ()

    def as_json(self) -> dict[str, object]:
        """Return the table as JSON keeps it."""
        return {"title": self.title, "rows": [dict(row) for row in self.rows], "notes": list(self.notes)}


def tables_of(title: str, found: Iterable[Table | Row]) -> Iterator[Table]:
    """Yield what a benchmark gives as tables, as it gives them; plain rows become one table under the title."""
    rows: list[Row] = []
    for item in found:
        if isinstance(item, Table):
            yield item
        else:
            rows.append(item)
    if rows:
        yield Table(title, rows)


def bar(measure: str, value: float | None, least: float | None = None, most: float | None = None) -> Row:
    """Return the row that says whether a bar is met; give `least` or `most`."""
    asked = f">= {least:g}" if least is not None else f"<= {most:g}"
    if value is None:
        return {"measure": measure, "value": None, "bar": asked, "met": "not measured"}
    # What is shown is what is judged.
    shown = float(format_value(value))
    met = shown >= least if least is not None else shown <= (most or 0)
    return {"measure": measure, "value": value, "bar": asked, "met": "yes" if met else "NO"}


def format_value(value: Value) -> str:
    """Return a value as a cell: numbers with as many digits as they bear."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    size = abs(value)
    return (
        f"{value:.0f}"
        if size >= 100
        else f"{value:.1f}"
        if size >= 10
        else f"{value:.2f}"
        if size >= 0.1
        else f"{value:.3f}"
    )


def draw(table: Table) -> str:
    """Return a table as text, words to the left and numbers to the right."""
    names = list(dict.fromkeys(name for row in table.rows for name in row))
    cells = [[format_value(row.get(name)) for name in names] for row in table.rows]
    numeric = [not any(isinstance(row.get(name), str) for row in table.rows) for name in names]
    widths = [max(_width(line[at]) for line in [names, *cells]) for at in range(len(names))]
    lines = [table.title, *(_line(line, widths, numeric) for line in [names, ["-" * w for w in widths], *cells])]
    return "\n".join([*lines, *(f"  {note}" for note in table.notes)])


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    made = []
    for cell, width, right in zip(cells, widths, numeric, strict=True):
        pad = " " * (width - _width(cell))
        made.append(pad + cell if right else cell + pad)
    return "  ".join(made).rstrip()


def _width(text: str) -> int:
    """Columns that a text takes on a terminal: CJK characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
