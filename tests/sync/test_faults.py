"""Faults: workers that sleep, die or stop, and a database that goes away in between."""

import asyncio
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from models.sync.outcome import Outcome
from models.sync.queue import Queue, Result, State
from server.database.connection import Connection
from server.database.pool import Pool
from server.delivery import Delivery, Leases
from server.remotes import RemoteClients
from server.worker import LEASE, RENEWALS, Worker
from tests.sync.conftest import LOOPBACK, eventually
from tests.sync.world import Hand, new_registry

ROOT = Path(__file__).resolve().parents[2]


async def finished(world):
    return set(await world.states()) == {"done"}


async def lead_with_job(world, peer):
    account = await world.new_peer(peer.url())
    [lead] = await world.new_leads(1, account)
    await world.hand_over(lead)
    return lead


@pytest.mark.statement("X26")
@pytest.mark.concurrency
async def test_a_worker_that_lost_its_lease_changes_nothing(world, working, peer):
    lead = await lead_with_job(world, peer)
    gate = asyncio.Event()

    async def keep_the_first(_payload):
        if peer.tries() == 1:
            await gate.wait()
            return {"created": "late"}
        return None

    peer.behaviours["peer"] = keep_the_first
    # The first worker does not renew its lease, as one would that is paused; its answer comes when another has the job.
    async with working(lease=timedelta(minutes=1)) as late:
        await eventually(lambda: received(peer, 1))
        await world.fetch("update sync_job set lease_until = now() - interval '120 seconds'")
        late._stopping = True
        async with working(registry=new_registry()):
            await eventually(lambda: finished(world))
            before = await everything(world)
            gate.set()
            await eventually(lambda: idle(late))

    assert await everything(world) == before
    assert (await world.value("select answers from handed_lead where id = $1", lead)) == 1
    assert len(peer.effects) == 1


async def received(peer, count):
    return peer.tries() >= count


async def idle(worker):
    return worker.running == 0


async def everything(world):
    rows = await world.fetch(
        "select j.state, j.attempts, j.done_at, j.write_date, l.state, l.tries, l.answers, l.write_date"
        " from sync_job j, handed_lead l"
    )
    return [tuple(row) for row in rows]


async def test_of_two_workers_with_one_job_only_the_present_holder_settles_it(world, working, peer):
    await lead_with_job(world, peer)
    paused, other = Queue("paused", [Hand.kind]), Queue("other", [Hand.kind])
    async with world.pool.connection() as connection:
        [held] = await paused.claim(connection, 10, 10)
        other.ahead = paused.ahead = timedelta(seconds=120)
        assert await other.reap(connection) == 1
        [taken] = await other.claim(connection, 10, 10)
        late = await paused.settle(connection, held, Result(Outcome.delivered(), State.PARKED))
        renewed = await paused.renew(connection, [held])
        mine = await other.settle(connection, taken, Result(Outcome.delivered(), State.DONE))

    assert (late, renewed, mine) == (False, set(), True)
    assert await world.states() == ["done"]
    assert taken.event == held.event


@pytest.mark.statement("X26")
async def test_nobody_takes_a_job_before_its_lease_is_over(world, peer):
    await lead_with_job(world, peer)
    one, other = Queue("one", [Hand.kind]), Queue("other", [Hand.kind])
    async with world.pool.connection() as connection:
        [job] = await one.claim(connection, 10, 10)
        for ahead in (timedelta(0), one.lease - timedelta(seconds=1)):
            other.ahead = ahead
            assert (await other.reap(connection), await other.claim(connection, 10, 10)) == (0, [])
        assert await one.renew(connection, [job]) == {job.claim}
        other.ahead = one.lease + timedelta(seconds=1)
        assert await other.reap(connection) == 1


@pytest.mark.statement("X26")
async def test_a_worker_prolongs_the_lease_of_what_takes_long(world, working, peer):
    await lead_with_job(world, peer)
    answers = asyncio.Event()

    async def take_long(_payload):
        await answers.wait()

    async def is_prolonged():
        return await world.value("select lease_until > $1 from sync_job", first)

    peer.behaviours["peer"] = take_long
    async with working(lease=timedelta(seconds=2)):
        await eventually(lambda: received(peer, 1))
        first = await world.value("select lease_until from sync_job")
        await eventually(is_prolonged)
        answers.set()
        await eventually(lambda: finished(world))

    assert peer.tries() == 1


