"""API keys: what programs send with every call instead of a password."""

from models.base import api_keys
from models.base.credentials import Identities
from models.base.tokens import token_hash
from models.orm.env import User
from server.auth.fresh_cache import FreshCache
from server.database.pool import Pool


class ApiKeys:
    """The keys of one database."""

    def __init__(self, pool: Pool, identities: Identities, believed_seconds: float, cached: int) -> None:
        self._pool = pool
        self._identities = identities
        self._users: FreshCache[str, User] = FreshCache(believed_seconds, cached)

    async def user(self, key: str) -> User | None:
        """Return whose key it is, None when it is none, has ended or was revoked."""
        hashed = token_hash(key)
        return await self._users.get(hashed, lambda: self._read(hashed))

    def forget(self) -> None:
        """Believe nothing that was read before."""
        self._users.forget_all()

    async def _read(self, hashed: str) -> User | None:
        async with self._pool.connection() as connection:
            found = await self._identities.by_key(connection, hashed)
            if found is None:
                return None
            if found.is_stale:
                await api_keys.touch(connection, hashed)
            return found.user
