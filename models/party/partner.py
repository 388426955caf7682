"""Partners: the people and organisations one deals with, and how the same one is found again."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from models.orm import Access, Command, Env, Index, Key, Model, Row, fields
from models.party.hierarchy import DEEPEST, refuse_cycles
from models.party.matching_keys import email_key, phone_key

# The company's name is told to whoever sees the contact, so it is not that of a partner whom only others see.
LABEL = (
    "case when {t}.is_company or {t}.parent_id is null then {t}.name"
    " else coalesce((select p.name || ', ' from res_partner p where p.id = {t}.parent_id"
    " and (p.company_id is null or p.company_id = {t}.company_id)), '') || {t}.name end"
)
COMMERCIAL = (
    "(with recursive up(id, parent_id, is_company, depth) as ("
    "select {t}.id, {t}.parent_id, {t}.is_company, 1 union all"
    " select p.id, p.parent_id, p.is_company, up.depth + 1 from up join res_partner p on p.id = up.parent_id"
    f" where not up.is_company and up.depth < {DEEPEST}) select id from up order by depth desc limit 1)"
)
RENAME = """
update res_partner set name = concat_ws(' ', nullif(first_name, ''), nullif(last_name, '')), change_xid = default
where id = any($1) and not is_company and concat(first_name, last_name) <> ''
"""


class CompanyType(StrEnum):
    """Whether a partner is one human being or an organisation."""

    PERSON = "person"
    COMPANY = "company"


class Partner(Model, name="res.partner", label="Contact", netforce="contact"):
    """A person or organisation: customer, supplier, dealer or contact of one."""

    access = (
        Access(read="base.user"),
        Access(read="party.user", write="party.user", delete="party.manager"),
    )
    company = "shared"
    chatter = True
    feed = True
    order = "name, id"
    label_sql = LABEL
    indexes = (
        Index(("mobile_normalized",), where="mobile_normalized is not null"),
        Index(("email_normalized",), where="email_normalized is not null"),
        Index(("name", "id")),
    )

    name = fields.Char("Name", required=True, searched=True, tracked=True)
    first_name = fields.Char("First name", tracked=True)
    last_name = fields.Char("Last name", tracked=True)
    is_company = fields.Boolean("Is a company")
    company_type = fields.Selection("Type", CompanyType, netforce="type", values_netforce={"company": "org"})
    parent_id = fields.Many2One("Related company", "res.partner", tracked=True)
    child_ids = fields.One2Many("Contacts", "res.partner", "parent_id")
    commercial_partner_id = fields.Many2One("Commercial entity", "res.partner", sql=COMMERCIAL)
    ref = fields.Char("Reference", netforce="code", searched=True)
    date = fields.Date("Date", index=True)
    active = fields.Boolean("Active", default=True)
    customer_rank = fields.Integer("Customer rank", default=0, minimum=0, aggregate="")
    supplier_rank = fields.Integer("Supplier rank", default=0, minimum=0, aggregate="")

    email = fields.Char("E-mail", searched=True, tracked=True)
    phone = fields.Char("Phone", size=64, searched=True, tracked=True)
    mobile = fields.Char("Mobile", size=64, searched=True, tracked=True)
    email_normalized = fields.Char("Normalised e-mail", readonly=True, copied=False)
    mobile_normalized = fields.Char("Normalised mobile", readonly=True, copied=False, odoo="phone_sanitized")
    website = fields.Char("Website")
    street = fields.Char("Street")
    street2 = fields.Char("Street 2")
    city = fields.Char("City", searched=True)
    zip = fields.Char("ZIP", size=24)
    state_id = fields.Many2One("State", "res.country.state", index=False)
    country_id = fields.Many2One("Country", "res.country")
    partner_latitude = fields.Decimal("Latitude", digits=(10, 7), aggregate="")
    partner_longitude = fields.Decimal("Longitude", digits=(10, 7), aggregate="")

    vat = fields.Char("Tax ID", size=64, searched=True)
    function = fields.Char("Job position")
    user_id = fields.Many2One("Salesperson", "res.users", tracked=True)
    lang = fields.Char("Language", size=16)
    tz = fields.Char("Time zone", size=64)
    comment = fields.Html("Notes", netforce="description")
    color = fields.Integer("Color", aggregate="")
    image = fields.Binary("Image", odoo=("image_1920", "image_1024", "image_512", "image_256", "image_128"))
    user_ids = fields.One2Many("Users", "res.users", "partner_id", readonly=True)
    category_id = fields.Many2Many(
        "Tags",
        "res.partner.category",
        table="res_partner_category_rel",
        column="partner_id",
        other="category_id",
        odoo=("category_id", "category_ids"),
    )
    categ_id = fields.Many2One("Main tag", "res.partner.category", help="Is always one of the tags, too.")
    groups = fields.Many2Many(
        "Groups", "contact.group", table="res_partner_contact_group_rel", column="partner_id", other="group_id"
    )

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Put names and types together and note how each partner is recognised."""
        await super().prepare_create(env, rows)
        for row in rows:
            _match_types(row, row.pop("is_company", None))
            _join_names(row)
            _tag_with_main(row)
        await cls._note_keys(env, rows)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Keep type and matching keys in step with what they are made from."""
        await super().prepare_write(env, ids, row)
        if "is_company" in row or "company_type" in row:
            _match_types(row, row.pop("is_company", None))
        _tag_with_main(row)
        await cls._note_keys(env, [row])

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Rename persons whose first or last name changed, and keep the tree a tree."""
        await super().after_write(env, ids, row)
        if ("first_name" in row or "last_name" in row) and "name" not in row:
            await env.execute(RENAME, ids)
        if row.get("parent_id") is not None:
            await refuse_cycles(env, cls, ids)

    @classmethod
    async def find_or_create(
        cls, env: Env, *, mobile: str | None = None, email: str | None = None, values: Mapping[str, Any] | None = None
    ) -> int:
        """Return the partner with this mobile, else with this e-mail, else a new one made of `values` (own names).

        Of several matches the oldest active one counts. Matched are partners of the company that `values` names
        (default: the active one) and shared ones; a new one belongs to that company. Any number of calls for one
        customer at once make one partner: each holds the customer's keys until its transaction ends. Statements H23,
        H39, H40.
        """
        given = dict(values or {})
        company = given.setdefault("company_id", env.company_id) or env.company_id
        mobile_key = phone_key(mobile, (await _regions(env, {company})).get(company)) if mobile else None
        address = email_key(email)
        await env[PartnerClaim].take(env, company, [key for key in (mobile_key, address) if key])
        for name, key in (("mobile_normalized", mobile_key), ("email_normalized", address)):
            found = await cls._oldest(env, company, name, key)
            if found is not None:
                return found
        given.setdefault("mobile", mobile)
        given.setdefault("email", email)
        return (await cls.insert(env, [given]))[0]

    @classmethod
    async def _oldest(cls, env: Env, company: int, field: str, key: str | None) -> int | None:
        if key is None:
            return None
        domain = [[field, "=", key], ["active", "=", True], ["company_id", "in", [company, False]]]
        found: list[int] = await cls.search(env, domain, limit=1, order="id")
        return found[0] if found else None

    @classmethod
    async def _note_keys(cls, env: Env, rows: list[Row]) -> None:
        """Set the normalised mobile and e-mail of rows that give either."""
        for row in rows:
            if "email" in row:
                row["email_normalized"] = email_key(row["email"])
        mobiles = [row for row in rows if "mobile" in row]
        local = [row for row in mobiles if row["mobile"] and not row["mobile"].lstrip().startswith("+")]
        regions = await _regions(env, {row.get("company_id") or env.company_id for row in local})
        for row in mobiles:
            row["mobile_normalized"] = phone_key(row["mobile"], regions.get(row.get("company_id") or env.company_id))


