"""One side of the hand-over in a simulation: its server, and workers that go on only when they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import asyncpg

from models.orm.env import User
from models.orm.errors import AppError
from models.sync.address import AddressPolicy
from models.sync.handler import RemoteAccount
from models.sync.queue import Job
from rpc_client import AsyncClient
from rpc_client.exchange import HttpAnswer, HttpRequest
from server.auth import Authenticator
from server.database.connection import Connection, session_settings
from server.database.pool import Pool
from server.deployment import Deployment as Served
from server.execute import Call, Executor
from server.metrics import Metrics
from server.protocols.jsonrpc import dispatch
from server.protocols.native import METHODS, Exchange
from server.protocols.openrpc import Discovery
from server.remotes import RemoteClients
from server.settings import Settings
from server.worker import PARALLEL, Worker
from tests import deployments
from tests.handover.deployments import Deployment
from tests.handover.points import Death, Plan
from tests.handover.simulation.clock import SEARCH_PATH, Clock, SimulatedConnection, on_the_wall
from tests.handover.simulation.wire import Wire

NEVER = 1e9
SOON = 0.002


class WiredClients(RemoteClients):
    """The clients of one worker, whose requests go by the simulated wire."""

    def __init__(self, wire: Wire, sender: Any) -> None:
        super().__init__(AddressPolicy(), call_seconds=NEVER)
        self._wire = wire
        self._sender = sender

    def _made(self, account: RemoteAccount) -> AsyncClient:
        client = super()._made(account)
        transport: Any = self._wire.transport(self._sender, client.url.host or "")
        client._transport = transport
        return client


@dataclass
class Arrival:
    """What an endpoint asks of a request beside its body."""

    headers: dict[str, str]
    remote: str = "192.0.2.1"


class Hand:
    """A worker process: it may sleep, and it may end at any moment, after which another one has its place."""

    worker: Worker

    def __init__(self) -> None:
        self.sleeps = False
        self.left: list[asyncio.Task[Any]] = []

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What it is doing."""
        return list(self.worker._running.values())


