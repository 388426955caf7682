"""Where a dealer lead stands: it starts in New and moves one open stage at a time, on every write path (H1 to H11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.crm.pipeline import check_move, check_start
from models.crm.workflow_step import is_decided
from models.dealer.owning import Owning
from models.dealer.stage import DealerStage

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row


class Moving(Owning):
    """The hooks that judge every write of a stage. Won, Lost and the intake's start are written by their own steps."""

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Start each lead at the beginning of the pipeline, whatever way it is created."""
        await super().prepare_create(env, rows)
        pipeline = await env[DealerStage].walk(env)
        for row in rows:
            if row.get("stage_id") is None:
                row["stage_id"] = pipeline.first.id
            elif not is_decided(env):
                check_start(pipeline.stages, pipeline[row["stage_id"]])
            if row.get("user_id") is not None:
                row["date_claimed"] = env.now

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Refuse a move that is not the next step, for any one of the leads, before anything is written."""
        await super().prepare_write(env, ids, row)
        if "stage_id" not in row or is_decided(env):
            return
        pipeline = await env[DealerStage].walk(env)
        target = pipeline[row["stage_id"]]
        for lead in await cls.lock(env, ids, ["name", "stage_id"]):
            check_move(pipeline.stages, pipeline[lead.stage_id], target, lead=lead.name)
