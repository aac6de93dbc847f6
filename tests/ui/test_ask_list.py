"""The list of conversations: each says when it went on, by this machine's clock."""

from datetime import UTC, datetime

from ui.ask_list import moment


def test_a_moment_is_told_by_the_clock_of_the_machine() -> None:
    stated = datetime(2023, 4, 7, 12, 5, 30, tzinfo=UTC)
    here = stated.astimezone()
    assert moment(stated.isoformat()) == f"{here.day} Apr 2023, {here:%H:%M}"
