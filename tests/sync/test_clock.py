"""A clock that is set back: what was written before waits as long as it was to wait, not until the clock catches up."""

from datetime import timedelta

import pytest

from models.sync.queue import Queue
from tests.sync.conftest import eventually
from tests.sync.world import Count, Hand

DAY = timedelta(days=1)


async def catch_up(world):
    async with world.pool.connection() as connection:
        await Queue("one", [Hand.kind]).catch_up(connection)


async def seconds_until(world, column):
    table, name = column.split(".")
    return await world.value(f"select round(extract(epoch from {name} - now()))::int from {table}")


@pytest.fixture
async def lead(world, peer):
    """A lead that is to be handed to the peer."""
    [lead] = await world.new_leads(1, await world.new_peer(peer.url()))
    await world.hand_over(lead)
    return lead


async def test_a_job_goes_at_once_when_its_time_came_from_a_clock_that_was_ahead(world, working, peer, lead):
    await world.fetch("update sync_job set run_at = run_at + $1::interval, write_date = write_date + $1::interval", DAY)

    async with working():
        await eventually(lambda: sent(peer))

    assert await world.value("select write_date <= now() from sync_job")


async def sent(peer):
    return peer.tries() == 1


@pytest.mark.parametrize("ahead", [timedelta(minutes=2), DAY, 3650 * DAY])
async def test_a_wait_keeps_its_length(world, lead, ahead):
    await world.fetch(
        "update sync_job set write_date = now() + $1::interval, run_at = now() + $1::interval + interval '5 minutes',"
        " state = 'running', lease_until = now() + $1::interval + interval '6 seconds'",
        ahead,
    )
    await world.fetch(
        "update sync_remote set write_date = now() + $1::interval,"
        " blocked_until = now() + $1::interval + interval '40 seconds'",
        ahead,
    )

    await catch_up(world)
    await catch_up(world)

    assert abs(await seconds_until(world, "sync_job.run_at") - 300) <= 1
    assert abs(await seconds_until(world, "sync_job.lease_until") - 6) <= 1
    assert abs(await seconds_until(world, "sync_remote.blocked_until") - 40) <= 1


@pytest.mark.statement("X17", "X26")
async def test_a_lease_that_was_renewed_since_is_not_cut_short(world, lead):
    """Else another worker would take the job while the first one is still sending it."""
    queue = Queue("one", [Hand.kind])
    async with world.pool.connection() as connection:
        [job] = await queue.claim(connection, 1, 1)
        await world.fetch("update sync_job set write_date = write_date + $1::interval", DAY)
        await world.fetch("update sync_job set lease_until = lease_until + $1::interval", DAY)

        await queue.renew(connection, [job])
        await queue.catch_up(connection)

        assert await queue.reap(connection) == 0
        assert await queue.renew(connection, [job]) == {job.claim}


async def test_a_wait_that_the_clock_has_nothing_to_do_with_is_left_alone(world, lead):
    await world.fetch("update sync_job set run_at = now() + interval '23 hours'")
    await world.fetch("update sync_remote set blocked_until = now() + interval '5 minutes'")
    before = await world.fetch("select j.*, r.* from sync_job j, sync_remote r")

    await catch_up(world)

    assert await world.fetch("select j.*, r.* from sync_job j, sync_remote r") == before


async def test_a_schedule_goes_on_but_one_that_was_moved_stays(world):
    async with world.transaction() as env:
        await env["sync.schedule"].insert(env, [{"name": "Count", "kind": Count.kind, "seconds": 60}])
    await world.fetch("update sync_schedule set last_at = now() + $1::interval, next_at = now() + $1::interval", DAY)
    await catch_up(world)
    assert abs(await seconds_until(world, "sync_schedule.next_at")) <= 1

    moved = "update sync_schedule set last_at = now() + $1::interval, next_at = now() + 9 * $1::interval"
    await world.fetch(moved, DAY)
    await catch_up(world)
    assert await seconds_until(world, "sync_schedule.next_at") > 8 * DAY.total_seconds()
