"""The stages of a BPO lead: one step at a time, and how it is closed, in everybody's words."""

import datetime as dt
from decimal import Decimal

import pytest

from models.orm.errors import (
    InputError,
    MissingError,
    RequiredError,
    TransitionError,
    UserError,
)
from tests.bpo.making import LEAD, dealership, endorsed, lead, negotiated, stage
from tests.sale.making import messages, read, tracked


async def stage_name(env, record):
    return (await read(env, LEAD, record, "stage_id.name"))[0]


async def test_an_agent_creates_leads_in_new_only(agent):
    with pytest.raises(TransitionError, match="A new lead starts in New"):
        await lead(agent, stage_id=await stage(agent, "Qualified"))


@pytest.mark.parametrize("name", ["Qualified", "Negotiation"])
async def test_a_supervisor_records_a_lead_that_is_under_way(supervisor, name):
    assert await stage_name(supervisor, await lead(supervisor, stage_id=await stage(supervisor, name))) == name


@pytest.mark.parametrize("name", ["Endorsed w/ S.Q.", "Won", "Lost"])
async def test_nobody_creates_a_closed_lead(env, name):
    with pytest.raises(TransitionError):
        await lead(env, stage_id=await stage(env, name))


async def test_a_lead_walks_one_step_at_a_time(agent):
    record = await lead(agent)

    with pytest.raises(TransitionError, match=r"Skipping Qualified\. Go one step at a time\."):
        await agent[LEAD].write(agent, [record], {"stage_id": await stage(agent, "Negotiation")})
    await agent[LEAD].write(agent, [record], {"stage_id": await stage(agent, "Qualified")})
    with pytest.raises(TransitionError, match=r"^Leads can only move forward one stage at a time\."):
        await agent[LEAD].write(agent, [record], {"stage_id": await stage(agent, "New")})

    assert await read(agent, LEAD, record, "stage_id.name", "probability") == ("Qualified", Decimal(30))


@pytest.mark.parametrize("name", ["Endorsed w/ S.Q.", "Endorsed w/o S.Q."])
async def test_a_hand_off_stage_is_reached_by_endorsing_only(env, name):
    record = await negotiated(env)

    with pytest.raises(TransitionError, match="Use Endorse"):
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, name)})


@pytest.mark.parametrize(("name", "date"), [("Won", "date_won"), ("Lost", "date_lost")])
async def test_writing_a_closing_stage_closes_the_lead(env, name, date):
    record = await lead(env)

    await env[LEAD].write(env, [record], {"stage_id": await stage(env, name)})

    found = await read(env, LEAD, record, "won_status", date, "date_closed", "probability")
    assert found == (name.lower(), env.now, env.now, Decimal(100 if name == "Won" else 0))


@pytest.mark.statement("E30")
@pytest.mark.parametrize(("close", "date"), [("action_set_won", "date_won"), ("mark_lost", "date_lost")])
async def test_closing_keeps_the_instant_beside_the_expected_day(env, close, date):
    record = await lead(env, date_deadline="2026-12-24")

    await getattr(env[LEAD], close)(env, [record], *(["other"] if close == "mark_lost" else []))

    assert await read(env, LEAD, record, "date_deadline", "date_closed") == (dt.date(2026, 12, 24), env.now)
    for since, found in ((env.now - dt.timedelta(minutes=2), [record]), (env.now + dt.timedelta(seconds=1), [])):
        assert await env[LEAD].search(env, [["id", "=", record], [date, ">=", since.isoformat()]]) == found


async def test_a_closed_lead_does_not_move(env):
    record = await lead(env)
    await env[LEAD].action_set_won(env, [record])

    with pytest.raises(TransitionError, match="is already Won"):
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, "New")})


async def test_a_second_date_is_not_written_by_a_batch(env):
    won, open_lead = await lead(env), await lead(env)
    await env[LEAD].action_set_won(env, [won])

    with pytest.raises(TransitionError):
        await env[LEAD].write(env, [won, open_lead], {"stage_id": await stage(env, "Won")})

    assert await stage_name(env, open_lead) == "New"


# closing, in Odoo's words


