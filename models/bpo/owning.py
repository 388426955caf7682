"""Whose BPO lead it is: claimed by one agent, then invisible to the others (handover 1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from models.bpo.groups import SUPERVISOR
from models.bpo.record import LeadRecord
from models.bpo.stage import BpoStage
from models.crm.claiming import Claiming
from models.crm.stage import Pipeline
from models.crm.workflow_step import is_decided
from models.orm.errors import AccessError, UserError

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

NOT_YOURS = "Only a supervisor may assign a lead. Claim an unclaimed one."


class Owning(LeadRecord, Claiming):
    """Every lead starts without an agent and is claimed by one."""

    __slots__ = ()

    called = "reference"
    claimed_at = "date_open"
    stages = "crm.stage"
    overseers = SUPERVISOR

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
