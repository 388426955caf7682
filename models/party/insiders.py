"""Users, companies and authors of messages as partners: whoever can be written to has an address."""

from __future__ import annotations

from typing import ClassVar

from models.base.company import Company
from models.base.message import Message
from models.base.users import ADMIN, Users
from models.orm import Env, Row, borrows, fields
from models.party.partner import Partner

# Companies and users of a new database, and the names that Odoo gives to the partners of theirs.
NAME_PARTNERS = """
insert into ir_model_data (module, name, model, res_id, protected, noupdate)
select 'base', w.name, 'res.partner', t.partner_id, true, true
from (values ('main_company', 'main_partner'), ('user_admin', 'partner_admin'), ('user_root', 'partner_root'))
    w(owner, name)
join ir_model_data d on d.module = 'base' and d.name = w.owner and d.model = $1
join {table} t on t.id = d.res_id
on conflict (module, name) do nothing
"""


# Partners who are called otherwise than the users they stand for, once the users were renamed.
MISNAMED = """
select distinct p.id from res_users u join res_partner p on p.id = u.partner_id
where u.id = any($1::bigint[]) and p.name <> $2 order by 1
"""

# What a user has because the user's partner has it. The name is not among it: it is shown with what users did, also to
# who reaches no partner, and is for the users themselves and administrators to change.
BORROWED = (
    *("image", "phone", "mobile", "website", "street", "street2", "city", "zip", "state_id", "country_id"),
    *("partner_latitude", "partner_longitude", "vat", "function", "ref", "comment", "color", "is_company"),
    *("company_type", "parent_id", "child_ids", "category_id", "commercial_partner_id"),
    *("date", "customer_rank", "supplier_rank"),
)


@borrows("partner_id", Partner, *BORROWED)
class PartnerUser(Users, name="res.users"):
    """A user, and the partner that stands for the same person."""

    odoo_groups: ClassVar[dict[str, str]] = {**Users.odoo_groups, "base.group_partner_manager": "party.user"}

    partner_id = fields.Many2One(
        "Related Partner",
        "res.partner",
        on_delete="restrict",
        copied=False,
        netforce="contact_id",
        write_groups=ADMIN,
        help="Who speaks when the user does: a message's author is this partner.",
    )

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Make a partner for each user that was not given one."""
        await super().after_create(env, ids, rows)
        bare = {one: row for one, row in zip(ids, rows, strict=True) if row.get("partner_id") is None}
        values = [{"name": row["name"], "email": row.get("email")} for row in bare.values()]
        await _link(env, "update res_users t", list(bare), values)

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Let a partner be called as the user is: who may rename the user needs no right on contacts for that."""
        await super().after_write(env, ids, row)
        if name := row.get("name"):
            partners = [found[0] for found in await env.fetch(MISNAMED, ids, name)]
            if partners:
                await env[Partner].update(env.as_system("partner of a renamed user"), partners, {"name": name})

    @classmethod
    async def after_installation(cls, env: Env) -> None:
        """The system's user is a partner, too: archived, as itself is."""
        await super().after_installation(env)
        bare = await env.fetch("select id, name, active from res_users where partner_id is null order by id")
        values = [{"name": row["name"], "active": row["active"]} for row in bare]
        await _link(env, "update res_users t", [row["id"] for row in bare], values)
        await env.execute(NAME_PARTNERS.format(table="res_users"), "res.users")


class PartnerCompany(Company, name="res.company"):
    """A company, and the partner that stands for it on papers."""

    partner_id = fields.Many2One("Partner", "res.partner", on_delete="restrict", copied=False, netforce="contact_id")

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Make a partner for each company that was not given one."""
        await super().after_create(env, ids, rows)
        bare = {one: row for one, row in zip(ids, rows, strict=True) if row.get("partner_id") is None}
        values = [
            {name: row.get(name) for name in ("name", "email", "phone", "website", "country_id")} | {"is_company": True}
            for row in bare.values()
        ]
        await _link(env, "update res_company t", list(bare), values)

    @classmethod
    async def after_installation(cls, env: Env) -> None:
        """The first company is a partner: the first one, as its clients expect."""
        await super().after_installation(env)
        bare = await env.fetch("select id, name, country_id from res_company where partner_id is null order by id")
        values = [{"name": row["name"], "country_id": row["country_id"], "is_company": True} for row in bare]
        await _link(env, "update res_company t", [row["id"] for row in bare], values)
        await env.execute(NAME_PARTNERS.format(table="res_company"), "res.company")


class PartnerMessage(Message, name="mail.message"):
    """A message, and the partner that stands for its author."""

    author_id = fields.Many2One("Author", "res.partner", path="author_user_id.partner_id")


async def _link(env: Env, update: str, ids: list[int], values: list[Row]) -> None:
    """Create partners that all companies share, and link each record to its own."""
    if ids:
        partners = await env[Partner].insert(env.as_system("partner of a user or company"), values)
        await env.execute(
            f"{update} set partner_id = v.partner_id from unnest($1::bigint[], $2::bigint[]) v(id, partner_id)"
            " where t.id = v.id",
            ids,
            partners,
        )
