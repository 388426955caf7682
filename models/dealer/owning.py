"""Whose lead it is: claiming, reassigning, and working only on one's own (H12 to H20, H118 to H124)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from models.crm.claiming import Claiming, refuse_closed
from models.crm.stage import Pipeline
from models.crm.workflow_step import elevated, is_decided
from models.dealer.groups import MANAGER
from models.dealer.record import LeadRecord
from models.dealer.stage import DealerStage
from models.orm import arguments
from models.orm.errors import AccessError, UserError

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row


UNSOLD = """
select o.id from dealer_crm_lead l join sale_order o on o.id = l.sale_order_id
where l.id = any($1::bigint[]) and o.user_id is null order by o.id
"""


class Owning(LeadRecord, Claiming):
    """Leads have no owner until somebody claims them."""

    called = "name"
    claimed_at = "date_claimed"
    stages = "dealer.crm.stage"
    overseers = MANAGER

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Let only managers give a lead to somebody (statement H123); writing the present owner is no change."""
        await super().prepare_write(env, ids, row)
        if "user_id" not in row or is_decided(env):
            return
        if all(lead["user_id"] == row["user_id"] for lead in await cls.lock(env, ids, ["user_id"])):
            return
        if not env.has_group(MANAGER):
            raise AccessError(
                "Only a manager may reassign a lead. Claim an unassigned one.", model=cls.meta.name, field="user_id"
            )
        row[cls.claimed_at] = env.now if row["user_id"] is not None else None

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Make a lead's new owner the salesperson of its quotation where that has none: an endorsed one."""
        await super().after_write(env, ids, row)
        if row.get("user_id") is None:
            return
        unsold = [found["id"] for found in await env.fetch(UNSOLD, ids)]
        if unsold:
            system = elevated(env, "who owns a lead sells its quotation")
            await env["sale.order"].update(system, unsold, {"user_id": row["user_id"]})

    @classmethod
    async def lock_own(cls, env: Env, ids: Any, fields: Sequence[str] = ()) -> tuple[list[Self], Pipeline]:
        """Lock open leads that the caller may work on and return them with the pipeline.

        A user works on own leads, after claiming them; a manager on any. Raises `UserError` for an unclaimed one,
        `MissingError` for somebody else's, `TransitionError` for a closed one.
        """
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        if not env.has_group(MANAGER):
            for lead in await cls.browse(env, wanted, ["name", "user_id"]):
                if lead["user_id"] is None:
                    raise UserError(f"Claim {lead.name} first.", model=cls.meta.name, ids=[lead.id])
        pipeline = await env[DealerStage].walk(env)
        leads = await cls.lock(env, wanted, ["name", "stage_id", "user_id", *fields])
        for lead in leads:
            refuse_closed(lead, pipeline[lead.stage_id])
        return leads, pipeline
