"""A worker as a process of its own, so that it can be killed: `python -m tests.sync.worker_process DATABASE LEASE`."""

import asyncio
import sys
from datetime import timedelta

from server.database.pool import Pool
from server.remotes import RemoteClients
from server.worker import Worker
from tests.cluster import shared_cluster
from tests.sync.conftest import LOOPBACK
from tests.sync.world import new_registry


async def work(database: str, lease: timedelta) -> None:
    async with await Pool.open(shared_cluster(), database, size=4) as pool:
        await Worker(pool, new_registry(), RemoteClients(LOOPBACK), poll_seconds=0.05, lease=lease).run()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], timedelta(seconds=float(sys.argv[2]))))
