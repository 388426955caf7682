"""HTTP connections that do not stay for ever, and the port they come in by.

aiohttp closes a connection that is silent between requests. Closed here as well are those that send a header too
slowly, and those whose reader takes a reply too slowly. What a malformed request said is not repeated to its sender,
and no reply tells our version.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from models.orm.limits import LIMITS
from server.internal_error import reported
from server.listening import BACKLOG, listen

SERVER = "tandem"
SILENT_SECONDS = 75.0
REPLY_SECONDS = 60.0
CHECK_SECONDS = 1.0
LINGERING_SECONDS = 2.0  # so long the rest of a refused body is swallowed, that its sender may read the refusal
DRAIN_SECONDS = 30.0


class Connection(RequestHandler):
    """One connection, with the moment since which we wait for the rest of a header or for its reader."""

    __slots__ = ("header_began", "reader_stalled")

    def __init__(self, manager: web.Server, **options: Any) -> None:
        super().__init__(manager, **options)
        self.header_began: float | None = None
        self.reader_stalled: float | None = None

    def data_received(self, data: bytes) -> None:
        """Take what came, and note whether it leaves a header unfinished."""
        super().data_received(data)
        waiter = self._waiter
        if waiter is None or waiter.done():
            self.header_began = None
        elif self.header_began is None:
            self.header_began = self._loop.time()

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 the parser's words repeat what was sent
    ) -> web.StreamResponse:
        """Answer a malformed request, or a fault of ours with its id; the connection ends with it."""
        text = "Bad Request"
        if status >= 500:
            text = str(reported(exc)) if exc is not None else "internal error"
        response = web.Response(status=status, text=text, headers={"Server": SERVER})
        response.force_close()
        return response

    def overdue(self, now: float) -> bool:
        """Whether the other end takes longer than it may."""
        if self.header_began is not None and now - self.header_began > LIMITS.header_seconds:
            return True
        transport = self.transport
        if not isinstance(transport, asyncio.Transport) or not transport.get_write_buffer_size():
            self.reader_stalled = None
        elif self.reader_stalled is None:
            self.reader_stalled = now
        else:
            return now - self.reader_stalled > REPLY_SECONDS
        return False

    def abort(self) -> None:
        """Cut it off."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()


class Listener(web.SockSite):
    """A port whose connections are ours."""

    async def start(self) -> None:
        """Begin to accept."""
        await web.BaseSite.start(self)
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")
        loop = asyncio.get_running_loop()
        accept: Callable[[], Connection] = lambda: Connection(server, loop=loop, **server._kwargs)  # noqa: E731, SLF001
        listen(self._sock)
        self._server = await loop.create_server(accept, sock=self._sock, backlog=BACKLOG)


@asynccontextmanager
async def serving(app: web.Application, sock: socket.socket) -> AsyncIterator[web.AppRunner]:
    """Serve the application on a bound socket; at the end finish running calls, for DRAIN_SECONDS at most."""
    runner = web.AppRunner(
        app,
        handle_signals=False,
        access_log=None,
        keepalive_timeout=SILENT_SECONDS,
        lingering_time=LINGERING_SECONDS,
        shutdown_timeout=DRAIN_SECONDS,
    )
    await runner.setup()
    try:
        await Listener(runner, sock).start()
        reaper = asyncio.create_task(reap(runner))
        try:
            yield runner
        finally:
            await stop(reaper)
    finally:
        await runner.cleanup()


async def reap(runner: web.AppRunner) -> None:
    """Cut off overdue connections until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        now = loop.time()
        for connection in runner.server.connections if runner.server else ():
            if isinstance(connection, Connection) and connection.overdue(now):
                connection.abort()


async def stop(task: "asyncio.Task[None]") -> None:
    """Cancel a task of the background and wait for its end."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
