"""Transactions: what is gathered, what goes over the wire, and what comes back; against a real server as well."""

import asyncio

import pytest

from rpc_client import AsyncClient, Connection, Result, UsageError, ValidationError, connect
from tests.rpc.conftest import PASSWORD, Running, app_of_the_module, prepared, running, stack
from tests.rpc_client.conftest import client_of
from tests.rpc_client.stand_in import StandIn

__all__ = ["app_of_the_module", "prepared", "running", "stack"]


@pytest.fixture
def url(running: Running) -> str:
    return running.endpoint.url


async def test_calls_are_carried_out_at_the_end_with_results_of_earlier_ones(running: Running, url: str) -> None:
    async with AsyncClient(url, login="clerk", password=PASSWORD) as erp:
        async with erp.transaction() as together:
            notes = together.get_model("test.note")
            parent = notes.create({"name": "parent", "stars": 3})
            rows = notes.read([parent], ["stars"])
            child = notes.create({"name": "child", "parent_id": parent, "stars": rows[0]["stars"]})
            assert await running.fetchval("select count(*) from test_note") == 0

        assert (child.value, rows[0]["stars"].value) == (parent.value + 1, 3)
        assert await erp.get_model("test.note").read([child.value], ["parent_id", "stars"]) == [
            {"id": child.value, "parent_id": [parent.value, "parent"], "stars": 3}
        ]


async def test_a_sync_block_does_the_same(running: Running, url: str) -> None:
    def script() -> list[Result]:
        with connect(url, login="clerk", password=PASSWORD) as erp, erp.transaction({"lang": "de_DE"}) as together:
            made = together.get_model("test.note").create({"name": "sync"})
            who = together.execute("test.note", "who", context={"tz": "UTC"})
            return [made, who["context"]]

    made, context = await asyncio.to_thread(script)

    assert context.value == {"lang": "de_DE", "tz": "UTC"}
    assert await running.fetchval("select id from test_note") == made.value


async def test_a_refusal_names_its_call_and_nothing_was_done(running: Running, url: str) -> None:
    async with AsyncClient(url, login="clerk", password=PASSWORD) as erp:
        with pytest.raises(ValidationError) as refused:
            async with erp.transaction() as together:
                made = together.get_model("test.note").create({"name": "kept?"})
                together.get_model("test.note").create({"name": "many", "stars": 9})

    assert (refused.value.data["call"], refused.value.key) == (1, "validation")
    assert await running.fetchval("select count(*) from test_note") == 0
    with pytest.raises(UsageError):
        _ = made.value


async def test_a_key_makes_it_repeatable(running: Running, url: str) -> None:
    async with AsyncClient(url, login="clerk", password=PASSWORD) as erp:
        for _ in range(2):
            async with erp.transaction(idempotency_key="client's transaction") as together:
                made = together.get_model("test.note").create({"name": "once"})

    assert await running.fetchval("select array_agg(id) from test_note") == [made.value]


async def test_an_exception_in_the_block_sends_nothing(tandem: StandIn, client: AsyncClient) -> None:
    with pytest.raises(ZeroDivisionError):
        async with client.transaction() as together:
            together.get_model("m").create({})
            raise ZeroDivisionError

    assert tandem.received == []


async def test_an_empty_block_sends_nothing(tandem: StandIn, client: AsyncClient) -> None:
    async with client.transaction():
        pass

    assert tandem.received == []


def test_a_result_is_known_at_the_end_and_of_one_transaction(connection: Connection) -> None:
    first, second = connection.transaction(), connection.transaction()
    made = first.get_model("m").create({})

    with pytest.raises(UsageError):
        _ = made.value
    with pytest.raises(UsageError):
        list(made)
    with pytest.raises(UsageError):
        second.get_model("m").read([made])


@pytest.mark.parametrize("protocol", ["odoo", "netforce"])
async def test_other_servers_know_no_transaction_of_several_calls(protocol: str) -> None:
    with StandIn(protocol) as server:
        async with client_of(server, protocol=protocol) as erp:
            with pytest.raises(UsageError):
                async with erp.transaction() as together:
                    together.get_model("m").create({})
