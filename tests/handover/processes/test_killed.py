"""Processes that end without a word, at the worst moments: nothing is lost, nothing happens twice."""

import asyncio
import random
from contextlib import asynccontextmanager, suppress

import pytest

from rpc_client import TransportError
from tests.handover import faults
from tests.handover.deployments import Server
from tests.handover.sides import eventually, logged

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.concurrency]

SLOW_COMMIT = """
create function wait_a_moment() returns trigger language plpgsql as 'begin perform pg_sleep(1); return null; end';
create constraint trigger slow_commit after insert on {memory} deferrable initially deferred
    for each row execute function wait_a_moment()
"""
QUICK_COMMIT = "drop function wait_a_moment() cascade"
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = $1"


@pytest.mark.statement("X3", "X4", "F1", "F4", "H84")
@pytest.mark.parametrize("way_is_open", [True, False])
async def test_a_sender_killed_at_any_moment_has_a_message_for_each_step(way, way_is_open):
    """Killed while its people press and its worker sends; or before anything could leave the house."""
    leads = await way.ready(40)
    answered = []
    if not way_is_open:
        await way.proxy.refuse()

    async def press(some):
        for lead in some:
            if not way.sender.is_running:  # nobody there: the client would only try again and again
                return
            with suppress(TransportError):  # unanswered: it may be done or not
                await way.step(lead)
                answered.append(lead)

    pressing = asyncio.gather(*(press(leads[start::4]) for start in range(4)))
    await asyncio.sleep(random.uniform(0.1, 0.6))
    way.sender.kill()
    await pressing
    stepped = [lead for lead in leads if await way.has_stepped(lead)]

    if not way_is_open:
        assert [lead for lead in leads if await way.effects(lead)] == []
        await way.proxy.listen()
    assert await way.messages(leads) == len(stepped)
    assert set(answered) <= set(stepped)
    await starts_again(way.sender)
    await way.arrives(stepped)
    assert [lead for lead in leads if lead not in stepped and await way.effects(lead)] == []


async def starts_again(sender):
    """Start a killed sender, long after: the leases that its worker had are over."""
    await sender.forget_clients()
    await sender.leases_end()
    await sender.start()


@pytest.mark.statement("X8")
async def test_a_receiver_killed_before_its_commit_has_done_nothing(way):
    [lead] = await way.ready()
    async with writes_to(way.receiver, way.memory):
        await way.step(lead)
        await eventually(lambda: way.receiver.value(WAITING, "relation"))
        await way.receiver.die()

    assert await way.effects(lead) == {}
    await way.arrives([lead])


@asynccontextmanager
async def writes_to(deployment, table):
    """Keep everybody from writing to a table."""
    async with deployment.env() as env:
        await env.execute(f"lock table {table} in share row exclusive mode")
        yield


@pytest.mark.statement("X8")
async def test_a_receiver_killed_between_its_commit_and_its_reply_has_done_it_once(way):
    [lead] = await way.ready()
    await run(way.receiver, SLOW_COMMIT.format(memory=way.memory))
    await way.step(lead)
    await eventually(lambda: way.receiver.value(WAITING, "PgSleep"))
    way.receiver.pause()  # it has asked for the commit and will not hear that it was done
    await eventually(lambda: has_had_its_effect(way, lead))
    await way.receiver.die()
    await run(way.receiver, QUICK_COMMIT)

    assert (await way.job(lead))["state"] != "done"
    await way.arrives([lead])
    assert (await way.job(lead))["attempts"] > 1


async def run(deployment, script):
    async with deployment.env() as env:
        await env.connection.execute(script)


async def has_had_its_effect(way, lead):
    return await way.effects(lead) == way.once


@pytest.mark.statement("X26")
async def test_a_worker_that_slept_past_its_lease_neither_repeats_nor_overwrites(way, tmp_path):
    other = Server(way.sender.role, way.sender.address, way.sender.database, tmp_path / "other.log")
    await other.start()
    other.pause()
    [lead] = await way.ready()
    with way.proxy.spoiling(faults.held_answer, only=way.method):
        await way.step(lead)
        await eventually(lambda: has_had_its_effect(way, lead))
        way.sender.pause()
    try:
        await way.sender.leases_end()
        other.resume()
        await eventually(lambda: is_done(way, lead))
        before = dict(await way.job(lead)), await way.heard(lead)
        # The first one wakes up with a cut connection: a failure that it would write down, were the job still its own.
        way.sender.resume()
        await logged(way.sender, "job is another worker's by now")
        assert (dict(await way.job(lead)), await way.heard(lead)) == before
    finally:
        way.sender.resume()
        await other.stop()
    await way.arrives([lead])


async def is_done(way, lead):
    return (await way.job(lead))["state"] == "done"
