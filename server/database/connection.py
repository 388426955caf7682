"""One connection, opened the way the whole house wants it."""

from typing import TYPE_CHECKING, Any

import asyncpg

from models.orm.limits import LIMITS
from server.database.address import DatabaseAddress

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

CONNECT_SECONDS = 10.0
CACHED_STATEMENTS = 1000
LONGEST_CACHED_STATEMENT = 128 << 10  # bytes; a read of a wide model is a long text, and the one most worth keeping


def session_settings(name: str) -> dict[str, str]:
    """What holds in every session: the house limits in milliseconds, UTC, and a name for pg_stat_activity."""
    return {
        "application_name": name,
        "statement_timeout": _milliseconds(LIMITS.statement_seconds),
        "lock_timeout": _milliseconds(LIMITS.lock_seconds),
        "idle_in_transaction_session_timeout": _milliseconds(LIMITS.idle_in_transaction_seconds),
        "timezone": "UTC",
        "jit": "off",
    }


async def connect(
    address: DatabaseAddress,
    database: str | None = None,
    *,
    name: str = "tandem",
    application: bool = False,
    **settings: str,
) -> Connection:
    """Open one connection; `settings` are added to the session's, as in `statement_timeout="0"` for a migration.

    Prepared statements are kept for the life of the connection. numeric arrives as Decimal, json and jsonb as their
    text.
    """
    arguments: dict[str, Any] = {
        "timeout": CONNECT_SECONDS,
        "statement_cache_size": CACHED_STATEMENTS,
        "max_cached_statement_lifetime": 0,
        "max_cacheable_statement_size": LONGEST_CACHED_STATEMENT,
        "server_settings": session_settings(name) | settings,
    }
    return await asyncpg.connect(**address.connect_arguments(database, application=application), **arguments)


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
