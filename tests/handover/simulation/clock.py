"""Time that passes only when a simulation says so, and that each side reads from a clock of its own.

PostgreSQL's `now()` and `random()` are found in a schema before its own: the one reads what the session was told at
the beginning of its transaction, the other makes a number of that. Python's clocks are replaced where they are read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg

import models.orm.env
import server.delivery
import server.worker
from tests.handover.points import BreakingConnection, Plan

BEGINNING = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
SEARCH_PATH = "simulated, pg_catalog, public"
SCHEMA = """
create schema simulated;
create function simulated.now() returns timestamptz language sql stable parallel safe
    as 'select pg_catalog.current_setting(''simulated.now'')::timestamptz';
create function simulated.random() returns double precision language sql volatile
    as 'select (pg_catalog.hashtext(pg_catalog.current_setting(''simulated.now'')) & 65535) / 65536.0::float8';
"""


@dataclass
class TrueTime:
    """Seconds since the beginning, for everybody: what a monotonic clock shows."""

    seconds: float = 0.0


@dataclass
class Clock:
    """The clock on one side's wall, `skew` seconds before the true time."""

    time: TrueTime
    skew: float = 0.0

    @property
    def now(self) -> dt.datetime:
        """What it shows."""
        return BEGINNING + dt.timedelta(seconds=self.time.seconds + self.skew)


UNPLANNED = Plan()
on_the_wall: ContextVar[Clock] = ContextVar("on_the_wall")


class _Datetime:
    """Stands for `datetime.datetime` where surroundings are made."""

    @staticmethod
    def now(zone: dt.tzinfo | None = None) -> dt.datetime:
        clock = on_the_wall.get(None)
        return dt.datetime.now(zone) if clock is None else clock.now.astimezone(zone)


class _Moments:
    """Stands for the module `datetime` there."""

    datetime = _Datetime

    def __getattr__(self, name: str) -> Any:
        return getattr(dt, name)


@contextmanager
def clocks_replaced(time: TrueTime) -> Iterator[None]:
    """Let the models read the clock on the wall, and workers count the seconds of the true time."""
    places: list[tuple[Any, str, Any]] = [
        (models.orm.env, "dt", _Moments()),
        (server.delivery, "monotonic", lambda: time.seconds),
        (server.worker, "monotonic", lambda: time.seconds),
    ]
    usual = [getattr(place, name) for place, name, _ in places]
    for place, name, replaced in places:
        setattr(place, name, replaced)
    try:
        yield
    finally:
        for (place, name, _), found in zip(places, usual, strict=True):
            setattr(place, name, found)


class SimulatedConnection(BreakingConnection):
    """A connection that breaks as it is planned, and whose transactions begin at the time on the wall."""

    clock: ClassVar[Clock]
    ghosts: ClassVar[list[int]]
    shown = ""

    def terminate(self) -> None:
        """Leave a session behind that the server has to notice."""
        if not self.is_closed():
            self.ghosts.append(self.get_server_pid())
        super().terminate()

    async def _introspect_types(self, typeoids: Any, timeout: Any) -> Any:
        """Ask about types past the plan: whether one is known depends on what this process did before."""
        plan, type(self).plan = self.plan, UNPLANNED
        try:
            return await super()._introspect_types(typeoids, timeout)
        finally:
            type(self).plan = plan

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """Look at the clock first, unless a transaction has begun."""
        await self._look_at_the_clock()
        return await super().execute(query, *args, timeout=timeout)

    async def _do_execute(self, *args: Any, **kwargs: Any) -> Any:
        await self._look_at_the_clock()
        return await super()._do_execute(*args, **kwargs)

    async def _look_at_the_clock(self) -> None:
        now = self.clock.now.isoformat()
        if now != self.shown and not self.is_in_transaction() and not self.is_closed():
            self.shown = now
            await asyncpg.Connection.execute(self, f"set simulated.now = '{now}'")
