"""Databases to migrate: an empty one, and one of the first release with a note in it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.database.connection import Connection, connect
from server.database.databases import create_database_if_missing
from tests.cluster import drop_database, new_name, scratch_database, shared_cluster
from tests.database.migrate.migrating import to
from tests.database.migrate.releases import FIRST


@pytest.fixture
async def connection(database) -> AsyncIterator[Connection]:
    opened = await connect(shared_cluster(), database)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def first() -> Any:
    """The name of a database of the first release with one note; to be copied."""

    async def fill(name: str) -> None:
        await create_database_if_missing(shared_cluster(), name)
        opened = await connect(shared_cluster(), name)
        await to(opened, FIRST)
        await opened.execute("insert into lib_note (name) values ('kept')")
        await opened.close()

    name = new_name("first")
    asyncio.run(fill(name))
    yield name
    asyncio.run(drop_database(name))


@pytest.fixture
async def old(first) -> AsyncIterator[Connection]:
    """A connection to a database of the first release that holds one note."""
    async with scratch_database(first) as name:
        opened = await connect(shared_cluster(), name)
        yield opened
        await opened.close()
