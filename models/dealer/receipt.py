"""What the dealer remembers of each endorsement, so that a repeat finds the lead it made (H24, X28)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.dealer.groups import ADMIN
from models.orm.declare import Access, Key
from models.orm.errors import ConflictError
from models.orm.fields import Char, Integer, Many2One
from models.orm.model import Model

if TYPE_CHECKING:
    from models.dealer.endorsement import Endorsement
    from models.orm.env import Env

TAKE = """
insert into dealer_crm_endorsement as r
    (company_id, source_url, source_lead_id, event_id, digest, create_uid, write_uid)
values ($1, $2, $3, $4, $5, $6, $6)
on conflict (company_id, source_url, source_lead_id) do update set write_date = now()
returning r.id, r.lead_id, r.event_id, r.digest
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A receipt held until the transaction ends. `lead_id` is set when the endorsement was received before."""

    id: int
    lead_id: int | None


class Receipt(Model, name="dealer.crm.endorsement", label="Received Endorsement"):
    """One lead of a BPO as it was handed over: the row that pushes of the same lead wait on, one after the other."""

    access = (Access(read=ADMIN),)
    company = "own"
    order = "id desc"
    label_field = "source_url"
    keys = (Key(("company_id", "source_url", "source_lead_id"), "This endorsement was received already."),)

    source_url = Char("BPO source URL", size=2048, required=True)
    source_lead_id = Integer("BPO lead id", big=True, required=True, aggregate="")
    event_id = Char("Event", size=256)
    digest = Char("Digest", size=64, required=True)
    lead_id = Many2One("Lead", "dealer.crm.lead", on_delete="cascade")

    @classmethod
    async def take(cls, env: Env, endorsement: Endorsement) -> Taken:
        """Hold the receipt of an endorsement, new or old, waiting for whoever holds it.

        Raises `ConflictError` when the same event came with another content.
        """
        rows = await env.change(
            TAKE,
            env.company_id,
            endorsement.source_url,
            endorsement.source_lead_id,
            endorsement.event_id,
            endorsement.digest,
            env.user.id,
        )
        if not rows:
            raise ConflictError
        [row] = rows
        same_event = endorsement.event_id is not None and row["event_id"] == endorsement.event_id
        if same_event and row["digest"] != endorsement.digest:
            raise ConflictError(
                f"The event {endorsement.event_id} was received before with another content.",
                event_id=endorsement.event_id,
            )
        return Taken(row["id"], row["lead_id"])

    @classmethod
    async def keep(cls, env: Env, taken: Taken, lead_id: int) -> None:
        """Note the lead that the endorsement made."""
        await env.execute("update dealer_crm_endorsement set lead_id = $2 where id = $1", taken.id, lead_id)
