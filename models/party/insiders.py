"""Users and companies as partners: whoever can be written to has an address."""

from __future__ import annotations

from typing import ClassVar

from models.base.company import Company
from models.base.users import Users
from models.orm import Env, Row, fields
from models.party.partner import Partner


class PartnerUser(Users, name="res.users"):
    """A user, and the partner that stands for the same person."""

    odoo_groups: ClassVar[dict[str, str]] = {**Users.odoo_groups, "base.group_partner_manager": "party.user"}

    partner_id = fields.Many2One(
        "Related Partner", "res.partner", on_delete="restrict", copied=False, netforce="contact_id"
    )

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Make a partner for each user that was not given one."""
        await super().after_create(env, ids, rows)
        bare = {one: row for one, row in zip(ids, rows, strict=True) if row.get("partner_id") is None}
        values = [{"name": row["name"], "email": row.get("email")} for row in bare.values()]
        await _link(env, "update res_users t", list(bare), values)


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
