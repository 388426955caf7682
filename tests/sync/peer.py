"""The other side: a real HTTP server on 127.0.0.1 that speaks our dialect and knows a repeated event.

One server plays any number of remotes: the first part of the path tells them apart (`peer.url("slow")`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.sync.world import PASSWORD

Behaviour = Callable[[dict[str, Any]], Awaitable[Any]]


class RefusedError(Exception):
    """An error answer of the dialect."""

    def __init__(self, code: int, message: str, key: str = "", **data: Any) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, "data": {"key": key, **data} if key else data}


@dataclass
class PeerServer:
    """What it was sent, in order, and what it carried out, by event."""

    port: int = 0
    password: str = PASSWORD
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    effects: dict[str, dict[str, Any]] = field(default_factory=dict)
    logins: int = 0
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    versions: int = 0

    def url(self, remote: str = "peer") -> str:
        return f"http://127.0.0.1:{self.port}/{remote}"

    def numbers(self, lead: int) -> list[int]:
        """The numbers of what was carried out for a lead, in order."""
        return [payload["number"] for payload in self.effects.values() if payload["lead"] == lead]

    def tries(self, remote: str = "peer") -> int:
        return sum(name == remote for name, _ in self.received)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        document = json.loads(await request.text())
        envelope = {"jsonrpc": "2.0", "id": document["id"]}
        try:
            result = await self._result(request, document["method"], document["params"])
        except RefusedError as error:
            return web.json_response({**envelope, "error": error.error})
        return result if isinstance(result, web.StreamResponse) else web.json_response({**envelope, "result": result})

    async def _result(self, request: web.Request, method: str, params: dict[str, Any]) -> Any:
        if method == "version":
            self.versions += 1
            return {"server": "tandem"}
        if method == "login":
            self.logins += 1
            if params["password"] != self.password:
                raise RefusedError(401, f"Access denied for {params['password']}", "login")
            return {"token": "token-of-a-session", "user_id": 5}
        assert request.headers["Authorization"] == "Bearer token-of-a-session"
        [payload] = params["args"]
        remote = request.match_info["remote"]
        self.received.append((remote, payload))
        behaviour = self.behaviours.get(remote)
        if behaviour is not None and (answer := await behaviour(payload)) is not None:
            return answer
        first = payload["event_id"] not in self.effects
        self.effects.setdefault(payload["event_id"], payload)
        return {"created": first}


@asynccontextmanager
async def running_peer(port: int = 0) -> AsyncIterator[PeerServer]:
    """A peer for the time of a test, on a port of its own unless one is given."""
    peer = PeerServer()
    app = web.Application()
    app.router.add_post("/{remote}/rpc", peer.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    peer.port = runner.addresses[0][1]
    try:
        yield peer
    finally:
        await runner.cleanup()


async def never(_payload: dict[str, Any]) -> Any:
    """Take the call and say nothing."""
    await asyncio.sleep(3600)


def answering(status: int, text: str = "", **headers: str) -> Behaviour:
    """Answer with a status instead of a result."""

    async def answer(_payload: dict[str, Any]) -> web.Response:
        return web.Response(status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


def refusing(code: int, message: str, key: str = "", **data: Any) -> Behaviour:
    """Answer with an error of the dialect."""

    async def refuse(_payload: dict[str, Any]) -> Any:
        raise RefusedError(code, message, key, **data)

    return refuse
