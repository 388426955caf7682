"""Records to be: their default values, copies of others, and creation from a name alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.commands import Command
from models.orm.dialect import Vocabulary
from models.orm.errors import InputError
from models.orm.fields import Json, Many2One, One2Many, ToMany
from models.orm.methods import rpc
from models.orm.values import Row, add_defaults, decode_row
from models.orm.writing import Writing

if TYPE_CHECKING:
    from models.orm.env import Env


class Drafting(Writing):
    """What every model offers to begin a record."""

    __slots__ = ()

    @rpc(readonly=True, netforce=("field_names=fields",), renamed={"fields_list": "fields"})
    @classmethod
    async def default_get(cls, env: Env, fields: Any = None) -> dict[str, Any]:
        """Return the default values of the fields named (all when none are), leaving out those without."""
        env.profile.check(cls.meta, "create")
        names = arguments.field_names(fields)
        row: Row = {}
        add_defaults(env, cls.meta, row)
        wanted = names if names is not None else list(row)
        found: dict[str, Any] = {}
        for name in wanted:
            field = env.profile.field(cls.meta, name)
            if row.get(field.name) is not None:
                found[name] = _wire(row[field.name]) if isinstance(field, ToMany) else field.dump(row[field.name])
        return await cls._with_labels(env, found) if env.dialect.vocabulary is Vocabulary.NETFORCE else found

    @classmethod
    async def _with_labels(cls, env: Env, found: dict[str, Any]) -> dict[str, Any]:
        """Netforce answers many2one defaults as [id, label]."""
        for name, value in found.items():
            field = cls.meta.names[name]
            if isinstance(field, Many2One) and env.profile.can(env[field.target].meta, "read"):
                found[name] = (await env[field.target].name_get(env, [value]))[0]
        return found

    @rpc
    @classmethod
    async def name_create(cls, env: Env, name: Any) -> Any:
        """Create a record from what people call it. Answers [id, label] (Netforce: the id)."""
        if not isinstance(name, str):
            raise InputError("name must be a text.", argument="name")
        record_id = await cls.create(env, {cls.meta.label_field: name})
        if env.dialect.vocabulary is Vocabulary.NETFORCE:
            return record_id
        return (await cls.name_get(env, [record_id]))[0]

    @rpc(renamed={"defaults": "default", "vals": "default"}, netforce=("ids", "vals=default"))
    @classmethod
    async def copy(cls, env: Env, ids: Any, default: Any = None) -> Any:
        """Copy records with the fields that may be copied, `default` replacing some.

        One id gives one id, a list a list.
        """
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        if not arguments.is_unset(default) and not isinstance(default, Mapping):
            raise InputError("default must be an object.", argument="default")
        env.profile.check(cls.meta, "create")
        changes = decode_row(env, cls.meta, default or {}, trusted=False)
        rows = [{**row, **changes} for row in await cls._copied(env, wanted)]
        copies = await cls._create(env, rows, trusted=False)
        return copies if isinstance(ids, list | tuple) else copies[0]

    @classmethod
    async def _copied(cls, env: Env, ids: Sequence[int]) -> list[Row]:
        """Return the rows that copies of the records start from, their own lines included."""
        names = [
            field.name
            for field in cls.meta.fields.values()
            if field.copied and env.profile.sees(cls.meta, field) and env.profile.may_write(field)
        ]
        return [
            {name: await cls._copied_value(env, name, record[name]) for name in names}
            for record in await cls.browse(env, ids, names)
        ]

    @classmethod
    async def _copied_value(cls, env: Env, name: str, value: Any) -> Any:
        field = cls.meta.fields[name]
        if isinstance(field, One2Many):
            target = env[field.target]
            rows = await target._copied(env, value)
            back = {field.inverse, field.inverse_model}
            return [Command.create({k: v for k, v in row.items() if k not in back}) for row in rows]
        if isinstance(field, ToMany):
            return [Command.set(value)]
        return field.parse_computed(value) if isinstance(field, Json) else value


def _wire(commands: Sequence[Command]) -> list[Any]:
    """Write default commands of a relation as ids or Odoo's triples."""
    linked = [one for command in commands if command.action in ("link", "set") for one in command.ids]
    return linked or [[0, 0, dict(c.values or {})] for c in commands if c.action == "create"]
