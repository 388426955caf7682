"""Two deployments for tests of what crosses between them."""

from collections.abc import AsyncIterator

import pytest

from tests.crm.pair import Pair, connected_pair


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with connected_pair() as found:
        yield found
