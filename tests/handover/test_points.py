"""Every statement of both sides as the point at which it all ends: nothing is lost, nothing happens twice.

That is each statement of the usual way once, some hundred and eighty points. Hundreds more are struck by `python -m
bench.model_check`, drawn from a seed, while other messages are under way and other things fail too; it counts them.
"""

import asyncio
from contextlib import suppress

import pytest

from tests.handover.points import Death, Points, Side, idle_sides
from tests.handover.sides import AGENT, SELLER
from tests.handover.ways import ways

pytestmark = [pytest.mark.concurrency]

BUTTONS = {
    "callback": (SELLER, "dealer.manager", "action_set_won"),
    "endorsement": (AGENT, "bpo.agent", "action_endorse_with_sq"),
}
SERVICES = {"callback": "bpo.callback_service", "endorsement": "dealer.push_service"}

MOST = 90  # more than there are points
EVERYWHERE = [(1, False), *((at, True) for at in range(1, MOST))]  # before the first statement, and after each one


@pytest.fixture(params=["callback", pytest.param("endorsement", marks=pytest.mark.statement("X28"))])
async def points(request, shelf, tmp_path):
    async with idle_sides(shelf, tmp_path) as sides:
        way = ways(sides)[request.param]
        sender, receiver = Side(way.sender), Side(way.receiver)
        yield Points(way, sender, receiver, SERVICES[request.param])
        await sender.pool.close()
        await receiver.pool.close()


def button(points):
    return next(given for name, given in BUTTONS.items() if ways(points.way.sides)[name].method == points.way.method)


async def all_once(points, leads):
    """Every message had its effect once, and its sender knows."""

    async def is_once(lead):
        assert (lead, await points.way.effects(lead)) == (lead, points.way.once)
        assert (lead, await points.way.heard(lead)) == (lead, points.way.good_news)

    await asyncio.gather(*(is_once(lead) for lead in leads))


@pytest.mark.statement("X3", "F1", "H84")
async def test_the_step_and_its_message_are_one_wherever_the_sender_ends(points):
    leads, stepped, tried = await points.way.ready(MOST), {False: [], True: []}, []
    for dies in (False, True):
        for at, after in EVERYWHERE:
            lead = leads[len(tried)]
            plan = points.sender.plan(at=at, after=after, dies=dies)
            with suppress(Death, Exception):  # whatever it looks like: it may be done or not
                await points.press([lead], *button(points))
            points.sender.plan()
            tried.append(lead)
            done = await points.way.has_stepped(lead)
            assert (at, await points.way.messages([lead])) == (at, int(done))
            stepped[dies] += [lead] if done else []
            if not plan.struck:
                break

    assert len(tried) >= 30
    assert len(stepped[True]) == 2  # the one that met no fault, and the one whose fault came just after the commit
    assert len(stepped[False]) == len(tried) // 2  # a call whose connection broke is run again
    await points.recover()
    done = stepped[True] + stepped[False]
    await all_once(points, done)
    assert [lead for lead in tried if lead not in done and await points.way.effects(lead)] == []


@pytest.mark.statement("X4", "X5", "X8", "X26", "F4")
async def test_a_message_has_its_effect_once_wherever_either_side_ends(points):
    """From the worker's claim on, and on the receiver's side with the key under which the answer is kept."""
    leads, tried = await points.way.ready(MOST), 0
    await points.press(leads, *button(points))
    for side, dies in ((points.sender, False), (points.sender, True), (points.receiver, True)):
        for at, after in EVERYWHERE:
            await points.put_aside()
            plan = side.plan(at=at, after=after, dies=dies)
            await points.work()
            side.plan()
            tried += 1
            if not plan.struck:
                break

    assert tried >= 50
    await points.recover()
    await all_once(points, leads)


@pytest.mark.statement("X3", "X4", "X8")
async def test_every_statement_that_postgresql_is_asked_is_a_point(points):
    """So that none can come that is not tried: the loops above end only when there is none after the last."""
    sides = (points.sender, points.receiver)
    plans = [side.plan() for side in sides]
    for side in sides:
        await side.write_down()

    [lead] = await points.way.ready()
    await points.press([lead], *button(points))
    await points.work()

    await all_once(points, [lead])
    assert [plan.count for plan in plans] == [side.asked() for side in sides]
    assert min(plan.count for plan in plans) > 10
