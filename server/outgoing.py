"""What goes out of a deployment: the key of its secrets, the outbox's handlers, and the worker that does its jobs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from models import deployment as models
from models.orm.registry import Registry
from models.sync.address import AddressPolicy
from models.sync.assembly import outbox_of
from models.sync.secrets import Vault
from server.database.connection import Connection
from server.database.pool import Pool
from server.log import request_id
from server.remotes import RemoteClients
from server.secret_key import load_secret_key
from server.settings import Settings, SettingsError
from server.worker import Watch, Worker

WORKER_CONNECTIONS = 3


def equip(registry: Registry, settings: Settings) -> None:
    """Give the models what they need to put messages into the outbox and to keep secrets."""
    registry.provide(Vault(load_secret_key(settings)))
    registry.provide(outbox_of(models.areas_of(settings.role), trace=request_id.get))


def policy_of(settings: Settings) -> AddressPolicy:
    """Which addresses may be the other side of a hand-over. Raises `SettingsError`."""
    try:
        return AddressPolicy.of(settings.remote_allow)
    except ValueError as error:
        raise SettingsError(f"remote_allow: {error}") from None


@asynccontextmanager
async def working(
    registry: Registry, settings: Settings, open_one: Callable[[], Awaitable[Connection]], watch: Watch | None = None
) -> AsyncIterator[Worker]:
    """Run the worker on connections of its own; at the end it finishes or gives back what it has begun."""
    pool, remotes = Pool(open_one, WORKER_CONNECTIONS), RemoteClients(policy_of(settings))
    worker = Worker(pool, registry, remotes, watch=watch)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.stop()
        await running
        await remotes.close()
        await pool.close()
