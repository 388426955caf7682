"""Trying again: growing waits for three days, then parked until somebody resends; a wish to wait is obeyed."""

import asyncio
from datetime import timedelta

import pytest
import structlog

import rpc_client as rpc
from models.orm.errors import UserError
from models.sync.outcome import Outcome, Verdict, outcome_of
from models.sync.retry import Retry
from tests.sync.conftest import eventually
from tests.sync.peer import answering, refusing

HOUR = timedelta(hours=1)
FAILED = Outcome(Verdict.FAILED, error="no")


@pytest.mark.statement("X11", "H88")
async def test_a_failing_message_is_tried_for_three_days_then_parked_and_resent_as_the_same_event(world, working, peer):
    account = await world.new_peer(peer.url())
    [lead] = await world.new_leads(1, account)
    event = await world.hand_over(lead)
    peer.behaviours["peer"] = refusing(-32603, "stumbled")
    waits: list[timedelta] = []

    with structlog.testing.capture_logs() as events:
        async with working(chore_seconds=60.0) as worker:
            while (state := await settled(world, tries=len(waits) + 1)) != "parked":
                waits.append(await wait_left(world, worker))
                worker.queue.ahead += waits[-1]
            peer.behaviours.clear()
            async with world.transaction() as env:
                await env["sync.job"].resend(env, [1])
            await eventually(lambda: delivered(peer))

    alerts = [entry for entry in events if entry["log_level"] == "error"]
    posts = await world.fetch("select body from mail_message where model = 'handed.lead' and body like 'Not handed%'")
    assert state == "parked"
    assert len(waits) + 1 >= 10
    assert timedelta(hours=72) <= sum(waits, timedelta()) < timedelta(hours=80)
    assert all(wait <= 5 * HOUR for wait in waits)
    assert all(later > earlier for earlier, later in zip(waits[:8], waits[2:10], strict=True))
    assert len({wait / waits[-1] for wait in waits[-10:]}) == 10  # jitter
    assert [entry["event"] for entry in alerts] == ["job parked"]
    assert [row[0] for row in posts] == ["Not handed over: stumbled"]
    assert {payload["event_id"] for _, payload in peer.received} == {event}


async def settled(world, tries):
    await eventually(lambda: settled_once(world, tries))
    return await world.value("select state from sync_job")


async def settled_once(world, tries):
    [row] = await world.fetch("select state, attempts from sync_job")
    return row[0] in ("ready", "parked") and row[1] >= tries


async def wait_left(world, worker):
    return await world.value("select run_at - now() from sync_job") - worker.queue.ahead


async def delivered(peer):
    return len(peer.effects) == 1


@pytest.mark.parametrize("asked", [600, 7200])
async def test_the_wait_that_the_other_side_asks_for_is_obeyed(world, working, peer, asked):
    account = await world.new_peer(peer.url())
    [lead] = await world.new_leads(1, account)
    peer.behaviours["peer"] = answering(503, Retry_After=str(asked))
    await world.hand_over(lead)

    async with working():
        await settled(world, tries=1)
        await asyncio.sleep(0.3)

    assert peer.tries() == 1
    left = await world.value("select extract(epoch from run_at - now()) from sync_job")
    assert asked - 10 < left <= asked


async def test_an_absurd_wish_of_the_other_side_is_not_obeyed():
    wish = Outcome(Verdict.SILENT, retry_after=999_999_999.0)

    assert Retry().wait(wish, 1) == timedelta(hours=24)


def test_waits_double_within_their_jitter_up_to_four_hours():
    bounds = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 14400, 14400]

    for attempts, bound in enumerate(bounds, 1):
        waits = [Retry().wait(FAILED, attempts).total_seconds() for _ in range(50)]
        assert bound * 0.75 <= min(waits) < max(waits) <= bound * 1.25


@pytest.mark.parametrize(
    ("attempts", "hours", "gives_up"),
    [(9, 100, False), (10, 71.9, False), (10, 72, True), (50, 71.9, False), (50, 80, True)],
)
def test_a_job_is_given_up_after_ten_tries_and_three_days(attempts, hours, gives_up):
    assert Retry().gives_up(FAILED, attempts, hours * HOUR) is gives_up


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (rpc.LoginError("wrong"), Verdict.REFUSED),
        (rpc.BadStatus(401), Verdict.REFUSED),
        (rpc.AccessError("not yours"), Verdict.FORBIDDEN),
        (rpc.BadStatus(403), Verdict.FORBIDDEN),
        (rpc.Unreachable("down", may_have_run=False), Verdict.UNREACHED),
        (rpc.Timeout("late", may_have_run=True), Verdict.SILENT),
        (rpc.ConnectionLost("cut", may_have_run=True), Verdict.SILENT),
        (rpc.BadAnswer("html"), Verdict.SILENT),
        (rpc.AnswerTooLarge(5), Verdict.SILENT),
        (rpc.BadStatus(500), Verdict.SILENT),
        (rpc.BusyError("later"), Verdict.SILENT),
        (rpc.InternalError("oops"), Verdict.FAILED),
        (rpc.ValidationError("no such brand"), Verdict.REJECTED),
        (rpc.TransitionError("closed"), Verdict.REJECTED),
        (rpc.MissingError("gone"), Verdict.REJECTED),
        (rpc.ProtocolError("no such method"), Verdict.REJECTED),
        (UserError("ours"), Verdict.FAILED),
        (KeyError("a bug"), Verdict.FAILED),
    ],
)
def test_what_an_error_comes_to(error, verdict):
    assert outcome_of(error).verdict is verdict


def test_the_text_of_an_unforeseen_error_is_not_shown():
    assert outcome_of(KeyError("hush hush")).error == "internal error (KeyError)"
