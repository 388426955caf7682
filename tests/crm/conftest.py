"""Two deployments for tests of what crosses between them."""

from collections.abc import AsyncIterator

import pytest

from tests.crm.pair import Pair, connected_pair
from tests.restored import Shelf


@pytest.fixture
async def pair(shelf: Shelf, quick_passwords: None) -> AsyncIterator[Pair]:
    async with connected_pair(shelf) as found:
        yield found
