"""Whose BPO lead it is: claimed by one agent, then invisible to the others (handover 1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from models.bpo.groups import SUPERVISOR
from models.bpo.record import LeadRecord
from models.bpo.stage import BpoStage
from models.crm.pipeline import Stage
from models.crm.stage import Pipeline
from models.crm.telling import tell
from models.crm.workflow_step import elevated, is_decided
from models.orm import arguments
from models.orm.errors import AccessError, ConflictError, TransitionError, UserError
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

NOT_YOURS = "Only a supervisor may assign a lead. Claim an unclaimed one."


class Owning(LeadRecord):
    """Every lead starts without an agent and is claimed by one."""

    __slots__ = ()

    @rpc(aliases=("claim",))
    @classmethod
    async def action_claim(cls, env: Env, ids: Any) -> bool:
        """Make unclaimed open leads one's own. Answers true; of several claims at once the first one wins."""
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        env.profile.check(cls.meta, "write")
        await cls.browse(env, wanted, ["reference"])  # who may not see a lead may not claim it
        system = elevated(env, "claiming decides itself who may take a lead")
        pipeline = await env[BpoStage].walk(env)
        leads = await cls.lock(system, wanted, ["reference", "stage_id", "user_id"])
        claimed = [lead.id for lead in leads if _may_take(env, lead, pipeline[lead.stage_id])]
        await cls.update(system, claimed, {"user_id": env.user.id, "date_open": env.now})
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
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Let only supervisors give a new lead to somebody else."""
        await super().prepare_create(env, rows)
        for row in rows:
            if row.get("user_id") is None:
                continue
            if row["user_id"] != env.user.id and not env.has_group(SUPERVISOR):
                raise AccessError(NOT_YOURS, model=cls.meta.name, field="user_id")
            row["date_open"] = env.now

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Let only supervisors assign leads; writing the present agent is no change."""
        await super().prepare_write(env, ids, row)
        if "user_id" not in row or is_decided(env):
            return
        if not env.has_group(SUPERVISOR):
            if any(lead["user_id"] != row["user_id"] for lead in await cls.lock(env, ids, ["user_id"])):
                raise AccessError(NOT_YOURS, model=cls.meta.name, field="user_id")
        elif row["user_id"] is not None:
            row["date_open"] = env.now

    @classmethod
    async def lock_claimed(cls, env: Env, ids: Any, fields: Sequence[str] = ()) -> tuple[list[Self], Pipeline]:
        """Lock leads that the caller may work on, and return them with the pipeline. Agents work on claimed ones."""
        pipeline = await env[BpoStage].walk(env)
        leads = await cls.lock(env, ids, ["name", "reference", "stage_id", "user_id", *fields])
        if not env.has_group(SUPERVISOR):
            for lead in leads:
                if lead["user_id"] is None:
                    raise UserError(f"Claim {lead.reference} first.", model=cls.meta.name, ids=[lead.id])
        return leads, pipeline


def refuse_closed(lead: LeadRecord, stage: Stage) -> None:
    """Refuse a lead that is won or lost already."""
    if stage.is_closed:
        raise TransitionError(
            f"{lead.reference} is already {stage.name}.", model=lead.meta.name, ids=[lead.id], state=stage.name
        )


def _may_take(env: Env, lead: LeadRecord, stage: Stage) -> bool:
    refuse_closed(lead, stage)
    if lead["user_id"] == env.user.id:
        return False
    if lead["user_id"] is not None and not env.has_group(SUPERVISOR):
        raise ConflictError(
            f"{lead.reference} is already claimed by somebody else.", model=lead.meta.name, ids=[lead.id]
        )
    return True
