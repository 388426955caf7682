"""What is sent again, and above all what is not."""

import time

import pytest

from rpc_client import AsyncClient, BadStatus, BusyError, ConnectionLost, RetryPolicy, Timeout, Unreachable
from rpc_client.errors import RateError, RpcError, UserError
from tests.rpc_client.conftest import client_of
from tests.rpc_client.stand_in import Refusal, StandIn, always, answering, cut, waiting


@pytest.fixture
async def ready(tandem: StandIn, client: AsyncClient) -> AsyncClient:
    """A client that is logged in, and a server that counts creates and reads."""
    tandem.erp.answers["create"] = always(1)
    tandem.erp.answers["read"] = always([])
    await client.login()
    return client


def sent(server: StandIn, method: str) -> int:
    """How often a call of the method reached the server."""
    calls = [request.document["params"] for request in server.received if request.document["method"] == "execute"]
    return sum(call["method"] == method for call in calls)


async def test_a_write_is_not_sent_again_after_a_cut_connection(tandem: StandIn, ready: AsyncClient) -> None:
    tandem.faults.append(cut)

    with pytest.raises(ConnectionLost) as lost:
        await ready.get_model("m").create({})

    assert lost.value.may_have_run is True
    assert sent(tandem, "create") == 1


async def test_a_read_is_sent_again_after_a_cut_connection(tandem: StandIn, ready: AsyncClient) -> None:
    tandem.faults.append(cut)

    assert await ready.get_model("m").read([1]) == []

    assert sent(tandem, "read") == 2


async def test_a_write_with_a_key_is_sent_again_with_the_same_key(tandem: StandIn, ready: AsyncClient) -> None:
    tandem.faults.append(cut)

    assert await ready.get_model("m").create({}, idempotency_key="event-1") == 1

    assert [request.headers.get("Idempotency-Key") for request in tandem.received[1:]] == ["event-1", "event-1"]


@pytest.mark.parametrize("protocol", ["odoo", "netforce"])
async def test_a_key_means_nothing_to_servers_that_do_not_keep_it(protocol: str) -> None:
    with StandIn(protocol) as server:
        server.erp.answers["create"] = always(1)
        async with client_of(server, protocol=protocol) as erp:
            await erp.login()
            server.faults.append(cut)

            with pytest.raises(ConnectionLost):
                await erp.get_model("m").create({}, idempotency_key="event-1")

        assert server.calls("create") == 0
        assert len(server.received) == 2


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_gateway_status_is_tried_again_for_reads_alone(
    tandem: StandIn, ready: AsyncClient, status: int
) -> None:
    tandem.faults.append(answering("<html>", status))
    assert await ready.get_model("m").read([1]) == []

    tandem.faults.append(answering("<html>", status))
    with pytest.raises(BadStatus):
        await ready.get_model("m").create({})

    assert (sent(tandem, "read"), sent(tandem, "create")) == (2, 1)


async def test_tries_are_limited(tandem: StandIn, ready: AsyncClient) -> None:
    tandem.faults.extend([cut] * 5)

    with pytest.raises(ConnectionLost):
        await ready.get_model("m").read([1])

    assert sent(tandem, "read") == 3


async def test_an_answer_is_never_asked_for_again(tandem: StandIn, ready: AsyncClient) -> None:
    def refuse(ids: list[int]) -> None:
        raise Refusal("no")

    tandem.erp.answers["read"] = refuse

    with pytest.raises(UserError):
        await ready.get_model("m").read([1])

    assert sent(tandem, "read") == 1


async def test_a_busy_server_is_asked_again(tandem: StandIn, ready: AsyncClient) -> None:
    def refuse(ids: list[int]) -> None:
        raise Refusal("busy", code=503, key="busy")

    tandem.erp.answers["read"] = refuse

    with pytest.raises(BusyError):
        await ready.get_model("m").read([1])

    assert sent(tandem, "read") == 3


async def test_the_deadline_holds_over_all_tries(tandem: StandIn, ready: AsyncClient) -> None:
    tandem.faults.extend([waiting(5.0)] * 3)
    start = time.monotonic()

    with pytest.raises(Timeout):
        await ready.execute("m", "read", [[1]], timeout=0.2)

    assert time.monotonic() - start < 1.0


async def test_a_wait_beyond_the_deadline_is_not_begun(tandem: StandIn, ready: AsyncClient) -> None:
    tandem.faults.append(answering("", 503, headers={"Retry-After": "3600"}))
    start = time.monotonic()

    with pytest.raises(BadStatus) as refused:
        await ready.get_model("m").read([1])

    assert refused.value.retry_after == 3600
    assert time.monotonic() - start < 1.0


UNSENT = Unreachable("gone", may_have_run=False)
LOST = ConnectionLost("cut", may_have_run=True)


@pytest.mark.parametrize(
    ("error", "repeatable", "again"),
    [
        (UNSENT, False, True),
        (UNSENT, True, True),
        (Timeout("connect", may_have_run=False), False, True),
        (LOST, False, False),
        (LOST, True, True),
        (Timeout("late", may_have_run=True), False, False),
        (RateError("slowly"), True, False),
        (RateError("slowly", retry_after=1), True, True),
        (RateError("slowly", retry_after=1), False, False),
        (UserError("no"), True, False),
        (BadStatus(500), True, False),
    ],
)
def test_what_is_passing_and_safe_is_tried_again(error: RpcError, *, repeatable: bool, again: bool) -> None:
    assert (RetryPolicy().wait_after(error, 1, repeatable=repeatable) is not None) is again


def test_waits_grow_up_to_their_bound_and_differ() -> None:
    policy = RetryPolicy(tries=50, first_wait=0.1, longest_wait=2.0)

    waits = [policy.wait_after(UNSENT, tried, repeatable=True) or 0.0 for tried in range(1, 50)]

    assert max(waits[:2]) <= 0.2
    assert max(waits) <= 2.0
    assert len(set(waits)) == len(waits)


def test_the_wait_that_the_other_side_asks_for_is_kept() -> None:
    wait = RetryPolicy().wait_after(BadStatus(503, 7.0), 1, repeatable=True)

    assert wait is not None
    assert wait >= 7.0
