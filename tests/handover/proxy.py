"""A proxy between two deployments, which passes requests on faithfully until it is told to spoil them.

    async with running_proxy(target_port) as proxy:
        with proxy.spoiling(faults.black_hole, only=b"update_from_dealer_callback"):
            ...

It knows as much of HTTP as it needs: where a request and an answer end. What can go wrong is in `faults.py`.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

Fault = Callable[["Exchange"], Awaitable[None]]
GONE = (ConnectionError, asyncio.IncompleteReadError)


class Exchange:
    """One request on its way, in the hands of a fault."""

    def __init__(self, request: bytes, client: asyncio.StreamWriter, port: int) -> None:
        self.request = request
        self.client = client
        self._port = port

    @property
    def number(self) -> Any:
        """The id that the answer to the request must carry."""
        return json.loads(self.request.partition(b"\r\n\r\n")[2])["id"]

    async def forward(self) -> bytes:
        """Deliver the request and return the whole answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(self.request)
            return await read_message(reader)
        finally:
            writer.close()

    async def say(self, data: bytes) -> None:
        """Send bytes to the client."""
        self.client.write(data)
        await self.client.drain()

    async def answer(self, body: bytes, status: str = "200 OK", *headers: str) -> None:
        """Send a whole answer of our own."""
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
        await self.say("\r\n".join([*lines, "", ""]).encode() + body)

    def hang_up(self) -> None:
        """Close the connection."""
        self.client.close()

    def reset(self) -> None:
        """Tear the connection down, as a machine does that lost its memory of it."""
        sock = self.client.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.client.transport.abort()


class Proxy:
    """Listens on a port of its own and stands for the deployment behind it. `requests` are those that came."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.requests: list[bytes] = []
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._fault: Fault | None = None
        self._only = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, method: str) -> int:
        """How many requests for a method came."""
        return sum(method.encode() in request for request in self.requests)

    async def listen(self) -> None:
        """Accept connections, on the same port each time."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Accept no more connections and end those that there are."""
        if self._server is not None:
            self._server.close()
        self.cut()

    def cut(self) -> None:
        """End all connections."""
        for task in self._connections:
            task.cancel()

    @contextmanager
    def spoiling(self, fault: Fault, only: str = "") -> Iterator[None]:
        """Give requests, or those of one method, to a fault. What hangs at the end is cut off."""
        self._fault, self._only = fault, only.encode()
        try:
            yield
        finally:
            self._fault = None
            self.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        try:
            with suppress(*GONE, asyncio.CancelledError):
                await self._pass_on(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            exchange = Exchange(await read_message(reader), writer, self.target)
            self.requests.append(exchange.request)
            fault = self._fault if self._only in exchange.request else None
            await (fault or faithfully)(exchange)


async def faithfully(exchange: Exchange) -> None:
    """No fault: the answer as it is. A deployment that is away shows as such."""
    try:
        answer = await exchange.forward()
    except (OSError, asyncio.IncompleteReadError):
        exchange.reset()
    else:
        await exchange.say(answer)


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """One request or answer, head and body. IncompleteReadError when the connection ends before."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.partition(b":")[2]))
    return head


@asynccontextmanager
async def running_proxy(target: int) -> AsyncIterator[Proxy]:
    """A proxy before a port of this machine."""
    proxy = Proxy(target)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.refuse()