async def test_odoo_wins_a_lead(env):
    record = await lead(env)

    assert await env[LEAD].action_set_won(env, [record]) is True
    assert await env[LEAD].action_set_won(env, [record]) is True

    assert await read(env, LEAD, record, "probability", "stage_id.is_won", "date_won") == (Decimal(100), True, env.now)
    assert [change[0] for change in await tracked(env, LEAD, record)] == ["stage_id"]


async def test_odoo_loses_and_archives_a_lead(env):
    record = await lead(env)
    [reason] = await env["crm.lost.reason"].search(env, [["code", "=", "price_too_high"]])

    assert await env[LEAD].action_set_lost(env, [record], lost_reason_id=reason) is None

    found = await read(env, LEAD, record, "active", "probability", "lost_reason_id", "lost_reason", "won_status")
    assert found == (False, Decimal(0), reason, "price_too_high", "lost")


@pytest.mark.parametrize("restore", ["unarchive", "toggle_active"])
async def test_odoo_restores_a_lost_lead_where_it_was(env, restore):
    record = await lead(env)
    await env[LEAD].write(env, [record], {"stage_id": await stage(env, "Qualified")})
    await env[LEAD].action_set_lost(env, [record], lost_reason="no_stock")

    await getattr(env[LEAD], restore)(env, [record])

    found = await read(env, LEAD, record, "active", "stage_id.name", "probability", "lost_reason", "date_lost")
    assert found == (True, "Qualified", Decimal(30), None, None)


async def test_odoos_wizard_loses_leads(env):
    records = [await lead(env), await lead(env)]
    wizard = env["crm.lead.lost"]
    form = await wizard.create(
        env.with_context(active_model=LEAD, active_ids=records), {"lost_feedback": "<p>Too slow</p>"}
    )

    await wizard.action_lost_reason_apply(env, [form])

    assert [await read(env, LEAD, record, "won_status", "lost_notes") for record in records] == [
        ("lost", "<p>Too slow</p>")
    ] * 2


@pytest.mark.statement("Z4", "Z9")
async def test_odoos_wizard_is_opened_on_no_lead_that_is_hidden(env, agent, as_user):
    other = await as_user("bpo.agent")
    hidden, never = await lead(env, user_id=other.user.id), 987_654_321
    refused = []

    for one in (hidden, never):
        for context in ({"active_ids": [one]}, {"active_id": one}):
            asked = agent.with_context(active_model=LEAD, **context)
            with pytest.raises(MissingError) as told:
                await asked["crm.lead.lost"].create(asked, {})
            refused.append(told.value.message)
    assert len(set(refused)) == 1
    for odd in ("x", [{}], [[1]]):
        asked = agent.with_context(active_model=LEAD, active_ids=odd)
        with pytest.raises(InputError):
            await asked["crm.lead.lost"].create(asked, {})


@pytest.mark.statement("H92", "H93")
async def test_the_call_centre_gives_a_reason_and_keeps_the_lead_in_sight(env):
    record = await lead(env)

    with pytest.raises(RequiredError):
        await env[LEAD].mark_lost(env, [record])
    await env[LEAD].mark_lost(env, [record], "chose_competitor", "Bought a <b>bike</b>")

    assert await read(env, LEAD, record, "active", "lost_reason", "lost_reason_id.name") == (
        True,
        "chose_competitor",
        "Chose Competitor",
    )
    *_, told = await messages(env, LEAD, record)
    assert told == "Lead lost: Chose Competitor. Notes: Bought a &lt;b&gt;bike&lt;/b&gt;"


@pytest.mark.statement("H94")
async def test_an_unknown_reason_is_refused(env):
    with pytest.raises(InputError):
        await env[LEAD].mark_lost(env, [await lead(env)], "bored")


async def test_a_lost_lead_is_not_won(env):
    record = await lead(env)
    await env[LEAD].mark_lost(env, [record], "other")

    with pytest.raises(TransitionError, match="is already Lost"):
        await env[LEAD].action_set_won(env, [record])


@pytest.mark.parametrize("method", ["action_set_won", "mark_lost", "action_set_lost"])
async def test_an_endorsed_lead_is_closed_by_its_dealer_alone(env, method):
    record = await endorsed(env, await dealership(env))
    arguments = ["other"] if method == "mark_lost" else []

    with pytest.raises(UserError, match="its outcome comes from the dealer"):
        await getattr(env[LEAD], method)(env, [record], *arguments)
    with pytest.raises((UserError, TransitionError)):
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, "Won")})
