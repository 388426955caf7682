"""Days, weeks, months and so on, as groups of dates: how PostgreSQL forms them and how people read them.

Weeks are ISO weeks, beginning on Monday. Labels are English: "January 2025", "W3 2025", "Q1 2025", "01 Jan 2025".
"""

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Granularity:
    """How to cut time: the SQL over `{c}` and, for spans, the step in months or days (else a plain number)."""

    sql: str
    months: int = 0
    days: int = 0
    hours: int = 0


GRANULARITIES = {
    "hour": Granularity("date_trunc('hour', {c})", hours=1),
    "day": Granularity("date_trunc('day', {c})", days=1),
    "week": Granularity("date_trunc('week', {c})", days=7),
    "month": Granularity("date_trunc('month', {c})", months=1),
    "quarter": Granularity("date_trunc('quarter', {c})", months=3),
    "year": Granularity("date_trunc('year', {c})", months=12),
    "year_number": Granularity("extract(year from {c})::int"),
    "quarter_number": Granularity("extract(quarter from {c})::int"),
    "month_number": Granularity("extract(month from {c})::int"),
    "iso_week_number": Granularity("extract(week from {c})::int"),
    "day_of_year": Granularity("extract(doy from {c})::int"),
    "day_of_month": Granularity("extract(day from {c})::int"),
    "day_of_week": Granularity("extract(dow from {c})::int"),
    "hour_number": Granularity("extract(hour from {c})::int"),
    "minute_number": Granularity("extract(minute from {c})::int"),
    "second_number": Granularity("floor(extract(second from {c}))::int"),
}


WITHIN_A_DAY = frozenset({"hour", "hour_number", "minute_number", "second_number"})  # what a date cannot be cut by
LAST = dt.datetime.fromisoformat("9999-12-31 23:59:59.999999")  # local, so without a zone
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _hour(at: dt.datetime) -> str:
    return f"{at.hour:02}:00 {at.day:02} {MONTHS[at.month - 1][:3]}"


def _day(at: dt.datetime) -> str:
    return f"{at.day:02} {MONTHS[at.month - 1][:3]} {at.year:04}"


def _week(at: dt.datetime) -> str:
    year, week, _ = at.isocalendar()
    return f"W{week} {year:04}"


def _month(at: dt.datetime) -> str:
    return f"{MONTHS[at.month - 1]} {at.year:04}"


def _quarter(at: dt.datetime) -> str:
    return f"Q{(at.month + 2) // 3} {at.year:04}"


def _year(at: dt.datetime) -> str:
    return f"{at.year:04}"


LABELS: Mapping[str, Callable[[dt.datetime], str]] = {
    "hour": _hour,
    "day": _day,
    "week": _week,
    "month": _month,
    "quarter": _quarter,
}


@dataclass(frozen=True, slots=True)
class Period:
    """One group of dates: its granularity and where it begins (or its number)."""

    granularity: str
    value: Any

    @property
    def is_span(self) -> bool:
        """Whether the period has a beginning and an end."""
        return isinstance(self.value, dt.datetime)

    @property
    def start(self) -> dt.datetime:
        """The first instant, in local time without a zone."""
        start: dt.datetime = self.value
        return start.replace(tzinfo=None)

    @property
    def end(self) -> dt.datetime:
        """The first instant after the period, in local time without a zone; at the end of the calendar its last."""
        step = GRANULARITIES[self.granularity]
        try:
            if not step.months:
                return self.start + dt.timedelta(days=step.days, hours=step.hours)
            month = self.start.month - 1 + step.months
            return self.start.replace(year=self.start.year + month // 12, month=month % 12 + 1)
        except (ValueError, OverflowError):
            return LAST

    @property
    def label(self) -> Any:
        """What people read; a number for granularities that are numbers."""
        if not self.is_span:
            return self.value
        return LABELS.get(self.granularity, _year)(self.start)

    def start_text(self, zone: ZoneInfo, *, timed: bool) -> str:
        """Return the beginning as the wire writes it, an instant in UTC."""
        return _text(self.start, zone, timed=timed)

    def end_text(self, zone: ZoneInfo, *, timed: bool) -> str:
        """Return the end as the wire writes it, an instant in UTC."""
        return _text(self.end, zone, timed=timed)


def _text(local: dt.datetime, zone: ZoneInfo, *, timed: bool) -> str:
    if not timed:
        return local.date().isoformat()
    with suppress(OverflowError):  # within a zone's width of the calendar's ends: shown as it stands there
        local = local.replace(tzinfo=zone).astimezone(dt.UTC).replace(tzinfo=None)
    return local.isoformat(" ", "seconds")
