"""The outbox: jobs to be done after the transaction that asked for them, at least once, in order where order matters.

    ready ──claimed──> running ──sent──> done
      ^                   │
      ├──── tried again ──┤              skipped: an operator let it go
      └──── resent ──── parked <── failed too often

Jobs of one lane are done one after the other: an unfinished one, parked ones included, holds back those behind it
until somebody resends or skips it. The order is that of `lane_seq`, which the lane's row gives out under its lock, so
it is the order of commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.orm import fields
from models.orm.arguments import ids_of
from models.orm.declare import Access, Index, Key
from models.orm.errors import ConflictError
from models.orm.methods import rpc
from models.orm.model import Model
from models.sync.handler import Handler, Outbox
from models.sync.outcome import Verdict
from models.sync.queue import State, jobs_of

if TYPE_CHECKING:
    from models.orm.env import Env

OPERATORS = ("base.admin", "sync.manager")
UNFINISHED = "state in ('ready', 'running', 'parked')"


class SyncJob(Model, name="sync.job", label="Outbox Job"):
    """One thing to be done after commit: a message to the other side, or work of our own."""

    access = (Access(read=OPERATORS),)
    order = "id desc"
    label_field = "event"
    company = "own"
    keys = (
        Key(("company_id", "event"), "This event is in the outbox already."),
        Key(("company_id", "lane", "lane_seq"), "This place in the lane is taken.", where="lane is not null"),
    )
    indexes = (
        Index(("company_id", "remote", "run_at", "id"), where="state = 'ready'"),
        Index(("company_id", "remote", "lease_until"), where="state = 'running'"),
        Index(("company_id", "lane", "lane_seq"), where=f"lane is not null and {UNFINISHED}"),
        Index(("state", "create_date"), where=UNFINISHED),
        Index(("done_at",), where="state in ('done', 'skipped')"),
    )

    event = fields.Char(
        "Event", size=36, required=True, help="The same each time it is sent: the receiver knows repeats by it."
    )
    kind = fields.Char("Kind", size=64, required=True)
    queue = fields.Char("Queue", size=32, required=True, default="default")
    remote = fields.Char(
        "Remote", size=128, required=True, default="", help="Which other side; empty for work of our own."
    )
    lane = fields.Char("Lane", size=128, help='What the job is about: "crm.lead,42".')
    lane_seq = fields.Integer("Place in Lane", big=True)
    args = fields.Json("Arguments")
    trace = fields.Char("Request", size=64, help="The call that asked for it.")
    state = fields.Selection("State", State, required=True, default=State.READY.value)
    run_at = fields.DateTime("Not Before", required=True)
    attempts = fields.Integer("Tries", required=True, default=0, help="Since it was asked for, or resent by hand.")
    total_attempts = fields.Integer("Tries in All", required=True, default=0)
    resends = fields.Integer("Resent by Hand", required=True, default=0)
    first_at = fields.DateTime("First Try")
    done_at = fields.DateTime("Done")
    verdict = fields.Selection("Last Outcome", [(one.value, one.name.capitalize()) for one in Verdict])
    last_error = fields.Text("Last Error", help="Without credentials, at most 500 characters.")
    worker = fields.Char("Worker", size=64)
    claim = fields.Char(
        "Claim", size=36, help="New each time a worker takes the job: a late one knows that it is late."
    )
    lease_until = fields.DateTime("Leased until")

    @rpc(groups=OPERATORS)
    @classmethod
    async def resend(cls, env: Env, ids: Any) -> bool:
        """Send again, as the same event, whatever became of it. One that was overtaken in its lane is refused."""
        jobs = await cls._lock(env, ids)
        overtaken = await env.fetch(OVERTAKEN, list(jobs))
        if overtaken:
            raise ConflictError(
                "A later message about the same record has gone out already. Resend that one too, or instead.",
                model=cls.meta.name,
                ids=[row["id"] for row in overtaken],
            )
        await env.execute(RESEND, list(jobs), env.user.id)
        await cls._tell(env, list(jobs), State.READY)
        return True

    @rpc(groups=OPERATORS)
    @classmethod
    async def skip(cls, env: Env, ids: Any) -> bool:
        """Let it go: it is not sent, and what waits behind it in its lane may go on."""
        jobs = await cls._lock(env, ids)
        finished = [job for job, state in jobs.items() if state in (State.DONE, State.SKIPPED)]
        if finished:
            raise ConflictError("This message is finished already.", model=cls.meta.name, ids=finished)
        await env.execute(SKIP, list(jobs), env.user.id)
        await cls._tell(env, list(jobs), State.SKIPPED)
        return True

    @classmethod
    async def _lock(cls, env: Env, ids: Any) -> dict[int, str]:
        """Lock jobs that the caller may see, none of them running, and return their states.

        The remotes of all unfinished jobs in their lanes are locked first, as every claim does: so nothing of these
        lanes can be claimed until this transaction ends.
        """
        wanted = ids_of(ids, model=cls.meta.name)
        await cls.browse(env, wanted, ["state"])
        await env.execute(LOCK_REMOTES, wanted)
        rows = await env.change(LOCK, wanted)
        running = [row["id"] for row in rows if row["state"] == State.RUNNING]
        if running:
            raise ConflictError("This message is being sent right now.", model=cls.meta.name, ids=running)
        return {row["id"]: row["state"] for row in rows}

    @classmethod
    async def _tell(cls, env: Env, ids: list[int], state: State) -> None:
        """Let the handlers show the change on the records that the jobs are about; wake the worker after commit."""
        outbox = env.registry.service(Outbox)
        if outbox is None:
            return
        env.after_commit.append(outbox.wake)
        for job in await jobs_of(env, ids):
            handler = outbox.handlers.get(job.kind)
            if isinstance(handler, Handler):
                await handler.moved_by_hand(env.as_system(f"job {state} by hand"), job, state)


LOCK_REMOTES = """
select r.id from sync_remote r
where (r.company_id, r.name) in (
    select o.company_id, o.remote from sync_job j
    join sync_job o on o.id = j.id or (o.company_id = j.company_id and o.lane = j.lane)
    where j.id = any($1::bigint[]))
order by r.id for update
"""
LOCK = "select id, state from sync_job where id = any($1::bigint[]) order by id for update"
OVERTAKEN = """
select distinct j.id from sync_job j
join sync_job l on l.company_id = j.company_id and l.lane = j.lane and l.lane_seq > j.lane_seq
where j.id = any($1::bigint[]) and l.state in ('running', 'done') and l.id <> all($1::bigint[])
order by j.id
"""
RESEND = """
update sync_job set state = 'ready', run_at = now(), attempts = 0, first_at = null, done_at = null,
    resends = resends + 1, write_uid = $2, write_date = now()
where id = any($1::bigint[])
"""
SKIP = """
update sync_job set state = 'skipped', done_at = now(), write_uid = $2, write_date = now()
where id = any($1::bigint[])
"""
