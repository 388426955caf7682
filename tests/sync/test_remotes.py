"""Other sides that are slow, away or refuse us: each holds up only its own jobs."""

import asyncio
import socket
from datetime import timedelta
from time import monotonic

import pytest
import structlog

from models.sync.outbox import release_remote
from models.sync.queue import figures
from server.delivery import SEND_SECONDS
from tests.sync.conftest import eventually
from tests.sync.peer import PeerServer, answering, never, refusing, running_peer
from tests.sync.world import Peer, handed_over


async def finished(world):
    return set(await world.states()) == {"done"}


async def hand_over_many(world, account, count):
    leads = await world.new_leads(count, account)
    async with world.transaction() as env:
        for lead in leads:
            await handed_over(env, lead, peer=account)
    return leads


@pytest.mark.statement("X12")
async def test_wrong_credentials_are_tried_once_in_five_minutes_and_drain_when_corrected(world, working, peer):
    account = await world.new_peer(peer.url(), password="not the right one")
    other = await world.new_peer(peer.url("other"))
    await hand_over_many(world, account, 20)
    attempts = []

    with structlog.testing.capture_logs() as events:
        async with working() as worker:
            await eventually(lambda: at_least(lambda: peer.logins, 1))
            await hand_over_many(world, other, 5)
            for _ in range(4):
                await asyncio.sleep(0.4)
                await eventually(lambda: idle(worker))
                attempts.append(peer.logins)
                worker.queue.ahead += timedelta(minutes=2)
            assert peer.tries("other") == 5
            async with world.transaction() as env:
                await env[Peer].update(env, [account], {"password": peer.password})
                await release_remote(env, f"handed.peer,{account}", 1)
            took = await eventually(lambda: finished(world), 60)

    alerts = [entry for entry in events if entry["event"] == "remote fails"]
    # Minutes 0 to 6: one login of the wrong account at once and one after five minutes; one of the other account.
    assert attempts[-1] <= 3
    assert [entry["verdict"] for entry in alerts] == ["refused"]
    assert peer.password not in str(events)
    assert took < 60
    assert len(peer.effects) == 25


async def idle(worker):
    return worker.running == 0


async def at_least(count, wanted):
    return count() >= wanted


async def test_a_right_that_is_missing_pauses_the_remote_after_three_tries(world, working, peer):
    account = await world.new_peer(peer.url())
    await hand_over_many(world, account, 20)
    peer.behaviours["peer"] = refusing(403, "not for you", "access")

    async with working():
        await asyncio.sleep(1.5)

    assert peer.tries() == 3
    assert await world.value("select refused from sync_remote where name <> ''") is True


@pytest.mark.statement("X13")
@pytest.mark.concurrency
async def test_fifty_slow_remotes_do_not_delay_a_healthy_one(world, working, peer):
    slow = [await world.new_peer(peer.url(f"slow{number}")) for number in range(50)]
    healthy = await world.new_peer(peer.url("healthy"))
    peer.behaviours |= {f"slow{number}": never for number in range(50)}
    for account in slow:
        await hand_over_many(world, account, 10)
    [lead] = await world.new_leads(1, healthy)

    async with working(poll_seconds=1.0, chore_seconds=5.0, send_seconds=5.0, stop_seconds=0.1) as worker:
        await eventually(lambda: at_least(lambda: len(peer.received), 50))
        delays = [await time_to_deliver(world, peer, lead, healthy, number) for number in range(5)]
        busy = worker.running
        started = monotonic()
        await eventually(lambda: given_up(world), 30)
        cut = monotonic() - started

    assert min(delays) < 1.0  # the others may meet with other work on the machine,
    assert sorted(delays)[2] < 5.0  # but do not wait for the slow ones
    assert busy in (50, 51)  # one each, until a remote has shown that it answers; perhaps the healthy one
    assert cut < 5.0 + 5  # on a busy machine
    assert SEND_SECONDS == 15


async def time_to_deliver(world, peer, lead, account, number):
    started = monotonic()
    async with world.transaction() as env:
        await handed_over(env, lead, number, peer=account)
    await eventually(lambda: at_least(lambda: len(peer.effects), number + 1))
    return monotonic() - started


async def given_up(world):
    return await world.value("select count(*) from sync_job where verdict = 'silent'") >= 50


