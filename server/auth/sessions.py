"""Sessions: random tokens that stand for a user until they end, are ended, or lie unused for too long."""

import datetime as dt
from dataclasses import dataclass

from models.base import sessions
from models.base.credentials import Identities
from models.base.tokens import SESSION, new_token, token_hash
from models.orm.env import User
from server.auth.fresh_cache import FreshCache
from server.database.connection import Connection
from server.database.pool import Pool


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a session lives, and how long a process may believe what it read about one (under a second: A7)."""

    idle: dt.timedelta = dt.timedelta(days=7)
    lifetime: dt.timedelta = dt.timedelta(days=30)
    believed_seconds: float = 0.9
    cached: int = 10_000


class Sessions:
    """The sessions of one database."""

    def __init__(self, pool: Pool, identities: Identities, policy: SessionPolicy) -> None:
        self._pool = pool
        self._identities = identities
        self._policy = policy
        self._users: FreshCache[str, User] = FreshCache(policy.believed_seconds, policy.cached)

    async def start(self, connection: Connection, user_id: int, address: str) -> tuple[str, dt.datetime]:
        """Begin a session in the connection's transaction; return its token and when it ends at the latest."""
        token = new_token(SESSION)
        lifetime = self._policy.lifetime
        ends = await sessions.start(connection, user_id, token_hash(token), address=address, lifetime=lifetime)
        return token, ends

    async def user(self, token: str) -> User | None:
        """Return whose session it is, None when it is none or over."""
        key = token_hash(token)
        return await self._users.get(key, lambda: self._read(key))

    async def end(self, token: str) -> None:
        """End a session, here at once and elsewhere within the second."""
        key = token_hash(token)
        async with self._pool.connection() as connection:
            await sessions.end(connection, key)
        self._users.forget(key)

    def forget(self) -> None:
        """Believe nothing that was read before."""
        self._users.forget_all()

    async def clean(self, connection: Connection) -> None:
        """Forget sessions that are over."""
        await sessions.clean(connection, idle=self._policy.idle)

    async def _read(self, key: str) -> User | None:
        async with self._pool.connection() as connection:
            found = await self._identities.by_session(connection, key, idle=self._policy.idle)
            if found is None:
                return None
            if found.is_stale:
                await sessions.touch(connection, key)
            return found.user
