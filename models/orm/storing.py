"""The statements that write rows: one INSERT, one UPDATE or one DELETE for the whole batch.

The caller's row rule is part of each statement's WHERE, and is asked again of the rows as written. Several rows are
locked in id order before they are changed, which keeps calls on the same records from waiting for each other in a
circle. `write_date` is the instant of the statement, under the lock: of two writes to one row the later has the later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm import changes, hanging
from models.orm.computing import as_read, check_constraints, compute, watched
from models.orm.condition import SearchQuery
from models.orm.declare import Operation
from models.orm.domain import TRUE
from models.orm.errors import AccessError
from models.orm.fields import Field
from models.orm.query import Query, Scope, walks
from models.orm.reading import Reading
from models.orm.values import Row

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.meta import Meta

Image = dict[str, tuple[Any, Any]]  # field name: (old value, new value)


class Storing(Reading):
    """How rows of every model are written."""

    __slots__ = ()

    # insert

    @classmethod
    async def _insert(cls, env: Env, rows: list[Row]) -> list[int]:
        """Run one INSERT for all rows and check the row rule on what it left; numbers given out go into the rows."""
        query, scope = cls._writing(env)
        given = {name for row in rows for name, value in row.items() if value is not None}
        columns = [field for field in cls.meta.columns.values() if field.sequence is not None or field.name in given]
        numbered = [field for field in columns if field.sequence is not None]
        named = ", ".join([f'"{field.name}"' for field in columns] + ["create_uid", "write_uid"])
        source = _source(query, columns, rows, query.param(env.user.id))
        check = cls._rule_after(scope, "create")
        numbers = "".join(f', {scope.alias}."{field.name}"' for field in numbered)
        found = await env.change(
            f'insert into "{cls.meta.table}" as {scope.alias} ({named}) {source}'
            f" returning {scope.alias}.id, {check}{numbers}",
            *env.resolve(query.params),
        )
        for row, stored in zip(rows, found, strict=True):
            row.update({field.name: stored[place + 2] for place, field in enumerate(numbered)})
        ids = [stored[0] for stored in found]
        await cls._check_rule(env, ids, [stored[1] for stored in found], "create")
        return ids

    # update

    @classmethod
    async def _update(cls, env: Env, ids: Sequence[int], columns: Row) -> dict[int, Image]:
        """Run one UPDATE under the row rule before and after.

        Return the old and new values that tracking and constraints need, once the constraints have passed.
        """
        computed = cls.meta.dependents(columns)
        if computed:
            return await cls._update_computed(env, ids, columns, computed)
        wanted = watched(cls, columns)
        query, scope = cls._writing(env)
        condition = cls._mine(query, scope, ids, "write")
        sets = [f'"{name}" = {query.param(value)}' for name, value in columns.items()]
        sets += _stamps(env, query, cls.meta)
        if len(ids) == 1 and not wanted:
            sql = (
                f'update "{cls.meta.table}" {scope.alias} set {", ".join(sets)} where {condition}'
                f" returning {scope.alias}.id, {cls._rule_after(scope, 'write')}"
            )
        else:
            sql = cls._locking_update(scope, condition, sets, wanted)
        rows = await env.change(sql, *env.resolve(query.params))
        await cls._check_reached(env, ids, rows)
        loads = [cls.meta.fields[name].load for name in wanted] * 2
        images = {
            row[0]: _image(wanted, [load(value) for load, value in zip(loads, row[2:], strict=True)]) for row in rows
        }
        return cls._checked(images)

    @classmethod
    def _locking_update(cls, scope: Scope, condition: str, sets: Sequence[str], wanted: Sequence[str]) -> str:
        """Return an UPDATE that locks its rows in id order first, and gives their watched values old and new."""
        alias, table = scope.alias, f'"{cls.meta.table}"'
        kept = "".join(f', {alias}."{name}" as "{name}"' for name in wanted)
        olds = "".join(f', old."{name}"' for name in wanted)
        news = "".join(f', {alias}."{name}"' for name in wanted)
        return (
            f"with old as (select {alias}.id{kept} from {table} {alias} where {condition}"
            f" order by {alias}.id for update) update {table} {alias} set {', '.join(sets)} from old"
            f" where {alias}.id = old.id returning {alias}.id, {cls._rule_after(scope, 'write')}{olds}{news}"
        )

    @classmethod
    async def _update_computed(
        cls, env: Env, ids: Sequence[int], columns: Row, computed: Sequence[Field[Any]]
    ) -> dict[int, Image]:
        """Lock the records, compute what depends on the change for each, and write all in one statement."""
        inputs = [name for field in computed for name in field.depends]
        outputs = [field.name for field in computed]
        wanted = list(dict.fromkeys([*watched(cls, [*columns, *outputs]), *(outputs if cls.meta.audit else ())]))
        records = await cls.lock(env, ids, list(dict.fromkeys([*inputs, *wanted, *outputs])))
        news: dict[int, Row] = {}
        for record in records:
            news[record.id] = {**record.values, **columns}
            compute(cls, news[record.id], computed)
        query, scope = cls._writing(env)
        arrays = [f"{query.param(list(news))}::bigint[]"]
        arrays += [f"{query.param([new[f.name] for new in news.values()])}::{f.column_type}[]" for f in computed]
        sets = [f'"{name}" = {query.param(value)}' for name, value in columns.items()]
        sets += [f'"{name}" = v."{name}"' for name in outputs] + _stamps(env, query, cls.meta)
        named = ", ".join(f'"{name}"' for name in ["id", *outputs])
        rows = await env.change(
            f'update "{cls.meta.table}" {scope.alias} set {", ".join(sets)} from unnest({", ".join(arrays)}) v({named})'
            f" where {scope.alias}.id = v.id returning {scope.alias}.id, {cls._rule_after(scope, 'write')}",
            *env.resolve(query.params),
        )
        await cls._check_reached(env, ids, rows)
        old = {record.id: record.values for record in records}
        after = {record_id: as_read(cls, new) for record_id, new in news.items()}
        images = {one: {name: (old[one][name], after[one][name]) for name in wanted} for one in old}
        return cls._checked(images)

    @classmethod
    def _checked(cls, images: dict[int, Image]) -> dict[int, Image]:
        """Return the images when the new values pass the constraints."""
        news = ({name: new for name, (_, new) in image.items()} for image in images.values())
        check_constraints(cls, (cls(new) for new in news))
        return images

    # delete

    @classmethod
    async def _delete(cls, env: Env, ids: Sequence[int]) -> None:
        """Run one DELETE under the row rule, the rows locked in id order, with the files that go along.

        It keeps note of what it deletes where there is a feed, and of records elsewhere that lose a link to it.
        """
        await changes.mark_linked(env, cls.meta, ids)
        query, scope = cls._writing(env)
        condition = cls._mine(query, scope, ids, "delete")
        alias, table = scope.alias, f'"{cls.meta.table}"'
        returned = f" returning {alias}.id{changes.kept(cls.meta, alias)}"
        if len(ids) == 1:
            parts = [f"gone as (delete from {table} {alias} where {condition}{returned})"]
        else:
            parts = [
                f"old as (select {alias}.id from {table} {alias} where {condition} order by {alias}.id for update)",
                f"gone as (delete from {table} {alias} using old where {alias}.id = old.id{returned})",
            ]
        parts += [*hanging.deleting(env.registry, cls.meta.name), *changes.noting(cls.meta)]
        rows = await env.change(f"with recursive {', '.join(parts)} select id from gone", *env.resolve(query.params))
        if len(rows) != len(set(ids)):
            raise cls.missing(ids)

    # the row rule

    @classmethod
    def _writing(cls, env: Env) -> tuple[Query, Scope]:
        query = SearchQuery(env.profile, env.dialect, active_test=False)
        return query, query.scope(cls.meta)

    @classmethod
    def _mine(cls, query: Query, scope: Scope, ids: Sequence[int], operation: Operation) -> str:
        """Return the condition on ids and the row rule for an operation."""
        if len(ids) == 1:
            condition = f"{scope.alias}.id = {query.param(ids[0])}"
        else:
            condition = f"{scope.alias}.id = any({query.param(list(ids))}::bigint[])"
        guard = scope.guard(operation)
        return f"{condition} and {guard}" if guard else condition

    @classmethod
    async def check_reach(cls, env: Env, ids: Sequence[int], operation: Operation) -> None:
        """Refuse when one of the records is out of the caller's reach for an operation; one statement if any."""
        if ids and not await cls._reaches(env, ids, operation):
            raise cls.missing(ids)

    @classmethod
    async def _reaches(cls, env: Env, ids: Sequence[int], operation: Operation) -> bool:
        query, scope = cls._writing(env)
        condition = cls._mine(query, scope, ids, operation)
        found = await env.fetchval(
            f"select count(*) from {scope.from_sql} where {condition}", *env.resolve(query.params)
        )
        return bool(found == len(set(ids)))

    @classmethod
    def _rule_after(cls, scope: Scope, operation: Operation) -> str:
        """Return SQL that says whether the row as written satisfies the rule; null when a second look has to decide."""
        rule = scope.query.profile.rule(cls.meta, operation)
        if cls.meta.document and not scope.query.profile.is_system:
            return "null::boolean"
        if rule == TRUE:
            return "true"
        return "null::boolean" if walks(cls.meta, rule) else f"({scope.guard(operation)}) is true"

    @classmethod
    async def _check_reached(cls, env: Env, ids: Sequence[int], rows: Sequence[Any]) -> None:
        """Refuse when an UPDATE missed a record, or left one outside the caller's reach."""
        if len(rows) != len(set(ids)):
            raise cls.missing(ids)
        await cls._check_rule(env, [row[0] for row in rows], [row[1] for row in rows], "write")

    @classmethod
    async def _check_rule(
        cls, env: Env, ids: Sequence[int], verdicts: Sequence[bool | None], operation: Operation
    ) -> None:
        """Refuse a write that leaves a row outside the caller's reach."""
        if all(verdict is True for verdict in verdicts):
            return
        if None in verdicts and await cls._reaches(env, ids, operation):
            return
        raise AccessError(
            f"You are not allowed to leave a record of {cls.meta.label} ({cls.meta.name}) in this state.",
            model=cls.meta.name,
        )


