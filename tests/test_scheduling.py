"""The examples of docs/: timers that their programs accept, calling commands that exist."""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from almanac.__main__ import make_parser
from tests.source_tree import ROOT

DOCS = ROOT / "docs"
PAGES = (*sorted(DOCS.glob("*.md")), ROOT / "README.md")
UNITS = sorted([*DOCS.glob("*.service"), *DOCS.glob("*.timer")])
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
CRON = re.compile(r"^(?P<when>(?:[\d*/,-]+\s+){5})(?P<command>\S.*)$")
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
OURS = re.compile(r"python -m almanac\b(.*)")


def lines(page: Path) -> list[str]:
    return [line for block in SHELL.findall(page.read_text(encoding="utf-8")) for line in block.splitlines()]


def crons() -> list[str]:
    return [line for page in PAGES for line in lines(page) if CRON.match(line)]


def commands() -> list[str]:
    written = [line for page in PAGES for line in lines(page)]
    written += [line for unit in UNITS for line in unit.read_text(encoding="utf-8").splitlines()]
    return [found[1] for line in written if not line.startswith("#") and (found := OURS.search(line))]


def fields(when: str) -> list[set[int]]:
    """Return the minutes, hours, days, months and weekdays of a line of cron; ValueError where it has none."""
    made = []
    for text, (least, most) in zip(when.split(), RANGES, strict=True):
        found: set[int] = set()
        for part in text.split(","):
            span, _, step = part.partition("/")
            first, _, last = span.partition("-")
            begin, end = (least, most) if span == "*" else (int(first), int(last or first))
            if not least <= begin <= end <= most:
                raise ValueError(part)
            found |= set(range(begin, end + 1, int(step or 1)))
        made.append(found)
    return made


def test_the_reader_of_cron_lines_knows_wrong_ones() -> None:
    assert fields("17 */6 1 1-3,12 *")[:2] == [{17}, {0, 6, 12, 18}]
    for wrong in ("60 * * * *", "* 24 * * *", "* * 0 * *", "5-3 * * * *", "* * * *", "x * * * *", "*/0 * * * *"):
        with pytest.raises(ValueError, match=r"."):
            fields(wrong)


def test_there_are_examples_for_both() -> None:
    assert any("almanac sync --due" in line for line in crons())
    assert [unit.name for unit in UNITS] == ["almanac-sync.service", "almanac-sync.timer"]


@pytest.mark.parametrize("line", crons())
def test_a_line_of_cron_is_one(line: str) -> None:
    found = CRON.match(line)
    assert found
    assert all(fields(found["when"]))
    # In a crontab, a per cent sign ends the command.
    assert "%" not in found["command"]
    bash = shutil.which("bash")
    if bash:
        subprocess.run([bash, "-n", "-c", found["command"]], check=True)


@pytest.mark.parametrize("written", commands())
def test_a_command_is_understood(written: str) -> None:
    words = shlex.split(re.split(r"\s#\s|\s(?:>>?|2>)\s|\s&&\s|\s\|\s|`", written)[0], comments=True)
    if words and words[0].isupper():
        return  # COMMAND stands for any of them
    args = make_parser().parse_args(words)
    assert args.command == words[0]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_says_what_it_must(unit: Path) -> None:
    read = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    read.optionxform = str  # type: ignore[method-assign,assignment]
    read.read_string(unit.read_text(encoding="utf-8"))
    assert read["Unit"]["Description"]
    if unit.suffix == ".timer":
        assert read["Timer"]["OnCalendar"]
        assert read["Install"]["WantedBy"] == "timers.target"
        assert unit.with_suffix(".service") in UNITS
    else:
        assert read["Service"]["Type"] == "oneshot"
        program, *rest = shlex.split(read["Service"]["ExecStart"])
        assert program.startswith(read["Service"]["WorkingDirectory"])
        assert rest[:2] == ["-m", "almanac"]


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd here")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("%h/almanac/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text.replace("%h/almanac", str(ROOT)), encoding="utf-8")
    places = [str(tmp_path / unit.name) for unit in UNITS]
    verified = subprocess.run([program, "verify", "--man=no", *places], capture_output=True, text=True, timeout=60)
    told = [line for line in verified.stderr.splitlines() if "almanac-sync" in line]
    assert told == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_what_commands_refer_to_is_there() -> None:
    named = {
        name
        for path in (ROOT / "almanac").rglob("*.py")
        for name in re.findall(r"\bdocs/[\w.-]+\.\w+", path.read_text(encoding="utf-8"))
    }
    assert "docs/scheduling.md" in named
    assert all((ROOT / name).is_file() for name in named)
