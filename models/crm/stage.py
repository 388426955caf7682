"""Stages: the places of a pipeline, in their order, and which of them close a lead or hand it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from models.crm.pipeline import Stage
from models.orm.errors import UserError, ValidationError
from models.orm.fields import Boolean, Char, Integer
from models.orm.model import Model

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

FLAGS = ("is_won", "is_lost")


class PipelineStage(Model):
    """What a stage is on either side. A pipeline has exactly one stage that wins and one that loses."""

    order = "sequence, id"
    flags: ClassVar[tuple[str, ...]] = FLAGS
    known: ClassVar[tuple[str, ...]] = FLAGS

    name = Char("Stage", required=True, size=64)
    sequence = Integer("Sequence", default=10, aggregate="")
    is_won = Boolean("Won stage", help="Leads are moved here by Mark Won.")
    is_lost = Boolean("Lost stage", help="Leads are moved here by Mark Lost.")
    fold = Boolean("Folded in the board")

    @classmethod
    async def walk(cls, env: Env) -> Pipeline:
        """Read all stages, in one statement. Every user of the pipeline may know them, so no rule is asked."""
        flags = ", ".join(cls.known)
        rows = await env.fetch(f'select id, name, sequence, {flags} from "{cls.meta.table}" order by sequence, id')
        return Pipeline([Stage(**dict(row)) for row in rows])

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Refuse to turn a stage into one of another kind: leads are there already, closed or not."""
        await super().prepare_write(env, ids, row)
        named = [flag for flag in cls.flags if flag in row]
        if not named:
            return
        for stage in await cls.lock(env, ids, ["name", *named]):
            if any(stage[flag] != row[flag] for flag in named):
                raise ValidationError(
                    f"The stage {stage.name} keeps its kind.", model=cls.meta.name, field=named[0], ids=[stage.id]
                )

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Refuse to delete the stages that the buttons look for."""
        await super().before_delete(env, ids)
        for stage in await cls.browse(env, ids, ["name", *cls.flags]):
            if any(stage[flag] for flag in cls.flags):
                raise UserError(f"The stage {stage.name} is needed: leads are moved there.", model=cls.meta.name)


class Pipeline:
    """All stages of one side, to find them by id or by kind."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        """Take the stages in their order."""
        self.stages = stages
        self.by_id: Mapping[int, Stage] = {stage.id: stage for stage in stages}

    def __getitem__(self, stage_id: Any) -> Stage:
        """Return a stage by id. Raises `ValidationError` for one that is not there."""
        found = self.by_id.get(stage_id)
        if found is None:
            raise ValidationError("There is no such stage.", field="stage_id")
        return found

    @property
    def first(self) -> Stage:
        """Where a new lead starts."""
        return self._one([stage for stage in self.stages if stage.is_open], "open")

    @property
    def last_open(self) -> Stage:
        """The end of the walk: where leads are negotiated, and where endorsed ones start."""
        return self._one([stage for stage in reversed(self.stages) if stage.is_open], "open")

    @property
    def won(self) -> Stage:
        """Where won leads are."""
        return self._one([stage for stage in self.stages if stage.is_won], "won")

    @property
    def lost(self) -> Stage:
        """Where lost leads are."""
        return self._one([stage for stage in self.stages if stage.is_lost], "lost")

    @staticmethod
    def _one(found: Sequence[Stage], kind: str) -> Stage:
        if not found:
            raise UserError(f"The pipeline has no {kind} stage. Ask your administrator.")
        return found[0]
