"""`tandem serve` as an operator meets it: one line when it serves, one clear line when it cannot, an orderly stop."""

import asyncio
import json
import os
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from server.listening import PortError, bind, listen
from server.settings import Settings
from tests import deployments
from tests.cluster import new_name, scratch_database, shared_cluster
from tests.processes import Command, tandem

READY = re.compile(r"tandem: both ready on (http://127\.0\.0\.1:\d+) database (\w+)")
PASSWORD = deployments.ADMIN_PASSWORD


class Server:
    """A server process."""

    def __init__(self, process: Command) -> None:
        self.process = process
        self.url = ""
        self.said: list[str] = []

    async def until_ready(self, limit: float = 60) -> None:
        """Read what it says up to the line that it serves."""
        async with asyncio.timeout(limit):
            while line := (await self.process.stdout.readline()).decode():
                self.said.append(line.rstrip("\n"))
                if match := READY.fullmatch(self.said[-1]):
                    self.url = match[1]
                    return
        raise AssertionError(f"ended before it was ready: {self.said} {await self.errors()}")

    async def errors(self) -> str:
        """Everything on standard error, to the end."""
        return (await self.process.stderr.read()).decode()

    async def ended(self, limit: float = 60) -> int:
        """Its exit status."""
        async with asyncio.timeout(limit):
            return await self.process.wait()


