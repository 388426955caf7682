"""A database with the library's tables, and callers of every kind in it.

Each test runs in a transaction that is rolled back; `library_database` is a copy for tests of commits and locks.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from models.orm import Context, Env, Registry, User
from models.orm.dialect import NATIVE, Dialect
from models.orm.schema import schema_of, schema_text
from server.database.connection import Connection, connect
from tests.cluster import drop_database, new_name, scratch_database, shared_cluster
from tests.orm import library, stock
from tests.orm.reference import World

MakeEnv = Callable[..., Env]

FIXED = """
insert into res_company (name) values ('North'), ('South'), ('East');
insert into res_users (name) values ('Root'), ('Clara'), ('Rob'), ('Hedda');
"""
ROOT, CLARA, ROB, HEDDA = 1, 2, 3, 4
NORTH, SOUTH, EAST = 1, 2, 3


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry(library.MODELS, library.GROUPS)


@pytest.fixture(scope="session")
def library_template(registry: Registry) -> Iterator[str]:
    name = new_name("library")
    asyncio.run(_prepare(name, schema_text(schema_of(registry)) + FIXED))
    yield name
    asyncio.run(drop_database(name))


async def _prepare(name: str, sql: str) -> None:
    from server.database.databases import create_database_if_missing

    await create_database_if_missing(shared_cluster(), name)
    connection = await connect(shared_cluster(), name)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def library_connection(library_template: str) -> AsyncIterator[Connection]:
    """One connection for all tests of this process that roll back, to a copy: a template in use cannot be copied."""
    async with scratch_database(library_template) as name:
        connection = await connect(shared_cluster(), name)
        yield connection
        await connection.close()


@pytest.fixture(scope="session")
async def stocked_connection(library_template: str) -> AsyncIterator[Connection]:
    """The same to a library with its stock, for the tests that ask for the `world`."""
    async with scratch_database(library_template) as name:
        connection = await connect(shared_cluster(), name)
        await stock.fill(connection)
        yield connection
        await connection.close()


@pytest.fixture
async def connection(
    request: pytest.FixtureRequest, library_connection: Connection, stocked_connection: Connection
) -> AsyncIterator[Connection]:
    """A connection in a transaction that is rolled back after the test."""
    found = stocked_connection if "world" in request.fixturenames else library_connection
    transaction = found.transaction()
    await transaction.start()
    try:
        yield found
    finally:
        await transaction.rollback()


@pytest.fixture
async def library_database(library_template: str) -> AsyncIterator[str]:
    async with scratch_database(library_template) as name:
        yield name


def caller(
    registry: Registry,
    connection: Connection,
    *groups: str,
    dialect: Dialect = NATIVE,
    companies: tuple[int, ...] = (NORTH,),
    user: int = CLARA,
    tz: str = "UTC",
    **context: Any,
) -> Env:
    """The surroundings of a call by a user in these groups, implied ones included."""
    names = {ROOT: "Root", CLARA: "Clara", ROB: "Rob", HEDDA: "Hedda"}
    name = names.get(user, f"User {user}")
    effective = registry.effective_groups(groups)
    who = User(user, name.lower(), name, effective, companies[0], companies, tz=tz)
    return Env(registry, connection, who, Context.of(context), dialect)


@pytest.fixture
def make_env(registry: Registry, connection: Connection) -> MakeEnv:
    def make(*groups: str, **options: Any) -> Env:
        return caller(registry, connection, *groups, **options)

    return make


@pytest.fixture
def env_head(make_env: MakeEnv) -> Env:
    return make_env("lib.head", user=HEDDA)


@pytest.fixture
def env_clerk(make_env: MakeEnv) -> Env:
    return make_env("lib.clerk", user=CLARA)


@pytest.fixture
def env_reader(make_env: MakeEnv) -> Env:
    return make_env("lib.reader", user=ROB)


@pytest.fixture(scope="session")
async def stock_of_the_library(registry: Registry, stocked_connection: Connection) -> World:
    return await World.of(registry.models, stocked_connection)


@pytest.fixture
def world(stock_of_the_library: World) -> World:
    """The stock is in; all of it as plain rows, a copy for the test."""
    return copy.deepcopy(stock_of_the_library)
