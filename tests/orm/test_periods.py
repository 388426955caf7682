"""Periods: where they begin and end, and what people read for them."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.orm.periods import GRANULARITIES, Period

SPANS = [name for name, one in GRANULARITIES.items() if one.months or one.days or one.hours]


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("granularity", "start", "end", "label"),
    [
        ("hour", "2025-01-05 13:00", "2025-01-05 14:00", "13:00 05 Jan"),
        ("day", "2024-02-29", "2024-03-01", "29 Feb 2024"),
        ("week", "2024-12-30", "2025-01-06", "W1 2025"),
        ("month", "2025-12-01", "2026-01-01", "December 2025"),
        ("quarter", "2025-10-01", "2026-01-01", "Q4 2025"),
        ("year", "0999-01-01", "1000-01-01", "0999"),
        ("year", "9999-01-01", "9999-12-31 23:59:59.999999", "9999"),
    ],
)
def test_a_period_begins_ends_and_is_called(granularity: str, start: str, end: str, label: str) -> None:
    period = Period(granularity, at(start))

    assert (period.end, period.label) == (at(end), label)


def test_a_number_is_its_own_label() -> None:
    assert Period("month_number", 3).label == 3
    assert not Period("month_number", 3).is_span


def test_bounds_are_instants_in_utc_over_a_change_of_the_clock() -> None:
    march = Period("month", at("2025-03-01"))
    zone = ZoneInfo("America/New_York")

    assert march.start_text(zone, timed=True) == "2025-03-01 05:00:00"
    assert march.end_text(zone, timed=True) == "2025-04-01 04:00:00"
    assert (march.start_text(zone, timed=False), march.end_text(zone, timed=False)) == ("2025-03-01", "2025-04-01")


@given(st.sampled_from(SPANS), st.datetimes(), st.sampled_from(["UTC", "Asia/Manila", "America/New_York"]))
def test_every_period_of_the_calendar_has_bounds_in_order(granularity: str, start: dt.datetime, zone: str) -> None:
    period = Period(granularity, start)

    assert period.start <= period.end
    assert isinstance(period.label, str)
    for timed in (True, False):
        assert period.start_text(ZoneInfo(zone), timed=timed)
        assert period.end_text(ZoneInfo(zone), timed=timed)
