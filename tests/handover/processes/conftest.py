"""Both deployments, running for as long as this process has tests of them; each test makes leads of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests import deployments
from tests.cluster import scratch_database, shared_cluster
from tests.handover.sides import Sides, running_sides


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sides]:
    folder: Path = tmp_path_factory.mktemp("servers")
    async with (
        scratch_database(await deployments.template("bpo")) as bpo,
        scratch_database(await deployments.template("dealer")) as dealer,
        running_sides(shared_cluster(), bpo, dealer, folder) as sides,
    ):
        yield sides


@pytest_asyncio.fixture(loop_scope="session")
async def sides(both: Sides) -> AsyncIterator[Sides]:
    """Both sides, healthy at the beginning; what a test leaves on its way arrives before the next one."""
    yield both
    await both.healthy()
