"""Where a BPO lead stands: open stages one step at a time, Won and Lost from any of them, hand-off by endorsing only.

A stage may be written by anybody who may write the lead, so the hooks here judge every such write. Writing the Won or
Lost stage closes the lead just as the buttons do. A lead that was endorsed does not move any more: its outcome comes
from the dealer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.bpo.groups import SUPERVISOR
from models.bpo.owning import Owning
from models.bpo.record import LeadRecord
from models.bpo.stage import BpoStage
from models.crm.claiming import refuse_closed
from models.crm.losing import OTHER
from models.crm.pipeline import Stage, check_move, check_start
from models.crm.stage import Pipeline
from models.crm.workflow_step import is_decided
from models.orm.errors import TransitionError, UserError

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row


class Moving(Owning):
    """The hooks that judge every write of a stage, and keep the probability in step with it."""

    __slots__ = ()

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Start leads in New; supervisors may record one that is under way already at the open stage where it is."""
        await super().prepare_create(env, rows)
        pipeline = await env[BpoStage].walk(env)
        for row in rows:
            if row.get("stage_id") is None:
                row["stage_id"] = pipeline.first.id
            else:
                _check_first(env, pipeline, pipeline[row["stage_id"]])
            row["date_last_stage_update"] = env.now
            if not row.get("probability"):
                row["probability"] = pipeline[row["stage_id"]].probability

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Refuse a move that is not allowed for any one of the leads, before anything is written."""
        await super().prepare_write(env, ids, row)
        if "stage_id" not in row:
            return
        pipeline = await env[BpoStage].walk(env)
        target = pipeline[row["stage_id"]]
        if not is_decided(env):
            leads = await cls.lock(env, ids, ["reference", "stage_id", "user_id", "endorse_state"])
            moved = [lead for lead in leads if lead.stage_id != target.id]
            for lead in moved:
                _check_written(env, pipeline, lead, target)
            if not moved:
                return
            if len(moved) < len(leads) and target.is_closed:
                raise TransitionError(
                    f"One of the leads is already {target.name}.", field="stage_id", state=target.name
                )
        for name, value in entering(env, target).items():
            row.setdefault(name, value)


def entering(env: Env, stage: Stage) -> dict[str, Any]:
    """Return what a lead gets when it enters a stage, as far as the write says nothing else."""
    values: dict[str, Any] = {"date_last_stage_update": env.now, "probability": stage.probability}
    if stage.is_won:
        return {**values, "date_won": env.now, "date_closed": env.now}
    if stage.is_lost:
        return {**values, "date_lost": env.now, "date_closed": env.now, "lost_reason": OTHER}
    return values


def refuse_endorsed(lead: LeadRecord) -> None:
    """Refuse a lead that a dealer has, or is about to get."""
    if lead.endorse_state != "none":
        raise UserError(
            f"{lead.reference} is endorsed: its outcome comes from the dealer.", model=lead.meta.name, ids=[lead.id]
        )


def _check_first(env: Env, pipeline: Pipeline, stage: Stage) -> None:
    if is_decided(env):
        return
    if not env.has_group(SUPERVISOR):
        check_start(pipeline.stages, stage)
    elif not stage.is_open:
        raise TransitionError(f"A lead is not created in {stage.name}.", field="stage_id", state=stage.name)


def _check_written(env: Env, pipeline: Pipeline, lead: Owning, target: Stage) -> None:
    """Judge the plain write of a stage that is not the lead's present one."""
    if lead["user_id"] is None and not env.has_group(SUPERVISOR):
        raise UserError(f"Claim {lead.reference} first.", model=lead.meta.name, ids=[lead.id])
    current = pipeline[lead.stage_id]
    refuse_closed(lead, current)
    refuse_endorsed(lead)
    if not target.is_closed:
        check_move(pipeline.stages, current, target, lead=lead.reference)
