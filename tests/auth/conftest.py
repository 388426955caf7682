"""What the tests of authentication share: a deployment's database of their own, and processes that serve it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from models import deployment
from models.orm import Env
from models.orm.errors import AppError
from server.auth import Authenticator, SessionPolicy
from server.database.pool import Pool
from tests import deployments
from tests.cluster import shared_cluster

ADDRESS = "192.0.2.1"
ELSEWHERE = "198.51.100.7"
LOGIN = "agent@example.ph"
PASSWORD = "a long enough password"


async def refusal(authenticator: Authenticator, login: str, password: str, **options: Any) -> AppError:
    """The error that a login gets."""
    with pytest.raises(AppError) as caught:
        await authenticator.login(login, password, **{"address": ADDRESS, **options})
    return caught.value


@pytest.fixture
async def pool(fresh_database: str) -> AsyncIterator[Pool]:
    """Connections to a database of the test's own, in which every change is committed."""
    async with await Pool.open(shared_cluster(), fresh_database, size=4) as opened:
        yield opened


@pytest.fixture
def process(pool: Pool, fresh_database: str) -> Callable[..., Authenticator]:
    """Make what one server process has of its own: its caches."""

    def make(policy: SessionPolicy | None = None, **options: Any) -> Authenticator:
        return Authenticator(pool, deployment.registry_for("both"), fresh_database, policy, **options)

    return make


@pytest.fixture
def authenticator(process: Callable[..., Authenticator]) -> Authenticator:
    """One server process."""
    return process()


@pytest.fixture
def as_admin(pool: Pool) -> Callable[[Callable[[Env], Awaitable[Any]]], Awaitable[Any]]:
    """Run something in a committed call of the system."""

    async def run(work: Callable[[Env], Awaitable[Any]]) -> Any:
        async with pool.connection() as connection, connection.transaction():
            return await work(deployments.system_env(connection))

    return run


@pytest.fixture
async def agent(as_admin: Any) -> int:
    """The id of an internal user who logs in as `agent` with PASSWORD."""

    async def make(env: Env) -> int:
        values = {"name": "Agent", "login": "Agent@Example.ph", "password": PASSWORD}
        [user_id] = await env["res.users"].insert(env, [values])
        return user_id

    created: int = await as_admin(make)
    return created
