"""Lanes: what is about one record is done one after the other, in the order of commit, whoever does it."""

import asyncio
import random

import pytest

from models.orm.errors import ConflictError
from models.sync.queue import Limits
from tests.sync.conftest import eventually
from tests.sync.peer import refusing
from tests.sync.world import Lead, handed_over, new_registry

MANY = Limits(per_remote=16, unproven=16)


async def finished(world):
    return set(await world.states()) <= {"done", "skipped"}


@pytest.mark.concurrency
async def test_each_lane_keeps_its_order_over_workers_and_failures(world, working, peer):
    account = await world.new_peer(peer.url())
    leads = await world.new_leads(8, account)
    chance = random.Random(7)
    failing = refusing(-32603, "stumbled")
    running: dict[int, int] = {}
    overlaps = []

    async def stumble(payload):
        lead = payload["lead"]
        running[lead] = running.get(lead, 0) + 1
        overlaps.append(running[lead])
        try:
            await asyncio.sleep(chance.uniform(0, 0.01))
            return await failing(payload) if chance.random() < 0.2 else None
        finally:
            running[lead] -= 1

    peer.behaviours["peer"] = stumble
    await asyncio.gather(*(enqueue_all(world, lead, 12) for lead in leads))

    others = [working(registry=new_registry(), limits=MANY) for _ in range(3)]
    async with others[0], others[1], others[2], working(limits=MANY):
        while not await finished(world):
            await world.fetch("update sync_job set run_at = now() where state = 'ready'")
            await asyncio.sleep(0.05)

    assert [peer.numbers(lead) for lead in leads] == [list(range(12))] * 8
    assert set(overlaps) == {1}


async def enqueue_all(world, lead, count):
    for number in range(count):
        await world.hand_over(lead, number)


@pytest.mark.concurrency
async def test_places_in_a_lane_follow_the_order_of_commit(world):
    [lead] = await world.new_leads(1, None)

    async def commit(number):
        async with world.transaction() as env:
            await handed_over(env, lead, number)
            await asyncio.sleep(0.01 * (number % 3))
            order.append(number)

    order: list[int] = []
    await asyncio.gather(*(commit(number) for number in range(10)))

    rows = await world.fetch("select (args->>'number')::int, lane_seq from sync_job order by lane_seq")
    assert [tuple(row) for row in rows] == [(number, place) for place, number in enumerate(order, 1)]


@pytest.mark.statement("X14")
async def test_what_the_peer_rejects_is_parked_and_all_else_flows(world, working, peer):
    account = await world.new_peer(peer.url())
    leads = await world.new_leads(1001, account)
    reject = refusing(422, "brand unknown", "validation")

    async def dislike_the_first(payload):
        return await reject(payload) if payload["lead"] == leads[0] else None

    peer.behaviours["peer"] = dislike_the_first
    async with world.transaction() as env:
        for lead in leads:
            await handed_over(env, lead)

    async with working(limits=MANY):
        await eventually(lambda: others_done(world), 120)
        while "parked" not in await world.states():
            await world.fetch("update sync_job set run_at = now() where state = 'ready'")
            await asyncio.sleep(0.02)

    assert await world.states() == ["parked"] + ["done"] * 1000
    [row] = await world.fetch("select attempts, verdict, last_error from sync_job where state = 'parked'")
    assert tuple(row) == (5, "rejected", "brand unknown")
    assert tuple(*await world.fetch("select state, error from handed_lead where id = $1", leads[0])) == (
        "parked",
        "brand unknown",
    )


async def others_done(world):
    return await world.value("select count(*) from sync_job where state = 'done'") == 1000


async def test_a_parked_job_holds_back_its_lane_until_it_is_skipped(world, working, peer):
    account = await world.new_peer(peer.url())
    [lead] = await world.new_leads(1, account)
    await world.hand_over(lead, 1)
    await world.hand_over(lead, 2)
    await world.fetch("update sync_job set state = 'parked' where lane_seq = 1")

    async with working():
        await asyncio.sleep(0.4)
        assert peer.received == []
        async with world.transaction() as env:
            await env["sync.job"].skip(env, [1])
        await eventually(lambda: finished(world))

    assert peer.numbers(lead) == [2]
    assert await world.states() == ["skipped", "done"]


async def test_a_resent_job_is_sent_as_the_same_event(world, working, peer):
    account = await world.new_peer(peer.url())
    [lead] = await world.new_leads(1, account)
    event = await world.hand_over(lead)

    async with working():
        await eventually(lambda: finished(world))
        async with world.transaction() as env:
            await env["sync.job"].resend(env, [1])
        await eventually(lambda: finished(world))

    assert [payload["event_id"] for _, payload in peer.received] == [event, event]
    assert len(peer.effects) == 1
    [row] = await world.fetch("select attempts, total_attempts, resends from sync_job")
    assert tuple(row) == (1, 2, 1)


async def test_resending_shows_on_the_record(world):
    [lead] = await world.new_leads(1, None)
    await world.hand_over(lead)
    await world.fetch("update sync_job set state = 'parked'")

    async with world.transaction() as env:
        await env["sync.job"].resend(env, [1])

    assert await world.value("select state from handed_lead") == "ready by hand"


async def test_an_overtaken_job_is_not_resent_alone(world):
    [lead] = await world.new_leads(1, None)
    await world.hand_over(lead, 1)
    await world.hand_over(lead, 2)
    await world.fetch("update sync_job set state = case lane_seq when 1 then 'skipped' else 'done' end")

    async with world.transaction() as env:
        with pytest.raises(ConflictError, match="later message"):
            await env["sync.job"].resend(env, [1])
        await env["sync.job"].resend(env, [1, 2])

    assert await world.states() == ["ready", "ready"]


async def test_a_job_that_is_being_sent_can_neither_be_resent_nor_skipped(world):
    [lead] = await world.new_leads(1, None)
    await world.hand_over(lead)
    await world.fetch("update sync_job set state = 'running'")

    for verb in ("resend", "skip"):
        async with world.transaction() as env:
            with pytest.raises(ConflictError, match="right now"):
                await getattr(env["sync.job"], verb)(env, [1])

    assert await world.states() == ["running"]


async def test_a_lead_without_a_peer_is_done_without_a_call(world, working, peer):
    [lead] = await world.new_leads(1, None)
    await world.hand_over(lead)

    async with working():
        await eventually(lambda: finished(world))

    assert peer.received == []
    assert await world.value("select verdict from sync_job") == "skipped"


async def test_what_cannot_be_prepared_counts_as_a_failed_try(world, working, peer):
    account = await world.new_peer(peer.url())
    [lead] = await world.new_leads(1, account)
    await world.hand_over(lead, broken=True)

    async with working():
        await eventually(lambda: tried(world))

    async with world.transaction() as env:
        [record] = await env[Lead].browse(env, [lead], ["state", "error"])
    assert (record.state, record.error) == ("ready", "This lead cannot be put into words.")


async def tried(world):
    return await world.value("select attempts from sync_job where state = 'ready'") == 1
