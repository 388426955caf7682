"""Groups of rights: declared in code with a row each, and made by administrators out of those.

A declared group has a code, which rights name. A made group has none: it lends the rights of the groups that it
includes, and nothing else. Whoever reads a user's groups opens the made ones (`HELD`), so that all others need only
know declared groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from models.base import audit_log
from models.base.caller_memory import forget_after_commit
from models.base.groups import ADMINISTRATORS, USERS
from models.orm import Access, Key, Model, fields
from models.orm.errors import AccessError, UserError, ValidationError

if TYPE_CHECKING:
    from models.orm import Env, Row

# The groups that {first}, a query of ids, leads to: those and what made ones among them include, each once.
OPENED = """
with recursive held(id) as (
    {first}
    union
    select i.implied_id from held h join res_groups m on m.id = h.id and m.code is null
    join res_groups_implied_rel i on i.group_id = m.id
)
"""
# The same for the user u.
HELD = OPENED.format(first="select r.group_id from res_groups_users_rel r where r.user_id = u.id")
CODES = "select g.code from held join res_groups g using (id) where g.code is not null order by 1"
CODES_OF_USER = f"array({HELD} {CODES})"
CODES_OF_GROUPS = OPENED.format(first="select unnest($1::bigint[])") + CODES
IN_ITSELF = """
with recursive below(start, id) as (
    select group_id, implied_id from res_groups_implied_rel where group_id = any($1::bigint[])
    union
    select b.start, i.implied_id from below b join res_groups_implied_rel i on i.group_id = b.id
)
select min(start) from below where start = id
"""
MEMBERS = "select distinct user_id from res_groups_users_rel where group_id = any($1::bigint[]) order by 1"
ENTRIES = """
select g.id, array(
    select coalesce(i.code, i.name) from res_groups_implied_rel r join res_groups i on i.id = r.implied_id
    where r.group_id = g.id order by 1
) as includes
from res_groups g where g.id = any($1::bigint[]) order by g.id
"""


class Groups(Model, name="res.groups", label="Group"):
    """A set of rights: declared by the server, or made by an administrator of declared ones."""

    access = (Access(read=USERS.code), Access(write=ADMINISTRATORS.code, delete=ADMINISTRATORS.code))
    order = "full_name, id"
    label_field = "full_name"
    keys = (Key(("code",), "There is such a group already."),)
    audit = True

    code = fields.Char("Code", readonly=True, help="None where an administrator made the group.")
    name = fields.Char("Name", required=True, searched=True)
    full_name = fields.Char("Full name", required=True, readonly=True, searched=True)
    comment = fields.Text("Comment")
    implied_ids = fields.Many2Many(
        "Includes",
        "res.groups",
        table="res_groups_implied_rel",
        column="group_id",
        other="implied_id",
    )
    user_ids = fields.Many2Many(
        "Users",
        "res.users",
        table="res_groups_users_rel",
        column="group_id",
        other="user_id",
        groups=ADMINISTRATORS.code,
        odoo=("users", "user_ids"),
        copied=False,
    )

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """A made group is shown by its name."""
        await super().prepare_create(env, rows)
        for row in rows:
            row["full_name"] = row.get("full_name") or row.get("name")

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Check what was put into the groups, and note it."""
        await super().after_create(env, ids, rows)
        await cls._check_lent(env, ids)
        await env["res.users"].rights_changed(env, await cls._members(env, ids))

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Of a declared group only the users change."""
        await super().prepare_write(env, ids, row)
        if row.keys() - {"user_ids"}:
            await cls._refuse_declared(env, ids)
        if "name" in row:
            row["full_name"] = row["name"]

    @classmethod
    async def _write_own(cls, env: Env, ids: list[int], row: Row, *, trusted: bool) -> None:
        """Tell of everybody who comes in or goes."""
        before = set(await cls._members(env, ids))
        await super()._write_own(env, ids, row, trusted=trusted)
        if "implied_ids" in row:
            await cls._check_lent(env, ids)
        if "user_ids" in row or "implied_ids" in row:
            changed = before.symmetric_difference(await cls._members(env, ids))
            await env["res.users"].rights_changed(env, sorted(changed))

    @classmethod
    async def remove(cls, env: Env, ids: Sequence[int]) -> None:
        """Take a made group from its users and delete it."""
        await cls._refuse_declared(env, ids)
        members = await cls._members(env, ids)
        await super().remove(env, ids)
        forget_after_commit(env)  # also of users who had it through another group
        await env["res.users"].rights_changed(env, members)

    @classmethod
    async def _refuse_declared(cls, env: Env, ids: Sequence[int]) -> None:
        declared = await env.fetchval(
            "select min(code) from res_groups where id = any($1::bigint[]) and code is not null", list(ids)
        )
        if declared is not None:
            raise UserError(f"The group {declared} is declared by the server.", model=cls.meta.name)

    @classmethod
    async def _check_lent(cls, env: Env, ids: Sequence[int]) -> None:
        """Refuse groups that include themselves, or rights that whoever puts them there does not have."""
        found = await env.fetchval(IN_ITSELF, list(ids))
        if found is not None:
            raise ValidationError("A group cannot include itself.", model=cls.meta.name, field="implied_ids")
        lent = env.registry.effective_groups([row[0] for row in await env.fetch(CODES_OF_GROUPS, list(ids))])
        if not env.profile.is_system and (beyond := lent - env.user.groups):
            raise AccessError(
                f"Nobody can lend rights without having them: {', '.join(sorted(beyond))}.", model=cls.meta.name
            )
        entries = {row["id"]: {"includes": row["includes"]} for row in await env.fetch(ENTRIES, list(ids))}
        await audit_log.record(env, cls.meta.name, "groups", entries)
        forget_after_commit(env)

    @classmethod
    async def _members(cls, env: Env, ids: Sequence[int]) -> list[int]:
        return [row[0] for row in await env.fetch(MEMBERS, list(ids))]
