"""A JSON-RPC endpoint with methods of the test's own, and deployments with models of its own, over real HTTP."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from models import base
from models.base.installation import create_administrator, set_password
from models.orm import Env
from models.orm.limits import LIMITS
from server.app import DEPLOYMENT, create_app, mark
from server.connections import serving
from server.database.connection import Connection
from server.database.migrate import migrate
from server.database.pool import Pool
from server.deployment import Deployment
from server.json_text import decode
from server.protocols.jsonrpc import exposed
from server.protocols.native import NativeEndpoint
from server.settings import Settings
from tests import deployments
from tests.cluster import scratch_database, shared_cluster
from tests.rpc import scenario
from tests.rpc.filing import Files

PASSWORD = "a long enough password"


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


async def served(stack: AsyncExitStack, app: web.Application) -> Endpoint:
    """Serve an application on a port of its own until the stack is left."""
    port = await listening(stack, app)
    return Endpoint(port, await stack.enter_async_context(aiohttp.ClientSession()))


async def listening(stack: AsyncExitStack, app: web.Application) -> int:
    """Serve an application until the stack is left; returns its port."""
    place = socket.create_server(("127.0.0.1", 0))
    await stack.enter_async_context(serving(app, place))
    port: int = place.getsockname()[1]
    return port


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
            return await served(stack, app)

        yield start


@dataclass
class Scenario:
    """The scenario's database, which all tests of this process share."""

    database: str
    looking: Pool
    """Connections of the tests' own, to look into it."""
    tokens: dict[str, str]
    """Sessions of its users, by login: passwords are slow on purpose."""

    def app(self) -> web.Application:
        """A server process of it."""
        return create_app(Settings(database_name=self.database, pool_size=4), shared_cluster(), scenario.REGISTRY)


class Running:
    """A running deployment with the models of the scenario."""

    def __init__(self, endpoint: Endpoint, deployment: Deployment, stack: AsyncExitStack, scenario: Scenario) -> None:
        self.endpoint = endpoint
        self._stack = stack
        self.deployment = deployment
        self.database = scenario.database
        self.tokens = scenario.tokens
        self._looking = scenario.looking

    async def call(self, method: str, params: Any, login: str | None = "clerk", **headers: str) -> dict[str, Any]:
        """Call a method of /rpc; returns the whole answer."""
        given = {"Authorization": f"Bearer {await self.token(login)}"} if login else {}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, default=str)
        status, answer = await self.endpoint.post(body, **given, **headers)
        assert status == 200, answer
        found: dict[str, Any] = decode(answer)
        return found

    async def execute(self, model: str, method: str, *args: Any, login: str = "clerk", **headers: str) -> Any:
        """Call a method of a model; returns its result, or the error object."""
        answer = await self.call("execute", [model, method, list(args)], login, **headers)
        return answer.get("error", answer.get("result"))

    async def batch(self, calls: Sequence[tuple[str, Any]], login: str = "clerk") -> list[dict[str, Any]]:
        """Make calls, a full batch at a time; returns the whole answers in their order."""
        given = {"Authorization": f"Bearer {await self.token(login)}"}
        answers: list[dict[str, Any]] = []
        for begin in range(0, len(calls), LIMITS.batch_calls):
            members = calls[begin : begin + LIMITS.batch_calls]
            body = [{"jsonrpc": "2.0", "id": 1, "method": method, "params": params} for method, params in members]
            status, answer = await self.endpoint.post(json.dumps(body), **given)
            assert status == 200, answer
            answers += decode(answer)
        return answers

    async def token(self, login: str) -> str:
        """A session of one of the scenario's users."""
        if login not in self.tokens:
            opened = await self.deployment.authenticator.login(login, PASSWORD, address="127.0.0.1")
            self.tokens[login] = opened.token
        return self.tokens[login]

    async def served(self, app: web.Application) -> Endpoint:
        """Serve another application for the length of the test."""
        return await served(self._stack, app)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        """Look into the database."""
        async with self._looking.connection() as connection:
            return await connection.fetchval(sql, *values)

    async def script(self, sql: str) -> None:
        """Run statements in the database."""
        async with self._looking.connection() as connection:
            await connection.execute(sql)


USERS = {"clerk": ["test.clerk"], "service": ["test.service"], "nobody": [], "boss": ["base.admin", "test.clerk"]}


async def _migrate(connection: Connection) -> None:
    await migrate(connection, "both", registry=scenario.REGISTRY, data=base.DATA, first_start=_first_users)


async def _first_users(env: Env) -> None:
    await create_administrator(env, PASSWORD)
    for login, groups in USERS.items():
        user = await deployments.make_user(env, groups, login=login)
        await set_password(env, user.id, PASSWORD)


@pytest.fixture(scope="session")
async def prepared() -> AsyncIterator[Scenario]:
    """The database of the scenario, with its users."""
    async with (
        scratch_database(await deployments.made_once("template_scenario", _migrate)) as name,
        await Pool.open(shared_cluster(), name, size=2) as looking,
    ):
        yield Scenario(name, looking, {})


@pytest.fixture(scope="module")
async def app_of_the_module(prepared: Scenario) -> AsyncIterator[tuple[Deployment, int]]:
    """A server process that the tests of a module share, and its port."""
    async with AsyncExitStack() as stack:
        app = prepared.app()
        yield app[DEPLOYMENT], await listening(stack, app)


@pytest.fixture
async def running(prepared: Scenario, app_of_the_module: tuple[Deployment, int], stack: AsyncExitStack) -> Running:
    """A deployment of the scenario. Tests share it and its database, which begins without notes each time."""
    deployment, port = app_of_the_module
    session = await stack.enter_async_context(aiohttp.ClientSession())
    running = Running(Endpoint(port, session), deployment, stack, prepared)
    await running.fetchval("delete from test_note")
    deployment.authenticator.forget()  # what it believes of users whom the test before has changed
    return running


@pytest.fixture
async def running_alone(prepared: Scenario, stack: AsyncExitStack) -> Running:
    """The same with a server process of the test's own: for what counts its connections."""
    app = prepared.app()
    running = Running(await served(stack, app), app[DEPLOYMENT], stack, prepared)
    await running.fetchval("delete from test_note")
    return running


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What has to end with the test."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def files(running: Running) -> Files:
    """A client of the files of the deployment, which begins without any."""
    await running.script("delete from ir_attachment; delete from base_blob")
    return Files(running)
