"""The worker: does the jobs of the outbox, beside the callers in each server process or alone as `tandem worker`.

Any number of workers may share one outbox. A worker that dies leaves its jobs to their leases: some six seconds later
any other does them again. One that is stopped takes nothing more, waits for what it has begun, and gives the rest back.
"""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TypeVar

import asyncpg
import structlog

from models.orm.registry import Registry
from models.sync.handler import Outbox, Remotes
from models.sync.queue import Figures, Job, Limits, Queue, figures
from server.database.connection import Connection
from server.database.errors import is_lost
from server.database.pool import Pool
from server.delivery import DATABASE_AWAY, SEND_SECONDS, Delivery, Leases
from server.internal_error import reported

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)

PARALLEL = 128
POLL_SECONDS = 1.0
CHORE_SECONDS = 5.0
LEASE = timedelta(seconds=6)  # how long a dead worker holds up what it had; a live one renews four times in that
RENEWALS = 4
STOP_SECONDS = 20.0
UNREACHABLE: tuple[type[Exception], ...] = (asyncpg.PostgresError, *DATABASE_AWAY)


NO_FIGURES = Figures(0, 0, 0, timedelta(0), timedelta(0), 0, 0)


@dataclass(slots=True)
class Watch:
    """How the outbox is doing, as of the worker's last round of chores."""

    figures: Figures = NO_FIGURES


