"""What all tests share: a database of a whole deployment, rolled back after each test, or a copy of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from models import deployment
from models.base import passwords
from models.orm import Env
from server.database.connection import Connection, connect
from tests import deployments
from tests.cluster import shared_cluster
from tests.restored import Shelf

# How long an example takes says something of the machine, nothing of the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(scope="session")
async def kept_connection() -> AsyncIterator[Connection]:
    """One connection for all tests of this process that roll back: its plans and PostgreSQL's caches stay warm."""
    connection = await connect(shared_cluster(), await deployments.workspace("both"))
    yield connection
    await connection.close()


@pytest.fixture
async def connection(kept_connection: Connection) -> AsyncIterator[Connection]:
    """A connection to a deployment of both roles, in a transaction that is rolled back after the test."""
    transaction = kept_connection.transaction()
    await transaction.start()
    try:
        yield kept_connection
    finally:
        await transaction.rollback()


@pytest.fixture
async def env(connection: Connection) -> Env:
    """The first administrator, with all groups, on a deployment of both roles."""
    registry = deployment.registry_for("both")
    admin = await connection.fetchval("select id from res_users where login = 'admin'")
    return Env(registry, connection, deployments.user_of(registry, admin, "admin", list(registry.groups)))


@pytest.fixture
def as_user(env: Env) -> Callable[..., Awaitable[Env]]:
    """Make a user with some groups; `await as_user("dealer.user")` gives the surroundings in that user's hands."""

    async def make(*groups: str, **options: Any) -> Env:
        user = await deployments.make_user(env, groups)
        return deployments.as_user(env, user, **options)

    return make


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Argon2id at its least cost, for tests that log in often; tests/auth/test_hashing.py asks what it costs."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


@pytest.fixture(scope="session")
async def shelf() -> AsyncIterator[Shelf]:
    """Databases for one test after the other: `async with shelf.database(template) as name`."""
    kept = Shelf()
    yield kept
    await kept.clear()


@pytest.fixture
async def fresh_database(shelf: Shelf) -> AsyncIterator[str]:
    """The name of a deployment's database for this test alone: for commits, several connections, a server."""
    async with shelf.database(await deployments.template("both")) as name:
        yield name
