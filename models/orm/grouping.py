"""Groups with counts and sums, computed in one statement.

`read_group` speaks Odoo's form (and Netforce's through that dialect), `formatted_read_group` Odoo 19's. Group keys,
aggregates and order are looked up; row rules apply before anything is counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.condition import SearchQuery, own_condition
from models.orm.dialect import Vocabulary
from models.orm.domain import parse_domain
from models.orm.errors import InputError, LimitError
from models.orm.fields import Date, DateTime, Field, Many2One, Number, Selection
from models.orm.fields.scalar import Integer
from models.orm.limits import LIMITS
from models.orm.methods import rpc
from models.orm.periods import GRANULARITIES, Period
from models.orm.projection import HIDDEN_LABEL
from models.orm.query import Query, Scope
from models.orm.reading import Reading

if TYPE_CHECKING:
    from models.orm.env import Env

MAX_KEYS = 8
FUNCTIONS = {
    "sum": "coalesce(sum({c}), 0)",
    "avg": "avg({c})",
    "min": "min({c})",
    "max": "max({c})",
    "count": "count({c})",
    "count_distinct": "count(distinct {c})",
    "bool_and": "bool_and({c})",
    "bool_or": "bool_or({c})",
    "array_agg": "json_agg({c})",
}
_AGGREGATE = re.compile(r"(\w+)(?::(\w+)(?:\((\w+)\))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What rows are grouped by: a field, for dates with a granularity. `name` is the text the caller used."""

    name: str
    field: Field[Any]
    granularity: str = ""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One figure of each group. `name` is the key it is answered under."""

    name: str
    function: str
    field: Field[Any]


@dataclass(frozen=True, slots=True)
class Grouped:
    """One group: its keys' values and labels, the figures, the count."""

    values: tuple[Any, ...]
    labels: tuple[Any, ...]
    figures: tuple[Any, ...]
    count: int


