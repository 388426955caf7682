"""Lock-out: after a few failed logins a minute, a login is refused from where they came, by every process."""

import hashlib
import ipaddress

from models.base import login_failures
from models.orm.errors import RateError
from models.orm.limits import LIMITS
from server.database.connection import Connection
from server.database.pool import Pool

CLEAN_EVERY = 50  # failures counted by this process


class Lockout:
    """The failed logins of one database."""

    def __init__(self, pool: Pool, most: int = LIMITS.login_failures_a_minute) -> None:
        self._pool = pool
        self._most = most
        self._counted = 0

    async def check(self, connection: Connection, login_key: str, address: str) -> None:
        """Refuse a login that is locked where it comes from. Raises `RateError`."""
        if await login_failures.is_locked(connection, _hashed(login_key), network_of(address), self._most):
            raise RateError

    async def failed(self, login_key: str, address: str) -> None:
        """Count a failure. Raises `RateError` for one too many: those tried at once find out here."""
        async with self._pool.connection() as connection:
            number = await login_failures.count(connection, _hashed(login_key), network_of(address), self._most)
            self._counted += 1
            if self._counted % CLEAN_EVERY == 0:
                await login_failures.clean(connection)
        if number > self._most:
            raise RateError

    async def passed(self, connection: Connection, login_key: str, address: str) -> None:
        """Forget the failures before a success, in the connection's transaction.

        Raises `RateError` when tries made at the same time have locked the login meanwhile: of many guesses at once no
        more count than of as many one after the other.
        """
        if await login_failures.forgive(connection, _hashed(login_key), network_of(address), self._most):
            raise RateError


def network_of(address: str) -> str:
    """Return what failures are counted by: an IPv4 address, or the /64 that one IPv6 customer has to itself."""
    try:
        host = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(host, ipaddress.IPv4Address):
        return str(host)
    if host.ipv4_mapped:
        return str(host.ipv4_mapped)
    return str(ipaddress.ip_network((host, 64), strict=False))


def _hashed(login_key: str) -> str:
    return hashlib.sha256(login_key.encode("utf-8", "surrogatepass")).hexdigest()
