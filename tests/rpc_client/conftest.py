"""Stand-in servers and clients for them."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from rpc_client import AsyncClient, Connection, RetryPolicy, connect
from tests.rpc_client.stand_in import PASSWORD, StandIn

QUICK = RetryPolicy(first_wait=0.001)


@pytest.fixture
def tandem() -> Iterator[StandIn]:
    with StandIn("tandem") as server:
        yield server


@pytest.fixture(params=["tandem", "odoo", "netforce"])
def any_server(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    """One server after the other, each speaking one dialect."""
    with StandIn(request.param) as server:
        yield server


def client_of(server: StandIn, **options: Any) -> AsyncClient:
    """A client that logs in with the right password, unless told otherwise."""
    given = {"database": "db", "login": "ada", "password": PASSWORD, "retry": QUICK, **options}
    return AsyncClient(server.url, **given)


@pytest.fixture
async def client(tandem: StandIn) -> AsyncIterator[AsyncClient]:
    async with client_of(tandem, protocol="tandem") as erp:
        yield erp


@pytest.fixture
def connection(tandem: StandIn) -> Iterator[Connection]:
    with connect(tandem.url, database="db", login="ada", password=PASSWORD, protocol="tandem") as erp:
        yield erp
