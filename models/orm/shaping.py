"""The SELECT that lets PostgreSQL write records as JSON text in the caller's dialect.

Built once for a set of groups, fields and dialect, and kept; what differs between calls is only parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from models.orm.answer import JsonText
from models.orm.condition import SearchQuery
from models.orm.dialect import Reference
from models.orm.fields import Content, Field
from models.orm.json_text import json_text
from models.orm.projection import item
from models.orm.query import Query, Scope
from models.orm.snapshots import raw_value

if TYPE_CHECKING:
    import asyncpg

    from models.orm.dialect import Dialect
    from models.orm.env import Env
    from models.orm.meta import Meta
    from models.orm.snapshots import Snapshots

MAX_PLANS = 1000
FOUND = "\0"  # stands in a kept plan for the search that finds the ids
READ_TIME = "read_time"  # Netforce's name for the version that was read, given back as check_time


@dataclass(frozen=True, slots=True)
class Shape:
    """What an answer shows of each record: the fields (None: all), how a many2one looks, whether the version too."""

    names: tuple[str, ...] | None
    reference: Reference
    versioned: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A prepared SELECT.

    Its text, its parameters (placeholders included) and the Python-computed fields to add to each row. `contents`:
    it puts together bytes that are kept apart from their records, which may be more than a reply holds.
    """

    sql: str
    params: tuple[Any, ...]
    computed: tuple[tuple[str, Field[Any]], ...] = ()
    inputs: tuple[str, ...] = ()
    contents: bool = False

    async def run(self, env: Env, *keys: Any) -> list[asyncpg.Record]:
        """Fetch the rows; `keys` are the first parameters."""
        return await env.fetch(self.sql, *keys, *env.resolve(self.params))

    def text(self, model: type[Snapshots], rows: Sequence[asyncpg.Record], dialect: Dialect) -> JsonText:
        """Return the rows as one array."""
        return JsonText("[" + ",".join([self.row_text(model, row, dialect) for row in rows]) + "]")

    def row_text(self, model: type[Snapshots], row: asyncpg.Record, dialect: Dialect) -> str:
        """Return a row as PostgreSQL wrote it, with what Python computes from it."""
        text: str = row[0]
        if not self.computed:
            return text
        values = {name: model.meta.fields[name].load(row[place + 1]) for place, name in enumerate(self.inputs)}
        record = model(values)
        extra = [f"{json_text(key)}:{_computed(field, record, dialect)}" for key, field in self.computed]
        return text[:-1] + "," + ",".join(extra) + "}"


def _computed(field: Field[Any], record: Any, dialect: Dialect) -> str:
    value = field.computed(field.compute(record)) if field.compute else None
    if value is None and dialect.empty_is_false:
        return json_text(field.empty)
    return json_text(field.dump(value))


def read_plan(env: Env, meta: Meta, shape: Shape, *, single: bool) -> Plan:
    """Return the SELECT for records by id, the ids (or the single id) being its first parameter; built once, kept."""

    def build(query: Query) -> Plan:
        query.params.append(None)  # $1: the id or ids
        keys = "" if single else "unnest($1::bigint[]) with ordinality"
        built = shaped(query, meta, shape, keys=keys, guarded=True, each=True)
        return replace(built, params=built.params[1:])

    return _kept(env, (meta.name, shape, single), build)


def search_plan(env: Env, meta: Meta, shape: Shape) -> Plan:
    """Return the SELECT around a search, which is to be put where `FOUND` stands; built once, kept.

    The plan's parameters are the first ones, those of the search follow.
    """
    keys = f"(select f.id, row_number() over () from ({FOUND}) f)"
    return _kept(env, (meta.name, shape, FOUND), lambda query: shaped(query, meta, shape, keys=keys))


def _kept(env: Env, key: tuple[Any, ...], build: Callable[[Query], Plan]) -> Plan:
    plans = env.profile.plans
    whole = (*key, env.dialect.name, env.context.active_test, env.context.sizes)
    plan: Plan | None = plans.get(whole)
    if plan is None:
        if len(plans) >= MAX_PLANS:
            plans.clear()
        context = env.context
        query = SearchQuery(env.profile, env.dialect, active_test=context.active_test, sizes=context.sizes)
        plan = plans[whole] = build(query)
    return plan


def shaped(query: Query, meta: Meta, shape: Shape, *, keys: str, guarded: bool = False, each: bool = False) -> Plan:
    """Build the SELECT that writes rows as JSON. `keys`: a source of (id, place), or empty for the one id in $1.

    `each`: one row of text a record; else all in one array, unless Python has to add fields to each.
    """
    scope = query.scope(meta)
    chosen = _chosen(scope, shape)
    items, computed = _items(scope, shape, chosen)
    inputs = list(dict.fromkeys(name for _, field in computed for name in field.depends))
    guard = scope.guard("read") if guarded else ""
    condition = scope.is_row("k.id" if keys else "$1") + (f" and {guard}" if guard else "")
    extra = "".join(f', {raw_value(scope, meta.fields[name])} as "_{place}"' for place, name in enumerate(inputs))
    listed = ", ".join(f'{sql} as "{key}"' for key, sql in items)
    row = f"select {listed}{extra} from {scope.from_sql} where {condition}"
    text = _text([key for key, _ in items], len(inputs), each=each, computed=bool(computed))
    if not keys:
        sql = f"select {text} from ({row}) x"
    elif each or computed:
        sql = f"select {text} from {keys} k(id, o) cross join lateral ({row}) x order by k.o"
    else:
        sql = (
            "select coalesce(json_agg(row_to_json(x) order by k.o), '[]'::json)::text"
            f" from {keys} k(id, o) cross join lateral ({row}) x"
        )
    contents = not query.sizes and any(isinstance(field, Content) for _, field in chosen)
    return Plan(sql, tuple(query.params), tuple(computed), tuple(inputs), contents)


def _text(keys: Sequence[str], inputs: int, *, each: bool, computed: bool) -> str:
    """Return the SQL of a row's text, followed by what Python computes from."""
    if not computed:
        return "row_to_json(x)::text" if each else "x"
    shown = ", ".join(f'x."{key}"' for key in keys)
    return f"(select row_to_json(y)::text from (select {shown}) y)" + "".join(f', x."_{p}"' for p in range(inputs))


def _items(
    scope: Scope, shape: Shape, chosen: Sequence[tuple[str, Field[Any]]]
) -> tuple[list[tuple[str, str]], list[tuple[str, Field[Any]]]]:
    """Return the SELECT items by key, and the Python-computed fields by key."""
    items = [("id", f"{scope.alias}.id")]
    computed = []
    for key, field in chosen:
        if field.compute and not field.stored:
            computed.append((key, field))
        elif key != "id":
            items.append((key, item(scope, field, shape.reference)))
    if shape.versioned:
        items.append((READ_TIME, f"to_char({scope.alias}.write_date, 'YYYY-MM-DD HH24:MI:SS.US')"))
    return items, computed


def _chosen(scope: Scope, shape: Shape) -> list[tuple[str, Field[Any]]]:
    profile, dialect, meta = scope.query.profile, scope.query.dialect, scope.meta
    if shape.names is not None:
        return [(name, profile.field(meta, name)) for name in shape.names]
    skip_lists = dialect.name == "netforce"
    return [
        (field.word(dialect.vocabulary), field)
        for field in profile.visible_fields(meta)
        if not (skip_lists and field.kind == "one2many") and not isinstance(field, Content)
    ]
