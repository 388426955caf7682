"""Groups with counts and sums, computed in one statement.

`read_group` speaks Odoo's form (and Netforce's through that dialect), `formatted_read_group` Odoo 19's. Group keys,
aggregates and order are looked up; row rules apply before anything is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.aggregates import COUNT, Aggregate, aggregate_of, having_sql
from models.orm.condition import SearchQuery, own_condition
from models.orm.dialect import Vocabulary
from models.orm.domain import parse_domain
from models.orm.errors import InputError, LimitError
from models.orm.expanding import Frame, expanded, is_expanded
from models.orm.fields import Date, DateTime, Many2One
from models.orm.group_rows import Grouped, GroupKey, formatted_row, read_group_row
from models.orm.limits import LIMITS
from models.orm.methods import rpc
from models.orm.ordering import OrderTerm
from models.orm.periods import GRANULARITIES, WITHIN_A_DAY
from models.orm.projection import HIDDEN_LABEL
from models.orm.query import Query, Scope
from models.orm.reading import Reading
from models.orm.snapshots import where

if TYPE_CHECKING:
    from models.orm.env import Env

MAX_KEYS = 8
# A zone may move the first or last instants of the calendar out of it, where Python could not follow.
FIRST_INSTANT = "timestamp '0001-01-01'"
LAST_INSTANT = "timestamp '9999-12-31 23:59:59.999999'"


@dataclass(frozen=True, slots=True)
class Page:
    """Which of the groups are answered, and in which order, as the caller gave it."""

    order: Any
    limit: Any
    offset: Any
    having: Any


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
        odoo_needs=("domain", "fields", "groupby"),
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
        page = Page(orderby, limit, offset, having)
        expand = lazily and env.dialect.vocabulary is Vocabulary.ODOO
        groups = await cls._groups(env, domain, used, figures, page, expand=expand)
        rest = [key.name for key in keys[1:]] if lazily else None
        return [read_group_row(env, group, used, figures, domain, lazily, rest) for group in groups]

    @rpc(readonly=True, odoo_needs=("domain",))
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
        env.profile.check(cls.meta, "read")
        keys = cls._keys(env, groupby)
        names = arguments.field_names(aggregates) or []
        figures = cls._aggregates(env, names, skip=set(), verbatim=True)
        groups = await cls._groups(env, domain, keys, figures, Page(order, limit, offset, having))
        return [formatted_row(env, group, keys, figures, COUNT in names) for group in groups]

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
        if not field.groupable or not field.in_sql:
            raise InputError(f"{word} cannot be grouped by.", model=cls.meta.name, field=field.name)
        if isinstance(field, Date | DateTime):
            granularity = granularity or "month"
        elif granularity:
            raise InputError(f"{word} has no granularity.", model=cls.meta.name, field=field.name)
        timeless = isinstance(field, Date) and granularity in WITHIN_A_DAY
        if granularity and (timeless or granularity not in GRANULARITIES):
            raise InputError(f"There is no granularity {granularity[:32]}.", argument="groupby", field=field.name)
        return GroupKey(name, field, granularity)

    @classmethod
    def _aggregates(cls, env: Env, fields: Any, *, skip: set[str], verbatim: bool = False) -> list[Aggregate]:
        found = []
        for text in arguments.field_names(fields) or []:
            aggregate = aggregate_of(env.profile, cls.meta, text, verbatim=verbatim)
            if aggregate is not None and (verbatim or aggregate.field.name not in skip):
                found.append(aggregate)
        return found

    # computing

    @classmethod
    async def _groups(
        cls,
        env: Env,
        domain: Any,
        keys: Sequence[GroupKey],
        figures: Sequence[Aggregate],
        page: Page,
        *,
        expand: bool = False,
    ) -> list[Grouped]:
        query = SearchQuery.of(env)
        scope = query.scope(cls.meta)
        condition = where(own_condition(scope, parse_domain(domain)))
        listed = [f"{_key_sql(env, scope, key)} as k{i}" for i, key in enumerate(keys)]
        listed += [f"{figure.sql(scope)} as f{i}" for i, figure in enumerate(figures)] + ["count(*) as n"]
        by = " group by " + ", ".join(str(i + 1) for i in range(len(keys))) if keys else ""
        inner = f"select {', '.join(listed)} from {scope.from_sql}{condition}{by}"
        frame = _frame(env, query, keys, figures, expand=expand)
        rows = await env.fetch(_outer(query, inner, frame, keys, figures, page), *env.resolve(query.params))
        if len(rows) > LIMITS.reply_rows:
            raise LimitError("reply_rows", LIMITS.reply_rows)
        size = len(keys)
        return [
            Grouped(tuple(row[:size]), tuple(row[size : 2 * size]), tuple(row[2 * size : -2]), row[-2], row[-1])
            for row in rows
        ]


def _key_sql(env: Env, scope: Scope, key: GroupKey) -> str:
    column = scope.value(key.field)
    if not key.granularity:
        return column
    if isinstance(key.field, DateTime):
        local = f"({column} at time zone {scope.query.param(env.zone.key)}::text)"
        column = f"case when {column} is not null then greatest(least({local}, {LAST_INSTANT}), {FIRST_INSTANT}) end"
    return GRANULARITIES[key.granularity].sql.replace("{c}", column)


def _frame(env: Env, query: Query, keys: Sequence[GroupKey], figures: Sequence[Aggregate], *, expand: bool) -> Frame:
    """Return how the groups are shown. Those by a single key may be expanded."""
    field = keys[0].field if len(keys) == 1 else None
    if isinstance(field, Many2One) and is_expanded(env, field, usual=expand):
        return expanded(query, field, figures)
    labels, joins = _labels(query, keys)
    places = [f"g.k{i}" for i in range(len(keys))]
    by_key = [place if label == "null" else label for place, label in zip(places, labels, strict=True)]
    return Frame(places, labels, [[OrderTerm(sql)] for sql in by_key], [f"g.f{i}" for i in range(len(figures))], joins)


def _outer(
    query: Query, inner: str, frame: Frame, keys: Sequence[GroupKey], figures: Sequence[Aggregate], page: Page
) -> str:
    """Join the labels of many2one keys to the groups, after they are formed; filter, sort and cut the groups."""
    names = [*frame.keys, *(f"{label} as l{i}" for i, label in enumerate(frame.labels))]
    names += [*frame.figures, frame.fold, frame.count]
    sql = f"select {', '.join(names)} from ({inner}) g {' '.join(frame.joins)}"
    wanted = [frame.shown] if frame.shown else []
    if not (arguments.is_unset(page.having) or page.having in ([], ())):
        wanted.append(having_sql(query, parse_domain(page.having), _having_names(frame, figures)))
    sql += where(wanted)
    order = _ordering(keys, frame, figures, page.order)
    sql += f" order by {order}" if order else ""
    sql += f" limit {query.param(arguments.rows_wanted(page.limit) + (1 if arguments.is_unset(page.limit) else 0))}"
    skipped = arguments.count_of(page.offset, "offset")
    return sql + (f" offset {query.param(skipped)}" if skipped else "")


def _labels(query: Query, keys: Sequence[GroupKey]) -> tuple[list[str], list[str]]:
    """Return the label of each key, and the joins they need; hidden records keep theirs to themselves."""
    labels, joins = [], []
    for i, key in enumerate(keys):
        label = "null"
        if isinstance(key.field, Many2One):
            label = f"case when g.k{i} is not null then {HIDDEN_LABEL} end"
            target = query.profile.metas[key.field.target]
            if query.profile.can(target, "read"):
                scope = query.scope(target)
                guard = scope.guard("read")
                on = f"{scope.alias}.id = g.k{i}" + (f" and {guard}" if guard else "")
                joins.append(f'left join "{target.table}" {scope.alias} on {on}')
                label = f"case when g.k{i} is not null then coalesce({scope.label}, {HIDDEN_LABEL}) end"
        labels.append(label)
    return labels, joins


def _having_names(frame: Frame, figures: Sequence[Aggregate]) -> dict[str, str]:
    numeric = [(sql, figure) for sql, figure in zip(frame.figures, figures, strict=True) if figure.is_number]
    return {word: sql for sql, figure in numeric for word in figure.words} | {COUNT: frame.count}


def _ordering(keys: Sequence[GroupKey], frame: Frame, figures: Sequence[Aggregate], order: Any) -> str:
    """Return ORDER BY over keys and figures; without one, groups come in the order of their keys' labels or values."""
    if arguments.is_unset(order):
        return ", ".join([*(term.text for terms in frame.sorted_by for term in terms), *frame.keys])
    if not isinstance(order, str):
        raise InputError("order must be a text such as 'name desc'.", argument="order")
    names = {
        word: terms for key, terms in zip(keys, frame.sorted_by, strict=True) for word in (key.name, key.field.name)
    }
    names |= {
        word: [OrderTerm(sql)] for sql, figure in zip(frame.figures, figures, strict=True) for word in figure.words
    }
    names[COUNT] = [OrderTerm(frame.count)]
    terms = [_order_terms(names, part) for part in order.split(",")]
    return ", ".join([*terms, *frame.keys])


def _order_terms(names: Mapping[str, Sequence[OrderTerm]], part: str) -> str:
    name, _, direction = part.strip().partition(" ")
    word = direction.strip().lower()
    if name not in names or word not in ("", "asc", "desc"):
        raise InputError("Groups are sorted by their keys and figures.", argument="order")
    turned = OrderTerm("", word == "desc")
    return ", ".join(term.within(turned).text for term in names[name])
