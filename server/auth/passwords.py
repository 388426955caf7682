"""Checking a login and its password: slow on purpose, counted, and the same for every reason to refuse."""

import hashlib
import hmac
import secrets
from dataclasses import replace

import structlog

from models.base import credentials
from models.base.credentials import Account, Identities
from models.base.logins import login_key
from models.base.passwords import hashed, is_outdated, is_too_long, matches
from models.orm.env import User
from models.orm.errors import LoginError
from server.auth.fresh_cache import FreshCache
from server.auth.lockout import Lockout
from server.database.pool import Pool

log = structlog.get_logger(__name__)

LONGEST_LOGIN = 256
LARGEST_ID = 1 << 62


class Passwords:
    """The passwords of one database.

    Odoo's clients send theirs with every call. One that matched is remembered by a keyed hash, and holds as long as the
    stored hash stays the one that it matched, which is read again as often as a session is.
    """

    def __init__(
        self, pool: Pool, identities: Identities, lockout: Lockout, believed_seconds: float, cached: int
    ) -> None:
        self._pool = pool
        self._identities = identities
        self._lockout = lockout
        self._key = secrets.token_bytes(32)
        self._cached = cached
        self._matched: dict[bytes, tuple[int, str]] = {}
        self._users: FreshCache[bytes, User] = FreshCache(believed_seconds, cached)

    async def user(self, who: str | int, password: str, address: str) -> User:
        """Return the user of a login or id, by a password that was checked before or is checked now."""
        if is_too_long(password) or not _is_plausible(who):
            raise LoginError
        digest = self._digest(who, password, address)
        user = await self._users.get(digest, lambda: self._ask(digest, who, password, address))
        if user is None:
            raise LoginError
        return user

    def forget(self) -> None:
        """Believe nothing that was read before; that a password matched a stored hash stays true."""
        self._users.forget_all()

    async def check(self, who: str | int, password: str, address: str, *, refuse: bool = False) -> Account:
        """Check a password the slow way. Raises `LoginError` alike for every reason, `RateError` after too many tries.

        `refuse`: the answer is no already, and must take as long as any other.
        """
        if is_too_long(password) or not _is_plausible(who):
            raise LoginError
        wanted = login_key(who) if isinstance(who, str) else who
        async with self._pool.connection() as connection:
            account = await credentials.account(connection, wanted)
            counted = account.login_key if account else str(wanted)
            await self._lockout.check(connection, counted, address)
        if not await matches(account.password if account else None, password) or account is None or refuse:
            log.info("login failed", address=address)
            await self._lockout.failed(counted, address)
            raise LoginError
        return await self._passed(account, password, address)

    async def _passed(self, account: Account, password: str, address: str) -> Account:
        """Forget failures, bring the hash to today's parameters; return the account as it is then."""
        stored = account.password or ""
        newer = await hashed(password) if is_outdated(stored) else None
        async with self._pool.connection() as connection, connection.transaction():
            await self._lockout.passed(connection, account.login_key, address)
            if newer:
                await credentials.replace_hash(connection, account.id, stored, newer)
        return replace(account, password=newer) if newer else account

    async def _ask(self, digest: bytes, who: str | int, password: str, address: str) -> User | None:
        """Return the user of a password that is known to match, or is found to."""
        user = await self._known(digest)
        if user is None:
            self._remember(digest, await self.check(who, password, address))
            user = await self._known(digest)
        return user

    async def _known(self, digest: bytes) -> User | None:
        """Return the user of a password that matched, if it still does."""
        matched = self._matched.get(digest)
        if matched is None:
            return None
        async with self._pool.connection() as connection:
            user = await self._identities.by_password(connection, *matched)
        if user is None:
            self._matched.pop(digest, None)
        return user

    def _remember(self, digest: bytes, account: Account) -> None:
        if len(self._matched) >= self._cached:
            del self._matched[next(iter(self._matched))]
        self._matched[digest] = (account.id, account.password or "")

    def _digest(self, who: str | int, password: str, address: str) -> bytes:
        text = f"{type(who).__name__}\0{who}\0{address}\0{password}"
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _is_plausible(who: str | int) -> bool:
    """Return whether a login or id could be one. What could not is refused at once: it tells nothing about others."""
    if isinstance(who, str):
        return 0 < len(who) <= LONGEST_LOGIN and "\0" not in who and who.isprintable()
    return 0 < who < LARGEST_ID
