"""Putting jobs into the outbox, in the transaction that causes them: it commits with them or leaves none."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from models.sync.handler import Outbox

if TYPE_CHECKING:
    from models.orm.env import Env

Lane = tuple[str, int]  # model and id of the record that the job is about


async def enqueue(
    env: Env,
    kind: str,
    args: Any = None,
    *,
    lane: Lane | None = None,
    remote: str = "",
    queue: str = "default",
    event: str | None = None,
    company_id: int | None = None,
) -> str:
    """Add a job and return its event, a UUID that stays the same however often it is sent. One statement.

    `lane`: jobs about the same record are done in the order of commit. `remote` names the other side
    ("dealer.bpo.connection,3"): one that is slow or down holds up only its own jobs. `company_id` is the record's;
    the caller's active one when not given. `args` is a JSON value. A worker of this process starts right after the
    commit, those of other processes within a second.
    """
    event = event or str(uuid.uuid4())
    name = None if lane is None else lane_name(lane)
    company = company_id if company_id is not None else env.company_id
    text = json.dumps(args, ensure_ascii=False, allow_nan=False)
    outbox = env.registry.service(Outbox)
    trace = outbox.trace() if outbox is not None else ""
    await env.execute(ENQUEUE, company, remote, name, event, queue, kind, text, trace or None, env.user.id)
    _wake(env)
    return event


def lane_name(lane: Lane) -> str:
    """Return a lane's name in the table: "model,id"."""
    return f"{lane[0]},{lane[1]}"


async def resend_last(env: Env, lane: Lane, kind: str) -> bool:
    """Send the last job of this kind about a record again, as the same event. False when there never was one.

    Raises `ConflictError` while it is being sent. For actions on the record itself, which have checked the caller's
    right to it.
    """
    job = await env.fetchval(LAST, lane_name(lane), kind)
    if job is None:
        return False
    await env["sync.job"].resend(env.as_system(f"resend {kind}"), [job])
    return True


async def release_remote(env: Env, remote: str, company_id: int) -> None:
    """Try at once all that waits for a remote: to be called when its address or credentials were changed."""
    await env.execute(CLEAR_REMOTE, company_id, remote)
    await env.execute(RELEASE_JOBS, company_id, remote)
    _wake(env)


def _wake(env: Env) -> None:
    outbox = env.registry.service(Outbox)
    if outbox is not None:
        env.after_commit.append(outbox.wake)


# The lane's row stays locked until the end of the transaction: who comes next gets a higher number and commits later.
ENQUEUE = """
with new_remote as (
    insert into sync_remote (company_id, name, create_uid, write_uid)
    select $1, $2, $9, $9 where not exists (select from sync_remote where company_id = $1 and name = $2)
    on conflict do nothing),
place as (
    insert into sync_lane as l (company_id, name, last_seq, create_uid, write_uid)
    select $1, $3::text, 1, $9, $9 where $3::text is not null
    on conflict (company_id, name) do update set last_seq = l.last_seq + 1, write_date = now()
    returning last_seq)
insert into sync_job
    (company_id, event, queue, kind, remote, lane, lane_seq, args, run_at, trace, create_uid, write_uid)
values ($1, $4, $5, $6, $2, $3, (select last_seq from place), $7::jsonb, now(), $8, $9, $9)
"""

LAST = "select id from sync_job where lane = $1 and kind = $2 order by lane_seq desc limit 1"

CLEAR_REMOTE = """
update sync_remote set failures = 0, refused = false, blocked_until = null, write_date = now()
where company_id = $1 and name = $2
"""

RELEASE_JOBS = """
update sync_job set run_at = now(), write_date = now()
where company_id = $1 and remote = $2 and state = 'ready' and run_at > now()
"""
