"""Finding the caller behind a credential: one statement each, which reads the user with groups and companies at once.

Only active users are found, only sessions and keys that still hold, by the database's clock. Nothing here knows a
secret: passwords are compared elsewhere, tokens and keys come as their hashes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.base.granting import CODES_OF_USER
from models.orm.env import User

if TYPE_CHECKING:
    import asyncpg

    from models.orm.registry import Registry

    Connection = asyncpg.Connection[asyncpg.Record]


@dataclass(frozen=True, slots=True)
class Account:
    """What a password is checked against. `password` is the stored hash, None where nobody may log in by password."""

    id: int
    login_key: str
    password: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """A user behind a session or key. `is_stale`: its use should be noted again."""

    user: User
    is_stale: bool


class Identities:
    """The statements over the models of one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        has_partner = "partner_id" in registry.models["res.users"].meta.columns
        user = USER.replace("{partner}", "u.partner_id" if has_partner else "null::bigint")
        self._by_session = BY_SESSION.replace("{user}", user)
        self._by_key = BY_KEY.replace("{user}", user)
        self._by_password = BY_HASH.replace("{user}", user)

    async def by_session(self, connection: Connection, token_hash: str, *, idle: dt.timedelta) -> Found | None:
        """Return the user of a session that is neither over nor unused for too long."""
        row = await connection.fetchrow(self._by_session, token_hash, idle)
        return None if row is None else Found(self._loaded(row), row["is_stale"])

    async def by_key(self, connection: Connection, key_hash: str) -> Found | None:
        """Return the user of an API key that has not ended."""
        row = await connection.fetchrow(self._by_key, key_hash)
        return None if row is None else Found(self._loaded(row), row["is_stale"])

    async def by_password(self, connection: Connection, user_id: int, stored: str) -> User | None:
        """Return the user if the stored hash is still the one that a password was found to match."""
        row = await connection.fetchrow(self._by_password, user_id, stored)
        return None if row is None else self._loaded(row)

    def _loaded(self, row: asyncpg.Record) -> User:
        return User(
            id=row["id"],
            login=row["login"],
            name=row["name"],
            groups=self._registry.effective_groups(row["groups"]),
            company_id=row["company_id"],
            company_ids=tuple(row["company_ids"]),
            partner_id=row["partner_id"],
            lang=row["lang"],
            tz=row["tz"],
        )


USER = """
    u.id, u.login, u.name, u.lang, coalesce(u.tz, 'UTC') as tz, u.company_id, {partner} as partner_id,
    array(
        select r.company_id from res_company_users_rel r where r.user_id = u.id
        order by r.company_id <> u.company_id, r.company_id
    ) as company_ids,
    {codes} as groups
""".replace("{codes}", CODES_OF_USER)
BY_SESSION = """
select {user}, s.used_at < now() - least(interval '1 minute', $2::interval / 10) as is_stale
from base_session s join res_users u on u.id = s.user_id
where s.token_hash = $1 and s.expires_at > now() and s.used_at > now() - $2::interval and u.active
"""
BY_KEY = """
select {user}, coalesce(k.used_at < now() - interval '1 minute', true) as is_stale
from res_users_apikeys k join res_users u on u.id = k.user_id
where k.key_hash = $1 and (k.expires_at is null or k.expires_at > now()) and u.active
"""
BY_HASH = "select {user} from res_users u where u.id = $1 and u.password = $2 and u.active"


async def account(connection: Connection, who: str | int) -> Account | None:
    """Return the active account with this login key or id."""
    column = "id" if isinstance(who, int) else "login_key"
    row = await connection.fetchrow(
        f"select id, login_key, password from res_users where {column} = $1 and active",
        who,
    )
    return None if row is None else Account(row["id"], row["login_key"], row["password"])


async def note_login(connection: Connection, user_id: int) -> None:
    """Note when a user logged in last."""
    await connection.execute("update res_users set last_login = now() where id = $1", user_id)


async def replace_hash(connection: Connection, user_id: int, old: str, new: str) -> None:
    """Store a password's newer hash unless the password was changed meanwhile."""
    await connection.execute("update res_users set password = $3 where id = $1 and password = $2", user_id, old, new)


async def companies(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return [{"id", "name"}] of companies, in the order of the ids."""
    rows = await connection.fetch(
        "select c.id, c.name from unnest($1::bigint[]) with ordinality w(id, place)"
        " join res_company c using (id) order by w.place",
        list(ids),
    )
    return [{"id": row["id"], "name": row["name"]} for row in rows]
