"""Reading inside the server: records as typed snapshots, read explicitly, locked when asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from models.orm import arguments
from models.orm.condition import SearchQuery, own_condition
from models.orm.domain import parse_domain
from models.orm.errors import MissingError
from models.orm.fields import Field, Many2One, ToMany
from models.orm.kind import Kind
from models.orm.ordering import order_sql
from models.orm.projection import id_array
from models.orm.query import Query, Scope

if TYPE_CHECKING:
    from models.orm.env import Env


class Snapshots(Kind):
    """How our own code reads the records of every model."""

    __slots__ = ()

    @classmethod
    async def browse(cls, env: Env, ids: Sequence[int], fields: Sequence[str]) -> list[Self]:
        """Return snapshots in the order of the ids. Raises `MissingError` when one is not there for the caller."""
        if not ids:
            return []
        query, scope = cls._begin(env, trusted=True)
        parts = [scope.is_row_of(query.param(list(ids)))]
        guard = scope.guard("read")
        found = {record.id: record for record in await cls._select(env, scope, [*parts, guard], fields)}
        if any(one not in found for one in ids):
            raise cls.missing(ids)
        return [found[one] for one in ids]

    @classmethod
    async def find(
        cls, env: Env, domain: Any, fields: Sequence[str], *, order: str = "", limit: int | None = None
    ) -> list[Self]:
        """Return snapshots of the records that match; archived ones only when the condition names `active`."""
        _, scope = cls._begin(env, trusted=True)
        parts = own_condition(scope, parse_domain(domain), trusted=True)
        tail = f" order by {order_sql(scope, order)}" + (f" limit {int(limit)}" if limit is not None else "")
        return await cls._select(env, scope, parts, fields, tail=tail)

    @classmethod
    async def lock(cls, env: Env, ids: Any, fields: Sequence[str]) -> list[Self]:
        """Lock the records in id order and return what they hold now. The caller needs the right to write them.

        Columns are read with the lock, in one statement. What lives in other tables is read after it: the statement
        that waited for the lock still sees those as they were when it began.
        """
        env.check_may_change()
        env.profile.check(cls.meta, "write")
        wanted = sorted(arguments.ids_of(ids, model=cls.meta.name))
        if not wanted:
            return []
        elsewhere = any(not cls._is_own(name) for name in fields)
        query, scope = cls._begin(env, trusted=True)
        parts = [f"{scope.alias}.id = any({query.param(wanted)}::bigint[])", scope.guard("write")]
        tail = f" order by {scope.alias}.id for update of {scope.alias}"
        records = await cls._select(env, scope, parts, [] if elsewhere else fields, tail=tail)
        if len(records) != len(wanted):
            raise cls.missing(wanted)
        return await cls.browse(env, wanted, fields) if elsewhere else records

    @classmethod
    def missing(cls, ids: Sequence[int]) -> MissingError:
        """Build the error for records that are not there, or not for this caller: one text for both."""
        return MissingError(
            f"A record of {cls.meta.label} ({cls.meta.name}) does not exist or is not accessible.",
            model=cls.meta.name,
            ids=list(ids)[:100],
        )

    @classmethod
    def _begin(cls, env: Env, *, trusted: bool = False) -> tuple[Query, Scope]:
        if not trusted or not env.profile.is_system:
            env.profile.check(cls.meta, "read")
        query = SearchQuery.of(env)
        return query, query.scope(cls.meta)

    @classmethod
    def _is_own(cls, name: str) -> bool:
        """Return whether a field's value comes from the record's own columns."""
        field = cls.meta.fields.get(name)
        return field is not None and (field.has_column or (field.compute is not None and not field.stored))

    @classmethod
    async def _select(
        cls, env: Env, scope: Scope, parts: Sequence[str], fields: Sequence[str], *, tail: str = ""
    ) -> list[Self]:
        """Run a SELECT of raw values and return snapshots. The parts hold the row rule; empty ones ask nothing."""
        wanted = cls._with_inputs(fields)
        columns = [_path_value(scope, path.split(".")) for path in wanted]
        listed = ", ".join(sql for sql, _ in columns)
        rows = await env.fetch(
            f"select {listed} from {scope.from_sql}{where(parts)}{tail}", *env.resolve(scope.query.params)
        )
        loads = [(path, field.load) for path, (_, field) in zip(wanted, columns, strict=True)]
        records = [cls({path: load(row[i]) for i, (path, load) in enumerate(loads)}) for row in rows]
        return [cls._add_computed(record, fields) for record in records]

    @classmethod
    def _with_inputs(cls, fields: Sequence[str]) -> list[str]:
        """Return what to select: the id, the fields, and for Python-computed ones what they are computed from."""
        wanted: dict[str, None] = {"id": None}
        for path in fields:
            field = cls.meta.fields.get(path)
            if field is not None and field.compute and not field.stored:
                wanted.update(dict.fromkeys(field.depends))
            else:
                wanted[path] = None
        return list(wanted)

    @classmethod
    def _add_computed(cls, record: Self, fields: Sequence[str]) -> Self:
        for path in fields:
            field = cls.meta.fields.get(path)
            if field is not None and field.compute and not field.stored:
                record.values[path] = field.computed(field.compute(record))
        return record


def where(parts: Sequence[str]) -> str:
    """Join the parts of a WHERE; empty ones ask nothing."""
    asked = [part for part in parts if part]
    return " where " + " and ".join(asked) if asked else ""


def raw_value(scope: Scope, field: Field[Any]) -> str:
    """Return the SQL of a field's value as records inside the server hold it."""
    return id_array(scope, field) if isinstance(field, ToMany) else scope.value(field)


def _path_value(scope: Scope, path: list[str]) -> tuple[str, Field[Any]]:
    for name in path[:-1]:
        field = scope.meta.fields[name]
        if not isinstance(field, Many2One):
            raise TypeError(f"{field!r} is no many2one")
        scope = scope.hop(field)
    field = scope.meta.fields[path[-1]]
    return raw_value(scope, field), field
