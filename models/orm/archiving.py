"""Taking records out of sight without deleting them: models with a field `active`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.fields import Boolean, Field
from models.orm.methods import rpc
from models.orm.writing import Writing

if TYPE_CHECKING:
    from models.orm.env import Env


def has_active(fields: Mapping[str, Field[Any]]) -> bool:
    """Return whether records of a model can be archived."""
    active = fields.get("active")
    return isinstance(active, Boolean) and active.has_column


class Archiving(Writing):
    """What models with a field `active` offer. Searches hide archived records, reads by id do not."""

    __slots__ = ()

    @rpc(when=has_active, aliases=("action_archive",))
    @classmethod
    async def archive(cls, env: Env, ids: Any) -> bool | None:
        """Hide the records from searches. Answers true (Netforce: null)."""
        return await cls.write(env, ids, {"active": False})

    @rpc(when=has_active, aliases=("action_unarchive",))
    @classmethod
    async def unarchive(cls, env: Env, ids: Any) -> bool | None:
        """Show archived records again. Answers true (Netforce: null)."""
        return await cls.write(env, ids, {"active": True})

    @rpc(when=has_active)
    @classmethod
    async def toggle_active(cls, env: Env, ids: Any) -> bool | None:
        """Archive those of the records that are active, show the others again. Answers true (Netforce: null)."""
        records = await cls.lock(env, arguments.ids_of(ids, model=cls.meta.name), ["active"])
        for active in (True, False):
            turned = [record.id for record in records if record["active"] is active]
            if turned:
                await cls.write(env, turned, {"active": not active})
        return None if env.dialect.name == "netforce" else True
