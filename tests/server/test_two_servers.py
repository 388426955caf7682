"""Two servers that start at once on one empty database: one creates it, both serve."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import aiohttp
import pytest

from server.database.connection import connect
from server.database.steps import DIRECTORY
from tests.cluster import drop_database, new_name, shared_cluster

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0


async def start(database: str) -> Process:
    """A server of its own on the run's PostgreSQL, as an operator would start it."""
    command = ("-m", "server.cli", "serve", "--port", "0", "--role", "both", "--database-name", database)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
    secrets = {
        "TANDEM_DATABASE_URL": shared_cluster().url_of(database),
        "TANDEM_ADMIN_PASSWORD": "one for both",
        "TANDEM_SECRET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, env=kept | secrets, stdout=PIPE, stderr=PIPE
    )


async def url_when_ready(server: Process) -> str:
    """The address in the one line that a server prints when it serves."""
    assert server.stdout
    async with asyncio.timeout(DEADLINE):
        async for line in server.stdout:
            words = line.decode().split()
            if "ready" in words:
                return words[words.index("on") + 1]
    raise AssertionError((await server.communicate())[1].decode())


async def stop(server: Process) -> str:
    """End it in order; what it had to say."""
    if server.returncode is None:
        server.send_signal(signal.SIGTERM)
    async with asyncio.timeout(DEADLINE):
        return (await server.communicate())[1].decode()


@pytest.mark.concurrency
@pytest.mark.statement("M5")
async def test_two_servers_start_together_on_an_empty_database():
    database = new_name()
    servers = await asyncio.gather(start(database), start(database))
    try:
        urls = await asyncio.gather(*(url_when_ready(server) for server in servers))
        async with aiohttp.ClientSession() as session:
            for url in urls:
                async with session.get(f"{url}/health/ready") as answer:
                    assert answer.status == 200
        connection = await connect(shared_cluster(), database)
        kinds = await connection.fetch("select kind, count(*) from migration group by kind order by kind")
        users = await connection.fetchval("select count(*) from res_users where login = 'admin'")
        await connection.close()
    finally:
        said = await asyncio.gather(*(stop(server) for server in servers))
        await drop_database(database)

    steps = len(list(DIRECTORY.glob("*.sql")))
    assert [tuple(row) for row in kinds] == [("data", 1), ("schema", 1), ("start", 1), ("step", steps)]
    assert users == 1
    assert [server.returncode for server in servers] == [0, 0]
    assert "error" not in "".join(said).lower()