class Grouping(Reading):
    """Counting and summing over every model."""

    __slots__ = ()

    @rpc(
        readonly=True,
        netforce=(
            "group_fields=groupby",
            "agg_fields=fields",
            "condition=domain",
            "having",
            "order=orderby",
            "limit",
            "offset",
        ),
    )
    @classmethod
    async def read_group(
        cls,
        env: Env,
        domain: Any = None,
        fields: Any = None,
        groupby: Any = None,
        offset: Any = 0,
        limit: Any = None,
        orderby: Any = False,
        lazy: Any = True,
        having: Any = None,
    ) -> list[dict[str, Any]]:
        """Return one object a group with its keys, its figures and its count.

        `lazy` groups by the first key only (Odoo).
        """
        env.profile.check(cls.meta, "read")
        keys = cls._keys(env, groupby)
        netforce = env.dialect.vocabulary is Vocabulary.NETFORCE
        lazily = bool(lazy) and not netforce and bool(keys)
        used = keys[:1] if lazily else keys
        figures = cls._aggregates(env, fields, skip={key.field.name for key in keys})
        groups = await cls._groups(env, domain, used, figures, orderby, limit, offset)
        rest = [key.name for key in keys[1:]] if lazily else None
        return [_row(env, group, used, figures, domain, lazily, rest) for group in groups]

    @rpc(readonly=True)
    @classmethod
    async def formatted_read_group(
        cls,
        env: Env,
        domain: Any = None,
        groupby: Any = (),
        aggregates: Any = (),
        having: Any = (),
        offset: Any = 0,
        limit: Any = None,
        order: Any = None,
    ) -> list[dict[str, Any]]:
        """Return one object a group; aggregates are answered under the names they are asked by (Odoo 19)."""
        if not arguments.is_unset(having) and having not in ([], ()):
            raise InputError("having is not supported.", argument="having")
        env.profile.check(cls.meta, "read")
        keys = cls._keys(env, groupby)
        names = [name for name in arguments.field_names(aggregates) or []]
        figures = cls._aggregates(env, [name for name in names if name != "__count"], skip=set(), verbatim=True)
        groups = await cls._groups(env, domain, keys, figures, order, limit, offset)
        return [_formatted(env, group, keys, figures, "__count" in names) for group in groups]

    # looking up

    @classmethod
    def _keys(cls, env: Env, groupby: Any) -> list[GroupKey]:
        names = arguments.field_names(groupby) or []
        if len(names) > MAX_KEYS:
            raise InputError(f"groupby has more than {MAX_KEYS} keys.", argument="groupby")
        return [cls._key(env, name) for name in names]

    @classmethod
    def _key(cls, env: Env, name: str) -> GroupKey:
        word, _, granularity = name.partition(":")
        field = env.profile.field(cls.meta, word)
        if not field.groupable or not (field.has_column or field.sql):
            raise InputError(f"{word} cannot be grouped by.", model=cls.meta.name, field=field.name)
        if isinstance(field, Date | DateTime):
            granularity = granularity or "month"
        elif granularity:
            raise InputError(f"{word} has no granularity.", model=cls.meta.name, field=field.name)
        if granularity and granularity not in GRANULARITIES:
            raise InputError(f"There is no granularity {granularity[:32]}.", argument="groupby", field=field.name)
        return GroupKey(name, field, granularity)

    @classmethod
    def _aggregates(cls, env: Env, fields: Any, *, skip: set[str], verbatim: bool = False) -> list[Aggregate]:
        found = []
        for text in arguments.field_names(fields) or []:
            aggregate = cls._aggregate(env, text, verbatim=verbatim)
            if aggregate is not None and (verbatim or aggregate.field.name not in skip):
                found.append(aggregate)
        return found

    @classmethod
    def _aggregate(cls, env: Env, text: str, *, verbatim: bool) -> Aggregate | None:
        match = _AGGREGATE.fullmatch(text)
        if match is None:
            raise InputError("An aggregate is a field, field:function or name:function(field).", argument="fields")
        name, function, inner = match.groups()
        if name == "__count":
            return None
        field = env.profile.field(cls.meta, inner or name)
        function = function or field.aggregate
        if not function:
            return None  # Odoo's clients list fields that have no sum; they are left out
        if function not in FUNCTIONS or not (field.has_column or field.sql):
            raise InputError(f"There is no aggregate {function[:32]} of {field.name}.", field=field.name)
        if function in ("sum", "avg") and not isinstance(field, Integer | Number):
            raise InputError(f"{field.name} is no number: {function} cannot be taken.", field=field.name)
        return Aggregate(text if verbatim else name, function, field)

    # computing

    @classmethod
    async def _groups(
        cls,
        env: Env,
        domain: Any,
        keys: Sequence[GroupKey],
        figures: Sequence[Aggregate],
        order: Any,
        limit: Any,
        offset: Any,
    ) -> list[Grouped]:
        query = SearchQuery(env.profile, env.dialect, active_test=env.context.active_test)
        scope = query.scope(cls.meta)
        parts = own_condition(scope, parse_domain(domain))
        terms = [_key_sql(env, scope, key) for key in keys]
        sums = [FUNCTIONS[f.function].replace("{c}", scope.value(f.field)) for f in figures]
        listed = [f"{sql} as k{i}" for i, sql in enumerate(terms)]
        listed += [f"{sql} as f{i}" for i, sql in enumerate(sums)] + ["count(*) as n"]
        where = " where " + " and ".join(parts) if parts else ""
        by = " group by " + ", ".join(str(i + 1) for i in range(len(terms))) if terms else ""
        inner = f"select {', '.join(listed)} from {scope.from_sql}{where}{by}"
        sql = _labelled(query, inner, keys, figures, _ordering(keys, figures, order))
        sql += f" limit {query.param(arguments.rows_wanted(limit) + (1 if arguments.is_unset(limit) else 0))}"
        skipped = arguments.count_of(offset, "offset")
        sql += f" offset {query.param(skipped)}" if skipped else ""
        rows = await env.fetch(sql, *env.resolve(query.params))
        if len(rows) > LIMITS.reply_rows:
            raise LimitError("reply_rows", LIMITS.reply_rows)
        size = len(keys)
        return [
            Grouped(tuple(row[:size]), tuple(row[size : 2 * size]), tuple(row[2 * size : -1]), row[-1]) for row in rows
        ]


def _key_sql(env: Env, scope: Scope, key: GroupKey) -> str:
    column = scope.value(key.field)
    if not key.granularity:
        return column
    if isinstance(key.field, DateTime):
        column = f"({column} at time zone {scope.query.param(env.zone.key)}::text)"
    return GRANULARITIES[key.granularity].sql.replace("{c}", column)


def _labelled(
    query: Query,
    inner: str,
    keys: Sequence[GroupKey],
    figures: Sequence[Aggregate],
    order: str,
) -> str:
    """Join the labels of many2one keys to the groups, after they are formed.

    Hidden records keep theirs to themselves.
    """
    labels, joins = [], []
    for i, key in enumerate(keys):
        label = "null"
        if isinstance(key.field, Many2One):
            target = query.profile.registry.models[key.field.target].meta
            scope = query.scope(target)
            if query.profile.can(target, "read"):
                guard = scope.guard("read")
                on = f"{scope.alias}.id = g.k{i}" + (f" and {guard}" if guard else "")
                joins.append(f'left join "{target.table}" {scope.alias} on {on}')
                label = f"coalesce({scope.label}, {HIDDEN_LABEL})"
            else:
                label = HIDDEN_LABEL
        labels.append(f"{label} as l{i}")
    names = [f"g.k{i}" for i in range(len(keys))] + labels + [f"g.f{i}" for i in range(len(figures))] + ["g.n"]
    ordered = f" order by {order}" if order else ""
    return f"select {', '.join(names)} from ({inner}) g {' '.join(joins)}{ordered}"


