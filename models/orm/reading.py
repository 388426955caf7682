"""Reading records: for callers as JSON in one statement, inside the server as snapshots.

The statement of a read is built once for a set of groups, fields and dialect, and kept; what differs between calls is
only parameters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from models.orm import arguments
from models.orm.answer import JsonText
from models.orm.condition import SearchQuery, own_condition
from models.orm.dialect import Reference
from models.orm.domain import all_of, parse_domain
from models.orm.errors import InputError, MissingError, UserError
from models.orm.fields import Field, Many2One, ToMany
from models.orm.methods import rpc
from models.orm.ordering import order_sql
from models.orm.projection import id_array, item
from models.orm.query import Query, Scope
from models.orm.record import Record

if TYPE_CHECKING:
    import asyncpg

    from models.orm.env import Env

MAX_PLANS = 5000
SEARCH_NETFORCE = ("condition=domain", "order", "limit", "offset", "count")


@dataclass(frozen=True, slots=True)
class Plan:
    """A prepared SELECT.

    Its text, its parameters (placeholders included) and the Python-computed fields to add to each row.
    """

    sql: str
    params: tuple[Any, ...]
    computed: tuple[tuple[str, Field[Any]], ...] = ()
    inputs: tuple[str, ...] = ()


class Reading(Record):
    """The reading half of every model."""

    __slots__ = ()

    # for callers

    @rpc(readonly=True, netforce=SEARCH_NETFORCE, renamed={"args": "domain"})
    @classmethod
    async def search(
        cls, env: Env, domain: Any = None, offset: Any = 0, limit: Any = None, order: Any = None, count: Any = False
    ) -> Any:
        """Return the ids that match, in order; with `count` the pair of ids and total (Netforce)."""
        query, scope = cls._begin(env)
        where = _where(own_condition(scope, parse_domain(domain)))
        terms = order_sql(scope, order)
        page = _page(query, limit, offset)
        rows = await env.fetch(
            f"select {scope.alias}.id from {scope.from_sql}{where} order by {terms}{page}", *env.resolve(query.params)
        )
        ids = [row[0] for row in rows]
        return [ids, await cls.search_count(env, domain)] if count is True else ids

    @rpc(readonly=True, netforce=("condition=domain", "limit"), renamed={"args": "domain"})
    @classmethod
    async def search_count(cls, env: Env, domain: Any = None, limit: Any = None) -> int:
        """Return how many records match, at most `limit`."""
        query, scope = cls._begin(env)
        where = _where(own_condition(scope, parse_domain(domain)))
        wanted = arguments.count_of(limit, "limit")
        if wanted is None:
            sql = f"select count(*) from {scope.from_sql}{where}"
        else:
            sql = f"select count(*) from (select 1 from {scope.from_sql}{where} limit {wanted}) n"
        return int(await env.fetchval(sql, *env.resolve(query.params)))

    @rpc(
        readonly=True,
        netforce=("ids", "field_names=fields", "load_m2o", "get_time"),
    )
    @classmethod
    async def read(
        cls,
        env: Env,
        ids: Any,
        fields: Any = None,
        load: Any = "_classic_read",
        load_m2o: Any = True,
        get_time: Any = False,
    ) -> JsonText:
        """Return one object a record, in the order of the ids, with the fields asked for (all when none are named)."""
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        env.profile.check(cls.meta, "read")
        names = arguments.field_names(fields)
        if not wanted:
            return JsonText("[]")
        reference = _reference(env, load, load_m2o)
        plan = cls._read_plan(env, names, reference, single=len(wanted) == 1)
        key = wanted[0] if len(wanted) == 1 else wanted
        rows = await env.fetch(plan.sql, key, *env.resolve(plan.params))
        if len(rows) != len(wanted) and not env.dialect.skip_missing:
            raise cls.missing(wanted)
        return JsonText("[" + ",".join([cls._row_text(plan, row) for row in rows]) + "]")

    @rpc(
        readonly=True,
        netforce=("condition=domain", "field_names=fields", "order", "limit", "offset", "count", "load_m2o"),
        renamed={"args": "domain"},
    )
    @classmethod
    async def search_read(
        cls,
        env: Env,
        domain: Any = None,
        fields: Any = None,
        offset: Any = 0,
        limit: Any = None,
        order: Any = None,
        count: Any = False,
        load: Any = "_classic_read",
        load_m2o: Any = True,
    ) -> Any:
        """Return the matching records as `read` does; with `count` the pair of records and total (Netforce)."""
        query, scope = cls._begin(env)
        where = _where(own_condition(scope, parse_domain(domain)))
        terms = order_sql(scope, order)
        page = _page(query, limit, offset)
        found = f"select {scope.alias}.id from {scope.from_sql}{where} order by {terms}{page}"
        keys = f"(select f.id, row_number() over () from ({found}) f)"
        plan = cls._shape(query, arguments.field_names(fields), _reference(env, load, load_m2o), keys=keys)
        rows = await env.fetch(plan.sql, *env.resolve(query.params))
        if plan.computed:
            text = "[" + ",".join([cls._row_text(plan, row) for row in rows]) + "]"
        else:
            text = rows[0][0]
        answer = JsonText(text)
        return [answer, await cls.search_count(env, domain)] if count is True else answer

    @rpc(readonly=True, aliases=())
    @classmethod
    async def exists(cls, env: Env, ids: Any) -> list[int]:
        """Return those of the ids that are records the caller may read."""
        query, scope = cls._begin(env)
        guard = scope.guard("read")
        place = query.param(arguments.ids_of(ids))
        sql = f"select {scope.alias}.id from {scope.from_sql} where {scope.alias}.id = any({place}::bigint[])"
        rows = await env.fetch(sql + (f" and {guard}" if guard else ""), *env.resolve(query.params))
        found = {row[0] for row in rows}
        return [one for one in arguments.ids_of(ids) if one in found]

    @rpc(readonly=True)
    @classmethod
    async def name_get(cls, env: Env, ids: Any) -> list[list[Any]]:
        """Return [id, label] for each record."""
        records = await cls.browse(env, arguments.ids_of(ids), ["display_name"])
        return [[record.id, record["display_name"] or ""] for record in records]

    @rpc(readonly=True, netforce=("name", "condition=domain", "limit"), renamed={"args": "domain"})
    @classmethod
    async def name_search(
        cls, env: Env, name: Any = "", domain: Any = None, operator: Any = "ilike", limit: Any = 100
    ) -> list[list[Any]]:
        """Return [id, label] of the records whose label matches the text."""
        if not isinstance(name, str) and not arguments.is_unset(name):
            raise InputError("name must be a text.", argument="name")
        wanted = parse_domain(domain)
        if not arguments.is_unset(name):
            wanted = all_of([parse_domain([["display_name", operator, name]]), wanted])
        query, scope = cls._begin(env)
        where = _where(own_condition(scope, wanted))
        page = _page(query, limit, 0)
        rows = await env.fetch(
            f"select {scope.alias}.id, {scope.label} from {scope.from_sql}{where}"
            f" order by {order_sql(scope, None)}{page}",
            *env.resolve(query.params),
        )
        return [[row[0], row[1] or ""] for row in rows]

    @rpc(readonly=True, netforce=("key", "require"))
    @classmethod
    async def get(cls, env: Env, key: Any, require: Any = False) -> int | None:
        """Return the id of the record with this key: a text for a one-field key, else an object of all its fields."""
        names = [name for name in (cls.meta.keys[0].columns if cls.meta.keys else ()) if name != "company_id"]
        if not names:
            raise UserError(f"Model {cls.meta.name} has no key.", model=cls.meta.name)
        given = key if isinstance(key, Mapping) else {names[0]: key}
        domain = [[name, "=", value] for name, value in given.items()]
        found: list[int] = await cls.search(env.with_context(active_test=False), domain, limit=2)
        if len(found) > 1:
            raise UserError(f"Several records of {cls.meta.name} have this key.", model=cls.meta.name)
        if not found and require:
            raise MissingError(f"Record not found: {cls.meta.name}.", model=cls.meta.name)
        return found[0] if found else None

    # inside the server

    @classmethod
    async def browse(cls, env: Env, ids: Sequence[int], fields: Sequence[str]) -> list[Self]:
        """Return snapshots in the order of the ids. Raises `MissingError` when one is not there for the caller."""
        if not ids:
            return []
        query, scope = cls._begin(env, trusted=True)
        parts = [f"{scope.alias}.id = any({query.param(list(ids))}::bigint[])"]
        found = {record.id: record for record in await cls._select(env, query, scope, parts, fields)}
        if any(one not in found for one in ids):
            raise cls.missing(ids)
        return [found[one] for one in ids]

    @classmethod
    async def find(
        cls, env: Env, domain: Any, fields: Sequence[str], *, order: str = "", limit: int | None = None
    ) -> list[Self]:
        """Return snapshots of the records that match; archived ones only when the condition names `active`."""
        query, scope = cls._begin(env, trusted=True)
        parts = own_condition(scope, parse_domain(domain), trusted=True)
        tail = f" order by {order_sql(scope, order)}" + (f" limit {int(limit)}" if limit is not None else "")
        return await cls._select(env, query, scope, parts, fields, tail=tail, guarded=True)

    @classmethod
    async def lock(cls, env: Env, ids: Any, fields: Sequence[str]) -> list[Self]:
        """Lock the records in id order and return what they hold now. The caller needs the right to write them."""
        env.profile.check(cls.meta, "write")
        wanted = sorted(arguments.ids_of(ids, model=cls.meta.name))
        if not wanted:
            return []
        query, scope = cls._begin(env, trusted=True)
        parts = [f"{scope.alias}.id = any({query.param(wanted)}::bigint[])"]
        guard = scope.guard("write")
        if guard:
            parts.append(guard)
        tail = f" order by {scope.alias}.id for update of {scope.alias}"
        records = await cls._select(env, query, scope, parts, fields, tail=tail, guarded=True)
        if len(records) != len(wanted):
            raise cls.missing(wanted)
        return records

    @classmethod
    def missing(cls, ids: Sequence[int]) -> MissingError:
        """Build the error for records that are not there, or not for this caller: one text for both."""
        return MissingError(
            f"A record of {cls.meta.label} ({cls.meta.name}) does not exist or is not accessible.",
            model=cls.meta.name,
            ids=list(ids)[:100],
        )

    # building

    @classmethod
    def _begin(cls, env: Env, *, trusted: bool = False) -> tuple[Query, Scope]:
        if not trusted or not env.profile.is_system:
            env.profile.check(cls.meta, "read")
        query = SearchQuery(env.profile, env.dialect, active_test=env.context.active_test)
        return query, query.scope(cls.meta)

    @classmethod
    def _read_plan(cls, env: Env, names: list[str] | None, reference: Reference, *, single: bool) -> Plan:
        key = (
            cls.meta.name,
            None if names is None else tuple(names),
            reference,
            env.dialect.name,
            env.context.active_test,
            single,
        )
        plans = env.profile.plans
        plan: Plan | None = plans.get(key)
        if plan is None:
            if len(plans) >= MAX_PLANS:
                plans.clear()
            query = SearchQuery(env.profile, env.dialect, active_test=env.context.active_test)
            query.params.append(None)  # $1: the id or ids
            keys = "" if single else "unnest($1::bigint[]) with ordinality"
            built = cls._shape(query, names, reference, keys=keys, guarded=True, each=True)
            plan = plans[key] = Plan(built.sql, tuple(query.params[1:]), built.computed, built.inputs)
        return plan

    @classmethod
    def _shape(
        cls,
        query: Query,
        names: list[str] | None,
        reference: Reference,
        *,
        keys: str,
        guarded: bool = False,
        each: bool = False,
    ) -> Plan:
        """Build the SELECT that writes rows as JSON. `keys`: a source of (id, place), or empty for the one id in $1.

        `each`: one row of text a record; else all in one array, unless Python has to add fields to each.
        """
        scope = query.scope(cls.meta)
        items, computed = cls._items(query, scope, names, reference)
        inputs = list(dict.fromkeys(name for _, field in computed for name in field.depends))
        guard = scope.guard("read") if guarded else ""
        condition = f"{scope.alias}.id = {'k.id' if keys else '$1'}" + (f" and {guard}" if guard else "")
        extra = "".join(f', {_raw(scope, cls.meta.fields[name])} as "_{place}"' for place, name in enumerate(inputs))
        listed = ", ".join(f'{sql} as "{key}"' for key, sql in items)
        row = f"select {listed}{extra} from {scope.from_sql} where {condition}"
        if computed:
            shown = ", ".join(f'x."{key}"' for key, _ in items)
            text = f"(select row_to_json(y)::text from (select {shown}) y)"
            text += "".join(f', x."_{place}"' for place in range(len(inputs)))
        else:
            text = "row_to_json(x)::text" if each else "x"
        if not keys:
            sql = f"select {text} from ({row}) x"
        elif each or computed:
            sql = f"select {text} from {keys} k(id, o) cross join lateral ({row}) x order by k.o"
        else:
            sql = (
                "select coalesce(json_agg(row_to_json(x) order by k.o), '[]'::json)::text"
                f" from {keys} k(id, o) cross join lateral ({row}) x"
            )
        return Plan(sql, (), tuple(computed), tuple(inputs))

    @classmethod
    def _items(
        cls, query: Query, scope: Scope, names: list[str] | None, reference: Reference
    ) -> tuple[list[tuple[str, str]], list[tuple[str, Field[Any]]]]:
        """Return the SELECT items by key, and the Python-computed fields by key."""
        profile = query.profile
        if names is None:
            skip_lists = query.dialect.name == "netforce"
            chosen = [
                (field.word(query.dialect.vocabulary), field)
                for field in profile.visible_fields(cls.meta)
                if not (skip_lists and field.kind == "one2many")
            ]
        else:
            chosen = [(name, profile.field(cls.meta, name)) for name in names]
        items = [("id", f"{scope.alias}.id")]
        computed = []
        for key, field in chosen:
            if field.compute and not field.stored:
                computed.append((key, field))
            elif key != "id":
                items.append((key, item(scope, field, reference)))
        return items, computed

    @classmethod
    def _row_text(cls, plan: Plan, row: asyncpg.Record) -> str:
        text: str = row[0]
        if not plan.computed:
            return text
        values = {name: cls.meta.fields[name].load(row[place + 1]) for place, name in enumerate(plan.inputs)}
        record = cls(values)
        extra = [
            f"{json.dumps(key)}:{json_value(field.dump(field.compute(record)))}"
            for key, field in plan.computed
            if field.compute
        ]
        return text[:-1] + "," + ",".join(extra) + "}"

    @classmethod
    async def _select(
        cls,
        env: Env,
        query: Query,
        scope: Scope,
        parts: list[str],
        fields: Sequence[str],
        *,
        tail: str = "",
        guarded: bool = False,
    ) -> list[Self]:
        """Run a SELECT of raw values and return snapshots. `guarded`: the parts hold the row rule already."""
        if not guarded:
            guard = scope.guard("read")
            if guard:
                parts.append(guard)
        wanted = cls._with_inputs(fields)
        columns = [_path_value(scope, path.split(".")) for path in wanted]
        listed = ", ".join(sql for sql, _ in columns)
        rows = await env.fetch(
            f"select {listed} from {scope.from_sql}{_where(parts)}{tail}", *env.resolve(query.params)
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
                record.values[path] = field.compute(record)
        return record


def json_value(value: Any) -> str:
    """Write a plain value as JSON; a Decimal keeps its digits."""
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, default=str)


def _path_value(scope: Scope, path: list[str]) -> tuple[str, Field[Any]]:
    for name in path[:-1]:
        field = scope.meta.fields[name]
        if not isinstance(field, Many2One):
            raise TypeError(f"{field!r} is no many2one")
        scope = scope.hop(field)
    field = scope.meta.fields[path[-1]]
    return _raw(scope, field), field


def _raw(scope: Scope, field: Field[Any]) -> str:
    return id_array(scope, field) if isinstance(field, ToMany) else scope.value(field)


def _where(parts: Sequence[str]) -> str:
    return " where " + " and ".join(parts) if parts else ""


def _page(query: Query, limit: Any, offset: Any) -> str:
    skipped = arguments.count_of(offset, "offset")
    return f" limit {query.param(arguments.rows_wanted(limit))}" + (
        f" offset {query.param(skipped)}" if skipped else ""
    )


def _reference(env: Env, load: Any, load_m2o: Any) -> Reference:
    if load in (None, "", False, "_classic_write") or load_m2o is False:
        return Reference.ID
    return env.dialect.reference