class Worker:
    """Claims due jobs and does up to `parallel` of them at once: sending is waiting, and costs no database connection.

    The registry must have been provided with an `Outbox`. `queues` limits the worker to some queues.
    """

    def __init__(
        self,
        pool: Pool,
        registry: Registry,
        remotes: Remotes,
        *,
        parallel: int = PARALLEL,
        queues: Sequence[str] = (),
        limits: Limits | None = None,
        lease: timedelta = LEASE,
        poll_seconds: float = POLL_SECONDS,
        chore_seconds: float = CHORE_SECONDS,
        send_seconds: float = SEND_SECONDS,
        ahead: timedelta = timedelta(0),
        watch: Watch | None = None,
    ) -> None:
        outbox = registry.service(Outbox)
        if outbox is None:
            raise LookupError("no outbox was provided to the registry")
        outbox.wake = self.wake
        name = f"{socket.gethostname()[:40]}:{os.getpid()}"
        self.queue = Queue(name, list(outbox.handlers), queues=queues, limits=limits, lease=lease, ahead=ahead)
        self.done: Counter[str] = Counter()
        self.watch = watch or Watch()
        self._handlers = outbox.handlers
        self._pool = pool
        self._leases = Leases(lease.total_seconds())
        self._delivery = Delivery(pool, registry, self.queue, remotes, self._leases, send_seconds=send_seconds)
        self._parallel = parallel
        self._poll_seconds = poll_seconds
        self._chore_seconds = chore_seconds
        self._news = asyncio.Event()
        self._stopping = False
        self._waiting: asyncio.Timeout | None = None  # for a connection, with no job in hand
        self._patience = STOP_SECONDS
        self._over = asyncio.Event()
        self._over.set()
        self._running: dict[Job, asyncio.Task[None]] = {}

    @property
    def running(self) -> int:
        """How many jobs are being done."""
        return len(self._running)

    def wake(self) -> None:
        """There may be something to do. To be called in the worker's event loop."""
        self._news.set()

    async def run(self) -> None:
        """Work until `stop` is called; returns when nothing is being done any more."""
        self._over.clear()
        background = [asyncio.create_task(self._keep_leases()), asyncio.create_task(self._do_chores())]
        try:
            while not self._stopping:
                self._news.clear()
                await self._take_jobs()
                await self._news_or_a_while()
            if self._running:
                await asyncio.wait(self._running.values(), timeout=self._patience)
        finally:
            await _cancelled(background)
            await self._give_back()
            self._over.set()

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Take no more jobs, give those begun some time, then give back what is not finished."""
        if self._waiting is not None and not self._stopping:
            self._waiting.reschedule(0)
        self._stopping, self._patience = True, seconds
        self._news.set()
        await self._over.wait()

    async def _give_back(self) -> None:
        unfinished = dict(self._running)
        await _cancelled(unfinished.values())
        if unfinished:
            log.info("jobs given back", jobs=len(unfinished))
            await self._shielded(lambda connection: self.queue.release(connection, unfinished))

    async def _news_or_a_while(self) -> None:
        """Wait until there is something to do, or until it is time to look anyway."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll_seconds):
                await self._news.wait()

    async def _take_jobs(self) -> None:
        """Claim what is due. A stopped worker does not wait for a connection to do so: the database may be away."""
        try:
            async with asyncio.timeout(None) as self._waiting:
                await self._shielded(self._claim)
        except TimeoutError:
            log.info("stopped while waiting for the database")
        finally:
            self._waiting = None

    async def _claim(self, connection: Connection) -> None:
        if self._waiting is not None:
            self._waiting.reschedule(None)  # cut off from here on, it would lose the jobs that it was given
            self._waiting = None
        room = self._parallel - len(self._running)
        suspects = self._parallel // 2 - sum(job.suspect for job in self._running)
        if room <= 0:
            return
        since = monotonic()
        for job in await self.queue.claim(connection, room, suspects):
            self._leases.begin(job.claim, since)
            self._start(job)

    def _start(self, job: Job) -> None:
        task = asyncio.create_task(self._delivery.deliver(job, self._handlers[job.kind]))
        self._running[job] = task
        task.add_done_callback(lambda _: self._ended(job))

    def _ended(self, job: Job) -> None:
        self._running.pop(job, None)
        self._leases.end(job.claim)
        self.done[job.kind] += 1
        self._news.set()

    async def _keep_leases(self) -> None:
        """Renew our leases, then take what those of lost workers have run out on."""
        while True:
            await asyncio.sleep(self.queue.lease.total_seconds() / RENEWALS)
            if self._running:
                await self._shielded(self._renew)
            if freed := await self._shielded(self.queue.reap):
                log.warning("jobs of a lost worker freed", jobs=freed)
                self._news.set()

    async def _renew(self, connection: Connection) -> None:
        jobs, since = list(self._running), monotonic()
        still_ours = await self.queue.renew(connection, jobs)
        for job in jobs:
            if job.claim in still_ours:
                self._leases.begin(job.claim, since)
            elif task := self._running.get(job):
                log.warning("job is another worker's by now", job=job.id, kind=job.kind)
                self._leases.end(job.claim)
                task.cancel()

    async def _do_chores(self) -> None:
        """Add the jobs of schedules, look after failing remotes."""
        while True:
            await self._shielded(self.queue.catch_up)
            self.watch.figures = await self._shielded(figures) or self.watch.figures
            if await self._shielded(self.queue.fire):
                self._news.set()
            for job in await self._shielded(self.queue.to_probe) or []:
                await self._probe(job)
            await asyncio.sleep(self._chore_seconds)

    async def _probe(self, job: Job) -> None:
        if await self._delivery.probe(job, self._handlers[job.kind]):
            await self._shielded(lambda connection: self.queue.reached(connection, job, by_probe=True))
            self._news.set()

    async def _shielded(self, work: Callable[[Connection], Awaitable[Answer]]) -> Answer | None:
        """Run statements of the queue; a database that is away costs a line in the log and another try later."""
        try:
            async with self._pool.connection() as connection:
                return await work(connection)
        except UNREACHABLE as error:
            log.warning("the outbox cannot be reached", reason=type(error).__name__)
        except Exception as error:  # noqa: BLE001 the worker goes on
            if is_lost(error):
                log.warning("the outbox cannot be reached", reason=type(error).__name__)
            else:
                reported(error, outbox=True)
        return None


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for their ends."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
