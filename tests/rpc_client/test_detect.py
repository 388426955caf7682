"""Finding out what the other side speaks."""

import pytest

from rpc_client import AsyncClient, BadAnswer, BadStatus, Unreachable, UsageError
from tests.rpc_client.conftest import QUICK, client_of
from tests.rpc_client.stand_in import PASSWORD, StandIn, answering


async def test_each_dialect_is_recognised_and_used(any_server: StandIn) -> None:
    any_server.erp.answers["ping"] = lambda: "pong"
    async with client_of(any_server) as erp:
        assert await erp.execute("m", "ping") == "pong"

        assert erp.protocol in any_server._dialects


async def test_a_server_of_all_dialects_is_spoken_to_in_our_own() -> None:
    with StandIn("netforce", "odoo", "tandem") as server:
        async with client_of(server) as erp:
            await erp.version()

            assert erp.protocol == "tandem"


async def test_what_was_found_is_remembered(any_server: StandIn) -> None:
    any_server.erp.answers["ping"] = lambda: 1
    async with client_of(any_server) as erp:
        await erp.execute("m", "ping")
        before = len(any_server.received)

        await erp.execute("m", "ping")

    assert len(any_server.received) == before + 1


async def test_no_credentials_are_sent_before_the_dialect_is_known(any_server: StandIn) -> None:
    async with client_of(any_server, api_key="key-of-ada", password=None) as erp:
        await erp.spoken()

    assert "key-of-ada" not in str(any_server.received)
    assert PASSWORD not in str(any_server.received)


async def test_a_server_that_speaks_none_is_refused() -> None:
    with StandIn() as server:
        async with client_of(server) as erp:
            with pytest.raises(BadAnswer, match="neither"):
                await erp.version()


async def test_a_gateway_error_is_no_reason_to_try_another_dialect() -> None:
    with StandIn("tandem", "odoo") as server:
        server.faults.extend(answering("<html>", 503) for _ in range(3))
        async with client_of(server) as erp:
            with pytest.raises(BadStatus):
                await erp.version()

            assert erp.protocol is None


async def test_json_that_is_not_ours_is_not_taken_for_it() -> None:
    with StandIn("tandem", "odoo") as server:
        server.faults.append(answering('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}'))
        async with client_of(server) as erp:
            await erp.version()

            assert erp.protocol == "odoo"


async def test_nobody_there_is_unreachable() -> None:
    async with AsyncClient("http://127.0.0.1:1", retry=QUICK) as erp:
        with pytest.raises(Unreachable) as refused:
            await erp.version()

    assert refused.value.may_have_run is False


def test_a_protocol_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="tandem"):
        AsyncClient("http://127.0.0.1:1", protocol="soap")
