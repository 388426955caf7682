"""A running deployment for Odoo's own clients, which block: it runs in a thread with an event loop of its own."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from xmlrpc.client import Transport

import pytest
from aiohttp import web

from models.orm import Env
from server.app import create_app
from server.connections import serving
from server.database.connection import connect
from server.settings import Settings
from tests import deployments
from tests.clients.netforce import Browser, Mobile
from tests.cluster import copy_database, drop_database, new_name, shared_cluster

# What drives the clients for Node needs them installed (`make node-clients`).
collect_ignore = [] if (Path(__file__).parent / "node" / "node_modules").is_dir() else ["test_node.py"]

LOGIN = "admin"
PASSWORD = deployments.ADMIN_PASSWORD
WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Deployed:
    """Where a deployment runs and how to log in."""

    port: int
    database: str
    login: str = LOGIN
    password: str = PASSWORD
    serie: str = "18.0"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Server:
    """Applications over one database, served from one thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="server of the tests", daemon=True)
        self._thread.start()
        self._stack = AsyncExitStack()
        self.asked: list[str] = []  # the routes of all requests, in their order
        self.database = self.wait_for(_new_database())
        self.connection = self.wait_for(connect(shared_cluster(), self.database))

    def wait_for(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_SECONDS)

    def serve(self, **options: Any) -> Deployed:
        return Deployed(self.wait_for(self._serve(options)), self.database)

    async def _serve(self, options: dict[str, Any]) -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        settings = Settings(database_name=self.database, pool_size=4, **options)
        app = create_app(settings, shared_cluster())
        app.on_response_prepare.append(self._note)
        await self._stack.enter_async_context(serving(app, listening))
        port: int = listening.getsockname()[1]
        return port

    async def _note(self, request: web.Request, _response: web.StreamResponse) -> None:
        resource = request.match_info.route.resource
        self.asked.append(resource.canonical if resource else request.path)

    def stop(self) -> None:
        self.wait_for(self._stack.aclose())
        self.wait_for(self.connection.close())
        self.wait_for(drop_database(self.database))
        self.wait_for(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _new_database() -> str:
    return await copy_database(await deployments.template("both"))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One database for all clients of this process: what a test makes it names with `unique`."""
    started = Server()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def deployed(server: Server) -> Deployed:
    """A deployment that says it is an Odoo 18."""
    return server.serve()


@pytest.fixture(scope="session")
def deployed_19(server: Server) -> Deployed:
    """A deployment that says it is an Odoo 19."""
    return replace(server.serve(odoo_serie="19.0"), serie="19.0")


@pytest.fixture
def closing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what XML-RPC clients leave open: they never close their connections themselves."""
    opened: list[HTTPConnection] = []
    connect = Transport.make_connection

    def remember(self: Transport, host: Any) -> HTTPConnection:
        opened.append(connect(self, host))
        return opened[-1]

    monkeypatch.setattr(Transport, "make_connection", remember)
    yield
    for connection in opened:
        connection.close()


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Make a name that no other test uses."""
    return new_name


@pytest.fixture(scope="session")
def restricted(server: Server) -> tuple[str, str]:
    """Login and password of a user who may sell but not administrate."""
    password = "an ordinary password"

    async def make() -> str:
        async with server.connection.transaction():
            env: Env = deployments.system_env(server.connection)
            user = await deployments.make_user(env, ["sale.user"], password=password)
        return user.login

    return server.wait_for(make()), password


@pytest.fixture(autouse=True)
def no_failures(server: Server) -> None:
    """All tests log in from one address: what one of them tries in vain locks no other out."""
    server.wait_for(server.connection.execute("delete from base_login_failure"))


@pytest.fixture(autouse=True)
def quick_logins(quick_passwords: None) -> None:
    """Clients log in a lot; the server runs in this process."""


@pytest.fixture(scope="module")
def cookies(deployed: Deployed) -> dict[str, Any]:
    """The administrator's, of one login."""
    found = Mobile(deployed)
    found.login(deployed.login, deployed.password)
    return found.cookies


@pytest.fixture(params=[Mobile, Browser])
def client(request: pytest.FixtureRequest, deployed: Deployed, cookies: dict[str, Any]) -> Mobile:
    """Each of the clients, logged in."""
    found: Mobile = request.param(deployed)
    found.keep(cookies)
    return found


@pytest.fixture
def app(deployed: Deployed, cookies: dict[str, Any]) -> Mobile:
    """The app, logged in."""
    found = Mobile(deployed)
    found.keep(cookies)
    return found


@pytest.fixture
def contact(app: Mobile, unique: Callable[[str], str]) -> tuple[int, str]:
    """Id and name of a contact."""
    name = unique("Acme")
    return app.execute("contact", "create", [{"name": name, "type": "org", "code": unique("C")}]), name


@pytest.fixture
def product(app: Mobile, unique: Callable[[str], str]) -> int:
    """Id of a product."""
    created: int = app.execute("product", "create", [{"name": unique("Chair"), "code": unique("P"), "sale_price": 10}])
    return created


@pytest.fixture(scope="module")
def admin(deployed: Deployed) -> Mobile:
    """The app in the administrator's hands."""
    client = Mobile(deployed)
    client.login(deployed.login, deployed.password)
    return client


@pytest.fixture(scope="module")
def seller(deployed: Deployed, restricted: tuple[str, str]) -> Mobile:
    """The app in the hands of somebody who may sell."""
    client = Mobile(deployed)
    client.login(*restricted)
    return client
