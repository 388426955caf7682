"""Reading records, for callers: ids, counts, and JSON that PostgreSQL writes in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.answer import JsonText
from models.orm.condition import own_condition
from models.orm.dialect import Reference, Vocabulary
from models.orm.domain import Node, all_of, parse_domain
from models.orm.errors import InputError, MissingError, UserError
from models.orm.methods import rpc
from models.orm.ordering import order_sql
from models.orm.query import Query, Scope
from models.orm.shaping import FOUND, Shape, read_plan, search_plan
from models.orm.snapshots import Snapshots, where

if TYPE_CHECKING:
    from models.orm.env import Env

FLAGGED = (True,)  # and 1, which some clients send: in Python they are equal
SEARCH_NETFORCE = ("condition=domain", "order", "limit", "offset", "count")


class Reading(Snapshots):
    """The reading half of every model."""

    __slots__ = ()

    @rpc(readonly=True, netforce=SEARCH_NETFORCE, renamed={"args": "domain"}, odoo_needs=("domain",))
    @classmethod
    async def search(
        cls, env: Env, domain: Any = None, offset: Any = 0, limit: Any = None, order: Any = None, count: Any = False
    ) -> Any:
        """Return the ids that match, in order; with `count` the pair of ids and total (Odoo up to 16: the total)."""
        if count in FLAGGED and env.dialect.vocabulary is Vocabulary.ODOO:
            return await cls.search_count(env, domain, limit)
        query, scope, condition = cls._searched(env, parse_domain(domain))
        terms = order_sql(scope, order)
        page = _page(query, limit, offset)
        rows = await env.fetch(
            f"select {scope.alias}.id from {scope.from_sql}{condition} order by {terms}{page}",
            *env.resolve(query.params),
        )
        ids = [row[0] for row in rows]
        return [ids, await cls.search_count(env, domain)] if count in FLAGGED else ids

    @rpc(readonly=True, netforce=("condition=domain", "limit"), renamed={"args": "domain"}, odoo_needs=("domain",))
    @classmethod
    async def search_count(cls, env: Env, domain: Any = None, limit: Any = None) -> int:
        """Return how many records match, at most `limit`."""
        query, scope, condition = cls._searched(env, parse_domain(domain))
        wanted = arguments.count_of(limit, "limit")
        if wanted is None:
            sql = f"select count(*) from {scope.from_sql}{condition}"
        else:
            sql = f"select count(*) from (select 1 from {scope.from_sql}{condition} limit {query.param(wanted)}) n"
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
        shape = shape_of(env, fields, load, load_m2o, get_time)
        if not wanted:
            return JsonText("[]")
        plan = read_plan(env, cls.meta, shape, single=len(wanted) == 1)
        if plan.contents:
            await cls.check_contents(env, wanted)
        rows = await plan.run(env, wanted[0] if len(wanted) == 1 else wanted)
        if len(rows) != len(wanted) and not env.dialect.skip_missing:
            raise cls.missing(wanted)
        return plan.text(cls, rows, env.dialect)

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
        env.profile.check(cls.meta, "read")
        plan = search_plan(env, cls.meta, shape_of(env, fields, load, load_m2o))
        if plan.contents:
            await cls.check_contents(env, await cls.search(env, domain, offset, limit, order))
        query, scope, condition = cls._searched(env, parse_domain(domain), plan.params)
        terms = order_sql(scope, order)
        page = _page(query, limit, offset)
        found = f"select {scope.alias}.id from {scope.from_sql}{condition} order by {terms}{page}"
        rows = await env.fetch(plan.sql.replace(FOUND, found), *env.resolve(query.params))
        answer = plan.text(cls, rows, env.dialect) if plan.computed else JsonText(rows[0][0])
        return [answer, await cls.search_count(env, domain)] if count in FLAGGED else answer

    @classmethod
    async def check_contents(cls, env: Env, ids: Sequence[int]) -> None:
        """Refuse to put together more content than a reply may hold; asked of models that keep contents apart."""

    @rpc(readonly=True, aliases=())
    @classmethod
    async def exists(cls, env: Env, ids: Any) -> list[int]:
        """Return those of the ids that are records the caller may read."""
        query, scope = cls._begin(env)
        guard = scope.guard("read")
        place = query.param(arguments.ids_of(ids))
        sql = f"select {scope.alias}.id from {scope.from_sql} where {scope.is_row_of(place)}"
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
        query, scope, condition = cls._searched(env, wanted)
        terms = order_sql(scope, None)
        page = _page(query, limit, 0)
        rows = await env.fetch(
            f"select {scope.alias}.id, {scope.label} from {scope.from_sql}{condition} order by {terms}{page}",
            *env.resolve(query.params),
        )
        return [[row[0], row[1] or ""] for row in rows]

    @classmethod
    def _searched(cls, env: Env, domain: Node, first: Sequence[Any] = ()) -> tuple[Query, Scope, str]:
        """Begin a statement over the caller's records that match; `first` are the parameters it has already."""
        query, scope = cls._begin(env)
        query.params += first
        return query, scope, where(own_condition(scope, domain))

    @rpc(readonly=True, netforce=("key", "require"))
    @classmethod
    async def get(cls, env: Env, key: Any, require: Any = False) -> int | None:
        """Return the id of the record with this key: a text for a one-field key, else an object of all its fields.

        The key is the code where the model has one. Where it counts within a company it is looked up in the active
        one, archived records included.
        """
        columns = cls.key_columns()
        names = [name for name in columns if name in cls.meta.fields and name != "company_id"]
        if not names:
            raise UserError(f"Model {cls.meta.name} has no key.", model=cls.meta.name)
        given = dict(key) if isinstance(key, Mapping) else {names[0]: key}
        if "company_id" in columns:
            given.setdefault("company_id", env.company_id)
        domain = [[name, "=", value] for name, value in given.items()]
        found: list[int] = await cls.search(env.with_context(active_test=False), domain, limit=2)
        if len(found) > 1:
            raise UserError(f"Several records of {cls.meta.name} have this key.", model=cls.meta.name)
        if not found and require:
            raise MissingError(f"Record not found: {cls.meta.name}.", model=cls.meta.name)
        return found[0] if found else None

    @classmethod
    def key_columns(cls) -> tuple[str, ...]:
        """Return the fields by which others know a record: its code, whatever vocabulary calls it so, or its key."""
        code = cls.meta.names.get("code")
        keys = [key.columns for key in cls.meta.keys]
        if code is not None and code.has_column:
            return next((columns for columns in keys if code.name in columns), (code.name,))
        return keys[0] if keys else ()


def _page(query: Query, limit: Any, offset: Any) -> str:
    skipped = arguments.count_of(offset, "offset")
    return f" limit {query.param(arguments.rows_wanted(limit))}" + (
        f" offset {query.param(skipped)}" if skipped else ""
    )


def shape_of(env: Env, fields: Any, load: Any = "_classic_read", load_m2o: Any = True, get_time: Any = False) -> Shape:
    """Return how a call wants its records shown."""
    bare = load in (None, "", False, "_classic_write") or load_m2o is False
    names = arguments.field_names(fields)
    reference = Reference.ID if bare else env.dialect.reference
    return Shape(None if names is None else tuple(names), reference, get_time is True)
