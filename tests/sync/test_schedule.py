"""Scheduled jobs fire once however many workers look; housekeeping throws away what is old, a little at a time."""

import asyncio
from datetime import timedelta

import pytest

from models.sync import CLEANERS, DATA
from models.sync.housekeeping import Housekeeping
from models.sync.queue import Job, Queue
from tests.sync.conftest import eventually
from tests.sync.world import Count, new_registry

HOUR = timedelta(hours=1)


async def schedule(world, lead, seconds=60):
    async with world.transaction() as env:
        values = {"name": "Count", "kind": Count.kind, "args": {"lead": lead}, "seconds": seconds}
        await env["sync.schedule"].insert(env, [values])


@pytest.mark.concurrency
async def test_a_scheduled_job_fires_once_across_workers(world, working):
    [lead] = await world.new_leads(1, None)
    await schedule(world, lead)

    others = [working(registry=new_registry()) for _ in range(4)]
    async with others[0], others[1], others[2], others[3]:
        await eventually(lambda: counted(world))
        await asyncio.sleep(0.5)

    assert await world.value("select answers from handed_lead") == 1
    assert await world.states() == ["done"]


async def counted(world):
    return await world.value("select answers from handed_lead") >= 1


@pytest.mark.concurrency
async def test_many_who_fire_at_the_same_moment_add_one_job(world):
    [lead] = await world.new_leads(1, None)
    await schedule(world, lead)

    async def fire():
        async with world.pool.connection() as connection:
            return await Queue("one of many", [Count.kind]).fire(connection)

    fired = await asyncio.gather(*(fire() for _ in range(10)))

    assert sum(fired) == 1


async def test_of_jobs_that_are_due_together_lower_priorities_go_first(world):
    values = {"kind": Count.kind, "args": {}, "seconds": 60}
    given = [{"name": f"At {priority}", "priority": priority, **values} for priority in (9, 0, 5)]
    async with world.transaction() as env:
        late, first, usual = await env["sync.schedule"].insert(env, given)

    async with world.pool.connection() as connection:
        assert await Queue("one", [Count.kind]).fire(connection) == 3

    rows = await world.fetch("select lane from sync_job order by id")
    assert [row[0] for row in rows] == [f"sync.schedule,{one}" for one in (first, usual, late)]


async def test_what_was_missed_is_not_made_up_for(world):
    [lead] = await world.new_leads(1, None)
    await schedule(world, lead, seconds=60)
    await world.fetch("update sync_schedule set next_at = date_trunc('second', now()) - interval '630 seconds'")
    before = await world.value("select next_at from sync_schedule")

    async with world.pool.connection() as connection:
        assert await Queue("one", [Count.kind]).fire(connection) == 1
        assert await Queue("one", [Count.kind]).fire(connection) == 0

    assert await world.value("select next_at from sync_schedule") - before == timedelta(seconds=660)


async def test_a_job_of_a_schedule_that_is_not_finished_is_not_added_again(world):
    [lead] = await world.new_leads(1, None)
    await schedule(world, lead, seconds=60)

    async with world.pool.connection() as connection:
        queue = Queue("one", [Count.kind])
        fired = [await queue.fire(connection)]
        queue.ahead = HOUR
        fired.append(await queue.fire(connection))

    assert fired == [1, 0]


async def test_work_of_our_own_that_fails_is_tried_again(world, working):
    await schedule(world, "no number")

    async with working():
        await eventually(lambda: failed(world))

    assert await world.value("select last_error from sync_job") == "internal error (DataError)"


async def failed(world):
    return await world.value("select verdict from sync_job") == "failed"


JOB = Job(1, 1, "", "", "", None, None, 1, "", "", timedelta(0), None)


async def test_housekeeping_deletes_old_finished_jobs_in_batches(world):
    [lead] = await world.new_leads(1, None)
    for number in range(12):
        await world.hand_over(lead, number)
    await world.fetch("update sync_job set state = 'done', done_at = now() - id * interval '10 days'")
    keeper = Housekeeping(CLEANERS, batch=1)

    rounds = 0
    more = True
    while more:
        async with world.transaction() as env:
            more = await keeper.run(env, JOB)
        rounds += 1

    assert await world.value("select count(*) from sync_job") == 9  # the last 90 days
    assert rounds == 4


async def test_housekeeping_keeps_what_is_not_finished(world):
    [lead] = await world.new_leads(1, None)
    await world.hand_over(lead)
    await world.fetch("update sync_job set state = 'parked', create_date = now() - interval '1 year'")

    async with world.transaction() as env:
        assert await Housekeeping(CLEANERS).run(env, JOB) is False

    assert await world.states() == ["parked"]


async def test_housekeeping_comes_with_the_deployment(world, working):
    async with world.transaction() as env:
        await env["sync.schedule"].insert(env, [DATA[0].values])

    async with working():
        await eventually(lambda: kept_house(world))

    assert await world.value("select kind from sync_job") == Housekeeping.kind


async def kept_house(world):
    return await world.states() == ["done"]


async def test_a_cleaner_that_takes_its_time_does_not_keep_the_others_waiting_for_ever(world):
    calls = []

    async def slow(env, limit):
        calls.append("slow")
        await asyncio.sleep(0.6)
        return 0

    async def quick(env, limit):
        calls.append("quick")
        return 0

    keeper = Housekeeping([slow, quick])
    async with world.transaction() as env:
        first = await keeper.run(env, JOB)
        await keeper.run(env, JOB)

    assert first is True
    assert calls[:2] == ["slow", "quick"]
