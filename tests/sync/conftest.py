"""A deployment around the outbox on a database of the test's own, workers on it, and the other side."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic
from typing import Any

import pytest

from models.orm import Registry
from models.sync.address import AddressPolicy
from server.database.pool import Pool
from server.remotes import RemoteClients
from server.worker import Worker
from tests.cluster import shared_cluster
from tests.restored import Shelf
from tests.sync.peer import PeerServer, running_peer
from tests.sync.world import World, new_registry, template

DEADLINE = 60.0
LOOPBACK = AddressPolicy.of(["127.0.0.1"])

Workers = Callable[..., AbstractAsyncContextManager[Worker]]


@pytest.fixture
async def world(shelf: Shelf) -> AsyncIterator[World]:
    async with shelf.database(await template()) as name, await Pool.open(shared_cluster(), name, size=12) as pool:
        yield World(name, pool, new_registry())


@pytest.fixture
async def peer() -> AsyncIterator[PeerServer]:
    async with running_peer() as server:
        yield server


@pytest.fixture
def working(world: World) -> Workers:
    """A worker at work: `async with working(parallel=4) as worker`. It looks often, so that tests need not wait."""

    @asynccontextmanager
    async def start(
        *, registry: Registry | None = None, stop_seconds: float = 5.0, **options: Any
    ) -> AsyncIterator[Worker]:
        remotes = RemoteClients(LOOPBACK)
        given = {"poll_seconds": 0.05, "chore_seconds": 0.1, **options}
        worker = Worker(world.pool, registry or world.registry, remotes, **given)
        task = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            await worker.stop(stop_seconds)
            await task
            await remotes.close()

    return start


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = DEADLINE) -> float:
    """Wait until it holds; returns the seconds that took."""
    started = monotonic()
    while not await holds():
        assert monotonic() - started < seconds, "it never came"
        await asyncio.sleep(0.02)
    return monotonic() - started
