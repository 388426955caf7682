"""What the simulations of both sides share."""

from collections.abc import AsyncIterator

import pytest

from tests.handover.simulation.world import Prepared, prepared


@pytest.fixture(scope="session")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prepared]:
    """Two databases that know each other."""
    async with prepared(tmp_path_factory.mktemp("prepared")) as found:
        yield found
