"""The outbox: jobs come with the transaction that causes them, and are done after it, in order."""

import asyncio

import pytest

from tests.sync.conftest import eventually
from tests.sync.world import handed_over


class TurnedBackError(Exception):
    pass


async def all_done(world):
    return set(await world.states()) == {"done"}


async def test_a_job_is_sent_after_commit(world, working, peer):
    account = await world.new_peer(peer.url())
    [lead] = await world.new_leads(1, account)

    async with working():
        event = await world.hand_over(lead)
        await eventually(lambda: all_done(world))

    assert peer.received == [("peer", {"event_id": event, "lead": lead, "number": 1})]
    assert await world.value("select state from handed_lead where id = $1", lead) == "done"


async def test_a_rolled_back_transaction_leaves_no_job(world):
    [lead] = await world.new_leads(1, None)

    with pytest.raises(TurnedBackError):
        async with world.transaction() as env:
            await handed_over(env, lead)
            raise TurnedBackError

    assert await world.states() == []
    assert await world.value("select state from handed_lead where id = $1", lead) == "none"


async def test_a_worker_of_the_same_process_starts_at_once(world, working, peer):
    account = await world.new_peer(peer.url())
    [lead] = await world.new_leads(1, account)

    async with working(poll_seconds=30.0, chore_seconds=30.0):
        await asyncio.sleep(0.2)
        await world.hand_over(lead)
        took = await eventually(lambda: all_done(world))

    assert took < 10.0  # it did not wait for the next poll
