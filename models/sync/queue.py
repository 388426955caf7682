"""The queue as a worker uses it: claim, settle, renew, reap, and the figures operators look at.

Whoever holds a job is known by its claim, drawn anew each time. Nothing is written for a job whose claim has changed
meanwhile: a worker that slept past its lease finds no row, and takes back what it was about to say.

Times are the database's, so that workers whose clocks differ agree; `ahead` is added to it, for tests that cannot
wait three days.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from models.sync.outcome import Outcome, Verdict
from models.sync.statements import (
    BY_ID,
    CATCH_UP,
    CLAIM,
    FIGURES,
    FIRE,
    LET_GO,
    LOCK_DUE,
    REACHED,
    REAP,
    RELEASE,
    RENEW,
    SETTLE,
    TO_PROBE,
    UNREACHED,
)

if TYPE_CHECKING:
    import asyncpg

    from models.orm.env import Env

    Connection = asyncpg.Connection[asyncpg.Record]

CLAIMED_REMOTES = 500
REAPED = 500
PAUSED_AFTER = 3  # failures in a row
SET_BACK = timedelta(minutes=1)  # by less than that a clock may be corrected


class State(StrEnum):
    """Where a job is."""

    READY = "ready"
    RUNNING = "running"
    PARKED = "parked"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job as its handler sees it. `age`: since its first try. `suspect`: its remote has been failing.

    `resends` counts how often somebody had it sent again.
    """

    id: int
    company_id: int
    event: str
    kind: str
    remote: str
    lane: str | None
    lane_seq: int | None
    attempts: int
    trace: str
    claim: str
    age: timedelta
    args: Any = field(repr=False, compare=False)
    suspect: bool = False
    resends: int = 0

    @property
    def record_id(self) -> int:
        """The id of the record that its lane is about. Raises ValueError for a job without a lane."""
        if self.lane is None:
            raise ValueError(f"job {self.id} has no lane")
        return int(self.lane.rpartition(",")[2])


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job after a try: how it ended, the job's state now, and the wait if there is another try.

    `uncounted`: the job goes on as if it had not been tried, because it did a part of its work.
    """

    outcome: Outcome
    state: State
    wait: timedelta = timedelta(0)
    uncounted: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """How the outbox is doing. `oldest`: age of the oldest unfinished job, `late`: the longest wait of a due one."""

    ready: int
    running: int
    parked: int
    oldest: timedelta
    late: timedelta
    failing_remotes: int
    refused_remotes: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How many jobs may run at once for a remote that does well, for one not known to, and for work of our own."""

    per_remote: int = 4
    unproven: int = 1
    own: int = 2


