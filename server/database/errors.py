"""What the database layer raises, how a lost connection is recognised, and what an operator is told."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from models.orm.errors import BusyError
from server.database.address import DatabaseAddress


class EmbeddedError(RuntimeError):
    """The embedded PostgreSQL cannot be started; the text is one line for the operator."""


class UnusableError(RuntimeError):
    """A PostgreSQL server of the operator's own cannot be used; the text is one line for the operator."""


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
UNREACHABLE = (ConnectionError, TimeoutError, FileNotFoundError, socket.gaierror, asyncpg.CannotConnectNowError)


def is_lost(error: BaseException) -> bool:
    """Say whether an error means that the connection is gone, also one that hides it.

    Leaving a transaction on a connection that broke within it raises an InterfaceError of its own.
    """
    hidden = isinstance(error, asyncpg.InterfaceError) and isinstance(error.__context__, CONNECTION_LOST)
    return hidden or isinstance(error, CONNECTION_LOST)


@contextmanager
def explained(address: DatabaseAddress) -> Iterator[None]:
    """Tell an operator which server it is that ends a command, and what to look at. Raises `UnusableError`."""
    try:
        yield
    except (*UNREACHABLE, asyncpg.TargetServerAttributeNotMatched) as error:
        reason = getattr(error, "strerror", None) or str(error) or "no answer"
        raise UnusableError(
            f"the database server {address} cannot be reached: {reason}. Does it run, and is --database-url right?"
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise UnusableError(
            f"the database server {address} refuses: {error}. The account has to own the database; to have it created,"
            " it needs CREATEDB"
        ) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise UnusableError(f"the database server {address} refuses: {' '.join(str(error).split())}") from error
