"""HTTP/1.1 over one kept connection, as thin as it can be: whatever the generator costs, it costs on its own core."""

from __future__ import annotations

import asyncio
from typing import cast
from urllib.parse import urlsplit

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"
CHUNKED = b"transfer-encoding: chunked"


Answer = tuple[int, bytes]  # status and body


class Wire(asyncio.Protocol):
    """One connection; one request is under way at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.WriteTransport | None = None
        self.waiting: asyncio.Future[Answer] | None = None
        self._received = bytearray()
        self._expected = 0
        self._body_at = 0
        self._chunked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer whoever waits once head and body are there."""
        self._received += data
        if not self._expected and not self._read_head():
            return
        if self._chunked:
            if self._received.endswith(b"0\r\n\r\n"):
                self._finish(_joined(self._received, self._body_at))
        elif len(self._received) >= self._expected:
            self._finish(bytes(self._received[self._body_at : self._expected]))

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits."""
        self.transport = None
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(ConnectionError(f"closed before an answer: {error}"))

    def _read_head(self) -> bool:
        end = self._received.find(END_OF_HEAD)
        if end < 0:
            return False
        head = bytes(self._received[:end]).lower()
        self._body_at = end + len(END_OF_HEAD)
        self._chunked = CHUNKED in head
        at = head.find(LENGTH)
        length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        self._expected = self._body_at + length
        return True

    def _finish(self, body: bytes) -> None:
        status = int(self._received[9:12])
        closing = b"connection: close" in bytes(self._received[: self._body_at]).lower()
        self._received.clear()
        self._expected = 0
        if closing and self.transport:
            self.transport.close()
            self.transport = None
        waiting, self.waiting = self.waiting, None
        if waiting and not waiting.done():
            waiting.set_result((status, body))


class Client:
    """Posts to one server over one connection, opened anew whenever the server closed it."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.url = url
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        given = {"Host": parts.netloc, "Content-Type": "application/json", **headers}
        self._tail = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        self._heads: dict[str, bytes] = {}
        self._wire = Wire()
        self.connects = 0

    async def post(self, path: str, body: bytes) -> Answer:
        """Send one request and wait for its answer."""
        loop = asyncio.get_running_loop()
        wire = self._wire
        if wire.transport is None or wire.transport.is_closing():
            wire = self._wire = await self._connected(loop)
        waiting: asyncio.Future[Answer] = loop.create_future()
        wire.waiting = waiting
        if wire.transport is None:
            raise ConnectionError("closed as soon as it was open")
        wire.transport.write(b"%b%d\r\n\r\n%b" % (self._head(path), len(body), body))
        return await waiting

    def close(self) -> None:
        """Close the connection."""
        if self._wire.transport:
            self._wire.transport.close()

    async def _connected(self, loop: asyncio.AbstractEventLoop) -> Wire:
        _, wire = await loop.create_connection(Wire, self._host, self._port)
        self.connects += 1
        return wire

    def _head(self, path: str) -> bytes:
        head = self._heads.get(path)
        if head is None:
            head = self._heads[path] = f"POST {path} HTTP/1.1\r\n{self._tail}Content-Length: ".encode()
        return head


def _joined(text: bytearray, at: int) -> bytes:
    """The body of a chunked answer."""
    found = b""
    while True:
        end = text.find(b"\r\n", at)
        size = int(bytes(text[at:end]).split(b";")[0], 16)
        if not size:
            return found
        found += text[end + 2 : end + 2 + size]
        at = end + 4 + size
