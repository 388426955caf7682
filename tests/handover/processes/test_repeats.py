"""The same message many times: one effect, and the same answer for everybody."""

import asyncio
import json

import pytest

from rpc_client import ConflictError, TransitionError
from tests.handover import faults
from tests.handover.sides import BPO_LEAD, DEALER_LEAD, SELLER, eventually, logged
from tests.handover.ways import ways

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST_ONLY = {"duplicate", "created"}  # what tells the first answer from the others


def same(answers):
    """What all answers have in common but the word of who was first."""
    [answer] = {
        json.dumps({key: value for key, value in answer.items() if key not in FIRST_ONLY}, sort_keys=True)
        for answer in answers
    }
    return answer


def was_first(answer):
    return answer.get("duplicate") is False or answer.get("created") is True


@pytest.mark.statement("X5", "H107")
@pytest.mark.parametrize("fault", [faults.lost_answer, faults.reset_after_delivery, faults.doubled, faults.half_a_body])
async def test_an_answer_that_is_lost_costs_a_repeat_and_nothing_else(way, fault):
    leads = await way.ready(5)
    before = way.proxy.count(way.method)

    with way.proxy.spoiling(fault, only=way.method):
        for lead in leads:
            await way.step(lead)
        await eventually(lambda: every_one_has_come(way, leads))

    stamps = [await stamp(way, lead) for lead in leads]
    await way.arrives(leads)
    assert way.proxy.count(way.method) - before >= len(leads) + (fault is not faults.doubled) * len(leads)
    assert [await stamp(way, lead) for lead in leads] == stamps


async def every_one_has_come(way, leads):
    await way.sender.time_passes()
    return [await way.effects(lead) for lead in leads] == [way.once] * len(leads)


async def stamp(way, lead):
    """The moment that the receiver keeps of what it was told."""
    if way.receiver_model == BPO_LEAD:
        return await way.receiver.value("select date_won from crm_lead where id = $1", lead.bpo)
    return await way.receiver.value("select create_date from dealer_crm_lead where bpo_source_lead_id = $1", lead.bpo)


@pytest.mark.statement("X6", "H107", "D11")
@pytest.mark.concurrency
async def test_a_hundred_at_once_and_more_after_a_restart_are_one(way):
    [lead] = await way.ready()
    await way.proxy.refuse()
    await way.step(lead)
    payload = await way.payload(lead)

    at_once = await asyncio.gather(*(way.deliver(payload) for _ in range(100)))
    await way.receiver.die()
    await way.receiver.start()
    later = await asyncio.gather(*(way.deliver(payload) for _ in range(20)))
    await way.proxy.listen()

    assert same(at_once) == same(later)
    assert sum(was_first(answer) for answer in at_once + later) == 1
    await way.arrives([lead])


@pytest.mark.statement("X7")
async def test_the_same_event_with_another_content_is_refused(way):
    [lead] = await way.ready()
    await way.step(lead)
    await way.arrives([lead])
    payload = await way.payload(lead)

    with pytest.raises(ConflictError):
        await way.deliver(way.changed(payload))

    await logged(way.receiver, '"outcome":"conflict"')
    assert await way.effects(lead) == way.once


@pytest.mark.statement("X7")
async def test_a_changed_message_is_refused_and_both_sides_tell(way):
    [lead] = await way.ready()
    await way.step(lead)
    await way.arrives([lead])
    args = (await way.job(lead))["args"]
    changed = json.loads(args)
    changed.update({"payload": way.changed(changed["payload"])} if "payload" in changed else way.changed(changed))

    again = "update sync_job set args = $2::jsonb, state = 'ready', run_at = now() where lane = $1"
    await way.sender.fetch(again, way.lane(lead), json.dumps(changed))
    await eventually(lambda: is_rejected(way, lead))

    await logged(way.sender, '"verdict":"rejected"')
    await logged(way.receiver, '"outcome":"conflict"')
    assert "used for another call" in await way.chatter(lead)
    assert await way.effects(lead) == way.once
    await way.sender.fetch(again, way.lane(lead), args)


async def is_rejected(way, lead):
    return (await way.job(lead))["verdict"] == "rejected"


@pytest.mark.statement("H89", "H87")
async def test_an_outbox_that_sends_all_it_ever_sent_changes_nothing(way):
    """As after the sender's database was put back to an earlier moment."""
    leads = await way.ready(10)
    for lead in leads:
        await way.step(lead)
    await way.arrives(leads)
    before = way.proxy.count(way.method)

    await way.sender.fetch(
        "update sync_job set state = 'ready', run_at = now(), attempts = 0, done_at = null where lane = any($1)",
        [way.lane(lead) for lead in leads],
    )
    await way.arrives(leads)

    assert way.proxy.count(way.method) - before == len(leads)


@pytest.mark.statement("C6", "H78")
@pytest.mark.concurrency
async def test_a_hundred_press_mark_won_over_http(sides):
    [lead] = await sides.endorsed()
    seller = sides.dealer.at(SELLER).get_model(DEALER_LEAD)

    answers = await asyncio.gather(*(seller.action_set_won([lead.dealer]) for _ in range(100)), return_exceptions=True)

    assert sum(answer is True for answer in answers) == 1
    refusals = [answer for answer in answers if answer is not True]
    assert {type(answer) for answer in refusals} == {TransitionError}
    assert len({(answer.message, str(sorted(answer.data))) for answer in refusals}) == 1
    callback = ways(sides)["callback"]
    await callback.arrives([lead])
    assert await callback.messages([lead]) == 1
