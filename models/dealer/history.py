"""The story of a dealer lead: endorsement, claim, stages, calls, quotation, order, delivery, outcome, callback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from models.crm.story import (
    CALLS,
    Record,
    Step,
    chatter_steps,
    in_order,
    leads_named,
    message_steps,
    step_of,
    told_in,
    trace_steps,
)
from models.dealer.call import DealerCall
from models.dealer.callback import KIND, MODEL
from models.dealer.intake import Receiving
from models.dealer.record import LeadRecord
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env

FIELDS = (
    "name", "sale_order_id", "bpo_source_lead_id", "bpo_source_lead_name", "bpo_source_url", "bpo_endorsed_by",
    "bpo_endorsed_at", "create_date", "date_won", "date_lost", "bpo_callback_state",
)  # fmt: skip


class Remembering(Receiving):
    """Telling a lead's way from its traces."""

    @rpc(readonly=True)
    @classmethod
    async def history(cls, env: Env, ids: Any) -> Any:
        """Tell the story of a lead, given by id or reference ("DLEAD/00042"); of a list of leads, a list of stories.

        Answers {id, name, steps: [{at, kind, text, user, about: {model, id, name}, changes}, ...]} by time, `kind`
        being endorsed, stage, won, lost, owner, quotation, order, delivery, call, callback, change or note. A call
        has `result`, `minutes` and `logged_by`, a callback `attempt` and `result` ("delivered", or how it failed).
        Six statements, however long the story is.
        """
        own = told_in(env)
        leads = await cls.browse(own, await leads_named(own, cls, ids, "name"), FIELDS)
        numbers = [lead.id for lead in leads]
        stories = [
            {lead.id: [_endorsed(lead)] for lead in leads if lead["bpo_source_lead_id"] is not None},
            await chatter_steps(own, MODEL, await cls._belongings(own, leads)),
            await trace_steps(own, own[DealerCall], CALLS, numbers),
            await message_steps(own, MODEL, numbers, KIND, "callback"),
        ]
        told = [{"id": lead.id, "name": lead.name, "steps": in_order(stories, lead)} for lead in leads]
        return told if isinstance(ids, list | tuple) else told[0]

    @classmethod
    async def _belongings(cls, env: Env, leads: Sequence[LeadRecord]) -> dict[Record, int]:
        """Return the leads, their orders and the orders' deliveries, each with the lead it belongs to."""
        orders = {lead.sale_order_id: lead.id for lead in leads if lead["sale_order_id"] is not None}
        found: dict[Record, int] = {(MODEL, lead.id): lead.id for lead in leads}
        found |= {("sale.order", order): lead for order, lead in orders.items()}
        pickings = env["stock.picking"]
        if orders and env.profile.can(pickings.meta, "read"):
            for picking in await pickings.find(env, [["sale_id", "in", sorted(orders)]], ["sale_id"]):
                found["stock.picking", picking.id] = orders[picking["sale_id"]]
        return found


def _endorsed(lead: LeadRecord) -> Step:
    """Return the step that only the lead's own fields tell: what the BPO did before it sent the lead."""
    moment = LeadRecord.date_won.dump(lead["bpo_endorsed_at"] or lead["create_date"])
    text = f"Endorsed by {lead['bpo_endorsed_by'] or 'the BPO'}"
    about = ("crm.lead", lead["bpo_source_lead_id"], lead["bpo_source_lead_name"])
    return step_of("endorsed", moment, text, about, url=lead["bpo_source_url"])
