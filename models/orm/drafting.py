"""Records to be: their default values, copies of others, and creation from a name alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.commands import Command
from models.orm.dialect import Vocabulary
from models.orm.errors import InputError
from models.orm.fields import Field, Many2One, One2Many, Selection, ToMany
from models.orm.methods import rpc
from models.orm.values import Row, add_context_defaults, add_defaults, check_targets, decode_row
from models.orm.writing import Writing

if TYPE_CHECKING:
    from models.orm.env import Env


HIDDEN = "Permission Denied"


class Drafting(Writing):
    """What every model offers to begin a record."""

    __slots__ = ()

    @rpc(readonly=True, netforce=("field_names=fields",), renamed={"fields_list": "fields"})
    @classmethod
    async def default_get(cls, env: Env, fields: Any = None) -> dict[str, Any]:
        """Return the default values of the fields named (all when none are), leaving out those without."""
        if not env.profile.can(cls.meta, "create"):
            env.profile.check(cls.meta, "read")  # clients ask for the defaults of any record that is not there
        names = arguments.field_names(fields)
        if names is None:
            shown = env.profile.visible_fields(cls.meta)
            chosen = {field.word(env.dialect.vocabulary): field for field in shown}
        else:
            chosen = {name: env.profile.field(cls.meta, name) for name in names}
        row: Row = {}
        add_context_defaults(env, cls.meta, row)
        add_defaults(env, cls.meta, row)
        found = {
            name: _wire(env, field, row[field.name])
            for name, field in chosen.items()
            if row.get(field.name) is not None
        }
        return await cls._with_labels(env, found) if env.dialect.vocabulary is Vocabulary.NETFORCE else found

    @classmethod
    async def _with_labels(cls, env: Env, found: dict[str, Any]) -> dict[str, Any]:
        """Netforce answers many2one defaults as [id, label]; the label of a hidden record is withheld."""
        for name, value in found.items():
            field = cls.meta.names[name]
            if isinstance(field, Many2One):
                target = env[field.target]
                shown = await target.exists(env, [value]) if env.profile.can(target.meta, "read") else []
                found[name] = (await target.name_get(env, [value]))[0] if shown else [value, HIDDEN]
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
        await check_targets(env, cls.meta, [changes])
        lists = {name: value for name, value in changes.items() if isinstance(cls.meta.fields[name], ToMany)}
        columns = {name: value for name, value in changes.items() if name not in lists}
        rows = [
            {**decode_row(env, cls.meta, row, trusted=True), **columns} for row in await cls._copied(env, wanted, lists)
        ]
        copies = await cls._create(env, rows, trusted=True)
        if lists:
            await cls._write(env, copies, lists, trusted=False)
        return copies if isinstance(ids, list | tuple) else copies[0]

    @classmethod
    async def _copied(cls, env: Env, ids: Sequence[int], without: Collection[str] = ()) -> list[Row]:
        """Return the values that copies of the records start from, their own lines included, read level by level."""
        copied = [
            field
            for field in cls.meta.fields.values()
            if field.copied and field.name not in without and env.profile.sees(cls.meta, field)
            if env.profile.may_write(field)
        ]
        records = await cls.browse(env, ids, [field.name for field in copied])
        lines: dict[str, dict[int, Row]] = {}
        for field in copied:
            if isinstance(field, One2Many):
                wanted = [one for record in records for one in record[field.name]]
                lines[field.name] = await _lines(env, field, wanted)
        return [
            {field.name: _copied_value(field, record[field.name], lines.get(field.name, {})) for field in copied}
            for record in records
        ]


async def _lines(env: Env, field: One2Many, ids: Sequence[int]) -> dict[int, Row]:
    """Return what copies of the lines start from, without what ties them to their parent."""
    rows = await env[field.target]._copied(env, ids)
    back = {field.inverse, field.inverse_model}
    kept = [{name: value for name, value in row.items() if name not in back} for row in rows]
    return dict(zip(ids, kept, strict=True))


def _copied_value(field: Field[Any], value: Any, lines: Mapping[int, Row]) -> Any:
    if isinstance(field, One2Many):
        return [Command.create(lines[one]) for one in value]
    if isinstance(field, ToMany):
        return [Command.set(value)]
    return value


def _wire(env: Env, field: Field[Any], value: Any) -> Any:
    """Write a default as the dialect shows it; commands of a relation as ids or Odoo's triples."""
    if isinstance(field, ToMany):
        linked = [one for command in value if command.action in ("link", "set") for one in command.ids]
        return linked or [[0, 0, dict(c.values or {})] for c in value if c.action == "create"]
    if isinstance(field, Selection):
        return field.word_of(value, env.dialect.vocabulary)
    return field.dump(field.load(value))