def _stamps(env: Env, query: Query, meta: Meta) -> list[str]:
    stamps = [f"write_uid = {query.param(env.user.id)}", "write_date = clock_timestamp()"]
    return [*stamps, changes.STAMP] if meta.feed else stamps


def _image(wanted: Sequence[str], values: Sequence[Any]) -> Image:
    half = len(wanted)
    return {name: (values[place], values[half + place]) for place, name in enumerate(wanted)}


def _source(query: Query, columns: Sequence[Field[Any]], rows: Sequence[Mapping[str, Any]], user: str) -> str:
    """Return VALUES for one row, a SELECT over arrays for several."""
    if len(rows) == 1:
        terms = [_numbered(query, field, query.param(rows[0].get(field.name)), rows[0]) for field in columns]
        return f"values ({', '.join([*terms, user, user])})"
    arrays = [f"{query.param([row.get(field.name) for row in rows])}::{field.column_type}[]" for field in columns]
    arrays.append(f"{query.param(list(range(len(rows))))}::bigint[]")
    names = [f"v{place}" for place in range(len(columns))]
    terms = [_numbered(query, field, f"v.{name}", rows[0]) for field, name in zip(columns, names, strict=True)]
    listed = ", ".join([*terms, f"{user}::bigint", f"{user}::bigint"])
    return f"select {listed} from unnest({', '.join(arrays)}) v({', '.join([*names, 'o'])}) order by v.o"


def _numbered(query: Query, field: Field[Any], term: str, row: Mapping[str, Any]) -> str:
    """Number a record where the caller gives no value. All rows of one INSERT count in the first row's company."""
    if field.sequence is None:
        return term
    company = query.param(row.get("company_id"))
    code = query.param(field.sequence.code)
    return f"coalesce({term}::text, tandem_next_number({code}, {company}::bigint))"
