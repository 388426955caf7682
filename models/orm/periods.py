"""Days, weeks, months and so on, as groups of dates: how PostgreSQL forms them and how people read them.

Weeks are ISO weeks, beginning on Monday. Labels are English: "January 2025", "W3 2025", "Q1 2025", "01 Jan 2025".
"""

import datetime as dt
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
        """The first instant after the period, in local time without a zone."""
        step = GRANULARITIES[self.granularity]
        if not step.months:
            return self.start + dt.timedelta(days=step.days, hours=step.hours)
        month = self.start.month - 1 + step.months
        return self.start.replace(year=self.start.year + month // 12, month=month % 12 + 1)

    @property
    def label(self) -> Any:
        """What people read; a number for granularities that are numbers."""
        if not self.is_span:
            return self.value
        start = self.start
        match self.granularity:
            case "hour":
                return start.strftime("%H:00 %d %b")
            case "day":
                return start.strftime("%d %b %Y")
            case "week":
                year, week, _ = start.isocalendar()
                return f"W{week} {year}"
            case "month":
                return start.strftime("%B %Y")
            case "quarter":
                return f"Q{(start.month + 2) // 3} {start.year}"
            case _:
                return str(start.year)

    def start_text(self, zone: ZoneInfo, *, timed: bool) -> str:
        """Return the beginning as the wire writes it, an instant in UTC."""
        return _text(self.start, zone, timed=timed)

    def end_text(self, zone: ZoneInfo, *, timed: bool) -> str:
        """Return the end as the wire writes it, an instant in UTC."""
        return _text(self.end, zone, timed=timed)


def _text(local: dt.datetime, zone: ZoneInfo, *, timed: bool) -> str:
    if not timed:
        return local.date().isoformat()
    return local.replace(tzinfo=zone).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
