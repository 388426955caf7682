"""Who is calling: the one place where credentials become a user.

    login         a password once, answered with a session token
    by_token      a session token or an API key, with every call
    by_password   a login or user id with a password or an API key, with every call (Odoo's clients)

Every reason to refuse gives the same error after the same work. What is revoked anywhere, and every change of a user's
groups, companies or state, holds in every process within a second, and at once in the process that committed it.
"""

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any

from models.base import credentials
from models.base.caller_memory import CallerMemory
from models.base.credentials import Account, Identities
from models.base.logins import login_key
from models.base.tokens import API_KEY, LONGEST, SESSION
from models.orm.env import User
from models.orm.errors import LoginError, SessionError
from models.orm.limits import LIMITS
from models.orm.registry import Registry
from server.auth.api_keys import ApiKeys
from server.auth.lockout import Lockout
from server.auth.passwords import Passwords
from server.auth.sessions import SessionPolicy, Sessions
from server.database.pool import Pool
from server.database_errors import busy_when_unavailable

CLEAN_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Login:
    """A successful login: the token to show with every call, whose it is, and when it ends at the latest."""

    token: str
    user: User
    expires_at: dt.datetime

    def __repr__(self) -> str:
        """Name the user; the token is a secret."""
        return f"Login(user={self.user.id}, expires_at={self.expires_at})"


class Authenticator:
    """Turns credentials into users, for one database."""

    def __init__(
        self,
        pool: Pool,
        registry: Registry,
        database: str,
        policy: SessionPolicy | None = None,
        failures_a_minute: int = LIMITS.login_failures_a_minute,
    ) -> None:
        rules = policy or SessionPolicy()
        self._pool = pool
        self._database = database
        self._identities = Identities(registry)
        self._sessions = Sessions(pool, self._identities, rules)
        self._keys = ApiKeys(pool, self._identities, rules.believed_seconds, rules.cached)
        lockout = Lockout(pool, failures_a_minute)
        self._passwords = Passwords(pool, self._identities, lockout, rules.believed_seconds, rules.cached)
        self._cleaned = time.monotonic()
        memory = registry.service(CallerMemory)
        if memory is None:
            registry.provide(memory := CallerMemory())
        memory.add(self.forget)

    def forget(self) -> None:
        """Look at every caller anew: somebody's rights, sessions or keys have changed."""
        self._sessions.forget()
        self._keys.forget()
        self._passwords.forget()

    async def login(
        self, login: str, password: str, *, address: str, database: str | None = None, replaces: str = ""
    ) -> Login:
        """Check a password and begin a session.

        `replaces`: the token that was shown with the login; its session ends, so that a token somebody planted is worth
        nothing afterwards. Raises `LoginError` alike for every reason, `RateError` after too many tries.
        """
        elsewhere = bool(database) and database != self._database
        with busy_when_unavailable():
            account = await self._passwords.check(login, password, address, refuse=elsewhere)
            opened = await self._open(account, address)
            if replaces:
                await self.logout(replaces)
        return opened

    async def by_token(self, token: str) -> User:
        """Return the user of a session token or an API key. Raises `SessionError`."""
        user = None
        if len(token) <= LONGEST and token.startswith(SESSION):
            user = await self._sessions.user(token)
        elif len(token) <= LONGEST and token.startswith(API_KEY):
            user = await self._keys.user(token)
        if user is None:
            raise SessionError
        return user

    async def by_password(self, login: str | int, secret: str, *, address: str) -> User:
        """Return the user of a login or user id with a password or API key. Raises `LoginError`, `RateError`."""
        if not secret.startswith(API_KEY):
            return await self._passwords.user(login, secret, address)
        user = await self._keys.user(secret) if len(secret) <= LONGEST else None
        if user is None or not _is_of(user, login):
            raise LoginError
        return user

    async def note_login(self, user: User) -> None:
        """Note that a user logged in where no session begins: clients that then show their password with each call."""
        async with self._pool.connection() as connection:
            await credentials.note_login(connection, user.id)

    async def logout(self, token: str) -> None:
        """End a session. A token that is none is no error: it is over either way."""
        if len(token) <= LONGEST and token.startswith(SESSION):
            await self._sessions.end(token)

    async def companies(self, user: User) -> list[dict[str, Any]]:
        """Return the user's companies as [{"id", "name"}], the user's own first."""
        async with self._pool.connection() as connection:
            return await credentials.companies(connection, user.company_ids)

    async def _open(self, account: Account, address: str) -> Login:
        """Begin a session, unless the password was changed or the user disabled since it was checked."""
        async with self._pool.connection() as connection, connection.transaction():
            user = await self._identities.by_password(connection, account.id, account.password or "")
            if user is None:
                raise LoginError
            token, ends = await self._sessions.start(connection, user.id, address[:64])
            await credentials.note_login(connection, user.id)
            await self._clean(connection)
        return Login(token, user, ends)

    async def _clean(self, connection: Any) -> None:
        """Forget sessions that are over, now and then."""
        if time.monotonic() - self._cleaned > CLEAN_SECONDS:
            self._cleaned = time.monotonic()
            await self._sessions.clean(connection)


def _is_of(user: User, who: str | int) -> bool:
    return user.id == who if isinstance(who, int) else login_key(user.login) == login_key(who)