async def test_an_answer_byte_by_byte_is_cut(world, working):
    ended = asyncio.Event()

    async def drip(reader, writer):
        await reader.read(1000)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.1)
        writer.close()
        ended.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        account = await world.new_peer(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await hand_over_many(world, account, 1)
        async with working(send_seconds=1.0):
            took = await eventually(lambda: silent(world))
        await asyncio.wait_for(ended.wait(), 5)

    assert took < 10  # the answer would have taken 100 seconds
    assert await world.value("select last_error from sync_job") == "No answer within 1 seconds."


async def silent(world):
    return await world.value("select verdict from sync_job") == "silent"


@pytest.mark.statement("X2")
async def test_no_connection_lock_or_transaction_is_held_while_the_remote_is_called(world, working, peer):
    account = await world.new_peer(peer.url())
    [lead] = await hand_over_many(world, account, 1)
    peer.behaviours["peer"] = never

    async with working(stop_seconds=0.1, send_seconds=60.0, poll_seconds=1.0, chore_seconds=60.0):
        await eventually(lambda: at_least(peer.tries, 1))
        held = [await in_use(world) for _ in range(20)]
        async with world.transaction() as env:
            await env.execute("set local lock_timeout = '200ms'")
            await env.execute("select 1 from handed_lead where id = $1 for update", lead)
            await env.execute("select 1 from sync_job for update")

    assert held.count(0) >= 18  # a poll of the queue may be seen
    assert peer.tries() == 1


async def in_use(world):
    """Transactions of others in our database, and connections taken from the pool, this one apart."""
    await asyncio.sleep(0.1)
    async with world.pool.connection() as connection:
        found = await connection.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and (xact_start is not null or state = 'active')"
        )
        return found + len(world.pool._leased) - 1


async def test_what_waited_for_a_remote_goes_soon_after_it_comes_back(world, working, unused_port):
    account = await world.new_peer(f"http://127.0.0.1:{unused_port}/peer")
    await hand_over_many(world, account, 30)

    async with working() as worker:
        await eventually(lambda: all_tried(world))
        await eventually(lambda: all_put_off(world))
        async with running_peer(unused_port) as back:
            worker.queue.ahead += timedelta(seconds=60)
            await eventually(lambda: finished(world))

    assert len(back.effects) == 30
    assert back.versions >= 1


async def all_tried(world):
    await world.fetch("update sync_remote set blocked_until = null")
    return not await world.value("select count(*) from sync_job where attempts = 0 or state = 'running'")


async def all_put_off(world):
    """Let everything wait for two hours, as after long retries; no job that is due may reach the remote by itself."""
    await world.fetch("update sync_job set run_at = now() + interval '2 hours' where state = 'ready'")
    soon = "select count(*) from sync_job where state = 'running' or run_at < now() + interval '1 hour'"
    return await world.value(soon) == 0


@pytest.fixture
def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_a_message_the_remote_chokes_on_is_not_sped_up_by_the_success_of_others(world, working, peer):
    account = await world.new_peer(peer.url())
    [bad, *good] = await world.new_leads(12, account)

    async def choke(payload):
        return await answering(502)(payload) if payload["lead"] == bad else None

    peer.behaviours["peer"] = choke
    await world.hand_over(bad, peer=account)

    async with working():
        await eventually(lambda: all_tried(world))
        await eventually(lambda: all_put_off(world))
        for lead in good:
            await world.hand_over(lead, peer=account)
            await eventually(lambda: at_least(lambda: len(peer.effects), good.index(lead) + 1))  # noqa: B023

    assert sum(payload["lead"] == bad for _, payload in peer.received) == 1


async def test_sessions_and_connections_are_used_again(world, working, peer):
    account = await world.new_peer(peer.url())
    await hand_over_many(world, account, 20)

    async with working():
        await eventually(lambda: finished(world))

    assert peer.logins == 1


async def test_figures_tell_how_the_outbox_is_doing(world, working, peer: PeerServer):
    account = await world.new_peer(peer.url(), password="wrong one")
    await hand_over_many(world, account, 5)
    async with working():
        await eventually(lambda: refused(world))
    await world.fetch("update sync_job set state = 'parked' where id = 5")

    async with world.pool.connection() as connection:
        found = await figures(connection)

    assert (found.ready, found.running, found.parked) == (4, 0, 1)
    assert (found.failing_remotes, found.refused_remotes) == (1, 1)
    assert timedelta(0) < found.oldest < timedelta(minutes=1)


async def refused(world):
    return await world.value("select refused from sync_remote where name <> ''")
