"""A database with documents, its administrator, and two users who see what they own."""

from collections.abc import AsyncIterator

import pytest

from models import base
from models.base.installation import create_administrator
from models.orm import Env
from server.database.connection import Connection, connect
from server.database.databases import create_database_if_missing
from server.database.migrate import migrate
from tests import deployments
from tests.base.documents.models import REGISTRY
from tests.cluster import new_name, shared_cluster


@pytest.fixture(scope="session")
async def documents_connection() -> AsyncIterator[Connection]:
    """One connection for all tests of this process that roll back."""
    name = new_name("documents")
    await create_database_if_missing(shared_cluster(), name)
    connection = await connect(shared_cluster(), name)
    await migrate(connection, registry=REGISTRY, data=base.DATA, first_start=_administrator)
    yield connection
    await connection.close()


async def _administrator(env: Env) -> None:
    await create_administrator(env, "correct horse battery staple")


@pytest.fixture
async def env(documents_connection: Connection) -> AsyncIterator[Env]:
    """An administrator; everything is rolled back after the test."""
    transaction = documents_connection.transaction()
    await transaction.start()
    yield Env(REGISTRY, documents_connection, deployments.user_of(REGISTRY, 2, "admin", ["base.admin"]))
    await transaction.rollback()


@pytest.fixture
async def agent(env: Env) -> Env:
    return deployments.as_user(env, await deployments.make_user(env, ["base.user"]))


@pytest.fixture
async def other(env: Env) -> Env:
    return deployments.as_user(env, await deployments.make_user(env, ["base.user"]))


@pytest.fixture
async def own(agent: Env) -> int:
    """A case of the agent's."""
    found: int = await agent["test.case"].create(agent, {"name": "Mine", "user_id": agent.user.id})
    return found
