"""Companies: whose records they are. A user reaches the records of the companies given to that user."""

from models.base.caller_memory import forget_after_commit
from models.base.groups import ADMINISTRATORS, USERS
from models.orm import COMPANIES, Access, Env, Key, Model, Row, Rule, fields
from models.orm.errors import ValidationError


class Company(Model, name="res.company", label="Company", netforce="company"):
    """A company that sells."""

    access = (Access(read=USERS.code, write=ADMINISTRATORS.code),)
    rules = (
        Rule("own companies", USERS.code, [("id", "in", COMPANIES)]),
        Rule("all companies", ADMINISTRATORS.code, []),
    )
    order = "sequence, name"
    audit = True
    keys = (
        Key(("name",), "The company name must be unique."),
        Key(("code",), "The company code must be unique."),
    )

    name = fields.Char("Name", required=True, searched=True)
    code = fields.Char("Code", size=32, searched=True)
    sequence = fields.Integer("Sequence", default=10, required=True)
    active = fields.Boolean("Active", default=True)
    parent_id = fields.Many2One("Parent company", "res.company", on_delete="restrict")
    child_ids = fields.One2Many("Branches", "res.company", "parent_id", readonly=True)
    currency_id = fields.Many2One("Currency", "res.currency", on_delete="restrict", index=False)
    country_id = fields.Many2One("Country", "res.country", index=False)
    email = fields.Char("Email")
    phone = fields.Char("Phone", size=64)
    website = fields.Char("Website")
    address = fields.Text("Address")
    logo = fields.Binary("Logo")
    user_ids = fields.Many2Many(
        "Users",
        "res.users",
        table="res_company_users_rel",
        column="company_id",
        other="user_id",
        readonly=True,
        groups=ADMINISTRATORS.code,
    )

    @classmethod
    async def after_installation(cls, env: Env) -> None:
        """What areas add to the first company, once it has its name, of a new database. Nothing here."""

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """A company keeps the currency of the one it was created from unless told otherwise."""
        await super().prepare_create(env, rows)
        bare = [row for row in rows if row.get("currency_id") is None]
        if bare:
            currency = await env.fetchval("select currency_id from res_company where id = $1", env.company_id)
            for row in bare:
                row["currency_id"] = currency

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Whoever creates a company may enter it."""
        await super().after_create(env, ids, rows)
        await cls._check_tree(env, ids)
        await env.execute(
            "insert into res_company_users_rel (company_id, user_id) select unnest($1::bigint[]), $2"
            " on conflict do nothing",
            ids,
            env.user.id,
        )
        forget_after_commit(env)

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Refuse a company above itself."""
        await super().after_write(env, ids, row)
        if "parent_id" in row:
            await cls._check_tree(env, ids)

    @classmethod
    async def _check_tree(cls, env: Env, ids: list[int]) -> None:
        circle = await env.fetchval(CIRCLE, ids)
        if circle:
            raise ValidationError("A company cannot be below itself.", model=cls.meta.name, field="parent_id")


# The walk up ends at the first repetition because UNION drops rows that were found before.
CIRCLE = """
with recursive above(start, id) as (
    select id, parent_id from res_company where id = any($1::bigint[])
    union
    select above.start, c.parent_id from above join res_company c on c.id = above.id
)
select exists (select 1 from above where start = id)
"""
