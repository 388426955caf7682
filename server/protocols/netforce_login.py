"""Logging in and out as Netforce's clients do it, and choosing the company to work in.

The screens call the model `login`, whose data travels in the context and whose answer is a set of cookies to keep; the
vendor's documentation has methods beside `execute`: `login`, `logout`, `set_company`. Both open the same sessions.
"""

from collections.abc import Mapping
from typing import Any

from models.orm.dialect import NETFORCE
from models.orm.errors import AccessError, InputError, LoginError
from server.auth import Login
from server.execute import Call
from server.protocols.netforce_cookies import Cookies, number_of

COOKIES = ("dbname", "user_id", "token", "user_name", "package", "company_id", "company_name")
HOME = "/"


async def login_by_context(cookies: Cookies, context: Any) -> dict[str, Any]:
    """`login.login`: {db_name, login, password} in `context.data`; answers the cookies to keep and where to go."""
    data = context.get("data") if isinstance(context, Mapping) else None
    if not isinstance(data, Mapping):
        raise InputError("context.data must hold db_name, login and password.", argument="data")
    opened = await _open(cookies, data.get("db_name"), data.get("login"), data.get("password"))
    user = opened.user
    companies = await cookies.deployment.authenticator.companies(user)
    kept = (cookies.deployment.settings.database, user.id, opened.token, user.name, None, user.company_id)
    names = {company["id"]: company["name"] for company in companies}
    return {
        "cookies": dict(zip(COOKIES, (*kept, names.get(user.company_id)), strict=True)),
        "next": {"type": "url", "url": HOME},
    }


async def logout_by_cookies(cookies: Cookies) -> dict[str, Any]:
    """`login.logout`: end the session; answers every cookie as null, to be forgotten."""
    await cookies.deployment.authenticator.logout(cookies.token)
    return {"cookies": dict.fromkeys(COOKIES), "next": {"name": "login"}}


async def login(cookies: Cookies, params: Mapping[str, Any]) -> dict[str, Any]:
    """`login` {database, login, password}: answers token, user_id, user_name, company_id and companies."""
    opened = await _open(cookies, params.get("database"), params.get("login"), params.get("password"))
    user = opened.user
    return {
        "user_id": user.id,
        "token": opened.token,
        "user_name": user.name,
        "company_id": user.company_id,
        "companies": await cookies.deployment.authenticator.companies(user),
    }


async def logout(cookies: Cookies, _params: Mapping[str, Any]) -> bool:
    """`logout` {token}: end the session."""
    await cookies.deployment.authenticator.logout(cookies.token)
    return True


async def set_company(cookies: Cookies, params: Mapping[str, Any]) -> dict[str, Any]:
    """`set_company` {company_id, token}: work in another of the user's companies, from now on and after later logins.

    Answers the company, also as cookies to keep: a cookie `company_id` that is sent decides for its call.
    """
    user = await cookies.user()
    wanted = number_of(params.get("company_id"))
    names = {one["id"]: one["name"] for one in await cookies.deployment.authenticator.companies(user)}
    if wanted not in names:
        raise AccessError("Access to unauthorized or invalid companies.")
    change = Call("res.users", "write", ([user.id], {"company_id": wanted}), dialect=NETFORCE)
    await cookies.deployment.executor.execute(change, user)
    chosen = {"company_id": wanted, "company_name": names[wanted]}
    return {**chosen, "cookies": chosen}


async def _open(cookies: Cookies, database: Any, name: Any, password: Any) -> Login:
    """Check the password. A database that is not this one is refused like a wrong password."""
    if not isinstance(name, str) or not isinstance(password, str) or not isinstance(database, str | None):
        raise LoginError
    deployment = cookies.deployment
    return await deployment.authenticator.login(
        name,
        password,
        address=deployment.address_of(cookies.request),
        database=database or cookies.database or None,
        replaces=cookies.token,
    )
