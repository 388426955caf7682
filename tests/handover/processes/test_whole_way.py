"""Leads that go all the way, endorsed and closed, while both ways are bad."""

import asyncio
import random
from contextlib import ExitStack

import pytest

from tests.handover import faults
from tests.handover.proxy import faithfully
from tests.handover.sides import BPO_LEAD, DEALER_LEAD, ENDORSEMENT, SELLER, Lead, eventually
from tests.handover.ways import ways

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEED = 7
HARMLESS = [fault for what, fault in faults.FAULTS.items() if what not in ("comes late", "gets one byte a second")]


async def received(sides, lead):
    """Wait until the dealer has a lead, whatever the BPO knows of that; returns it with both ids."""
    sql = "select id from dealer_crm_lead where bpo_source_lead_id = $1"

    async def is_there():
        await sides.bpo.time_passes()
        return await sides.dealer.value(sql, lead.bpo)

    await eventually(is_there)
    return Lead(lead.bpo, await sides.dealer.value(sql, lead.bpo))


async def confirm(sides, lead):
    """Confirm the order that came with the endorsement; nothing has to be delivered."""
    order = await sides.dealer.value("select sale_order_id from dealer_crm_lead where id = $1", lead.dealer)
    await sides.dealer.at(SELLER).get_model("sale.order").action_confirm([order])


async def at_bpo(sides, lead):
    """What the BPO says of a lead: outcome, endorsement, whether it has the dealer's reference; and its stages."""
    [row] = await sides.bpo.fetch(
        "select s.name, l.endorse_state, l.dealer_lead_name is not null as named from crm_lead l"
        " join crm_stage s on s.id = l.stage_id where l.id = $1",
        lead.bpo,
    )
    moves = await sides.bpo.fetch(
        "select t ->> 'new_label' from mail_message, jsonb_array_elements(tracking) t"
        " where model = $1 and res_id = $2 and t ->> 'field' = 'stage_id' order by mail_message.id",
        BPO_LEAD,
        lead.bpo,
    )
    return (*row, [move[0] for move in moves])


@pytest.mark.statement("X5", "X28")
async def test_an_outcome_may_overtake_the_answer_to_the_endorsement(sides):
    """The dealer has the lead and wins it, before the BPO has heard that it arrived."""
    [lead] = await sides.negotiated()
    with sides.to_dealer.spoiling(faults.lost_answer, only=ENDORSEMENT):
        await sides.endorse(lead)
        lead = await received(sides, lead)
        await confirm(sides, lead)
        await sides.win(lead)
        callback = ways(sides)["callback"]
        await eventually(lambda: is_told(callback, lead))
        assert await at_bpo(sides, lead) == ("Won", "done", True, ["Endorsed w/ S.Q.", "Won"])

    await callback.arrives([lead])
    assert await at_bpo(sides, lead) == ("Won", "done", True, ["Endorsed w/ S.Q.", "Won"])
    assert (await ways(sides)["endorsement"].job(lead))["state"] == "done"


async def is_told(way, lead):
    return (await way.job(lead))["state"] == "done"


@pytest.mark.statement("X1", "X5", "X28", "H107")
async def test_random_faults_on_both_ways_leave_both_sides_agreed(sides):
    chance = random.Random(SEED)
    leads = await sides.negotiated(8)
    outcomes = {lead.bpo: chance.choice(["Won", "Lost"]) for lead in leads}

    async def weather():
        while True:
            with ExitStack() as both_ways:
                for proxy in (sides.to_bpo, sides.to_dealer):
                    both_ways.enter_context(proxy.spoiling(chance.choice([chance.choice(HARMLESS), faithfully])))
                await asyncio.sleep(chance.uniform(0.05, 0.3))

    async def go(lead):
        await sides.endorse(lead)
        there = await received(sides, lead)
        if outcomes[lead.bpo] == "Won":
            await confirm(sides, there)
            await sides.win(there)
        else:
            await sides.dealer.at(SELLER).get_model(DEALER_LEAD).action_set_lost([there.dealer], "financing")

    storm = asyncio.create_task(weather())
    await asyncio.gather(*(go(lead) for lead in leads))
    storm.cancel()
    await asyncio.gather(storm, return_exceptions=True)
    await sides.healthy()

    for lead in leads:
        end = outcomes[lead.bpo]
        assert (lead, await at_bpo(sides, lead)) == (lead, (end, "done", True, ["Endorsed w/ S.Q.", end]))
        assert await ways(sides)["endorsement"].effects(lead) == ways(sides)["endorsement"].once
