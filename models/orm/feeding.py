"""What changed since somebody asked last, so that nobody has to read everything or to compare `write_date`.

A round tells every record that was written by a transaction which the last round's snapshot had not seen, and which is
committed by now. Whether that transaction began before or after, with a smaller number or a larger one, says nothing:
so no change is missed, and each is told once. A record changed in the middle of a round of several pages is told again
in the next round. The rows come with what they hold now, not with what each write left.

What counts as a change: a write of the record itself, also one that only changes its lists, and of stored totals; and
a link that is emptied because its target was deleted. Not: another record's label, or a value that is worked out of
other records when it is read.

Rights are those of the caller now. A hidden record never shows. A deletion is told to those whom the rules would have
let read the record as it last was. Who loses a record by a rule, and not by its deletion, is not told: `exists` says
which of one's ids are left. `left` names readable records that changed and do not meet the domain, or no longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.condition import SearchQuery
from models.orm.domain import TRUE, Node, parse_domain
from models.orm.errors import StaleTokenError, UserError
from models.orm.feed_token import BEGINNING, FeedToken, Position, lowest, token_of
from models.orm.methods import rpc
from models.orm.query import Query, Scope
from models.orm.reading import Reading, shape_of
from models.orm.shaping import read_plan

if TYPE_CHECKING:
    from models.orm.answer import JsonText
    from models.orm.env import Env
    from models.orm.meta import Meta

KEPT_DAYS = 90
DEFAULT_LIMIT = 1000

# Where the numbers are from: the cluster, the database in it, the timeline after a failover or a recovery.
PLACE = """
(select system_identifier from pg_control_system())::text
 || '.' || (select oid from pg_database where datname = current_database())
 || '.' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"""
HEAD = f"""
select 2, pg_current_xact_id_if_assigned()::text::bigint, extract(epoch from now())::bigint, null::boolean,
    pg_current_snapshot()::text, {PLACE}"""


@dataclass(frozen=True, slots=True)
class Page:
    """What one statement found: changed records (transaction, id, whether the domain holds), deletions, the moment."""

    changed: Sequence[tuple[int, int, bool]]
    deleted: Sequence[tuple[int, int, int]]
    at: int
    snapshot: str
    place: str


class Feeding(Reading):
    """What models with `feed` offer."""

    __slots__ = ()

    @rpc(readonly=True, option="feed")
    @classmethod
    async def changes_since(
        cls, env: Env, token: Any = None, domain: Any = None, fields: Any = None, limit: Any = None
    ) -> dict[str, Any]:
        """Return what changed since the token was answered: changed, left, deleted, token, more.

        Without a token every record counts as changed. `changed` holds ids, or what `read` answers when `fields` are
        named; archived records are among them. `limit` bounds the changed and the deleted of one answer, each; while
        `more` is true there is more at once. Raises `StaleTokenError` when deletions since then are no longer kept.
        """
        env.profile.check(cls.meta, "read")
        seen = token_of(token, cls.meta.name)
        most = DEFAULT_LIMIT if arguments.is_unset(limit) else arguments.rows_wanted(limit)
        page = await cls._page_of_changes(env, seen, parse_domain(domain), most + 1)
        if seen.place and (page.place != seen.place or page.at - (seen.at or seen.upto_at) > KEPT_DAYS * 86_400):
            raise StaleTokenError(model=cls.meta.name)
        changed, deleted = page.changed[:most], page.deleted[:most]
        more = len(page.changed) > most or len(page.deleted) > most
        ids = [one for _, one, matches in changed if matches]
        return {
            "changed": ids if arguments.is_unset(fields) else await cls._rows_of_changes(env, ids, fields),
            "left": [one for _, one, matches in changed if not matches],
            "deleted": [record for _, _, record in deleted],
            "token": _next(seen, page, changed, deleted, more=more).text(),
            "more": more,
        }

    @classmethod
    async def _rows_of_changes(cls, env: Env, ids: list[int], fields: Any) -> JsonText:
        """Read the records; one that is gone or hidden since is left out and told in the next round."""
        plan = read_plan(env, cls.meta, shape_of(env, fields), single=False)
        return plan.text(cls, await plan.run(env, ids), env.dialect)

    @classmethod
    async def _page_of_changes(cls, env: Env, seen: FeedToken, domain: Node, most: int) -> Page:
        query = SearchQuery(env.profile, env.dialect, active_test=False)
        window = _Window(query, seen, query.param(most))
        parts = [window.changed(cls.meta, domain), HEAD]
        if seen.base:
            parts.append(window.deleted(cls.meta))
        rows = await env.fetch(" union all ".join(f"({part})" for part in parts), *env.resolve(query.params))
        [head] = [row for row in rows if row[0] == 2]
        if head[1] is not None:
            raise UserError("changes_since cannot follow a write in the same transaction.", model=cls.meta.name)
        changed = sorted((row[1], row[2], row[3]) for row in rows if row[0] == 0)
        deleted = sorted((row[1], row[2], int(row[4])) for row in rows if row[0] == 1)
        return Page(changed, deleted, head[2], head[4], head[5])


class _Window:
    """The part of a statement that says which transactions a page tells of."""

    def __init__(self, query: Query, seen: FeedToken, most: str) -> None:
        self._query = query
        self._seen = seen
        self._most = most
        self._base = f"{query.param(seen.base)}::text::pg_snapshot" if seen.base else ""
        bounded = seen.base and seen.upto
        self._upto = f"{query.param(seen.upto)}::text::pg_snapshot" if bounded else "pg_current_snapshot()"

    def changed(self, meta: Meta, domain: Node) -> str:
        """Return the SELECT of changed records: those readable, each with whether it meets the domain."""
        scope = self._query.scope(meta)
        matches = "true" if domain == TRUE else f"({self._query.compile(scope, domain, trusted=False)}) is true"
        number = f"{scope.alias}.change_xid" if self._base else "0::bigint"
        conditions = [self._after(number, f"{scope.alias}.id", self._seen.changed)]
        conditions += [self._unseen(number) if self._base else "", scope.guard("read")]
        condition = " and ".join(part for part in conditions if part) or "true"
        return (
            f"select 0 as kind, {number} as xid, {scope.alias}.id as id, {matches} as matches, null::text, null::text"
            f" from {scope.from_sql} where {condition} order by {number}, {scope.alias}.id limit {self._most}"
        )

    def deleted(self, meta: Meta) -> str:
        """Return the SELECT of deletions, under the rules on reading as the rows last were."""
        alias = self._query.alias()
        kept = f'base_deletion d cross join lateral jsonb_populate_record(null::"{meta.table}", d.kept) {alias}'
        scope = Scope(self._query, meta, alias, [kept], {}, free=True)
        rule = self._query.profile.rule(meta, "read")
        reached = "" if rule == TRUE else f" and {self._query.compile(scope, rule, trusted=True)}"
        after = self._after("d.change_xid", "d.id", self._seen.deleted)
        mine = f"d.model = {self._query.param(meta.name)}"
        condition = " and ".join(part for part in (mine, self._unseen("d.change_xid"), after) if part)
        return (
            f"select 1, d.change_xid, d.id, null::boolean, d.res_id::text, null::text from {scope.from_sql}"
            f" where {condition}{reached} order by d.change_xid, d.id limit {self._most}"
        )

    def _unseen(self, number: str) -> str:
        """Committed by the end of the window, and not by its beginning. The range is for the index."""
        xid = f"{number}::text::xid8"
        low = self._query.param(lowest(self._seen.base))
        return (
            f"{number} >= {low}::bigint and {number} < pg_snapshot_xmax({self._upto})::text::bigint"
            f" and not pg_visible_in_snapshot({xid}, {self._base})"
            f" and pg_visible_in_snapshot({xid}, {self._upto})"
        )

    def _after(self, number: str, key: str, position: Position) -> str:
        if position == BEGINNING:
            return ""
        if not self._base:
            return f"{key} > {self._query.param(position[1])}::bigint"
        first, second = self._query.param(position[0]), self._query.param(position[1])
        return f"({number}, {key}) > ({first}::bigint, {second}::bigint)"


def _next(
    seen: FeedToken,
    page: Page,
    changed: Sequence[tuple[int, int, bool]],
    deleted: Sequence[tuple[int, int, int]],
    *,
    more: bool,
) -> FeedToken:
    """Return the token of the next page of this round, or of the next round."""
    upto, upto_at = (seen.upto, seen.upto_at) if seen.upto else (page.snapshot, page.at)
    if not more:
        return FeedToken(seen.model, page.place, upto_at, upto)
    return replace(
        seen,
        place=page.place,
        upto=upto,
        upto_at=upto_at,
        changed=changed[-1][:2] if changed else seen.changed,
        deleted=deleted[-1][:2] if deleted else seen.deleted,
    )
