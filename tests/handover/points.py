"""Faults at a chosen statement: the connection breaks, or the process is gone, just before it or just after it.

Both sides run in this process, each on a database of its own, and the message goes from one to the other without a
wire: what a wire can do is tried in `processes`. What is left is every point at which something could be half done.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, TypeVar

import asyncpg

from models.bpo.endorsing import Endorsement
from models.dealer.callback import Callback
from models.sync.handler import Handler, RemoteAccount
from models.sync.queue import Job, Queue
from rpc_client import TransportError
from server.database.connection import session_settings
from server.database.errors import CONNECTION_LOST
from server.database.pool import Pool
from server.delivery import Delivery, Leases
from server.execute import Call, Executor
from server.json_text import encode
from server.metrics import Metrics
from tests import deployments
from tests.cluster import RUN, shared_cluster
from tests.handover.deployments import Deployment
from tests.handover.sides import Sides
from tests.handover.ways import Way
from tests.restored import Shelf

Answer = TypeVar("Answer")
DUE = """
update sync_job set state = 'ready', claim = null, lease_until = null, run_at = now()
where state in ('ready', 'running')
"""
ASIDE = """
update sync_job set state = 'ready', claim = null, lease_until = null, run_at = now() + interval '1 day'
where state in ('ready', 'running') and attempts > 0
"""
FORGIVEN = "update sync_remote set failures = 0, refused = false, blocked_until = null"


class Death(BaseException):
    """The process is gone: nothing that it would have done afterwards is done."""


@dataclass
class Plan:
    """At which statement something happens, counted from 1, and what: `dies` instead of a broken connection."""

    at: int = 0
    after: bool = False
    dies: bool = False
    count: int = 0
    struck: bool = False

    async def statement(self, connection: asyncpg.Connection[Any], run: Callable[[], Awaitable[Answer]]) -> Answer:
        if self.struck and self.dies:  # whatever is still tried on the way out
            self._strike(connection)
        self.count += 1
        here = self.count == self.at
        if here and not self.after:
            self._strike(connection)
        answer = await run()
        if here:
            self._strike(connection)
        return answer

    def _strike(self, connection: asyncpg.Connection[Any]) -> None:
        self.struck = True
        connection.terminate()
        raise Death if self.dies else asyncpg.ConnectionDoesNotExistError("connection was closed in the middle")


class BreakingConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection whose every statement, begin and commit included, is a point of the plan."""

    plan: ClassVar[Plan]
    types: ClassVar[dict[tuple[int, ...], Any]]

    async def _introspect_types(self, typeoids: Any, timeout: Any) -> Any:
        """Ask once about PostgreSQL's types: each new connection would, in statements that are not our own."""
        asked = tuple(sorted(typeoids))
        if asked not in self.types:
            self.types[asked] = await super()._introspect_types(typeoids, timeout)
        return self.types[asked]

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        if args:
            return await super().execute(query, *args, timeout=timeout)
        usual = super().execute
        return await self.plan.statement(self, lambda: usual(query, timeout=timeout))

    async def _do_execute(self, *args: Any, **kwargs: Any) -> Any:
        usual = super()._do_execute
        return await self.plan.statement(self, lambda: usual(*args, **kwargs))


class Side:
    """One side's database as a process sees it whose plan is known."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.connections: type[BreakingConnection] = type(
            "Breaking", (BreakingConnection,), {"plan": Plan(), "types": {}}
        )
        self.pool = Pool(self._open, 4)
        self._executor = Executor(deployment.registry, self.pool, Metrics())

    def plan(self, **values: Any) -> Plan:
        """From now on."""
        self.connections.plan = Plan(**values)
        return self.connections.plan

    async def _open(self) -> Any:
        arguments = self.deployment.address.connect_arguments(self.deployment.database)
        return await asyncpg.connect(
            **arguments, connection_class=self.connections, server_settings=session_settings("points")
        )

    async def write_down(self) -> None:
        """From now on PostgreSQL writes down what it is asked, past the plan."""
        async with self.pool.connection() as connection:
            await asyncpg.Connection.execute(connection, "set log_statement = 'all'")

    def asked(self) -> int:
        """How many statements PostgreSQL has written down of the connections that there are."""
        ids = "|".join(str(connection.get_server_pid()) for connection in self.pool._connections)
        log = (RUN.home / "postgres.log").read_text(errors="replace")
        return len(re.findall(rf"\[(?:{ids})\] \S+ LOG:  (?:statement|execute)\b", log))

    async def call(self, login: str, group: str, call: Call) -> Any:
        """What the server does with a call of this user's."""
        registry = self.deployment.registry
        user_id = await self.deployment.value("select id from res_users where login = $1", login)
        return await self._executor.execute(call, deployments.user_of(registry, user_id, login, [group]))


