"""Fields that hold days, instants and times of day."""

import datetime as dt
import re
from typing import Any, ClassVar

from models.orm.dialect import Dialect
from models.orm.fields.base import Field


class Date(Field[dt.date]):
    """A day, `YYYY-MM-DD` on the wire."""

    kind: ClassVar[str] = "date"
    column_type = "date"

    def parse(self, value: Any, dialect: Dialect) -> dt.date:
        """Accept a day; of a date and time the day counts."""
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        instant = instant_of(value)
        if instant is None:
            raise self.mismatch(value, "a date, YYYY-MM-DD")
        return instant.date()

    def dump(self, value: dt.date | None) -> str | None:
        """Write the day as the wire does."""
        return None if value is None else value.isoformat()


class DateTime(Field[dt.datetime]):
    """An instant, `YYYY-MM-DD HH:MM:SS` in UTC on the wire; kept to the microsecond, aware in Python.

    Also accepted: a `T` between, fractions, `Z` or an offset (converted to UTC), and a bare day (midnight UTC).
    """

    kind: ClassVar[str] = "datetime"
    column_type = "timestamptz"

    def parse(self, value: Any, dialect: Dialect) -> dt.datetime:
        """Accept an instant; one without a zone is in UTC."""
        instant = value if isinstance(value, dt.datetime) else instant_of(value)
        if instant is None:
            raise self.mismatch(value, "a date and time, YYYY-MM-DD HH:MM:SS")
        return instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)

    def dump(self, value: dt.datetime | None) -> str | None:
        """Write the instant as the wire does."""
        return None if value is None else value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "seconds")

    def json_sql(self, column: str, dialect: Dialect) -> str:
        """Shape the instant; connections run in UTC."""
        return f"to_char({column}, 'YYYY-MM-DD HH24:MI:SS')"


_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]([01]\d|2[0-3]):\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)


# The driver writes the very first and the very last day as infinities, which no reader of dates expects.
EARLIEST = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
LATEST = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)


def instant_of(value: Any) -> dt.datetime | None:
    """Read an instant or a day that a column can hold, None when it is none. Offsets are converted to UTC."""
    instant = calendar_instant(value)
    return instant if instant is not None and EARLIEST <= instant < LATEST else None


def calendar_instant(value: Any) -> dt.datetime | None:
    """Read any instant of the calendar off the wire: a search may compare with the first and last day of it."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        instant = dt.datetime.fromisoformat(value)
        return instant.astimezone(dt.UTC) if instant.tzinfo else instant.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None


class Time(Field[dt.time]):
    """A time of day, `HH:MM:SS` on the wire."""

    kind: ClassVar[str] = "time"
    odoo_kind: ClassVar[str] = "char"
    column_type = "time"

    def parse(self, value: Any, dialect: Dialect) -> dt.time:
        """Accept `HH:MM` and `HH:MM:SS`."""
        if isinstance(value, dt.time):
            return value
        if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):\d{2}(:\d{2})?", value, re.ASCII):
            raise self.mismatch(value, "a time, HH:MM:SS")
        try:
            return dt.time.fromisoformat(value)
        except ValueError:
            raise self.mismatch(value, "a time, HH:MM:SS") from None

    def dump(self, value: dt.time | None) -> str | None:
        """Write the time as the wire does."""
        return None if value is None else value.isoformat("seconds")

    def json_sql(self, column: str, dialect: Dialect) -> str:
        """Shape the time without fractions."""
        return f"to_char({column}, 'HH24:MI:SS')"
