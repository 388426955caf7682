"""Sales orders that came from a dealer lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.crm.workflow_step import elevated
from models.orm.fields import Many2One
from models.sale.order import Order

if TYPE_CHECKING:
    from models.orm.env import Env

HELD = "select id from dealer_crm_lead where sale_order_id = any($1::bigint[]) order by id for update"


class LeadOrder(Order):
    """A sales order with the lead it was made of (H45, H66)."""

    dealer_crm_lead_id = Many2One("Dealer lead", "dealer.crm.lead", readonly=True, copied=False)

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Take the orders off their leads by a tracked change: the chatter tells that there was an order (H54, H128).

        Leads are locked before orders, as converting and Mark Won do.
        """
        leads = [row["id"] for row in await env.change(HELD, ids)]
        await super().before_delete(env, ids)
        if leads:
            system = elevated(env, "who may delete an order takes it off its lead")
            await env["dealer.crm.lead"].update(system, leads, {"sale_order_id": None})