class Queue:
    """The outbox as one worker uses it: for `kinds` that it has handlers for, of `queues` (none named: all)."""

    def __init__(
        self,
        worker: str,
        kinds: Collection[str],
        *,
        queues: Sequence[str] = (),
        limits: Limits | None = None,
        lease: timedelta = timedelta(seconds=6),
        ahead: timedelta = timedelta(0),
    ) -> None:
        """Say who works, and on what."""
        self.worker = worker
        self.kinds = list(kinds)
        self.queues = list(queues) or None
        self.limits = limits or Limits()
        self.lease = lease
        self.ahead = ahead

    async def claim(self, connection: Connection, room: int, suspects: int) -> list[Job]:
        """Take up to `room` due jobs, `suspects` of them at most for remotes that have been failing.

        The remotes' rows are locked first. The second statement therefore sees all that other claims and operators
        have done to these remotes: nothing of a lane is taken beside another job of it, and no remote gets more than
        its limit.
        """
        async with connection.transaction():
            remotes = await connection.fetch(LOCK_DUE, self.ahead, self.kinds, self.queues, CLAIMED_REMOTES)
            chosen = self._chosen(remotes, suspects)
            if not chosen or room <= 0:
                return []
            rows = await connection.fetch(
                CLAIM,
                self.ahead,
                [remote["company_id"] for remote, _ in chosen],
                [remote["name"] for remote, _ in chosen],
                [limit for _, limit in chosen],
                self.kinds,
                self.queues,
                room,
                self.worker,
                self.lease,
            )
        failing = {(remote["company_id"], remote["name"]) for remote in remotes if remote["failing"]}
        return [_job(row, suspect=(row["company_id"], row["remote"]) in failing) for row in rows]

    def _chosen(self, remotes: Sequence[asyncpg.Record], suspects: int) -> list[tuple[asyncpg.Record, int]]:
        """Pair remotes with their limits, those that do well first."""
        well = [(remote, self._limit(remote)) for remote in remotes if not remote["failing"]]
        failing = [(remote, 1) for remote in remotes if remote["failing"]]
        return well + failing[: max(0, suspects)]

    def _limit(self, remote: asyncpg.Record) -> int:
        if not remote["name"]:
            return self.limits.own
        return self.limits.per_remote if remote["proven"] else self.limits.unproven

    async def settle(self, connection: Connection, job: Job, result: Result) -> bool:
        """Write what became of a job if it is still ours; say whether it was."""
        done = result.state in (State.DONE, State.SKIPPED)
        found = await connection.fetchval(
            SETTLE,
            self.ahead,
            job.id,
            job.claim,
            result.state.value,
            done,
            result.wait,
            result.outcome.verdict.value,
            result.outcome.error or None,
            int(result.uncounted),
        )
        return found is not None

    async def release(self, connection: Connection, jobs: Iterable[Job]) -> None:
        """Give back jobs that were not finished, their try uncounted."""
        await connection.execute(RELEASE, self.ahead, [job.claim for job in jobs])

    async def renew(self, connection: Connection, jobs: Iterable[Job]) -> set[str]:
        """Prolong the leases of our jobs; return the claims that still stand."""
        rows = await connection.fetch(RENEW, self.ahead, [job.claim for job in jobs], self.lease)
        return {row["claim"] for row in rows}

    async def reap(self, connection: Connection) -> int:
        """Make jobs ready again whose worker is gone; return how many."""
        rows = await connection.fetch(REAP, self.ahead, REAPED)
        return len(rows)

    async def catch_up(self, connection: Connection) -> None:
        """Let nothing wait for a time that the database's clock, set back meanwhile, will not show for long."""
        await connection.execute(CATCH_UP, SET_BACK)

    async def fire(self, connection: Connection) -> int:
        """Add the jobs of all schedules that are due; return how many."""
        rows = await connection.fetch(FIRE, self.ahead)
        return len(rows)

    async def reached(self, connection: Connection, job: Job, *, by_probe: bool = False) -> bool:
        """Note that the remote answers; say whether it had been failing. What waited for that may then go at once.

        What never got a connection goes in any case. The rest goes only when the remote had failed every job and now
        took one: a job that it alone chokes on must not be sped up by the success of others, nor by a probe.
        """
        if not job.remote:
            return False
        before = await connection.fetchrow(REACHED, self.ahead, job.company_id, job.remote)
        if before is None or not before["failures"]:
            return False
        waiting = [Verdict.UNREACHED]
        if not by_probe and (before["refused"] or before["failures"] >= PAUSED_AFTER):
            waiting += [Verdict.SILENT, Verdict.REFUSED, Verdict.FORBIDDEN]
        await connection.execute(LET_GO, self.ahead, job.company_id, job.remote, [one.value for one in waiting])
        return True

    async def unreached(self, connection: Connection, job: Job, outcome: Outcome) -> bool:
        """Note that the remote does not answer, or refuses us; say whether that is news: its first pause."""
        if not job.remote:
            return False
        asked = timedelta(seconds=min(outcome.retry_after or 0.0, 3600.0))
        values = (self.ahead, job.company_id, job.remote, outcome.verdict.value, asked, outcome.error or None)
        return bool(await connection.fetchval(UNREACHED, *values, PAUSED_AFTER))

    async def to_probe(self, connection: Connection) -> list[Job]:
        """Return one waiting job of each failing remote whose pause is over, to ask the remote if it is there again.

        Without that a remote that comes back would wait for the next try of some job, which after an hour is an hour
        away.
        """
        rows = await connection.fetch(TO_PROBE, self.ahead, self.kinds, PAUSED_AFTER)
        return [_job(row, suspect=True) for row in rows]


async def jobs_of(env: Env, ids: Sequence[int]) -> list[Job]:
    """Return jobs by id, whatever their state."""
    rows = await env.fetch(BY_ID, list(ids))
    return [_job(row) for row in rows]


async def figures(connection: Connection) -> Figures:
    """Count what is in the outbox, over all companies."""
    row = await connection.fetchrow(FIGURES)
    if row is None:
        raise LookupError("an aggregate without GROUP BY gives one row")
    return Figures(**dict(row))


def _job(row: asyncpg.Record, *, suspect: bool = False) -> Job:
    return Job(
        id=row["id"],
        company_id=row["company_id"],
        event=row["event"],
        kind=row["kind"],
        remote=row["remote"],
        lane=row["lane"],
        lane_seq=row["lane_seq"],
        attempts=row["attempts"],
        trace=row["trace"] or "",
        claim=row["claim"] or "",
        age=row["age"],
        args=json.loads(row["args"]) if row["args"] is not None else None,
        suspect=suspect,
        resends=row["resends"],
    )
