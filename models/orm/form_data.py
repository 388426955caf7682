"""What Netforce's forms send back and ask in between: a whole record with its lines, and what follows from an entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.drafting import HIDDEN
from models.orm.errors import InputError, LimitError, UnknownMethodError
from models.orm.fields import Many2One, One2Many
from models.orm.limits import LIMITS
from models.orm.methods import Method, rpc
from models.orm.paths import Paths
from models.orm.web_views import Row

if TYPE_CHECKING:
    from models.orm.env import Env

ONCHANGES = (("data",), ("data", "path"))
MAX_DEPTH = LIMITS.path_depth


class FormData(Paths):
    """What every model offers to a form."""

    __slots__ = ()

    @rpc(netforce=("data",))
    @classmethod
    async def save_data(cls, env: Env, data: Any) -> int:
        """Create a record from the object of a form, or write the one whose `id` it holds; return its id.

        A one2many in it is a list of such objects: all lines there are to be. Those left out are deleted. A many2one
        may be the [id, label] that was read.
        """
        if not isinstance(data, Mapping):
            raise InputError("data must be an object.", argument="data")
        record = _id_of(data)
        [values] = await cls._form_values(env, [data])
        if record is None:
            created: int = await cls.create(env, values)
            return created
        await cls.write(env, [record], values)
        return record

    @rpc(readonly=True, netforce=("method",))
    @classmethod
    async def call_onchange(cls, env: Env, method: Any) -> Row:
        """Return what follows from an entry in a form that is not saved yet: {"data": the form's values}.

        The form's values and the path of the entry are in the context (`data`, `path`). What can be asked are methods
        of the model that take `data`, or `data` and `path`. Each many2one is answered as [id, label].
        """
        found = cls.meta.methods.get(method) if isinstance(method, str) else None
        if found is None or found.parameters not in ONCHANGES:
            raise UnknownMethodError(f"There is no such onchange on {cls.meta.name}.", model=cls.meta.name)
        data = env.context.values.get("data")
        if not isinstance(data, Mapping):
            raise InputError("context.data must be an object.", argument="data")
        shown = await cls._ask(env, found, dict(data), env.context.values.get("path"))
        await cls._label(env, [shown["data"]])
        return shown

    @classmethod
    async def _ask(cls, env: Env, method: Method, data: Row, path: Any) -> Row:
        """Return {"data": the form's values after one of the methods in `onchanges`}."""
        given = {"data": data, "path": path}
        answer: Row = await getattr(cls, method.attribute)(env, **{name: given[name] for name in method.parameters})
        return answer if isinstance(answer.get("data"), dict) else {"data": answer}

    @classmethod
    async def _form_values(cls, env: Env, rows: Sequence[Mapping[str, Any]], depth: int = 0) -> list[Row]:
        """Return the objects of forms as values to write: lists of objects become commands, level by level."""
        if depth > MAX_DEPTH:
            raise LimitError("path_depth", MAX_DEPTH)
        values = [{name: value for name, value in row.items() if name != "id"} for row in rows]
        lists = {name for row in values for name, value in row.items() if cls._is_form_list(name, value)}
        records = [_id_of(row) for row in rows]
        known = [record for record in records if record is not None] if lists else []
        there = {row["id"]: row for row in (await cls.read(env, known, sorted(lists), load="")).value()}
        for name in sorted(lists):
            old = [there[record][name] if record is not None else [] for record in records]
            await cls._replace_lines(env, name, values, old, depth)
        for row in values:
            row.update({name: value[0] for name, value in row.items() if cls._is_pair(name, value)})
        return values

    @classmethod
    async def _replace_lines(
        cls, env: Env, name: str, rows: Sequence[Row], old: Sequence[Sequence[int]], depth: int
    ) -> None:
        """Put commands in the place of one field's lines, in all rows; `old` are the ids each row has there."""
        field = cls.meta.names[name]
        target = env[field.target] if isinstance(field, One2Many) else cls
        filled = [place for place, row in enumerate(rows) if cls._is_form_list(name, row.get(name))]
        lines = [line for place in filled for line in rows[place][name]]
        written = iter(await target._form_values(env, lines, depth + 1))
        for place in filled:
            new = [(_id_of(line), next(written)) for line in rows[place][name]]
            rows[place][name] = _commands(target, old[place], new)

    @classmethod
    def _is_form_list(cls, name: str, value: Any) -> bool:
        is_lines = isinstance(value, list) and all(isinstance(line, Mapping) for line in value)
        return is_lines and isinstance(cls.meta.names.get(name), One2Many)

    @classmethod
    def _is_pair(cls, name: str, value: Any) -> bool:
        return isinstance(value, list) and len(value) in (2, 3) and isinstance(cls.meta.names.get(name), Many2One)

    @classmethod
    async def _label(cls, env: Env, rows: Sequence[Row]) -> None:
        """Give each many2one of unsaved rows, and of their lines, its label: one statement a relation."""
        for name in {name for row in rows for name in row}:
            field = cls.meta.names.get(name)
            if isinstance(field, Many2One):
                pointing = [row for row in rows if isinstance(row.get(name), int) and not isinstance(row[name], bool)]
                labels = await cls._labels(env, field, {row[name] for row in pointing})
                for row in pointing:
                    row[name] = labels[row[name]]
            elif isinstance(field, One2Many):
                lines = [line for row in rows if cls._is_form_list(name, row.get(name)) for line in row[name]]
                await env[field.target]._label(env, lines)

    @classmethod
    async def _labels(cls, env: Env, field: Many2One, ids: set[int]) -> dict[int, list[Any]]:
        target = env[field.target]
        seen = await target.exists(env, sorted(ids)) if ids and env.profile.can(target.meta, "read") else []
        known = {pair[0]: pair for pair in await target.name_get(env, seen)}
        return {one: known.get(one, [one, HIDDEN]) for one in ids}


def _id_of(row: Mapping[str, Any]) -> int | None:
    """Return the id of a form's record, None for one that is not saved yet."""
    given = row.get("id")
    if arguments.is_unset(given):
        return None
    [record] = arguments.ids_of([given])
    return record


def _commands(target: type[FormData], old: Sequence[int], lines: Sequence[tuple[int | None, Row]]) -> list[list[Any]]:
    """Return the commands that leave exactly these lines. A line that is not among the old ones is not there."""
    kept = [one for one, _ in lines if one is not None]
    if not set(kept) <= set(old):
        raise target.missing(kept)
    gone = [one for one in old if one not in kept]
    changes = [["create", values] if one is None else ["write", [one], values] for one, values in lines]
    return [["delete", gone], *changes] if gone else changes
