"""A JSON-RPC endpoint with methods of the test's own, over real HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from server.app import mark
from server.connections import serving
from server.protocols.jsonrpc import exposed
from server.protocols.native import NativeEndpoint


class Endpoint:
    """One served endpoint and a client of it."""

    def __init__(self, port: int, session: aiohttp.ClientSession) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.session = session

    async def post(self, body: bytes | str, **headers: str) -> tuple[int, bytes]:
        """Send a body to /rpc; returns status and body of the answer."""
        given = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
        async with self.session.post(f"{self.url}/rpc", data=body, headers=given) as response:
            return response.status, await response.read()

    async def raw(self, request: bytes, *, limit: float = 5.0) -> bytes:
        """Send bytes over a connection of their own; returns all that comes until the other side closes it."""
        async with asyncio.timeout(limit):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(request)
            answer = await reader.read()
            writer.close()
            return answer


Serve = Callable[..., Awaitable[Endpoint]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve the given async functions as methods: `await serve(subtract, ...)`."""
    async with AsyncExitStack() as stack:

        async def start(*methods: Callable[..., Awaitable[Any]]) -> Endpoint:
            app = web.Application()
            table = {method.__name__: exposed(method) for method in methods}
            app.router.add_post("/rpc", NativeEndpoint(None, table).handle)  # type: ignore[arg-type]
            app.on_response_prepare.append(mark)
            listening = socket.create_server(("127.0.0.1", 0))
            await stack.enter_async_context(serving(app, listening))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            return Endpoint(listening.getsockname()[1], session)

        yield start
