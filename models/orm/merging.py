"""Records as other systems send them: known by a code or key rather than by an id, and maybe not here yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.errors import InputError
from models.orm.fields import Many2One
from models.orm.methods import rpc
from models.orm.writing import Writing

if TYPE_CHECKING:
    from models.orm.env import Env


class Merging(Writing):
    """What every model offers to scripts that bring records in."""

    __slots__ = ()

    @rpc(netforce=("vals",))
    @classmethod
    async def merge(cls, env: Env, vals: Any) -> int:
        """Write the record whose `id`, or else code or key, is among the values; create it if there is none.

        Returns its id. A many2one may be the code or key of its record as text. Both are looked up as by `get`.
        """
        if not isinstance(vals, Mapping):
            raise InputError("vals must be an object.", argument="vals")
        values = {name: await cls._pointer(env, name, value) for name, value in vals.items() if name != "id"}
        record = await cls._merged_into(env, vals.get("id"), values)
        if record is None:
            created: int = await cls.create(env, values)
            return created
        await cls.write(env, [record], values)
        return record

    @classmethod
    async def _pointer(cls, env: Env, name: str, value: Any) -> Any:
        """Return a value to write; the id where a many2one is given as text."""
        field = cls.meta.names.get(name)
        if isinstance(field, Many2One) and isinstance(value, str) and value:
            env.profile.writable(cls.meta, name)
            env.profile.check(env[field.target].meta, "read")
            return await env[field.target].get(env, value, require=True)
        return value

    @classmethod
    async def _merged_into(cls, env: Env, given: Any, values: Mapping[str, Any]) -> int | None:
        """Return the record that is meant, None for a new one: also where a part of its key is left out."""
        if not arguments.is_unset(given):
            [record] = arguments.ids_of([given], model=cls.meta.name)
            return record
        own = {cls.meta.names[name].name: value for name, value in values.items() if name in cls.meta.names}
        columns = cls.key_columns()
        key = {name: own.get(name) for name in columns if name in own or name != "company_id"}
        if not key or any(arguments.is_unset(value) for value in key.values()):
            return None
        found: int | None = await cls.get(env, key)
        return found
