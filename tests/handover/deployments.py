"""Both deployments of a hand-over as what they are in life: server processes, each with a database of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from models import deployment
from models.base.api_keys import ApiKey
from models.orm import Env, Registry
from models.sync.assembly import outbox_of
from models.sync.secrets import Vault
from rpc_client import AsyncClient
from server.database.address import DatabaseAddress
from server.database.pool import Pool
from tests.deployments import make_user
from tests.processes import Process

KEY = "dGhlIGtleSBvZiBib3RoIGRlcGxveW1lbnRzLCAzMiE="
START_SECONDS = 60.0
LOOK_AGAIN = 0.02
UNFINISHED = """
select state, lane, remote, attempts, verdict, last_error, run_at, lease_until from sync_job
where remote <> '' and state not in ('done', 'skipped') order by id limit 10
"""


class StartError(Exception):
    """A server did not start; the text is what it said."""


class Server:
    """One server process, which can be stopped in every way that a process can end."""

    def __init__(self, role: str, address: DatabaseAddress, database: str, log: Path) -> None:
        self.role = role
        self.address = address
        self.database = database
        self.port = 0
        self._log = log
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        """What all its processes have said so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    async def start(self) -> None:
        """Start it, on the same port as before, and wait until it says that it is ready."""
        said = len(self.log())
        command = ["serve", "--role", self.role, "--port", str(self.port)]
        command += ["--database-name", self.database, "--remote-allow", "127.0.0.1"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
        given = {"TANDEM_DATABASE_URL": self.address.url_of(self.database), "TANDEM_SECRET_KEY": KEY}
        with self._log.open("ab") as log, Path(os.devnull).open("rb") as nothing:
            streams = (nothing.fileno(), log.fileno(), log.fileno())
            self._process = await asyncio.to_thread(Process, command, kept | given, streams)
        await self._ready(said)

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self._process
        self._process.kill()
        self._process.wait(START_SECONDS)

    async def stop(self) -> None:
        """End it in order, while the proxies of the test go on: it may wait for an answer through one."""
        if self.is_running:
            self._signal(signal.SIGTERM)
            async with asyncio.timeout(START_SECONDS):
                while self.is_running:
                    await asyncio.sleep(LOOK_AGAIN)

    def pause(self) -> None:
        """Let it sleep: it does nothing, and does not know."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Wake it up."""
        self._signal(signal.SIGCONT)

    async def _ready(self, said: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while " ready on http" not in self.log()[said:]:
            if not self.is_running or time.monotonic() > deadline:
                raise StartError(self.log()[said:])
            await asyncio.sleep(LOOK_AGAIN)
        url = self.log()[said:].partition(" ready on ")[2].split()[0]
        self.port = int(url.rpartition(":")[2])

    def _signal(self, number: int) -> None:
        assert self._process
        self._process.send_signal(number)


class Deployment(Server):
    """A server, its people, and a look into its database."""

    def __init__(self, role: str, address: DatabaseAddress, database: str, log: Path) -> None:
        super().__init__(role, address, database, log)
        self.registry = equipped(role)
        self._pool: Pool | None = None
        self._keys: dict[str, str] = {}
        self._clients: dict[str, AsyncClient] = {}

    async def open(self) -> None:
        """Open the view into the database and start the server."""
        self._pool = await Pool.open(self.address, self.database, size=4, name="tests")
        await self.start()

    @property
    def plain_pool(self) -> Pool:
        """The view into the database."""
        assert self._pool
        return self._pool

    async def close(self) -> None:
        """End everything."""
        await self.forget_clients()
        if self.is_running:
            self.resume()
            await self.stop()
        if self._pool is not None:
            await self._pool.close()

    async def person(self, login: str, *groups: str) -> int:
        """Make a user with an API key, to be called as with `at`; returns the id."""
        async with self.env() as env:
            user = await make_user(env, groups, login=login)
            keys: type[ApiKey] = env[ApiKey]
            self._keys[login] = await keys.issue(env, user.id, name="tests")
        return user.id

    def at(self, login: str) -> AsyncClient:
        """The client of a person, who is here already."""
        if login not in self._clients:
            key = self._keys[login]
            self._clients[login] = AsyncClient(
                self.url, database=self.database, api_key=key, protocol="tandem", timeout=30
            )
        return self._clients[login]

    def key_of(self, login: str) -> str:
        """The API key of a person."""
        return self._keys[login]

    async def forget_clients(self) -> None:
        """Close the clients' connections: those to a process that has ended lead nowhere."""
        while self._clients:
            _, client = self._clients.popitem()
            await client.close()

    async def die(self) -> None:
        """Kill the server."""
        self.kill()
        await self.forget_clients()

    @asynccontextmanager
    async def env(self) -> AsyncIterator[Env]:
        """The models on a connection of the test's own, as the system, in a transaction."""
        assert self._pool
        async with self._pool.connection() as connection, connection.transaction():
            yield deployment.system_env(self.registry, connection, "test")

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        """Run one statement and return its rows."""
        assert self._pool
        async with self._pool.connection() as connection:
            return await connection.fetch(sql, *values)

    async def value(self, sql: str, *values: Any) -> Any:
        """Return the first value of the first row, None without one."""
        rows = await self.fetch(sql, *values)
        return rows[0][0] if rows else None

    @asynccontextmanager
    async def holding(self, sql: str, *values: Any) -> AsyncIterator[None]:
        """Keep the rows that a locking statement finds until the end."""
        assert self._pool
        async with self._pool.connection() as connection, connection.transaction():
            assert await connection.fetch(sql, *values)
            yield

    async def unfinished(self) -> list[dict[str, Any]]:
        """The messages that are on their way, or were given up."""
        return [dict(row) for row in await self.fetch(UNFINISHED)]

    async def forgets_troubles(self) -> None:
        """Let the other side have no bad name here, and let what waits wait longer."""
        await self.fetch("update sync_remote set failures = 0, refused = false, blocked_until = null")
        await self.fetch("update sync_job set run_at = now() + interval '1 day' where state = 'ready'")

    async def time_passes(self) -> None:
        """Let everything that waits for its time be due: waits of jobs, pauses of remotes, leases of whoever died."""
        await self.fetch("update sync_remote set blocked_until = null where blocked_until is not null")
        await self.fetch("update sync_job set run_at = now() where state = 'ready' and run_at > now()")

    async def leases_end(self) -> None:
        """Let the leases of all running jobs be over."""
        await self.fetch("update sync_job set lease_until = now() - interval '1 second' where state = 'running'")


def equipped(role: str) -> Registry:
    """The models of a role with what they need for secrets and messages."""
    registry = deployment.registry_for(role)
    registry.provide(Vault(KEY))
    registry.provide(outbox_of(deployment.areas_of(role)))
    return registry
