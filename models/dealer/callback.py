"""Telling the BPO how an endorsed lead ended (H80 to H90, H99, H100).

Closing a lead puts a message into the outbox, in the same transaction; the worker sends it after the commit, again
and again until the BPO has it or gives a reason not to take it. The lead itself says how far that is, in
`bpo_callback_state`:

    none      nothing to tell: not endorsed, or not closed yet
    pending   on its way; after a failed try it goes on trying, `bpo_callback_error` has the last failure
    done      the BPO has it
    failed    given up: somebody has to look, and may resend
    skipped   there was no BPO connection when the lead was closed, or an operator let the message go
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from models.crm.losing import LABELS
from models.crm.telling import tell
from models.crm.workflow_step import decided, elevated
from models.dealer.connection import REMOTE, BpoConnection
from models.dealer.converting import Converting
from models.dealer.groups import ADMIN, MANAGER
from models.dealer.record import LeadRecord
from models.orm import arguments
from models.orm.errors import UserError
from models.orm.methods import rpc
from models.sync.handler import Handler, RemoteCall
from models.sync.outbox import enqueue, resend_last
from models.sync.queue import State
from models.sync.redaction import redact

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.sync.queue import Job, Result

KIND = "dealer.callback"
MODEL = "dealer.crm.lead"
LET_GO = "BPO CRM callback let go by hand. The BPO does not know of this outcome, unless it was told otherwise."
SKIPPED = "BPO CRM callback skipped: there is no active BPO connection. The BPO does not know of this outcome."
OUTCOME = (
    "name", "company_id", "date_won", "date_lost", "lost_reason", "lost_notes", "sale_order_id",
    "bpo_source_lead_id", "bpo_source_lead_name", "bpo_callback_event",
)  # fmt: skip
ORDERS = """
select l.id, o.name,
    (select max(p.date_done) from stock_picking p
        where p.sale_id = o.id and p.state = 'done' and p.return_id is null) as delivered
