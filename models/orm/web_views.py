"""Records as Odoo's web client asks for them: trees of fields, described by a specification.

    {"name": {}, "partner_id": {"fields": {"display_name": {}}}, "order_line": {"fields": {"price_unit": {}}}}

A relation without `fields` is answered by ids alone. Each node of the tree is one statement, however many records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.answer import weighed
from models.orm.drafting import Drafting
from models.orm.errors import InputError, LimitError
from models.orm.expanding import asking
from models.orm.fields import Many2One, ToMany
from models.orm.grouping import Grouping
from models.orm.limits import LIMITS
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env

Row = dict[str, Any]


class WebViews(Drafting, Grouping):
    """What the views of a web client read and save."""

    __slots__ = ()

    @rpc(readonly=True)
    @classmethod
    async def web_read(cls, env: Env, ids: Any, specification: Any) -> list[Row]:
        """Return the records with the fields of the specification, relations as deep as it says."""
        return await cls._whole_tree(env, arguments.ids_of(ids, model=cls.meta.name), counted(specification))

    @rpc(readonly=True)
    @classmethod
    async def web_search_read(
        cls,
        env: Env,
        domain: Any,
        specification: Any,
        offset: Any = 0,
        limit: Any = None,
        order: Any = None,
        count_limit: Any = None,
    ) -> Row:
        """Return the matching records as `web_read` does, and how many match: exactly, or at most `count_limit`."""
        ids = await cls.search(env, domain, offset, limit, order)
        most, skipped = arguments.count_of(limit, "limit"), arguments.count_of(offset, "offset") or 0
        is_whole = (most is None or len(ids) < most) and (ids or not skipped)
        length = skipped + len(ids) if is_whole else await cls.search_count(env, domain, count_limit)
        return {"length": length, "records": await cls._whole_tree(env, ids, counted(specification))}

    @rpc
    @classmethod
    async def web_save(cls, env: Env, ids: Any, vals: Any, specification: Any, next_id: Any = None) -> list[Row]:
        """Write the records, or create one when there are no ids; return them, or the next one, as `web_read` does."""
        saved = arguments.ids_of(ids, model=cls.meta.name)
        if saved:
            await cls.write(env, saved, vals)
        else:
            saved = [await cls.create(env, vals)]
        return await cls.web_read(env, saved if arguments.is_unset(next_id) else next_id, specification)

    @rpc
    @classmethod
    async def web_save_multi(cls, env: Env, ids: Any, vals_list: Any, specification: Any) -> list[Row]:
        """Write each record's own values (Odoo 19); return the records as `web_read` does."""
        saved = arguments.ids_of(ids, model=cls.meta.name)
        rows, _ = arguments.rows_of(vals_list, "vals_list")
        if len(rows) != len(saved):
            raise InputError("vals_list must have one object for each id.", argument="vals_list")
        for one, vals in zip(saved, rows, strict=True):
            await cls.write(env, [one], vals)
        return await cls.web_read(env, saved, specification)

    @rpc(readonly=True)
    @classmethod
    async def web_read_group(
        cls,
        env: Env,
        domain: Any = None,
        fields: Any = None,
        groupby: Any = None,
        limit: Any = None,
        offset: Any = 0,
        orderby: Any = False,
        lazy: Any = True,
        *,
        aggregates: Any = None,
        order: Any = None,
    ) -> Row:
        """Return groups as `read_group` does, or `formatted_read_group` when aggregates are named, and how many.

        Groups that a board shows although nothing is in them are among them.
        """
        env = asking(env)

        async def groups(most: Any, skipped: Any) -> list[Row]:
            if aggregates is None:
                return await cls.read_group(env, domain, fields, groupby, skipped, most, orderby, lazy)
            return await cls.formatted_read_group(env, domain, groupby, aggregates, (), skipped, most, order)

        found = await groups(limit, offset)
        most, skipped = arguments.count_of(limit, "limit"), arguments.count_of(offset, "offset") or 0
        is_whole = (most is None or len(found) < most) and (found or not skipped)
        return {"groups": found, "length": skipped + len(found) if is_whole else len(await groups(None, 0))}

    @classmethod
    async def _whole_tree(cls, env: Env, ids: Sequence[int], specification: Any) -> list[Row]:
        """Return a tree as an answer: what hangs on many of its records is written with each of them."""
        rows: list[Row] = weighed(await cls._tree(env, ids, specification))
        return rows

    @classmethod
    async def _tree(
        cls, env: Env, ids: Sequence[int], specification: Any, depth: int = 0, read: list[int] | None = None
    ) -> list[Row]:
        """Return the records with all below them. `read` counts the characters of the nodes before this one."""
        read = [0] if read is None else read
        given = _specified(specification)
        if depth > LIMITS.path_depth:
            raise LimitError("path_depth", LIMITS.path_depth)
        names = [name for name in given if name != "id"] or ["id"]
        text = await cls.read(env, list(ids), names, load="")
        read[0] += len(text.text)
        if read[0] > LIMITS.reply_bytes:
            raise LimitError("reply_bytes", LIMITS.reply_bytes)
        rows: list[Row] = text.value()
        for name in names:
            below = given.get(name, {}).get("fields")
            if below is not None:
                await cls._branch(env, rows, name, below, depth, read)
        return rows

    @classmethod
    async def _branch(
        cls, env: Env, rows: Sequence[Row], name: str, below: Any, depth: int, read: list[int] | None = None
    ) -> None:
        """Put the records of a relation in the place of their ids."""
        field = env.profile.field(cls.meta, name)
        if not isinstance(field, Many2One | ToMany):
            raise InputError(f"{name} is no relation.", model=cls.meta.name, field=field.name)
        wanted = {one for row in rows for one in _ids(row[name])}
        target, env = env[field.target], env.with_dialect(replace(env.dialect, skip_missing=True))
        there = await target._tree(env, sorted(wanted), below, depth + 1, read) if wanted else []
        found = {row["id"]: row for row in there}
        for row in rows:
            if isinstance(field, ToMany):
                row[name] = [found[one] for one in row[name] if one in found]
            elif row[name]:
                row[name] = found.get(row[name], {"id": row[name]})


def counted(specification: Any) -> Mapping[str, Mapping[str, Any]]:
    """Refuse a tree of more fields than a call may name: each of its nodes is a statement."""
    todo, names = [_specified(specification)], 0
    while todo:
        given = todo.pop()
        names += len(given)
        if names > LIMITS.fields_per_call:
            raise LimitError("fields_per_call", LIMITS.fields_per_call)
        todo += [_specified(one["fields"]) for one in given.values() if one.get("fields") is not None]
    return _specified(specification)


def _ids(value: Any) -> Sequence[int]:
    return value if isinstance(value, list) else [value] if value else []


def _specified(specification: Any) -> Mapping[str, Mapping[str, Any]]:
    if arguments.is_unset(specification):
        return {}
    if not isinstance(specification, Mapping) or not all(isinstance(one, Mapping) for one in specification.values()):
        raise InputError("specification must be an object of objects by field name.", argument="specification")
    return specification
