"""What the database layer raises, and how a lost connection is recognised."""

import asyncpg

from models.orm.errors import BusyError


class EmbeddedError(RuntimeError):
    """The embedded PostgreSQL cannot be started; the text is one line for the operator."""


class PoolTimeoutError(BusyError):
    """The database is busy. Try again in a moment."""


class PoolClosedError(BusyError):
    """The server is stopping. Try again in a moment."""


# A call cut off by one of these may be run again as a whole. InternalClientError is in the list because asyncpg
# reports a connection that broke between two messages as "cannot switch to state", hiding the loss.
CONNECTION_LOST: tuple[type[Exception], ...] = (
    ConnectionError,
    FileNotFoundError,  # the socket, while the server restarts
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalClientError,
)


def is_lost(error: BaseException) -> bool:
    """Say whether an error means that the connection is gone, also one that hides it.

    Leaving a transaction on a connection that broke within it raises an InterfaceError of its own.
    """
    hidden = isinstance(error, asyncpg.InterfaceError) and isinstance(error.__context__, CONNECTION_LOST)
    return hidden or isinstance(error, CONNECTION_LOST)