class Site:
    """One side."""

    def __init__(self, deployment: Deployment, clock: Clock, wire: Wire, hands: int = 2) -> None:
        self.deployment = deployment
        self.role = deployment.role
        self.clock = clock
        self.wire = wire
        self.ghosts: list[int] = []
        given = {"plan": Plan(), "types": {}, "clock": clock, "ghosts": self.ghosts}
        self.connections: type[SimulatedConnection] = type("Simulated", (SimulatedConnection,), given)
        self.pool = Pool(self._open, 8)
        self.executor = Executor(deployment.registry, self.pool, Metrics())
        self._served = self._serve()
        self._people: dict[str, User] = {}
        self.hands = [Hand() for _ in range(hands)]
        for hand in self.hands:
            self._begin(hand)
        wire.receivers[self.role] = self.receive

    @property
    def jobs(self) -> list[Job]:
        """What its workers are doing."""
        return [job for hand in self.hands for job in hand.worker._running]

    def plan(self, **values: Any) -> Plan:
        """What happens at which statement from now on."""
        self.connections.plan = Plan(**values)
        return self.connections.plan

    async def call(self, login: str, group: str, model: str, method: str, *args: Any) -> tuple[str, Any]:
        """A call of one of its people: "ok" and the answer, or the key of the refusal, or how it ended instead."""
        if login not in self._people:
            user_id = await self.deployment.value("select id from res_users where login = $1", login)
            self._people[login] = deployments.user_of(self.deployment.registry, user_id, login, [group])
        on_the_wall.set(self.clock)
        try:
            return "ok", await self.executor.execute(Call(model, method, args), self._people[login])
        except AppError as error:
            return error.key, None
        except Death:
            return "died", None

    async def receive(self, request: HttpRequest) -> HttpAnswer | None:
        """Answer a request of the other side; None when the process ended before it could."""
        on_the_wall.set(self.clock)
        arrival: Any = Arrival(dict(request.headers))
        try:
            answer = await dispatch(METHODS, Exchange(self._served, arrival, Discovery()), request.body)
        except Death:
            return None
        return HttpAnswer(200, answer or b"")

    async def claim(self, hand: Hand) -> int:
        """Let a worker take one job, if one is due; returns how many that were."""
        worker = hand.worker

        async def take(connection: Connection) -> int:
            jobs = await worker.queue.claim(connection, 1, PARALLEL // 2)
            for job in jobs:
                worker._leases.begin(job.claim, self.clock.time.seconds)
                worker._start(job)
                worker._running[job].add_done_callback(_is_over)
            return len(jobs)

        return await self._step(hand, worker._shielded(take)) or 0

    async def renew(self, hand: Hand) -> None:
        """Let a worker prolong its leases."""
        if hand.worker.running:
            await self._step(hand, hand.worker._shielded(hand.worker._renew))

    async def reap(self, hand: Hand) -> int:
        """Let a worker free what others have lost."""
        return await self._step(hand, hand.worker._shielded(hand.worker.queue.reap)) or 0

    async def catch_up(self, hand: Hand) -> None:
        """Let a worker put right what the clock, set back, would hold up."""
        await self._step(hand, hand.worker._shielded(hand.worker.queue.catch_up))

    async def probe(self, hand: Hand) -> int:
        """Let a worker ask failing remotes whether they are there again; returns how many it asked."""
        asked = await self._step(hand, hand.worker._shielded(hand.worker.queue.to_probe)) or []
        for job in asked:
            hand.left.append(asyncio.create_task(hand.worker._probe(job)))
        await self.quiet()
        return len(asked)

    def end(self, hand: Hand) -> None:
        """End a worker's process as a power cut does, and start another in its place."""
        for flight in list(self.wire.waiting):
            if flight.sender is hand:
                flight.fail(Death())
        hand.left += hand.tasks
        hand.sleeps = False
        self._begin(hand)

    async def quiet(self) -> None:
        """Wait until everything that goes on here waits for the other side."""
        while busy := self._busy():
            self.wire.came.clear()
            news = asyncio.create_task(self.wire.came.wait())
            await asyncio.wait({*busy, news}, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
        await asyncio.sleep(0)  # for what tasks have left to be done after their ends
        await self._lay_ghosts()

    async def close(self) -> None:
        """End everything."""
        for hand in self.hands:
            self.end(hand)
        await self.quiet()
        await self.pool.close()

    def _busy(self) -> list[asyncio.Task[Any]]:
        waiting = {flight.task for flight in self.wire.waiting if flight.is_waited_for}
        tasks: list[asyncio.Task[Any]] = [*self.pool._cleaning]
        for hand in self.hands:
            hand.left = [task for task in hand.left if not _is_over(task)]
            tasks += [*hand.tasks, *hand.left]
        return [task for task in tasks if task not in waiting and not task.done()]

    async def _step(self, hand: Hand, work: Awaitable[Any]) -> Any:
        """One step of a worker, which may be its last: then None."""
        on_the_wall.set(self.clock)
        try:
            answer = await work
        except Death:
            self.end(hand)
            answer = None
        await self.quiet()
        return answer

    async def _lay_ghosts(self) -> None:
        """Wait until PostgreSQL has noticed which sessions are gone: until then they hold their locks."""
        while self.ghosts:
            asked = "select count(*) from pg_stat_activity where pid = any($1::int[])"
            if await self.deployment.value(asked, self.ghosts):
                await asyncio.sleep(SOON)
            else:
                self.ghosts.clear()

    def _begin(self, hand: Hand) -> None:
        """Start a process."""
        clients = WiredClients(self.wire, hand)
        hand.worker = Worker(self.pool, self.deployment.registry, clients, send_seconds=NEVER)

    def _serve(self) -> Served:
        """The server, which looks at credentials on connections that never break: it remembers them for a while."""
        registry, plain = self.deployment.registry, self.deployment.plain_pool
        authenticator = Authenticator(plain, registry, self.deployment.database)
        settings = Settings(role=self.role, database_name=self.deployment.database)  # type: ignore[arg-type]
        return Served(settings, registry, self.pool, authenticator, self.executor, Metrics())

    async def _open(self) -> Any:
        arguments = self.deployment.address.connect_arguments(self.deployment.database)
        told = session_settings("simulated") | {"search_path": SEARCH_PATH}
        return await asyncpg.connect(**arguments, connection_class=self.connections, server_settings=told)


def _is_over(task: asyncio.Task[Any]) -> bool:
    """Whether it has ended; how does not matter, but somebody has to have looked."""
    if task.done() and not task.cancelled():
        task.exception()
    return task.done()