class PartnerClaim(Model, name="res.partner.claim", label="Contact claim"):
    """A customer's mobile or e-mail in one company: calls for the same customer wait here for each other."""

    access = (Access(read="party.manager"),)
    company = "own"
    keys = (Key(("company_id", "key"), "This customer key is there already."),)
    label_field = "key"

    key = fields.Char("Key", required=True)

    @classmethod
    async def take(cls, env: Env, company: int, keys: list[str]) -> None:
        """Hold the keys until the transaction ends, waiting for whoever holds one of them."""
        if keys:
            await env.execute(
                "insert into res_partner_claim as c (company_id, key, create_uid, write_uid)"
                " select $1, k.key, $3, $3 from unnest($2::text[]) k(key) order by k.key"
                " on conflict (company_id, key) do update set write_date = now()",
                company,
                sorted(set(keys)),
                env.user.id,
            )


async def _regions(env: Env, companies: set[int]) -> dict[int, str]:
    """Return by company the code of the country that its local phone numbers belong to."""
    if not companies:
        return {}
    rows = await env.fetch(
        "select m.id, c.code from res_company m join res_country c on c.id = m.country_id where m.id = any($1)",
        sorted(companies),
    )
    return {row[0]: row[1] for row in rows}


def _match_types(row: Row, is_company: bool | None) -> None:
    """Make the flag and the type say the same; the flag decides when it is set, else the type does."""
    if is_company or row.get("company_type") is None:
        row["company_type"] = str(CompanyType.COMPANY if is_company else CompanyType.PERSON)
    row["is_company"] = row["company_type"] == CompanyType.COMPANY


def _join_names(row: Row) -> None:
    if not row.get("name"):
        row["name"] = _full_name(row.get("first_name"), row.get("last_name")) or None


def _full_name(first: str | None, last: str | None) -> str:
    return " ".join(part for part in (first, last) if part)


def _tag_with_main(row: Row) -> None:
    if row.get("categ_id") is not None:
        row["category_id"] = [*row.get("category_id", []), Command.link([row["categ_id"]])]
