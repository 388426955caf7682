"""A BPO that was away, clocks that are wrong, and calls that somebody caught: simulated, so that hours take seconds."""

import dataclasses
import json
from collections import Counter

import pytest

from models.sync.queue import Limits
from rpc_client.exchange import HttpRequest
from tests.handover.sides import CALLBACK_LOGIN
from tests.handover.simulation.absence import absence, deliver, out_of_order, say_again, won
from tests.handover.simulation.world import DAY, MINUTE, world

pytestmark = pytest.mark.concurrency


@pytest.fixture
async def one(made, tmp_path):
    async with world(1, made, tmp_path) as found:
        yield found


@pytest.mark.statement("X10")
async def test_after_an_hour_away_all_messages_arrive_in_order_and_without_a_rush(one):
    """Twenty leads with two messages each; `python -m bench.absence` does it with ten thousand."""
    leads = await won(one, 20, 2)

    seen = await absence(one, 40, tick=30.0)

    assert seen.first_after <= 60
    assert seen.most_at_once == Limits().per_remote
    assert seen.tries_meanwhile <= 120  # one in a pause of half a minute
    assert await out_of_order(one.sides, leads) == []
    assert await states(one) == {"done": 40}


async def states(one):
    rows = await one.dealer.deployment.fetch("select state from sync_job where remote <> ''")
    return Counter(row[0] for row in rows)


@pytest.mark.statement("X17")
@pytest.mark.parametrize("ahead", [10 * MINUTE, DAY])
@pytest.mark.parametrize("side", ["dealer", "bpo"])
async def test_clocks_that_differ_and_step_back_change_neither_order_nor_recognition(one, side, ahead):
    site = getattr(one, side)
    site.clock.skew = ahead
    leads = await won(one, 3, 2)
    await one.dealer.claim(one.dealer.hands[0])
    await deliver(one)  # one has arrived
    site.clock.skew = 0.0
    await say_again(one, leads)
    await one.dealer.catch_up(one.dealer.hands[0])  # what was put into the outbox before does not wait for the clock
    assert await one.dealer.claim(one.dealer.hands[0])
    await one.wire.arrive(one.wire.packets[0])
    one.wire.packets.clear()  # one has arrived, and nobody here knows
    site.clock.skew = -ahead
    await say_again(one, leads)

    await one.rest()

    assert await out_of_order(one.sides, leads) == []
    assert await states(one) == {"done": 12}
    before = await one.truth.state()
    for flight in list(one.wire.seen):
        again = await one.bpo.receive(flight.request)
        assert json.loads(again.body)["result"]["applied"] is True
    assert await one.truth.state() == before


@pytest.fixture
async def caught(one):
    """The request that told of a won lead, as it was on the wire, and the answer that it got."""
    [_, _] = await won(one, 2, 1)
    await one.dealer.claim(one.dealer.hands[0])
    [packet] = one.wire.packets
    await one.wire.arrive(packet)
    answer = one.wire.packets[0].answer.body
    await one.rest()
    return packet.flight.request, answer


def changed(request, *, key=None, **values):
    """The same call with other words in its payload, or with another API key."""
    document = json.loads(request.body)
    document["params"]["args"][0].update(values)
    headers = {**request.headers, **({"Authorization": f"Bearer {key}"} if key else {})}
    return HttpRequest(request.path, json.dumps(document).encode(), headers)


async def refusal(one, request):
    answer = await one.bpo.receive(request)
    return json.loads(answer.body)["error"]["data"]["key"]


@pytest.mark.statement("X18")
@pytest.mark.parametrize("later", [5 * MINUTE, 30 * DAY])
async def test_a_caught_call_that_is_sent_again_gets_its_answer_and_changes_nothing(one, caught, later):
    request, answer = caught
    before = await one.truth.state()
    one.time.seconds += later

    again = await one.bpo.receive(request)
    without_its_key = await one.bpo.receive(dataclasses.replace(request, headers=bearer_alone(request)))

    assert again.body == answer
    assert json.loads(without_its_key.body)["result"]["duplicate"] is True
    assert await one.truth.state() == before


def bearer_alone(request):
    return {name: value for name, value in request.headers.items() if name == "Authorization"}


@pytest.mark.statement("X18")
async def test_a_caught_call_is_refused_from_another_peer_on_another_lead_and_with_a_byte_changed(one, caught):
    request, _ = caught
    payload = json.loads(request.body)["params"]["args"][0]
    key = request.headers["Authorization"].removeprefix("Bearer ")
    other_key = await another_dealer(one)
    before = await one.truth.state()
    another = {"bpo_source_lead_id": 3 - payload["bpo_source_lead_id"]}
    name = payload["dealer_so_name"]
    byte = {"dealer_so_name": name[:-1] + chr(ord(name[-1]) ^ 1)}

    assert await refusal(one, changed(request, key=other_key)) == "missing"
    assert await refusal(one, changed(request, key=key[:-1] + ("A" if key[-1] != "A" else "B"))) == "session"
    for words in (another, byte):
        assert await refusal(one, changed(request, **words)) == "conflict"
        bare = dataclasses.replace(changed(request, **words), headers=bearer_alone(request))
        assert await refusal(one, bare) == "conflict"
    assert await one.truth.state() == before


async def another_dealer(one):
    """The key of another dealership's service user."""
    bpo = one.bpo.deployment
    user = await bpo.person("another-dealer", "bpo.callback_service")
    async with bpo.env() as env:
        await one.sides.new_dealership(env, "CEB", callback_user_id=user)
    assert CALLBACK_LOGIN != "another-dealer"
    return bpo.key_of("another-dealer")
