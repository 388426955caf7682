"""The hand-over under random steps and faults: a few short runs here, long ones by `python -m bench.model_check`."""

from collections.abc import AsyncIterator

import pytest

from tests.handover.simulation.run import run
from tests.handover.simulation.world import Prepared, prepared

pytestmark = pytest.mark.concurrency


@pytest.fixture(scope="module")
async def made(tmp_path_factory) -> AsyncIterator[Prepared]:
    async with prepared(tmp_path_factory.mktemp("prepared")) as found:
        yield found


@pytest.mark.statement("X27")
async def test_what_a_seed_leads_to_is_the_same_each_time(made, tmp_path):
    first, again = [await run(6, 150, made, tmp_path) for _ in range(2)]
    other = await run(7, 150, made, tmp_path)

    assert first == again
    assert other.digest != first.digest
    assert first.strikes
