"""Days, instants and times of day: the whole calendar, written in several ways."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.orm import Env
from models.orm.dialect import NATIVE
from models.orm.errors import TypeMismatchError
from models.orm.fields import Date, DateTime, Time
from tests.orm.fields.storing import IN_ONE_TRANSACTION, named, stored

DAYS = st.dates(dt.date(1, 1, 2), dt.date(9999, 12, 30))
INSTANTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30, 23, 59, 59)).map(  # noqa: DTZ001 in UTC
    lambda at: at.replace(microsecond=0)
)


@pytest.mark.statement("P18")
@settings(IN_ONE_TRANSACTION, max_examples=100)
@given(day=DAYS, at=INSTANTS)
async def test_every_day_and_instant_of_the_calendar_comes_back(env_head: Env, day: dt.date, at: dt.datetime) -> None:
    instant = at.isoformat(" ")

    assert await stored(env_head, bought_on=day.isoformat(), read_at=instant) == {
        "bought_on": day.isoformat(),
        "read_at": instant,
    }


@pytest.mark.statement("P18")
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-01", "2026-03-01 00:00:00"), ("2026-03-01 10:20:30", "2026-03-01 10:20:30"),
        ("2026-03-01T10:20:30", "2026-03-01 10:20:30"), ("2026-03-01T10:20:30Z", "2026-03-01 10:20:30"),
        ("2026-03-01T10:20:30+14:00", "2026-02-28 20:20:30"), ("2026-03-01 10:20", "2026-03-01 10:20:00"),
        ("2026-03-01T10:20:30.999999", "2026-03-01 10:20:30"), ("2026-03-01T00:00:00-0800", "2026-03-01 08:00:00"),
        ("9999-12-30 23:59:59", "9999-12-30 23:59:59"), ("0001-01-02 00:00:00", "0001-01-02 00:00:00"),
        ("2024-02-29", "2024-02-29 00:00:00"),
    ],
)  # fmt: skip
async def test_instants_may_be_written_in_several_ways(env_head: Env, written: str, read: str) -> None:
    found = await stored(env_head, read_at=written, bought_on=written)

    assert found == {"read_at": read, "bought_on": read[:10]}
    assert await env_head["lib.book"].search_count(env_head, [["read_at", ">=", written]]) == 1


@pytest.mark.statement("P18")
@pytest.mark.parametrize(
    "value",
    [
        "2026-02-30", "2025-02-29", "10000-01-01", "0000-01-01", "0001-01-01",
        "9999-12-31", "-0001-01-01", "2026-01-01 24:00",
        "2026-01-01 24:00:00",
        "2026-12-31 23:59:60", "2026-1-1", "01/02/2026", "2026-01-01 10", "2026-W01", "20260101", "today",
        "infinity", "now", "epoch",
        "2026-01-01T10:20:30+25:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01\n",
        "٢٠٢٦-٠١-٠١", 0, 1.5, True, [], {},
    ],
)  # fmt: skip
async def test_what_is_no_date_is_refused(env_head: Env, value: Any) -> None:
    for field in ("read_at", "bought_on"):
        with pytest.raises(TypeMismatchError, match=field):
            await stored(env_head, **{field: value})
        if value in ("0001-01-01", "9999-12-31"):
            continue
        with pytest.raises(TypeMismatchError, match=field):
            await env_head["lib.book"].search(env_head, [[field, ">", value]])


async def test_a_search_may_ask_for_the_ends_of_the_calendar(env_head: Env) -> None:
    await stored(env_head, bought_on="9999-12-30", read_at="0001-01-02 00:00:00")
    model = env_head["lib.book"]

    for first, last in (("0001-01-01", "9999-12-31"), ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")):
        for field in ("bought_on", "read_at"):
            assert await model.search_count(env_head, [[field, ">=", first], [field, "<=", last]]) == 1
            assert await model.search_count(env_head, [[field, "in", [first, last]]]) == 0


@pytest.mark.parametrize(("written", "read"), [("08:30", "08:30:00"), ("23:59:59", "23:59:59"), (None, None)])
async def test_times_of_day(env_head: Env, written: str | None, read: str | None) -> None:
    assert await stored(env_head, opens=written) == {"opens": read}


@pytest.mark.parametrize("value", ["24:00", "8:30", "08:60", "noon", 8, "08:30Z", "08:30:00.5"])
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(TypeMismatchError):
        named(Time("T")).decode(value, NATIVE)


def test_dates_and_instants_dump_as_the_wire_writes_them() -> None:
    early = dt.datetime(1, 2, 3, 4, 5, 6, 7, dt.UTC)
    assert named(DateTime("D")).dump(early) == "0001-02-03 04:05:06"
    assert named(Date("D")).dump(early.date()) == "0001-02-03"
    assert named(Time("T")).dump(early.time()) == "04:05:06"
