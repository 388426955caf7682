"""What a database needs before anything else: a company, the system's user, the groups; then one administrator."""

import secrets

from models.base.currency import FIRST_CURRENCY
from models.base.groups import ADMINISTRATORS
from models.base.passwords import hashed
from models.base.users import Users
from models.orm import Command, Env, Group, Registry
from models.orm.env import SYSTEM_USER_ID

ADMIN_LOGIN = "admin"
FIRST_COMPANY = "My Company"
SYSTEM_LOGIN = "__system__"


class InstallationError(Exception):
    """The database cannot be installed into; the text is for the operator."""


async def install(env: Env) -> int:
    """Make the first company and the system's user if there are none, and the groups; return how many rows are new."""
    return await _first_company(env) + await _system_user(env) + await synchronise_groups(env)


async def create_administrator(env: Env, password: str = "", company_name: str = "") -> str | None:
    """Make the first administrator, with every group, and name the first company.

    Returns the password if it had to be invented, for its one showing; None when it was given or somebody
    administrates already.
    """
    await _finish_company(env, company_name)
    await env["res.company"].after_installation(env)
    if await _has_administrator(env):
        return None
    groups = [row[0] for row in await env.fetch("select id from res_groups order by id")]
    chosen = password or secrets.token_urlsafe(12)
    values = {"name": "Administrator", "login": ADMIN_LOGIN, "company_id": env.company_id}
    lists = {"groups_id": [Command.set(groups)], "company_ids": [Command.set([env.company_id])]}
    [user_id] = await env["res.users"].insert(env, [{**values, **lists}])
    await set_password(env, user_id, chosen)
    await _name(env, "user_admin", "res.users", user_id)
    await env["res.users"].after_installation(env)
    return None if password else chosen


async def set_password(env: Env, user_id: int, password: str) -> None:
    """Set a password as an operator does: of any length, because who runs the server decides."""
    await env.execute("update res_users set password = $2 where id = $1", user_id, await hashed(password))


async def synchronise_groups(env: Env) -> int:
    """Bring the rows of groups to what is declared; return how many are new.

    A group that is no longer declared keeps its row and its users, and grants nothing.
    """
    groups = list(env.registry.groups.values())
    before = await env.fetchval("select count(*) from res_groups")
    await env.execute(
        "insert into res_groups (code, name, full_name, create_uid, write_uid)"
        " select *, $4::bigint, $4::bigint from unnest($1::text[], $2::text[], $3::text[])"
        " on conflict (code) do update set name = excluded.name, full_name = excluded.full_name, write_date = now()"
        " where (res_groups.name, res_groups.full_name) is distinct from (excluded.name, excluded.full_name)",
        [group.code for group in groups],
        [group.label for group in groups],
        [_full_name(group) for group in groups],
        SYSTEM_USER_ID,
    )
    await _name_groups(env)
    await _synchronise_implied(env, env.registry)
    return int(await env.fetchval("select count(*) from res_groups")) - int(before)


async def _name_groups(env: Env) -> None:
    """Give each group an external id, `area.group_rest`: base.group_user is the one that Odoo's clients ask for."""
    await env.execute(
        "insert into ir_model_data (module, name, model, res_id, protected, noupdate)"
        " select split_part(code, '.', 1), 'group_' || replace(substr(code, strpos(code, '.') + 1), '.', '_'),"
        " 'res.groups', id, true, true from res_groups where strpos(code, '.') > 0"
        " on conflict (module, name) do nothing"
    )
    names = env[Users].odoo_groups
    await env.execute(
        "insert into ir_model_data (module, name, model, res_id, protected, noupdate)"
        " select split_part(w.name, '.', 1), substr(w.name, strpos(w.name, '.') + 1), 'res.groups', g.id, true, true"
        " from unnest($1::text[], $2::text[]) w(name, code) join res_groups g using (code)"
        " on conflict (module, name) do nothing",
        list(names),
        list(names.values()),
    )


async def _synchronise_implied(env: Env, registry: Registry) -> None:
    pairs = [(group.code, code) for group in registry.groups.values() for code in group.implies]
    codes = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    declared = (
        "select g.id as group_id, i.id as implied_id from unnest($1::text[], $2::text[]) d(code, implied)"
        " join res_groups g on g.code = d.code join res_groups i on i.code = d.implied"
    )
    await env.execute(
        f"insert into res_groups_implied_rel (group_id, implied_id) {declared} on conflict do nothing", *codes
    )
    await env.execute(
        f"delete from res_groups_implied_rel r using res_groups o where o.id = r.group_id and o.code is not null"
        f" and not exists (select 1 from ({declared}) d where d.group_id = r.group_id and d.implied_id = r.implied_id)",
        *codes,
    )


def _full_name(group: Group) -> str:
    return f"{group.area} / {group.label}" if group.area else group.label


async def _first_company(env: Env) -> int:
    if await env.fetchval("select exists (select 1 from res_company)"):
        return 0
    [[company]] = await env.change("insert into res_company (name) values ($1) returning id", FIRST_COMPANY)
    if company != env.company_id:
        raise InstallationError("the first company must have the id 1: the database was not empty")
    await _name(env, "main_company", "res.company", company)
    return 1


async def _system_user(env: Env) -> int:
    """The user in whose name the server works by itself: nobody can log in as it."""
    if await env.fetchval("select exists (select 1 from res_users)"):
        return 0
    [[user]] = await env.change(
        "insert into res_users (name, login, login_key, active, company_id) values ('System', $1, $1, false, $2)"
        " returning id",
        SYSTEM_LOGIN,
        env.company_id,
    )
    if user != SYSTEM_USER_ID:
        raise InstallationError("the system's user must have the id 1: the database was not empty")
    await env.execute("insert into res_company_users_rel (user_id, company_id) values ($1, $2)", user, env.company_id)
    await _name(env, "user_root", "res.users", user)
    return 1


async def _name(env: Env, name: str, model: str, res_id: int) -> None:
    """Give a record the external id under which Odoo's clients look for it."""
    await env.execute(
        "insert into ir_model_data (module, name, model, res_id, protected, noupdate)"
        " values ('base', $1, $2, $3, true, true)",
        name,
        model,
        res_id,
    )


async def _finish_company(env: Env, name: str) -> None:
    await env.execute(
        "update res_company set name = coalesce(nullif($2, ''), name),"
        " currency_id = coalesce(currency_id, (select id from res_currency where name = $3)),"
        " country_id = coalesce(country_id, (select id from res_country where code = 'PH')) where id = $1",
        env.company_id,
        name,
        FIRST_CURRENCY,
    )


async def _has_administrator(env: Env) -> bool:
    return bool(
        await env.fetchval(
            "select exists (select 1 from res_users u join res_groups_users_rel r on r.user_id = u.id"
            " join res_groups g on g.id = r.group_id where u.active and g.code = $1)",
            ADMINISTRATORS.code,
        )
    )