class Carrier:
    """Carries a call to the other side: there it is one transaction, and a process that ends gives no answer."""

    def __init__(self, receiver: Side, login: str, group: str) -> None:
        self._receiver = receiver
        self._who = (login, group)

    def client(self, account: RemoteAccount) -> Carrier:  # noqa: ARG002 there is one other side
        return self

    async def execute(self, model: str, method: str, args: list[Any], *, idempotency_key: str) -> Any:
        try:
            answer = await self._receiver.call(*self._who, Call(model, method, args, key=idempotency_key))
        except Death as error:
            raise TransportError("the connection broke", may_have_run=True) from error
        return json.loads(encode(answer))


@dataclass
class Address:
    """Where a proxy would be."""

    url: str


class Points:
    """Both sides, and one way of messages between them, which is tried at every point."""

    def __init__(self, way: Way, sender: Side, receiver: Side, group: str) -> None:
        self.way = way
        self.sender = sender
        self.receiver = receiver
        self._carrier = Carrier(receiver, way.service, group)
        handler = Callback() if sender.deployment.role == "dealer" else Endorsement()
        self._handlers: dict[str, Handler] = {handler.kind: handler}
        self.queue = Queue("points", list(self._handlers))

    async def press(self, leads: list[Any], login: str, group: str, method: str) -> None:
        """Press the button that sends the message."""
        ids = [self.way.sent_id(lead) for lead in leads]
        await self.sender.call(login, group, Call(self.way.sender_model, method, [ids]))

    async def put_aside(self) -> None:
        """Let nothing be due but what was not tried yet."""
        await self.way.sender.fetch(ASIDE)
        await self.way.sender.fetch(FORGIVEN)

    async def work(self) -> None:
        """Do what a worker does: take the next message and deliver it."""
        with suppress(Death, asyncpg.PostgresError, asyncpg.InterfaceError, *CONNECTION_LOST):
            async with self.sender.pool.connection() as connection:
                jobs = await self.queue.claim(connection, 1, 1)
            for job in jobs:
                await self.deliver(job)

    async def deliver(self, job: Job) -> None:
        """Do what a worker does with a claimed job."""
        leases = Leases(60.0)
        leases.begin(job.claim, monotonic())
        registry = self.sender.deployment.registry
        delivery = Delivery(self.sender.pool, registry, self.queue, self._carrier, leases)  # type: ignore[arg-type]
        try:
            await delivery.deliver(job, self._handlers[job.kind])
        except Death:
            return

    async def recover(self) -> int:
        """Let everything come to rest, as another worker would; returns how many messages that took."""
        for side in (self.sender, self.receiver):
            side.plan()
        done = 0
        while True:
            await self.way.sender.fetch(FORGIVEN)
            await self.way.sender.fetch(DUE)
            async with self.sender.pool.connection() as connection:
                jobs = await self.queue.claim(connection, 50, 50)  # four at once for a remote that answers
            if not jobs:
                return done
            await asyncio.gather(*(self.deliver(job) for job in jobs))
            done += len(jobs)


@asynccontextmanager
async def idle_sides(shelf: Shelf, folder: Path) -> AsyncIterator[Sides]:
    """Both databases with their people, and no server on either."""
    async with AsyncExitStack() as stack:
        found = []
        for role in ("bpo", "dealer"):
            name = await stack.enter_async_context(shelf.database(await deployments.template(role)))
            deployment = Deployment(role, shared_cluster(), name, folder / f"{role}.log")
            deployment._pool = await stack.enter_async_context(await Pool.open(shared_cluster(), name, size=4))
            found.append(deployment)
        bpo, dealer = found
        nowhere: Any = Address("http://127.0.0.1:9")
        sides = Sides(bpo, dealer, nowhere, nowhere)
        await sides.introduce()
        yield sides
