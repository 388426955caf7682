"""One database for all tests of changes, whose work is committed, and somebody who follows."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from models.orm import Env
from tests import deployments
from tests.cluster import scratch_database
from tests.orm.changes.following import Follower, Office


@pytest.fixture(scope="module")
async def database() -> AsyncIterator[str]:
    """A database whose work is committed. Tests share it: each follower begins after what was there before."""
    async with scratch_database(await deployments.template("both")) as name:
        yield name


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        yield Office(database, stack)


@pytest.fixture
async def env(office: Office) -> Env:
    """The system, its statements committed one by one."""
    return await office.env()


@pytest.fixture
async def follower(office: Office) -> Follower:
    """Somebody of the sales department who has read all partners there are."""
    follower = Follower(await office.env(await office.user("sale.user")))
    await follower.ask()
    return follower