from dealer_crm_lead l join sale_order o on o.id = l.sale_order_id where l.id = any($1::bigint[])
"""


class Announcing(Converting):
    """Putting outcomes into the outbox, and sending them once more by hand."""

    @classmethod
    async def announce(cls, env: Env, leads: Sequence[int]) -> None:
        """Have the outcomes of just closed leads told to the BPO, or say in their chatter why they are not."""
        system = elevated(env, "the outcome is told on behalf of whoever closed the lead")
        closed = await cls.browse(system, leads, OUTCOME)
        endorsed = [lead for lead in closed if lead["bpo_source_lead_id"] is not None]
        reachable = {
            company: await system[BpoConnection].active_id(system, company) is not None
            for company in sorted({lead["company_id"] for lead in endorsed})
        }
        await cls._send(system, [lead for lead in endorsed if reachable[lead["company_id"]]])
        skipped = [lead.id for lead in endorsed if not reachable[lead["company_id"]]]
        await cls.update(system, skipped, {"bpo_callback_state": "skipped", "bpo_callback_error": "no BPO connection"})
        await tell(env, cls, dict.fromkeys(skipped, SKIPPED))

    @rpc(groups=(MANAGER, ADMIN))
    @classmethod
    async def resend_callback(cls, env: Env, ids: Any) -> bool:
        """Tell the BPO the outcome of closed endorsed leads again, as the same event. The leads stay; answers true."""
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        leads = await cls.lock(env, wanted, OUTCOME)
        for lead in leads:
            if lead["bpo_source_lead_id"] is None or (lead["date_won"] is None and lead["date_lost"] is None):
                raise UserError(f"There is no callback to resend for {lead.name}.", model=cls.meta.name, ids=[lead.id])
        system = elevated(env, "a manager resends what was to be told")
        for lead in leads:
            if not await resend_last(system, (MODEL, lead.id), KIND):
                await cls._send(system, [lead])
        await cls.update(system, [lead.id for lead in leads], {"bpo_callback_state": "pending"})
        return True

    @classmethod
    async def _send(cls, env: Env, leads: Sequence[LeadRecord]) -> None:
        """Put the outcome of each lead into the outbox and mark it as on its way."""
        orders = {row["id"]: row for row in await env.fetch(ORDERS, [lead.id for lead in leads])} if leads else {}
        instance = await env.fetchval("select current_database()")
        for lead in leads:
            event = lead.bpo_callback_event or str(uuid.uuid4())
            payload = outcome_payload(lead, event, orders.get(lead.id)) | {"dealer_instance": instance}
            await enqueue(
                env, KIND, payload, lane=(MODEL, lead.id), remote=REMOTE, event=event, company_id=lead["company_id"]
            )
            values = {"bpo_callback_state": "pending", "bpo_callback_event": event, "bpo_callback_error": None}
            await cls.update(env, [lead.id], values)


def outcome_payload(lead: LeadRecord, event: str, order: Any) -> dict[str, Any]:
    """Return what the BPO is told of a closed lead read with `OUTCOME`. Instants are in UTC."""
    won = lead["date_won"] is not None
    payload: dict[str, Any] = {
        "event_id": event,
        "bpo_source_lead_id": lead.bpo_source_lead_id,
        "bpo_source_lead_name": lead.bpo_source_lead_name,
        "outcome": "won" if won else "lost",
        "dealer_lead_id": lead.id,
        "dealer_lead_name": lead.name,
        "dealer_so_name": order["name"] if order else None,
    }
    if won:
        delivered = order["delivered"] if order else None
        stamps = {"date_won": _instant(lead.date_won), "delivered_on": _instant(delivered)}
        return {**payload, **stamps}
    loss = {
        "lost_reason": lead.lost_reason,
        "lost_reason_label": LABELS.get(lead.lost_reason),
        "lost_notes": lead.lost_notes,
    }
    return {**payload, "date_lost": _instant(lead.date_lost), **loss}


def _instant(value: Any) -> str | None:
    return LeadRecord.date_won.dump(value)


class Callback(Handler):
    """Sends one outcome and writes on the lead what became of it."""

    kind: ClassVar[str] = KIND

    async def prepare(self, env: Env, job: Job) -> RemoteCall | None:
        """Read where the BPO is now: the connection may have been corrected since the lead was closed."""
        account = await env[BpoConnection].active_account(env, job.company_id)
        if account is None:
            raise UserError("There is no active BPO connection.")
        return RemoteCall(account, "crm.lead", "update_from_dealer_callback", job.args)

    async def settle(self, env: Env, job: Job, result: Result) -> None:
        """Write the message's state on the lead; tell the chatter of the first failure, giving up, and success."""
        model = env[MODEL]
        fields = ["bpo_callback_attempts", "bpo_callback_error", "bpo_callback_date"]
        [lead] = await model.lock(env, [job.record_id], fields)
        attempts = lead["bpo_callback_attempts"] + (not result.uncounted)
        if result.outcome.succeeded:
            values = {"bpo_callback_state": "done", "bpo_callback_error": None, "bpo_callback_date": env.now}
            line = None if lead["bpo_callback_date"] else _confirmed(job, result.outcome.answer)
        else:
            parked = result.state is State.PARKED
            values = {
                "bpo_callback_state": "failed" if parked else "pending",
                "bpo_callback_error": result.outcome.error,
            }
            line = _failure(lead["bpo_callback_error"] is None, parked, result.outcome.error)
        await model.update(decided(env), [lead.id], {**values, "bpo_callback_attempts": attempts})
        if line:
            await tell(env, model, {lead.id: line})

    async def moved_by_hand(self, env: Env, job: Job, state: State) -> None:
        """Show that an operator resent the message or let it go."""
        shown = "skipped" if state is State.SKIPPED else "pending"
        await env[MODEL].update(decided(env), [job.record_id], {"bpo_callback_state": shown})
        if state is State.SKIPPED:
            await tell(env, env[MODEL], {job.record_id: LET_GO})


def _confirmed(job: Job, answer: Any) -> str:
    """Return the line of success. The BPO's own name of its lead counts, as far as it is one."""
    told = answer.get("bpo_lead_name") if isinstance(answer, dict) else None
    name = told if isinstance(told, str) and told.strip() else job.args["bpo_source_lead_name"]
    shown = redact(str(name))[:64] if name else f"{job.args['bpo_source_lead_id']}"
    return f"BPO CRM source lead {shown} updated to {job.args['outcome']}"


def _failure(first: bool, parked: bool, error: str) -> str | None:
    if parked:
        return f"BPO CRM callback failed and is given up: {error} (correct the cause, then resend it)"
    return f"BPO CRM callback failed: {error} (it is tried again by itself)" if first else None
