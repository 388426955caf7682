"""Databases of whole deployments for tests: a template of each role, made once a run, and users in it."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from models import deployment
from models.base.installation import create_administrator
from models.orm import Env, Registry, User
from server.database import databases
from server.database.connection import Connection, connect
from server.database.migrate import migrate
from tests.cluster import copy_database, new_name, shared_cluster

ADMIN_PASSWORD = "correct horse battery staple"


async def template(role: str) -> str:
    """Return the name of a migrated database of a role."""
    return await made_once(
        f"template_{role}", lambda connection: migrate(connection, role, first_start=_first_administrator)
    )


async def made_once(name: str, make: Callable[[Connection], Awaitable[object]]) -> str:
    """Return the name of a database for copies: the first process of a run that asks makes it, the others wait."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    maintenance = await connect(shared_cluster(), "postgres", statement_timeout="0", lock_timeout="0")
    try:
        await maintenance.execute("select pg_advisory_lock($1)", key)
        if not await databases.database_exists(shared_cluster(), name):
            await _make(name, make, maintenance)
        await maintenance.execute("select pg_advisory_unlock($1)", key)
    finally:
        await maintenance.close()
    return name


_workspaces: dict[str, str] = {}


async def workspace(role: str) -> str:
    """Return this process's own copy of a role's template, for tests that roll back."""
    if role not in _workspaces:
        _workspaces[role] = await copy_database(await template(role))
    return _workspaces[role]


async def _make(name: str, make: Callable[[Connection], Awaitable[object]], maintenance: Connection) -> None:
    """Make it under another name first, so that a half-made template is never taken for one."""
    making = new_name("making")
    await databases.create_database_if_missing(shared_cluster(), making)
    connection = await connect(shared_cluster(), making)
    try:
        await make(connection)
    finally:
        await connection.close()
    await maintenance.execute(f'alter database "{making}" rename to "{name}"')


async def _first_administrator(env: Env) -> None:
    await create_administrator(env, ADMIN_PASSWORD)


def system_env(connection: Connection, role: str = "both") -> Env:
    """Return the surroundings of work that nobody called for."""
    return deployment.system_env(deployment.registry_for(role), connection, "test")


async def make_user(env: Env, groups: Sequence[str], *, login: str = "", **values: Any) -> User:
    """Create a user with these groups and return what its credentials would give."""
    system = env.as_system("test")
    name = login or new_name("user")
    [group_ids] = [await system["res.groups"].search(system, [["code", "in", list(groups)]])]
    given = {"name": name.capitalize(), "login": name, "groups_id": [(6, 0, group_ids)], **values}
    [user_id] = await system["res.users"].insert(system, [given])
    return user_of(env.registry, user_id, name, groups, company=env.user.company_id, companies=env.user.company_ids)


def user_of(
    registry: Registry,
    user_id: int,
    login: str,
    groups: Sequence[str],
    *,
    company: int = 1,
    companies: Sequence[int] = (1,),
) -> User:
    """Return a caller with these groups and all that they imply."""
    return User(user_id, login, login.capitalize(), registry.effective_groups(groups), company, tuple(companies))


def as_user(env: Env, user: User, **changes: Any) -> Env:
    """Return the same connection in the hands of another caller."""
    return Env(env.registry, env.connection, user, **changes)
