"""The other side fails in every way there is: whoever pressed the button does not notice."""

import asyncio

import pytest

from tests.handover import faults
from tests.handover.sides import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOM = 0.5  # seconds over the usual
BUSY = """
select count(*) from pg_stat_activity
where datname = current_database() and application_name <> 'tests' and xact_start < clock_timestamp() - interval '0.4 s'
"""
FREE_JOBS = "select id from sync_job where lane = any($1) for update skip locked"


@pytest.mark.statement("X1", "H85")
async def test_the_answer_takes_no_longer_whatever_the_other_side_does(way):
    usual = max([await way.step(lead) for lead in await way.ready(5)])
    await way.sides.healthy()
    leads = await way.ready(2 * len(faults.FAULTS))
    took = {}
    for (what, fault), first, second in zip(faults.FAULTS.items(), leads[::2], leads[1::2], strict=True):
        await way.sender.forgets_troubles()
        with way.proxy.spoiling(fault):
            took[what] = await under(way, first, second)

    assert {what: seconds for what, seconds in took.items() if seconds > usual + ROOM} == {}
    assert [lead for lead in leads if not await way.has_stepped(lead)] == []
    assert await way.messages(leads) == len(leads)
    await way.arrives(leads)


async def under(way, first, second):
    """Press two buttons, the second while the first one's message meets the fault; the quicker answer counts.

    A machine that is busy with something else may delay one of them, a server that waits delays the second for sure.
    """
    came = len(way.proxy.requests)
    before = await way.step(first)
    await eventually(lambda: has_more(way.proxy, came))
    return min(before, await way.step(second))


async def has_more(proxy, came):
    return len(proxy.requests) > came


@pytest.mark.statement("X1", "H85")
async def test_the_answer_takes_no_longer_when_nobody_is_there(way):
    usual = max([await way.step(lead) for lead in await way.ready(5)])
    await way.sides.healthy()
    leads = await way.ready(3)

    await way.proxy.refuse()
    took = [await way.step(lead) for lead in leads]
    await eventually(lambda: has_failed(way, leads[0]))
    await way.proxy.listen()

    assert min(took) < usual + ROOM
    await way.arrives(leads)


async def has_failed(way, lead):
    return (await way.job(lead))["verdict"] == "unreached"


@pytest.mark.statement("X2", "H84")
async def test_nothing_of_the_database_is_held_while_the_other_side_stalls(way):
    [first, *leads] = await way.ready(5)
    await way.step(first)
    await way.arrives([first])  # a remote that is known to do well gets four at once

    with way.proxy.spoiling(faults.black_hole, only=way.method):
        for lead in leads:
            await way.step(lead)
        await eventually(lambda: all_stall(way, leads))
        held = [await way.sender.value(BUSY) for _ in range(20) if not await asyncio.sleep(0.05)]
        free = await way.sender.fetch(way.lock_free, [way.sent_id(lead) for lead in leads])
        free_jobs = await way.sender.fetch(FREE_JOBS, [way.lane(lead) for lead in leads])
        await can_do_something_else(way)

    assert (sum(held), len(free), len(free_jobs)) == (0, 4, 4)
    await way.arrives(leads)


async def all_stall(way, leads):
    return [(await way.job(lead))["state"] for lead in leads] == ["running"] * 4


async def can_do_something_else(way):
    """The worker has connections left for a message to another method of the same server."""
    model, login = way.connection
    connections = way.sender.at(login).get_model(model)
    [record] = await connections.search([])
    await connections.action_test_connection([record])

    async def is_tested():
        [found] = await connections.read([record], ["last_test"])
        return found["last_test"] == "passed"

    await eventually(is_tested)


HOSTILE = [
    None,
    7,
    "done",
    [["done"]],
    {"bpo_lead_name": {"a": 1}, "dealer_lead_id": True, "dealer_lead_name": 7, "sale_order_name": []},
    {"bpo_lead_name": "<script>alert(1)</script>", "dealer_lead_name": "<img src=x>", "sale_order_name": "<b>"},
    {"bpo_lead_name": "a\x00b\x1b[31m\u202e", "dealer_lead_name": "\x00", "sale_order_name": "S\x00\ud800"},
    {"bpo_lead_name": "L" * 300_000, "dealer_lead_name": "D" * 300_000, "dealer_lead_id": 10**30},
]


@pytest.mark.statement("X24")
async def test_whatever_comes_for_an_answer_is_kept_harmless(way):
    leads = await way.ready(len(HOSTILE))
    for lead, answer in zip(leads, HOSTILE, strict=True):
        with way.proxy.spoiling(faults.answering(answer), only=way.method):
            await way.step(lead)
            await eventually(lambda lead=lead: has_ended(way, lead))

    texts = [await way.chatter(lead) for lead in leads]
    assert not any(bad in text for text in texts for bad in ("<script", "<img", "<b>", "\x00", "\x1b", "\u202e"))
    assert max(len(text) for text in texts) < 2000
    assert [await way.effects(lead) for lead in leads] == [way.once] * len(leads)


async def has_ended(way, lead):
    return (await way.job(lead))["state"] == "done"
