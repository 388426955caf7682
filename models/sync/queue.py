"""The queue's statements: claim, settle, renew, reap, and the figures operators look at.

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

if TYPE_CHECKING:
    import asyncpg

    from models.orm.env import Env

    Connection = asyncpg.Connection[asyncpg.Record]

CLAIMED_REMOTES = 500
REAPED = 500
PAUSED_AFTER = 3  # failures in a row


class State(StrEnum):
    """Where a job is."""

    READY = "ready"
    RUNNING = "running"
    PARKED = "parked"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job as its handler sees it. `age`: since its first try. `suspect`: its remote has been failing."""

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
        lease: timedelta = timedelta(seconds=30),
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
        rows = await connection.fetch(TO_PROBE, self.ahead, self.kinds)
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
    )


COLUMNS = """j.id, j.company_id, j.event, j.kind, j.remote, j.lane, j.lane_seq, j.attempts, j.trace, j.claim, j.args,
    coalesce(now() - j.first_at, interval '0') as age"""

BY_ID = f"select {COLUMNS} from sync_job j where j.id = any($1::bigint[]) order by j.id"

# $1 ahead, $2 kinds, $3 queues or null, $4 limit
LOCK_DUE = """
select r.company_id, r.name, r.failures > 0 as failing,
    coalesce(r.reached_at > now() + $1::interval - interval '10 minutes', false) as proven
from sync_remote r
where coalesce(r.blocked_until <= now() + $1::interval, true)
  and exists (select from sync_job j
      where j.company_id = r.company_id and j.remote = r.name and j.state = 'ready' and j.run_at <= now() + $1::interval
        and j.kind = any($2::text[]) and ($3::text[] is null or j.queue = any($3::text[])))
limit $4 for update of r skip locked
"""

# $1 ahead, $2 companies, $3 remotes, $4 limits, $5 kinds, $6 queues or null, $7 room, $8 worker, $9 lease
CLAIM = f"""
with due as materialized (
    select p.id
    from unnest($2::bigint[], $3::text[], $4::int[]) r(company_id, name, most)
    cross join lateral (
        select count(*) as running from sync_job b
        where b.company_id = r.company_id and b.remote = r.name and b.state = 'running') b
    cross join lateral (
        select j.id from sync_job j
        where j.company_id = r.company_id and j.remote = r.name
          and j.state = 'ready' and j.run_at <= now() + $1::interval and j.kind = any($5::text[])
          and ($6::text[] is null or j.queue = any($6::text[]))
          and not exists (select from sync_job e
              where e.company_id = j.company_id and e.lane = j.lane and e.lane_seq < j.lane_seq
                and e.state in ('ready', 'running', 'parked'))
        order by j.run_at, j.id limit greatest(r.most - b.running, 0) for update of j skip locked) p
    limit $7)
update sync_job j set state = 'running', attempts = attempts + 1, total_attempts = total_attempts + 1, worker = $8,
    claim = gen_random_uuid()::text, lease_until = now() + $1::interval + $9::interval,
    first_at = coalesce(first_at, now() + $1::interval), write_date = now()
from due where j.id = due.id
returning {COLUMNS.replace("now()", "(now() + $1::interval)")}
"""

# $1 ahead, $2 id, $3 claim, $4 state, $5 done, $6 wait, $7 verdict, $8 error, $9 tries to take back
SETTLE = """
update sync_job set state = $4, done_at = case when $5 then now() + $1::interval end,
    run_at = now() + $1::interval + $6::interval, verdict = $7, last_error = $8,
    attempts = attempts - $9::int, total_attempts = total_attempts - $9::int,
    worker = null, claim = null, lease_until = null, write_date = now()
where id = $2 and claim = $3 and state = 'running'
returning id
"""

RELEASE = """
update sync_job set state = 'ready', run_at = now() + $1::interval, attempts = attempts - 1,
    total_attempts = total_attempts - 1, worker = null, claim = null, lease_until = null, write_date = now()
where claim = any($2::text[]) and state = 'running'
"""

RENEW = """
update sync_job set lease_until = now() + $1::interval + $3::interval
where claim = any($2::text[]) and state = 'running'
returning claim
"""

# A job that takes its worker down each time waits longer each time, up to an hour.
REAP = """
update sync_job set state = 'ready', worker = null, claim = null, lease_until = null, verdict = 'failed',
    run_at = now() + $1::interval + (least(2 ^ least(attempts - 1, 12), 3600) - 1) * interval '1 second',
    last_error = 'The worker was lost during this try.', write_date = now()
where id in (
    select id from sync_job where state = 'running' and lease_until < now() + $1::interval
    order by id limit $2 for update skip locked)
returning id
"""

