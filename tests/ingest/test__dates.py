"""ingest._dates: exactly what is stated, or None."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest._dates import find_period, parse_date, quarter_of
from kb.types import PARTIAL_DATE, QUARTER


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("Thu, 06 Jun 2024 10:33:58 GMT", "2024-06-06T10:33:58Z"),
        ("Thu, 6 Jun 24 10:33 EST", "2024-06-06T10:33-05:00"),
        ("Thu, 06 Jun 2024 10:33:58 +0800", "2024-06-06T10:33:58+08:00"),
        ("Thu, 06 Jun 2024 10:33:58 -0000", "2024-06-06T10:33:58Z"),
        ("Thu, 06 Jun 2024 10:33:58 CST", "2024-06-06T10:33:58"),
        ("Thu, 06 Jun 2024 10:33:58 +0800 (CST)", "2024-06-06T10:33:58+08:00"),
        ("Thu Jun  6 10:33:58 CST 2024", "2024-06-06T10:33:58"),
        ("Thu Jun 06 2024 10:33:58 GMT+0800 (China Standard Time)", "2024-06-06T10:33:58+08:00"),
        ("2024-06-06T10:33:58.123Z", "2024-06-06T10:33:58.123Z"),
        ("2024-06-06 10:33:58 +0800", "2024-06-06T10:33:58+08:00"),
        ("2024-06-06T10:33", "2024-06-06T10:33"),
        ("2024-06-06", "2024-06-06"),
        ("2024-6-6", "2024-06-06"),
        ("2024-06", "2024-06"),
        ("2024", "2024"),
        ("2024年6月6日", "2024-06-06"),
        ("2024 年 6 月 6 日 星期四 10:33", "2024-06-06T10:33"),
        ("2024年6月6日 下午3:04", "2024-06-06T15:04"),
        ("2024年6月", "2024-06"),
        ("２０２４年６月６日", "2024-06-06"),
        ("二〇二四年十二月三十一日", "2024-12-31"),
        ("2024/06/06", "2024-06-06"),
        ("2024.06.06", "2024-06-06"),
        ("20240606", "2024-06-06"),
        ("20240606T101010Z", "2024-06-06T10:10:10Z"),
        ("6 June 2024", "2024-06-06"),
        ("6th of June, 2024", "2024-06-06"),
        ("June 6, 2024", "2024-06-06"),
        ("Sept. 6th 2024 3:04 PM", "2024-09-06T15:04"),
        ("June 2024", "2024-06"),
        ("25/12/2023", "2023-12-25"),
        ("12/25/2023", "2023-12-25"),
        ("24.12.2023", "2023-12-24"),
        ("04/07/2023", "2023"),
        ("2024-06-06T25:00:00Z", "2024-06-06"),
        ("2024-06-06T10:00:00+25:00", "2024-06-06T10:00:00"),
        ("2024-02-29", "2024-02-29"),
        ("2024-03-31T24:00:00Z", "2024-04-01T00:00:00Z"),
        ("2024-03-31T24:00:01Z", "2024-03-31"),
        ("2024-03-31T23:30:00+08:00[Asia/Shanghai]", "2024-03-31T23:30:00+08:00"),
        ("民國113年3月31日", "2024-03-31"),
        ("2024年三月三十一日", "2024-03-31"),
        ("2024年03月31日（日）", "2024-03-31"),
        ("2024年3月31日(星期日) 晚上9:05", "2024-03-31T21:05"),
    ],
)
def test_as_precise_as_stated(raw: str, iso: str) -> None:
    assert parse_date(raw) == iso


@pytest.mark.parametrize(
    "raw",
    ["", "yesterday", "soon", "2023-02-29", "2023-13-01", "2023-00-10", "31 April 2023", "2023年4月31日", "20230231",
     "1680861600", "1680861600000", "0001-01-01T00:00:00Z", "1989-12-31", "2099-01-01", "Mon, 01 Jan 0001 00:00:00 GMT",
     "2023.1", "民國0年", "民國999年3月", "4月7日", "04-07", "x" * 5000],
)  # fmt: skip
def test_nothing_is_invented(raw: str) -> None:
    assert parse_date(raw) is None


def test_next_year_is_the_last() -> None:
    year = datetime.date.today().year
    assert parse_date(f"{year + 1}-01-01") == f"{year + 1}-01-01"
    assert parse_date(f"{year + 2}-01-01") is None


@pytest.mark.parametrize(
    ("iso", "quarter"),
    [("2023", ""), ("", ""), ("2023-03", "2023-Q1"), ("2023-04-01T00:30+08:00", "2023-Q2"), ("2023-12-31", "2023-Q4")],
)
def test_quarter_is_by_the_date_as_stated(iso: str, quarter: str) -> None:
    assert quarter_of(iso) == quarter


@pytest.mark.parametrize(
    ("title", "period"),
    [
        ("Q2'24: what changed", ("", "2024-Q2")),
        ("What changed in Q2’24", ("", "2024-Q2")),
        ("2024 Q2", ("", "2024-Q2")),
        ("2024Q2 review", ("", "2024-Q2")),
        ("Q3 2024", ("", "2024-Q3")),
        ("1Q24 notes", ("", "2024-Q1")),
        ("third quarter of 2022", ("", "2022-Q3")),
        ("2023年第一季度", ("", "2023-Q1")),
        ("2023 年第 4 季度总结", ("", "2023-Q4")),
        ("2023年Q1", ("", "2023-Q1")),
        ("周报 20240606 期", ("2024-06-06", "2024-Q2")),
        ("第20240606期", ("2024-06-06", "2024-Q2")),
        ("2024-06-06", ("2024-06-06", "2024-Q2")),
        ("周报 2024年6月6日", ("2024-06-06", "2024-Q2")),
        ("Digest, June 2024", ("2024-06", "2024-Q2")),
        ("Jan-Mar 2023", ("", "2023-Q1")),
        ("Q4 2023 digest (2024-01-12)", ("2024-01-12", "2023-Q4")),
        ("March to May 2023", None),
        ("Toolkit 2023.1 released", None),
        ("Papers of CVPR 2023", None),
        ("Formats Q4_0 and Q8_0", None),
        ("Q4 quantisation of 16 models", None),
        ("Paper 2306.02267", None),
        ("Q8 2023", None),
        ("", None),
    ],
)
def test_period_of_a_title(title: str, period: tuple[str, str] | None) -> None:
    assert find_period(title) == period


@given(st.text(max_size=120) | st.from_regex(r"[0-9年月日/. :+TZapm-]{1,40}"))
def test_any_text_gives_a_partial_date_or_none(raw: str) -> None:
    iso = parse_date(raw)
    assert iso is None or (PARTIAL_DATE.fullmatch(iso) and 1990 <= int(iso[:4]) <= datetime.date.today().year + 1)
    period = find_period(raw)
    if period:
        assert any(period)
        assert not period[0] or PARTIAL_DATE.fullmatch(period[0])
        assert not period[1] or QUARTER.fullmatch(period[1])


@given(st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2024, 12, 31)))
def test_every_day_survives_every_form(moment: datetime.datetime) -> None:
    day = moment.strftime("%Y-%m-%d")
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%d %B %Y", "%B %d, %Y", "%a, %d %b %Y"):
        assert parse_date(moment.strftime(form)) == day
