"""A light pool of connections.

Next to a query of 40 microseconds the usual pool's acquire, release and reset round trip cost twice that. This one
hands out a connection without awaiting when one is idle and takes it back without a word to the server. What makes
that safe: session state is never changed (`SET LOCAL` only), and a connection whose use ended in an error or inside a
transaction is rolled back behind the caller's back before anybody else gets it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

import asyncpg
import structlog

from models.orm.limits import LIMITS
from server.database.address import DatabaseAddress
from server.database.connection import Connection, connect
from server.database.errors import CONNECTION_LOST, PoolClosedError, PoolTimeoutError

log = structlog.get_logger(__name__)

CLEAN_SECONDS = 5.0
RETRY_SECONDS = 0.05
NOT_NOW: tuple[type[Exception], ...] = (*CONNECTION_LOST, asyncpg.TooManyConnectionsError)


class Pool:
    """At most `size` connections, opened when they are needed, handed to waiters in the order of their coming.

    Acquiring raises PoolTimeoutError after `acquire_timeout` seconds without a connection, be it that all are in use or
    that the server cannot be reached, PoolClosedError once the pool is closing, and what asyncpg raises when the server
    does not let us in.
    """

    def __init__(
        self,
        open_one: Callable[[], Awaitable[Connection]],
        size: int = 8,
        acquire_timeout: float = LIMITS.pool_wait_seconds,
    ) -> None:
        self.size = size
        self._open_one = open_one
        self._acquire_timeout = acquire_timeout
        self._taken = 0  # places in use or idle, those of connections still being opened among them
        self._connections: set[Connection] = set()
        self._leased: set[Connection] = set()
        self._idle: deque[Connection] = deque()
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._cleaning: set[asyncio.Task[None]] = set()
        self._closing = False
        self._away = False
        self._empty = asyncio.Event()

    @classmethod
    async def open(
        cls,
        address: DatabaseAddress,
        database: str | None = None,
        *,
        size: int = 8,
        acquire_timeout: float = LIMITS.pool_wait_seconds,
        name: str = "tandem",
        application: bool = False,
    ) -> "Pool":
        """A pool whose connections can be opened: one is tried, so that a wrong address shows at once."""
        open_one = partial(connect, address, database, name=name, application=application)
        await (await open_one()).close()
        return cls(open_one, size, acquire_timeout)

    @property
    def opened(self) -> int:
        """Connections that exist."""
        return len(self._connections)

    @property
    def idle(self) -> int:
        """Connections waiting for work."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """Callers waiting for a connection."""
        return sum(not waiter.done() for waiter in self._waiters)

    def connection(self) -> "Lease":
        """`async with pool.connection() as connection:`, one use of one connection."""
        return Lease(self)

    async def acquire(self) -> Connection:
        """Take a connection; whoever does not use `connection()` must `release` it."""
        if self._closing:
            raise PoolClosedError
        while self._idle:
            connection = self._idle.pop()  # the last used one: its caches are warm
            if not connection.is_closed():
                self._leased.add(connection)
                return connection
            self._forget(connection)
        try:
            async with asyncio.timeout(self._acquire_timeout):
                connection = await self._open_or_wait()
        except TimeoutError as error:
            raise PoolTimeoutError from error
        self._leased.add(connection)
        return connection

    def release(self, connection: Connection, error: BaseException | None = None) -> None:
        """Take it back. `error` is what ended its use: then nothing is believed and the connection is checked first."""
        self._leased.remove(connection)
        if connection.is_closed() or self._closing or isinstance(error, CONNECTION_LOST):
            self._drop(connection)
        elif error is not None or connection.is_in_transaction():
            task = asyncio.create_task(self._clean(connection))
            self._cleaning.add(task)
            task.add_done_callback(self._cleaning.discard)
        else:
            self._hand_on(connection)

    async def close(self, timeout: float = 10.0) -> None:
        """Give no more connections, let those in use come back for `timeout` seconds, then cut them off."""
        self._closing = True
        if not self._taken:
            self._empty.set()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(PoolClosedError())
        while self._idle:
            self._forget(connection := self._idle.pop())
            await _close(connection)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._empty.wait()
        for connection in list(self._connections):
            self._drop(connection)

    async def __aenter__(self) -> Self:
        """The pool itself; it is open already."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()

    async def _open_or_wait(self) -> Connection:
        if self._taken < self.size:
            self._taken += 1
            return await self._open()
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            given = await waiter
        except BaseException:
            self._give_back(waiter)
            raise
        return given if given is not None else await self._open()

    def _give_back(self, waiter: "asyncio.Future[Connection | None]") -> None:
        """The waiter was cancelled, perhaps just after it was given something: that must not be lost."""
        with suppress(ValueError):
            self._waiters.remove(waiter)
        if waiter.cancelled() or waiter.exception() is not None:
            return
        given = waiter.result()
        if given is None:
            self._free_place()
        else:
            self._hand_on(given)

    async def _open(self) -> Connection:
        """Fill a place that is already counted; it is free again when that fails."""
        try:
            connection = await self._keep_trying()
        except BaseException:
            self._free_place()
            raise
        self._connections.add(connection)
        if self._closing:
            self._drop(connection)
            raise PoolClosedError
        return connection

    async def _keep_trying(self) -> Connection:
        """A server that restarts or fails over costs its callers some waiting, within their time, and no error."""
        while not self._closing:
            try:
                connection = await self._open_one()
            except NOT_NOW as error:
                self._went_away(error)
            else:
                self._came_back()
                return connection
            await asyncio.sleep(RETRY_SECONDS)
        raise PoolClosedError

    def _went_away(self, error: Exception) -> None:
        """One line for the whole time, not one for each try of each caller."""
        if not self._away:
            log.warning("the database gives no connection", reason=type(error).__name__)
        self._away = True

    def _came_back(self) -> None:
        if self._away:
            log.info("the database gives connections again")
        self._away = False

    def _hand_on(self, connection: Connection) -> None:
        if self._closing or connection.is_closed():
            self._drop(connection)
        elif waiter := self._next_waiter():
            waiter.set_result(connection)
        else:
            self._idle.append(connection)

    def _free_place(self) -> None:
        """A place is free: the first waiter may fill it."""
        waiter = None if self._closing else self._next_waiter()
        if waiter is not None:
            waiter.set_result(None)
            return
        self._taken -= 1
        if self._closing and not self._taken:
            self._empty.set()

    def _next_waiter(self) -> "asyncio.Future[Connection | None] | None":
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                return waiter
        return None

    def _forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._free_place()

    def _drop(self, connection: Connection) -> None:
        if not connection.is_closed():
            connection.terminate()
        self._forget(connection)

    async def _clean(self, connection: Connection) -> None:
        """Roll back whatever is open. The statement also waits for a cancelled one to be over on the server."""
        try:
            async with asyncio.timeout(CLEAN_SECONDS):
                await connection.execute("rollback")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            log.info("connection dropped", reason=type(error).__name__)
            self._drop(connection)
        else:
            self._hand_on(connection)


class Lease:
    """One use of one connection of a pool."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: Connection | None = None

    async def __aenter__(self) -> Connection:
        """Take a connection."""
        self._connection = connection = await self._pool.acquire()
        return connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back, and say how its use ended."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.release(connection, error)


async def _close(connection: Connection) -> None:
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        await connection.close(timeout=2)