# The time moves on by whole intervals past the present one: what was missed is not made up for.
FIRE = """
with due as (
    select id from sync_schedule where active and next_at <= now() + $1::interval
    order by next_at limit 50 for update skip locked),
fired as (
    update sync_schedule s set last_at = now() + $1::interval, runs = runs + 1, write_date = now(),
        next_at = next_at + seconds * interval '1 second'
            * (floor(extract(epoch from now() + $1::interval - next_at) / seconds) + 1)
    from due where s.id = due.id
    returning s.id, s.company_id, s.kind, s.args, s.runs),
own as (
    insert into sync_remote (company_id, name)
    select distinct f.company_id, '' from fired f
    where not exists (select from sync_remote r where r.company_id = f.company_id and r.name = '')
    on conflict do nothing)
insert into sync_job (company_id, event, kind, lane, lane_seq, args, run_at)
select f.company_id, gen_random_uuid()::text, f.kind, 'sync.schedule,' || f.id, f.runs, f.args, now()
from fired f
where not exists (select from sync_job j
    where j.company_id = f.company_id and j.lane = 'sync.schedule,' || f.id
      and j.state in ('ready', 'running', 'parked'))
returning id
"""

REACHED = """
update sync_remote r set failures = 0, refused = false, blocked_until = null, last_error = null,
    reached_at = now() + $1::interval, write_date = now()
from (select id, failures, refused from sync_remote where company_id = $2 and name = $3 and (failures > 0
    or coalesce(reached_at < now() + $1::interval - interval '1 minute', true)) for update) old
where r.id = old.id
returning old.failures, old.refused
"""

LET_GO = """
update sync_job set run_at = now() + $1::interval, write_date = now()
where company_id = $2 and remote = $3 and state = 'ready' and run_at > now() + $1::interval
  and verdict = any($4::text[])
"""

# $4 verdict, $5 wait asked for, $6 error, $7 failures that begin a pause. Wrong credentials begin one at once.
UNREACHED = """
update sync_remote r set failures = r.failures + 1, last_error = $6, write_date = now(),
    refused = $4 = 'refused' or ($4 = 'forbidden' and r.failures + 1 >= $7),
    blocked_until = now() + $1::interval + case
        when $4 = 'refused' then interval '5 minutes'
        when r.failures + 1 < $7 then $5::interval
        when $4 = 'forbidden' then interval '5 minutes'
        else greatest($5::interval,
            interval '5 seconds' * least(2 ^ least(r.failures + 1 - $7, 10), 8) * (0.75 + random() / 2))
    end
from (select id, failures, refused from sync_remote where company_id = $2 and name = $3 for update) old
where r.id = old.id
returning (r.refused and not old.refused) or (not r.refused and r.failures = $7)
"""

TO_PROBE = f"""
with due as (
    select id from sync_remote
    where failures >= {PAUSED_AFTER} and not refused and coalesce(blocked_until <= now() + $1::interval, true)
      and name <> ''
    order by id limit 100 for update skip locked),
asked as (
    update sync_remote r set blocked_until = now() + $1::interval + interval '20 seconds' * (0.75 + random() / 2)
    from due where r.id = due.id
      and exists (select from sync_job j where j.company_id = r.company_id and j.remote = r.name
          and j.state = 'ready' and j.verdict = 'unreached')
      and not exists (select from sync_job j where j.company_id = r.company_id and j.remote = r.name
          and (j.state = 'running' or (j.state = 'ready' and j.run_at <= now() + $1::interval)))
    returning r.company_id, r.name)
select p.* from asked a cross join lateral (
    select {COLUMNS} from sync_job j
    where j.company_id = a.company_id and j.remote = a.name and j.state = 'ready' and j.verdict = 'unreached'
      and j.kind = any($2::text[])
    order by j.run_at, j.id limit 1) p
"""

FIGURES = """
select count(*) filter (where state = 'ready') as ready, count(*) filter (where state = 'running') as running,
    count(*) filter (where state = 'parked') as parked,
    coalesce(now() - min(create_date), interval '0') as oldest,
    greatest(coalesce(now() - min(run_at) filter (where state = 'ready'), interval '0'), interval '0') as late,
    (select count(*) from sync_remote where failures > 0) as failing_remotes,
    (select count(*) from sync_remote where refused) as refused_remotes
from sync_job where state in ('ready', 'running', 'parked')
"""
