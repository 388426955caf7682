"""Whose lead it is: claiming, reassigning, and working only on one's own (H12 to H20, H118 to H124)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from models.crm.pipeline import Stage
from models.crm.stage import Pipeline
from models.crm.telling import tell
from models.crm.workflow_step import elevated, is_decided
from models.dealer.groups import MANAGER
from models.dealer.record import LeadRecord
from models.dealer.stage import DealerStage
from models.orm import arguments
from models.orm.errors import AccessError, ConflictError, TransitionError, UserError
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row


class Owning(LeadRecord):
    """Leads have no owner until somebody claims them."""

    @rpc(aliases=("claim",))
    @classmethod
    async def action_claim(cls, env: Env, ids: Any) -> bool:
        """Make unassigned leads one's own; a manager may also take them over from somebody else. Answers true.

        Of several claims at once the first one wins, the others are told whose the lead is now.
        """
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        env.profile.check(cls.meta, "write")
        await cls.browse(env, wanted, ["name"])  # who may not see a lead may not claim it
        system = elevated(env, "claiming decides itself who may take a lead")
        pipeline = await env[DealerStage].walk(env)
        leads = await cls.lock(system, wanted, ["name", "stage_id", "user_id"])
        taken = [lead for lead in leads if _may_take(env, lead, pipeline[lead.stage_id])]
        claimed = [lead.id for lead in taken]
        await cls.update(system, claimed, {"user_id": env.user.id, "date_claimed": env.now})
        await tell(env, cls, dict.fromkeys(claimed, f"Lead claimed by {env.user.name}."))
        return True

    @rpc(readonly=True)
    @classmethod
    async def my_pipeline(
        cls, env: Env, domain: Any = None, fields: Any = None, offset: Any = 0, limit: Any = None, order: Any = None
    ) -> Any:
        """Return the caller's own leads as `search_read` does."""
        mine: list[Any] = [["user_id", "=", env.user.id]]
        if not arguments.is_unset(domain):
            mine.append(domain)
        return await cls.search_read(env, mine, fields, offset, limit, order)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Let only managers give a lead to somebody (statement H123); writing the present owner is no change."""
        await super().prepare_write(env, ids, row)
        if "user_id" not in row or is_decided(env) or env.has_group(MANAGER):
            return
        if any(lead.user_id != row["user_id"] for lead in await cls.lock(env, ids, ["user_id"])):
            raise AccessError(
                "Only a manager may reassign a lead. Claim an unassigned one.", model=cls.meta.name, field="user_id"
            )

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


def refuse_closed(lead: LeadRecord, stage: Stage) -> None:
    """Refuse a lead that is won or lost already."""
    if stage.is_closed:
        raise TransitionError(
            f"{lead.name} is already {stage.name}.", model=lead.meta.name, ids=[lead.id], state=stage.name
        )


def _may_take(env: Env, lead: LeadRecord, stage: Stage) -> bool:
    """Return whether a claim changes the owner; refuse one that is not allowed."""
    refuse_closed(lead, stage)
    if lead.user_id == env.user.id:
        return False
    if lead["user_id"] is not None and not env.has_group(MANAGER):
        raise ConflictError(f"{lead.name} is already claimed by somebody else.", model=lead.meta.name, ids=[lead.id])
    return True
