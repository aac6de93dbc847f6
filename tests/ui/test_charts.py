"""ui.charts: quarters without gaps, topics in their hues."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ui.charts import by_quarter, quarters_between
from ui.hues import HUES

ROOT = Path(__file__).resolve().parents[2]


def test_quarters_run_on_over_the_year() -> None:
    assert quarters_between("2022-Q3", "2023-Q2") == ["2022-Q3", "2022-Q4", "2023-Q1", "2023-Q2"]
    assert quarters_between("2023-Q1", "2023-Q1") == ["2023-Q1"]


def test_the_chart_names_every_quarter_between_and_keeps_the_hues() -> None:
    made = by_quarter([("2023-Q1", "serving", 3), ("2023-Q4", "other", 1), ("2023-Q4", "unheard-of", 2)], dark=False)
    spec = made.to_dict()
    assert spec["encoding"]["x"]["scale"]["domain"] == ["2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4"]
    hues = dict(zip(*(spec["encoding"]["color"]["scale"][key] for key in ("domain", "range")), strict=True))
    assert hues["Serving"] == HUES["teal"][0]
    assert hues["Other"] == HUES["grey"][0]
    assert {row["topic"] for row in spec["data"]["values"]} == {"Serving", "Other"}


def test_many_quarters_name_only_years_and_far_apart_ones_are_not_filled() -> None:
    spec = by_quarter([("2019-Q2", "serving", 1), ("2023-Q2", "serving", 1)], dark=True).to_dict()
    assert spec["encoding"]["x"]["axis"]["values"] == ["2020-Q1", "2021-Q1", "2022-Q1", "2023-Q1"]
    far = by_quarter([("1990-Q2", "serving", 1), ("2023-Q2", "serving", 1)], dark=True).to_dict()
    assert far["encoding"]["x"]["scale"]["domain"] == ["1990-Q2", "2023-Q2"]


def test_a_chart_waits_for_what_another_thread_has_half_imported() -> None:
    code = textwrap.dedent(
        """
        import sys, threading, time
        from ui.charts import by_quarter
        import altair
        thread = threading.Thread(target=__import__, args=("pandas",))
        thread.start()
        while "pandas" not in sys.modules:
            time.sleep(0.0005)
        assert not hasattr(sys.modules["pandas"], "Timestamp"), "too late to tell"
        print(by_quarter([("2023-Q1", "serving", 3)], dark=False).to_dict()["mark"]["type"])
        thread.join()
        """
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    if "too late to tell" in told.stderr:
        pytest.skip("pandas was imported too quickly")
    assert told.stdout == "bar\n", told.stderr[-600:]
