"""Both deployments, running for as long as this process has tests of them; each test makes leads of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests import deployments
from tests.cluster import scratch_database, shared_cluster
from tests.handover.sides import Sides, running_sides
from tests.handover.ways import Way, ways


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sides]:
    folder: Path = tmp_path_factory.mktemp("servers")
    templates = await asyncio.gather(*(deployments.template(role) for role in ("bpo", "dealer")))
    async with (
        scratch_database(templates[0]) as bpo,
        scratch_database(templates[1]) as dealer,
        running_sides(shared_cluster(), bpo, dealer, folder) as sides,
    ):
        yield sides


@pytest_asyncio.fixture(loop_scope="session")
async def sides(both: Sides) -> AsyncIterator[Sides]:
    """Both sides, healthy at the beginning; what a test leaves on its way arrives before the next one."""
    before = faults_of_our_own(both)
    yield both
    await both.healthy()
    assert faults_of_our_own(both)[len(before) :] == []


def faults_of_our_own(sides: Sides) -> list[str]:
    """What the servers' logs call an internal error: whatever the other side does, there is none."""
    lines = [line for one in (sides.bpo, sides.dealer) for line in one.log().splitlines()]
    return [line for line in lines if "internal error" in line]


CALLBACK_AND_ENDORSEMENT = ["callback", pytest.param("endorsement", marks=pytest.mark.statement("X28"))]


@pytest_asyncio.fixture(loop_scope="session", params=CALLBACK_AND_ENDORSEMENT)
async def way(sides: Sides, request: pytest.FixtureRequest) -> Way:
    """The callback, then the endorsement: what is proved of one is proved of the other."""
    return ways(sides)[request.param]
