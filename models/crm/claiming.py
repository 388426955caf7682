"""Whose lead it is, on either side: leads start without an owner and are claimed by one (H12 to H20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from models.crm.pipeline import Stage
from models.crm.telling import tell
from models.crm.workflow_step import elevated
from models.orm import arguments
from models.orm.errors import ConflictError, TransitionError
from models.orm.methods import rpc
from models.orm.model import Model

if TYPE_CHECKING:
    from models.orm.env import Env


class Claiming(Model):
    """Claiming leads, and finding one's own.

    A side says which field names a lead to people and which tells since when it is claimed, which model its stages are
    of, and the group that may take leads over from somebody else.
    """

    __slots__ = ()

    called: ClassVar[str]
    claimed_at: ClassVar[str]
    stages: ClassVar[str]
    overseers: ClassVar[str]

    @rpc(aliases=("claim",))
    @classmethod
    async def action_claim(cls, env: Env, ids: Any) -> bool:
        """Make unclaimed open leads one's own; who oversees them may also take over somebody else's. Answers true.

        Of several claims at once the first one wins, the others are told that the lead is claimed already.
        """
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        env.profile.check(cls.meta, "write")
        await cls.browse(env, wanted, [cls.called])  # who may not see a lead may not claim it
        system = elevated(env, "claiming decides itself who may take a lead")
        pipeline = await env[cls.stages].walk(env)
        leads = await cls.lock(system, wanted, [cls.called, "stage_id", "user_id"])
        claimed = [lead.id for lead in leads if cls._may_take(env, lead, pipeline[lead["stage_id"]])]
        await cls.update(system, claimed, {"user_id": env.user.id, cls.claimed_at: env.now})
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
    def _may_take(cls, env: Env, lead: Self, stage: Stage) -> bool:
        """Return whether a claim changes the owner; refuse one that is not allowed."""
        refuse_closed(lead, stage)
        if lead["user_id"] == env.user.id:
            return False
        if lead["user_id"] is not None and not env.has_group(cls.overseers):
            raise ConflictError(
                f"{lead[cls.called]} is already claimed by somebody else.", model=cls.meta.name, ids=[lead.id]
            )
        return True


def refuse_closed(lead: Claiming, stage: Stage) -> None:
    """Refuse a lead that is won or lost already. Raises `TransitionError`."""
    if stage.is_closed:
        raise TransitionError(
            f"{lead[lead.called]} is already {stage.name}.", model=lead.meta.name, ids=[lead.id], state=stage.name
        )