Start = Callable[..., Awaitable[Server]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start `tandem` with some arguments."""
    servers: list[Server] = []

    async def run(*arguments: str) -> Server:
        servers.append(Server(await tandem(*arguments, TANDEM_DATA_DIR=str(tmp_path))))
        return servers[-1]

    yield run
    for server in servers:
        await server.process.close()


@pytest.fixture
async def database() -> AsyncIterator[str]:
    async with scratch_database(await deployments.template("both")) as name:
        yield name


def url_of(database: str) -> str:
    return shared_cluster().url_of(database)


async def rpc(session: aiohttp.ClientSession, url: str, method: str, params: Any, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    async with session.post(f"{url}/rpc", json=message, headers=headers) as response:
        return await response.json()


async def test_a_first_start_creates_everything_and_says_the_password_once(start: Start, stack: AsyncExitStack) -> None:
    name = new_name()
    stack.push_async_callback(_drop, name)
    server = await start("serve", "--port", "0", "--database-url", url_of(name))
    await server.until_ready()
    [password] = [match[1] for line in server.said if (match := re.search(r"admin, password (\S+) ", line))]

    session = await stack.enter_async_context(aiohttp.ClientSession())
    answer = await rpc(session, server.url, "login", [name, "admin", password])
    assert answer["result"]["user_name"] == "Administrator"

    server.process.terminate()
    assert await server.ended() == 0
    again = await start("serve", "--port", "0", "--database-url", url_of(name))
    await again.until_ready()
    assert [line for line in again.said if "password" in line] == []


async def _drop(name: str) -> None:
    from tests.cluster import drop_database

    await drop_database(name)


@pytest.mark.statement("F11")
@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_stop_finishes_what_is_running(
    start: Start, stack: AsyncExitStack, database: str, workers: str
) -> None:
    server = await start("serve", "--port", "0", "--workers", workers, "--database-url", url_of(database))
    await server.until_ready()
    session = await stack.enter_async_context(aiohttp.ClientSession())
    token = (await rpc(session, server.url, "login", [database, "admin", PASSWORD]))["result"]["token"]
    names = [f"stopped {number}" for number in range(40)]
    create = ["execute", "res.partner", "create"]
    calls = [
        asyncio.create_task(rpc(session, server.url, create[0], [*create[1:], [{"name": name}]], token))
        for name in names
    ]
    await asyncio.sleep(0.05)

    server.process.terminate()
    answers = await asyncio.gather(*calls, return_exceptions=True)

    assert await server.ended() == 0
    done = [answer for answer in answers if isinstance(answer, dict) and "result" in answer]
    assert done
    written = await _names(database)
    assert len(written) >= len(done)
    assert all(isinstance(answer, dict | aiohttp.ClientError) for answer in answers)
    assert "Traceback" not in await server.errors()


async def _names(database: str) -> list[str]:
    from server.database.connection import connect

    connection = await connect(shared_cluster(), database)
    try:
        rows = await connection.fetch("select name from res_partner where name like 'stopped %'")
    finally:
        await connection.close()
    return [row[0] for row in rows]


@pytest.mark.statement("F10")
async def test_a_port_in_use_is_one_clear_line(start: Start, database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for workers in ("1", "2"):
            server = await start("serve", "--port", str(port), "--workers", workers, "--database-url", url_of(database))

            assert await server.ended() == 1
            [line] = (await server.errors()).splitlines()
            assert line.startswith(f"tandem: port {port} on 127.0.0.1 is in use: ")


async def test_a_port_that_somebody_else_bound_before_and_listens_on_since_is_in_use() -> None:
    with bind(Settings(port=0)) as first, bind(Settings(port=first.getsockname()[1])) as second:
        listen(first)

        with pytest.raises(PortError, match="is in use"):
            listen(second)


@pytest.mark.statement("F10")
async def test_a_database_that_is_not_there_is_one_clear_line(start: Start) -> None:
    server = await start("serve", "--port", "0", "--database-url", "postgresql://user:planted@127.0.0.1:1/x")

    assert await server.ended() == 1
    [line] = (await server.errors()).splitlines()
    assert line.startswith("tandem: the database server 127.0.0.1:1 cannot be reached: Connect")
    assert "planted" not in line


async def test_a_setting_that_is_none_is_one_clear_line(start: Start) -> None:
    server = await start("serve", "--port", "many")

    assert await server.ended() == 1
    assert len((await server.errors()).splitlines()) == 1


async def test_several_processes_share_the_port_and_a_dead_one_is_replaced(
    start: Start, stack: AsyncExitStack, database: str
) -> None:
    server = await start("serve", "--port", "0", "--workers", "2", "--database-url", url_of(database))
    await server.until_ready()
    children = _children(server.process.pid)
    assert len(children) == 2

    os.kill(children[0], signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        if len(_children(server.process.pid)) == 2 and children[0] not in _children(server.process.pid):
            break

    answers = []
    for _ in range(20):
        async with aiohttp.ClientSession() as session:
            answers.append(await rpc(session, server.url, "version", []))
    assert all("result" in answer for answer in answers)
    assert await _counted(server.url, database) == [20.0] * 3
    server.process.terminate()
    assert await server.ended() == 0
    events = [json.loads(line)["event"] for line in (await server.errors()).splitlines()]
    assert "server process ended" in events


async def _counted(url: str, database: str) -> list[float]:
    """Make 20 calls over connections of their own; what each of three looks at the figures says of them."""
    async with aiohttp.ClientSession() as session:
        token = (await rpc(session, url, "login", [database, "admin", PASSWORD]))["result"]["token"]
    for _ in range(20):
        async with aiohttp.ClientSession() as session:
            await rpc(session, url, "execute", ["res.partner", "search_count", [[]]], token)
    await asyncio.sleep(1.5)  # each process hands its figures over once a second
    seen = []
    for _ in range(3):
        async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as response:
            text = await response.text()
        assert "tandem_pool_idle" in text
        seen.append(sum(float(one) for one in re.findall(r'tandem_calls_total{method="search_count".*} (.*)', text)))
    return seen


async def test_children_do_not_outlive_their_parent(start: Start, database: str) -> None:
    server = await start("serve", "--port", "0", "--workers", "2", "--database-url", url_of(database))
    await server.until_ready()
    children = _children(server.process.pid)
    assert len(children) >= 2

    server.process.kill()

    async with asyncio.timeout(20):
        while any(Path(f"/proc/{child}").exists() for child in children):
            await asyncio.sleep(0.1)


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found.append(int(entry.name))
    return sorted(found)