def _ordering(keys: Sequence[GroupKey], figures: Sequence[Aggregate], order: Any) -> str:
    """Return ORDER BY over keys and figures; without one, groups come in the order of their keys."""
    names = {key.name: f"g.k{i}" for i, key in enumerate(keys)}
    names |= {key.field.name: f"g.k{i}" for i, key in enumerate(keys)}
    names |= {figure.name: f"g.f{i}" for i, figure in enumerate(figures)}
    names |= {"__count": "g.n"}
    if arguments.is_unset(order):
        return ", ".join(f"g.k{i}" for i in range(len(keys)))
    terms = []
    for part in str(order).split(","):
        name, _, direction = part.strip().partition(" ")
        if name not in names or direction.strip().lower() not in ("", "asc", "desc"):
            raise InputError("Groups are sorted by their keys and figures.", argument="order")
        terms.append(names[name] + (" desc" if direction.strip().lower() == "desc" else ""))
    return ", ".join(terms)


def _row(
    env: Env,
    group: Grouped,
    keys: Sequence[GroupKey],
    figures: Sequence[Aggregate],
    domain: Any,
    lazily: bool,
    rest: list[str] | None,
) -> dict[str, Any]:
    """Return a group as `read_group` answers it."""
    netforce = env.dialect.vocabulary is Vocabulary.NETFORCE
    row: dict[str, Any] = {}
    ranges: dict[str, Any] = {}
    terms: list[Any] = []
    for key, value, label in zip(keys, group.values, group.labels, strict=True):
        row[key.name] = _shown(env, key, value, label)
        terms.extend(_terms_of(env, key, value, ranges))
    row |= {figure.name: value for figure, value in zip(figures, group.figures, strict=True)}
    if netforce:
        return {**row, "_count": group.count}
    row[f"{keys[0].name.partition(':')[0]}_count" if lazily else "__count"] = group.count
    if ranges:
        row["__range"] = ranges
    row["__domain"] = _joined(terms, domain)
    if rest is not None:
        row["__context"] = {"group_by": rest}
    return row


def _formatted(
    env: Env, group: Grouped, keys: Sequence[GroupKey], figures: Sequence[Aggregate], count: bool
) -> dict[str, Any]:
    """Return a group as `formatted_read_group` answers it."""
    row: dict[str, Any] = {}
    terms: list[Any] = []
    for key, value, label in zip(keys, group.values, group.labels, strict=True):
        period = _period(key, value)
        if period is not None and period.is_span:
            row[key.name] = [period.start_text(env.zone, timed=isinstance(key.field, DateTime)), period.label]
        else:
            row[key.name] = _shown(env, key, value, label)
        terms.extend(_terms_of(env, key, value, {}))
    row |= {figure.name: value for figure, value in zip(figures, group.figures, strict=True)}
    if count:
        row["__count"] = group.count
    row["__extra_domain"] = _joined(terms, [])
    return row


def _period(key: GroupKey, value: Any) -> Period | None:
    return Period(key.granularity, value) if key.granularity and value is not None else None


def _shown(env: Env, key: GroupKey, value: Any, label: Any) -> Any:
    """Return a group key's value as the dialect shows it."""
    if value is None:
        return False if env.dialect.empty_is_false else None
    period = _period(key, value)
    if period is not None:
        return period.label
    if isinstance(key.field, Many2One):
        return [value, label]
    if isinstance(key.field, Selection):
        return key.field.value_words.get(env.dialect.vocabulary, {}).get(value, value)
    return key.field.dump(value)


def _terms_of(env: Env, key: GroupKey, value: Any, ranges: dict[str, Any]) -> list[Any]:
    """Return the search terms that find a group's records; spans of time are also noted in `ranges`."""
    word = key.name.partition(":")[0]
    period = _period(key, value)
    if period is None:
        shown = value if isinstance(key.field, Many2One) else _shown(env, key, value, None)
        return [[word, "=", False if value is None else shown]]
    if not period.is_span:
        return []
    timed = isinstance(key.field, DateTime)
    start, end = period.start_text(env.zone, timed=timed), period.end_text(env.zone, timed=timed)
    ranges[key.name] = {"from": start, "to": end}
    return [[word, ">=", start], [word, "<", end]]


def _joined(terms: list[Any], domain: Any) -> list[Any]:
    """Return the caller's condition and a group's terms as one condition."""
    given = list(domain) if isinstance(domain, list | tuple) else []
    if not given:
        return ["&"] * (len(terms) - 1) + terms
    whole = [given] if given and given[0] in ("or", "and") else given
    return [*terms, *whole]
