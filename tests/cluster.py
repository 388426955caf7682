"""One PostgreSQL for a whole test run, and quick copies of databases in it.

A pytest plugin; `tests/run_wide.py` says when the server starts and ends.
"""

import asyncio
import secrets
import shutil
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from server.database import databases
from server.database.address import DatabaseAddress
from server.database.embedded import EmbeddedPostgres
from tests.places import short_lived_folder
from tests.run_wide import RunWide


class Cluster:
    """The server of the run, in a thread with an event loop of its own: tests may ask for it inside theirs."""

    def __init__(self) -> None:
        self.home = short_lived_folder("pg-")
        self._postgres = EmbeddedPostgres(self.home, durable=False)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="PostgreSQL of the tests", daemon=True)
        self._thread.start()
        self._wait_for(self._postgres.start())

    def stop(self) -> None:
        """Stop the server and leave nothing behind."""
        self._wait_for(self._postgres.stop())
        self._wait_for(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        shutil.rmtree(self.home)

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


RUN = RunWide("CLUSTER_OF_THIS_TEST_RUN", Cluster)


def shared_cluster() -> DatabaseAddress:
    """The address of the run's PostgreSQL (fsync off), which is started if it is not running."""
    return DatabaseAddress.of_socket(RUN.home)


def new_name(prefix: str = "test") -> str:
    """A database name nobody else has."""
    return f"{prefix}_{secrets.token_hex(6)}"


async def copy_database(template: str) -> str:
    """A new database with all that the template holds; returns its name."""
    name = new_name()
    await databases.copy_database(shared_cluster(), template, name)
    return name


async def drop_database(name: str) -> None:
    """Remove a database, cutting off whoever is connected."""
    await databases.drop_database(shared_cluster(), name)


@asynccontextmanager
async def scratch_database(template: str | None = None) -> AsyncIterator[str]:
    """A database for one test, empty or a copy of the template; dropped at the end."""
    if template:
        name = await copy_database(template)
    else:
        name = new_name()
        await databases.create_database_if_missing(shared_cluster(), name)
    try:
        yield name
    finally:
        await drop_database(name)


def pytest_configure(config: pytest.Config) -> None:
    RUN.precede_workers(config)


def pytest_unconfigure() -> None:
    RUN.stop()
