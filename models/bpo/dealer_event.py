"""What the BPO remembers of each report of a dealer, for good, so that a repeat changes nothing (X5 to X7, X25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.bpo.groups import MANAGER
from models.orm.declare import Access, Index, Key
from models.orm.errors import ConflictError
from models.orm.fields import Char, Many2One
from models.orm.model import Model

if TYPE_CHECKING:
    from models.bpo.dealer_report import Report
    from models.orm.env import Env

ADD = """
insert into crm_dealer_event (company_id, event_id, lead_id, dealership_id, outcome, digest, create_uid, write_uid)
values ($1, $2, $3, $4, $5, $6, $7, $7)
on conflict (company_id, event_id) do nothing
returning id
"""
FOUND = "select lead_id, dealership_id, digest from crm_dealer_event where company_id = $1 and event_id = $2"


class DealerEvent(Model, name="crm.dealer.event", label="Dealer Report"):
    """One report that was applied, or found to say what is known already."""

    access = (Access(read=MANAGER),)
    company = "own"
    order = "id desc"
    label_field = "event_id"
    keys = (Key(("company_id", "event_id"), "This event was received already."),)
    indexes = (Index(("lead_id",)),)

    event_id = Char("Event", size=64, required=True)
    lead_id = Many2One("Lead", "crm.lead", required=True, on_delete="cascade", index=False)
    dealership_id = Many2One("Dealership", "crm.dealership", required=True, index=False)
    outcome = Char("Outcome", size=8, required=True)
    digest = Char("Digest", size=64, required=True)

    @classmethod
    async def is_new(cls, env: Env, report: Report, dealership_id: int, company_id: int) -> bool:
        """Note a report, in the transaction that applies it; return false for a repeat.

        Raises `ConflictError` when the event came before with another content. The lead's row is locked by then, so
        repeats of one lead's event come here one after the other.
        """
        if report.event_id is None:
            return True
        added = await env.change(
            ADD, company_id, report.event_id, report.lead_id, dealership_id, report.outcome, report.digest, env.user.id
        )
        if added:
            return True
        row = await env.fetchrow(FOUND, company_id, report.event_id)
        if row is None or tuple(row) != (report.lead_id, dealership_id, report.digest):
            raise ConflictError(f"The event {report.event_id} was received before with another content.")
        return False