@pytest.mark.statement("X26")
@pytest.mark.parametrize(("slept", "sent"), [(0, 1), (61, 0)])
async def test_a_worker_that_slept_past_its_lease_does_not_send(world, peer, slept, sent):
    """It wakes up between the claim and the call, before anything could tell it that the lease is over."""
    await lead_with_job(world, peer)
    queue, leases, remotes = Queue("one", [Hand.kind]), Leases(60.0), RemoteClients(LOOPBACK)
    async with world.pool.connection() as connection:
        [job] = await queue.claim(connection, 1, 1)
    leases.begin(job.claim, monotonic() - slept)

    await Delivery(world.pool, world.registry, queue, remotes, leases).deliver(job, Hand())
    await remotes.close()

    assert peer.tries() == sent
    assert await world.states() == ["done" if sent else "running"]


@pytest.mark.statement("F4")
@pytest.mark.concurrency
async def test_a_killed_worker_s_job_is_done_again_with_one_effect(world, working, peer):
    lead = await lead_with_job(world, peer)
    applied = asyncio.Event()

    async def apply_and_say_nothing(payload):
        if not applied.is_set():
            peer.effects[payload["event_id"]] = payload
            applied.set()
            await asyncio.sleep(3600)

    peer.behaviours["peer"] = apply_and_say_nothing
    command = [sys.executable, "-m", "tests.sync.worker_process", world.database, "1.5"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            await asyncio.wait_for(applied.wait(), 30)
        finally:
            process.send_signal(signal.SIGKILL)

    assert await world.states() == ["running"]
    async with working(lease=timedelta(seconds=1.5)):  # the dead one's lease has to run out first
        took = await eventually(lambda: finished(world), 60)

    assert took < 1.5 * (1 + 1 / RENEWALS) + 2  # on a busy machine
    assert timedelta(seconds=8) >= LEASE * (1 + 1 / RENEWALS)
    assert peer.numbers(lead) == [1]
    assert peer.tries() == 2
    assert await world.value("select answers from handed_lead") == 1


async def test_a_stopped_worker_gives_back_what_it_has_not_finished(world, working, peer):
    await lead_with_job(world, peer)

    async def never(_payload):
        await asyncio.sleep(3600)

    peer.behaviours["peer"] = never
    async with working(stop_seconds=0.1):
        await eventually(lambda: received(peer, 1))

    [row] = await world.fetch("select state, attempts, total_attempts, claim, worker from sync_job")
    assert tuple(row) == ("ready", 0, 0, None, None)


@pytest.mark.concurrency
@pytest.mark.parametrize("delay", [0, 0.003, 0.01, 0.02, 0.05])
async def test_no_job_is_left_behind_whenever_a_worker_is_stopped(world, working, peer, delay):
    account = await world.new_peer(peer.url())
    for lead in await world.new_leads(10, account):
        await world.hand_over(lead)

    async with working(stop_seconds=0) as worker:
        await asyncio.sleep(delay)

    assert worker.running == 0
    assert "running" not in await world.states()


async def test_a_stopped_worker_finishes_what_it_has_begun(world, working, peer):
    await lead_with_job(world, peer)

    async def slow(_payload):
        await asyncio.sleep(0.5)

    peer.behaviours["peer"] = slow
    async with working():
        await eventually(lambda: received(peer, 1))

    assert await world.states() == ["done"]


async def test_a_worker_without_a_database_stops_at_once(world):
    asked = asyncio.Event()

    async def refused() -> Connection:
        asked.set()
        raise ConnectionRefusedError

    worker = Worker(Pool(refused, size=1), world.registry, RemoteClients(LOOPBACK))
    running = asyncio.create_task(worker.run())
    await asked.wait()
    since = monotonic()

    await worker.stop()
    await running

    assert monotonic() - since < 1


async def test_a_settlement_that_fails_is_written_down_and_the_job_done_again(world, working, peer):
    await lead_with_job(world, peer)
    await world.fetch("alter table handed_lead add constraint no_answers check (answers = 0)")

    async with working():
        await eventually(lambda: failed(world))
        assert await world.value("select last_error from sync_job") == "internal error (CheckViolationError)"
        await world.fetch("alter table handed_lead drop constraint no_answers")
        await world.fetch("update sync_job set run_at = now()")
        await eventually(lambda: finished(world))

    assert await world.value("select answers from handed_lead") == 1
    assert len(peer.effects) == 1


async def failed(world):
    return await world.value("select verdict from sync_job where state = 'ready'") == "failed"


async def test_cut_database_connections_do_not_stop_the_worker(world, working, peer):
    account = await world.new_peer(peer.url())
    leads = await world.new_leads(5, account)

    async with working(lease=timedelta(seconds=3)):
        for lead in leads:
            await cut_connections(world)
            await world.hand_over(lead)
        await cut_connections(world)
        await eventually(lambda: finished(world), 60)

    assert [peer.numbers(lead) for lead in leads] == [[1]] * 5


async def cut_connections(world):
    await world.fetch(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid()"
    )
    await asyncio.sleep(0.05)
