"""Whether this process is alive, and whether it can serve. Neither answer tells versions or names."""

import asyncio
from time import monotonic

import asyncpg
from aiohttp import web

from models.orm.registry import Registry
from server.database.address import DatabaseAddress
from server.database.connection import Connection, connect
from server.database.migrate import check_schema

READY_SECONDS = 0.08
BELIEVED_SECONDS = 5.0


class Health:
    """Answers GET /health/live and /health/ready.

    Being ready means that the database answers now and has this release's schema. It is asked over a connection of its
    own, because a full pool is no reason to be taken out of service; callers at the same time share one look. Where
    that takes longer than `READY_SECONDS`, a good answer of the last `BELIEVED_SECONDS` holds: a database that is
    only slow serves, and one that hangs is found out.
    """

    def __init__(self, address: DatabaseAddress, database: str, role: str, registry: Registry) -> None:
        self._address = address
        self._database = database
        self._role = role
        self._registry = registry
        self._connection: Connection | None = None
        self._look: asyncio.Task[bool] | None = None
        self._good_at = -BELIEVED_SECONDS

    async def live(self, _request: web.Request) -> web.Response:
        """Answer that the process runs, whatever the database does."""
        return web.json_response({"status": "live"})

    async def ready(self, _request: web.Request) -> web.Response:
        """Answer 200 when calls can be served, else 503."""
        if not await self._ready():
            return web.json_response({"status": "not ready"}, status=503)
        return web.json_response({"status": "ready"})

    async def close(self) -> None:
        """Give the connection back."""
        if self._look is not None:
            self._look.cancel()
        if self._connection is not None:
            self._connection.terminate()

    async def _ready(self) -> bool:
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._ask())
        try:
            return await asyncio.wait_for(asyncio.shield(self._look), READY_SECONDS)
        except TimeoutError:
            return monotonic() - self._good_at < BELIEVED_SECONDS

    async def _ask(self) -> bool:
        good = await self._schema_holds()
        self._good_at = monotonic() if good else -BELIEVED_SECONDS
        return good

    async def _schema_holds(self) -> bool:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(
                    self._address, self._database, name="tandem health", application=True, statement_timeout="2000"
                )
            return await check_schema(self._connection, self._role, self._registry)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            if self._connection is not None:
                self._connection.terminate()
            return False
