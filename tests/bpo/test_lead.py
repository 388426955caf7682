"""BPO leads as Odoo's clients and the agents know them: creation, claims, calls, visits."""

from dataclasses import replace
from decimal import Decimal

import pytest

from models.orm.dialect import ODOO
from models.orm.env import Env
from models.orm.errors import (
    AccessError,
    AppError,
    MissingError,
    TransitionError,
    UserError,
    ValidationError,
)
from tests.bpo.making import LEAD, STAGES, brand, dealership, lead, stage
from tests.sale.making import messages, read

# creation


async def test_the_shipped_stages_come_in_order(env):
    stages = await env["crm.stage"].find(env, [], ["name", "is_won", "is_lost", "is_endorse"])

    assert [(one.id, one.name) for one in stages][:3] == [(1, "New"), (2, "Qualified"), (3, "Negotiation")]
    assert [one.name for one in stages] == list(STAGES)
    assert [one.name for one in stages if one["is_endorse"]] == ["Endorsed w/ S.Q.", "Endorsed w/o S.Q."]


async def test_a_lead_has_a_reference_and_is_called_by_it_unless_named(env):
    named, unnamed = await lead(env, name="Fleet of ten"), await lead(env)

    assert (await read(env, LEAD, named, "name"))[0] == "Fleet of ten"
    [name, reference] = await read(env, LEAD, unnamed, "name", "reference")
    assert name == reference
    assert reference.startswith("LEAD/")
    assert (await read(env, LEAD, named, "reference"))[0].startswith("LEAD/")


async def test_a_lead_starts_in_new_with_its_probability(env):
    record = await lead(env)

    assert await read(env, LEAD, record, "stage_id.name", "probability", "type", "won_status") == (
        "New",
        Decimal(10),
        "opportunity",
        "pending",
    )


async def test_a_given_probability_is_kept(env):
    assert await read(env, LEAD, await lead(env, probability=42), "probability") == (Decimal(42),)


@pytest.mark.parametrize("probability", [-1, 100.01, 1000])
async def test_a_probability_is_a_percentage(env, probability):
    with pytest.raises(AppError):
        await lead(env, probability=probability)


async def test_the_customers_contact_data_is_taken_over(env):
    company = {"name": "Santos Inc.", "email": "office@example.com", "phone": "02 555 0001", "city": "Cebu"}
    [partner] = await env["res.partner"].insert(env, [{**company, "company_type": "company"}])

    record = await lead(env, partner_id=partner, phone="02 555 0002")

    found = await read(env, LEAD, record, "partner_name", "contact_name", "email_from", "phone", "city")
    assert found == ("Santos Inc.", "Maria Santos", "office@example.com", "02 555 0002", "Cebu")


async def test_what_a_create_costs(env):
    [partner] = await env["res.partner"].insert(env, [{"name": "Customer"}])
    before = env.statements

    await env[LEAD].create(
        env,
        {
            "name": "Bench lead",
            "partner_id": partner,
            "type": "opportunity",
            "expected_revenue": 1000.0,
            "priority": "1",
            "description": "created by a load generator",
        },
    )

    assert env.statements - before <= 6


@pytest.mark.parametrize(("values", "statements"), [({"city": "Cebu"}, 1), ({"expected_revenue": 5}, 2)])
async def test_what_a_write_costs(env, values, statements):
    record = await lead(env)
    before = env.statements

    await env[LEAD].write(env, [record], values)

    assert env.statements - before == statements


async def test_the_hooks_of_a_write_do_not_get_to_see_a_hidden_lead(env, as_user):
    record, won = await lead(env), await stage(env, "Won")
    supervisor = await as_user("bpo.supervisor")
    elsewhere = replace(supervisor.user, company_id=env.company_id + 1, company_ids=(env.company_id + 1,))
    stranger = Env(env.registry, env.connection, elsewhere)
    before = stranger.statements

    with pytest.raises(MissingError):
        await stranger[LEAD].write(stranger, [record], {"stage_id": won})

    assert stranger.statements - before == 1
    assert not stranger.questions


async def test_what_a_read_costs(env):
    record = await lead(env)
    fields = ["name", "partner_id", "stage_id", "user_id", "expected_revenue", "probability", "email_from"]
    before = env.statements

    await env[LEAD].read(env, [record], fields)

    assert env.statements - before == 1


@pytest.mark.statement("Z13")
@pytest.mark.parametrize(
    "values",
    [
        {"reference": "LEAD/1"},
        {"date_won": "2026-01-01 00:00:00"},
        {"endorse_state": "done"},
        {"dealer_lead_name": "DLEAD/1"},
        {"dealer_order_name": "S1"},
        {"lost_reason": "other"},
    ],
)
async def test_what_the_workflow_writes_nobody_else_writes(env, values):
    record = await lead(env)

    with pytest.raises(AppError):
        await env[LEAD].write(env, [record], values)
    with pytest.raises(AppError):
        await lead(env, **values)


async def test_the_words_of_odoo_are_understood(env):
    odoo = Env(env.registry, env.connection, env.user, dialect=ODOO)

    record = await odoo[LEAD].create(odoo, {"name": "Odoo", "stage_id": 1, "user_id": False, "partner_id": False})

    [found] = (await odoo[LEAD].read(odoo, [record], ["stage_id", "user_id", "expected_revenue"])).value()
    assert found == {"id": record, "stage_id": [1, "New"], "user_id": False, "expected_revenue": Decimal("0.00")}


# claims


async def names(env):
    return set(await env[LEAD].search(env, []))


async def test_a_claimed_lead_is_invisible_to_other_agents(env, agent, supervisor, as_user):
    other = await as_user("bpo.agent")
    free, own, foreign = await lead(env, user_id=None), await lead(agent), await lead(other)

    assert await names(agent) == {free, own}
    assert {free, own, foreign} <= await names(supervisor)
    with pytest.raises(AppError):
        await agent[LEAD].read(agent, [foreign], ["contact_name"])


@pytest.mark.statement("Z8", "Z18")
async def test_leads_are_counted_for_whoever_may_see_them(env, agent, supervisor, as_user):
    chery, dealer = await brand(env), await dealership(env)
    [model] = await env["crm.vehicle.model"].insert(env, [{"name": "Tiggo", "brand_id": chery}])
    [abroad] = await env["res.company"].insert(env.as_system("test"), [{"name": "Abroad"}])
    system, other = env.as_system("test"), await as_user("bpo.agent")
    for values in ({"user_id": other.user.id}, {"user_id": agent.user.id}, {"company_id": abroad}):
        one = await lead(system, brand_id=chery, vehicle_model_id=model, **values)
        await system[LEAD].update(system, [one], {"dealership_id": dealer, "dealer_order_name": "S1"})
    counts = {"crm.brand": [chery], "crm.vehicle.model": [model], "crm.dealership": [dealer]}

    for caller, number in ((agent, 1), (supervisor, 2), (system, 3)):
        for name, ids in counts.items():
            assert await read(caller, name, *ids, "lead_count") == (number,)
            assert await caller[name].search(caller, [["id", "in", ids], ["lead_count", "=", number]]) == ids
        assert await read(caller, "crm.dealership", dealer, "pushed_order_count") == (number,)


async def test_an_agent_claims_an_unclaimed_lead(env, agent):
    record = await lead(env, user_id=None)

    assert await agent[LEAD].action_claim(agent, [record]) is True

    assert await read(agent, LEAD, record, "user_id", "date_open") == (agent.user.id, agent.now)
    assert f"Lead claimed by {agent.user.name}." in await messages(env, LEAD, record)


async def test_a_lead_is_worked_on_after_its_claim(env, agent):
    record = await lead(env, user_id=None)

    for work in (
        agent[LEAD].action_set_won(agent, [record]),
        agent[LEAD].mark_lost(agent, [record], "other"),
        agent[LEAD].write(agent, [record], {"stage_id": await stage(agent, "Qualified")}),
        agent[LEAD].log_call(agent, [record], "busy"),
        agent[LEAD].schedule_visit(agent, [record], "2027-01-02 10:00:00", "Showroom"),
        agent[LEAD].action_endorse_with_sq(agent, [record]),
    ):
        with pytest.raises(UserError, match=r"^Claim LEAD/\d+ first\.$"):
            await work


async def test_an_agent_assigns_nobody(agent, as_user):
    other, record = await as_user("bpo.agent"), await lead(agent)

    with pytest.raises(AccessError, match="Only a supervisor may assign"):
        await agent[LEAD].write(agent, [record], {"user_id": other.user.id})
    with pytest.raises(AccessError):
        await lead(agent, user_id=other.user.id)


async def test_a_supervisor_reassigns(env, supervisor, agent):
    record = await lead(env)

    await supervisor[LEAD].write(supervisor, [record], {"user_id": agent.user.id})

    assert await read(env, LEAD, record, "user_id") == (agent.user.id,)


# calls and visits


@pytest.mark.parametrize("model", ["crm.call.log", "crm.visit"])
async def test_calls_and_visits_move_only_to_leads_that_one_works_on(env, agent, model):
    record, unclaimed, closed = await lead(agent), await lead(env, user_id=None), await lead(agent)
    await env[LEAD].mark_lost(env, [closed], "financing")
    call = await agent[LEAD].log_call(agent, record, "answered")
    [visit] = await agent[LEAD].schedule_visit(agent, [record], "2027-01-02 10:00:00", "Showroom")
    moved = call if model == "crm.call.log" else visit

    for target in (unclaimed, closed):
        with pytest.raises(AppError):
            await agent[model].write(agent, [moved], {"lead_id": target})
    await agent[model].write(agent, [moved], {"lead_id": record})

    assert await read(env, model, moved, "lead_id") == (record,)


async def test_a_call_and_a_visit_belong_to_the_lead(agent):
    record = await lead(agent)

    call = await agent[LEAD].log_call(agent, record, "answered", 0.5)
    [visit] = await agent[LEAD].schedule_visit(agent, [record], "2027-01-02 10:00:00", "Showroom")
    await agent["crm.visit"].action_done(agent, [visit])

    assert await read(agent, LEAD, record, "call_log_ids", "visit_ids") == ((call,), (visit,))
    assert await read(agent, "crm.visit", visit, "state", "user_id") == ("done", agent.user.id)


@pytest.mark.parametrize(("first", "state"), [("action_done", "done"), ("action_cancel", "cancel")])
async def test_a_visit_ends_once(agent, first, state):
    record = await lead(agent)
    [visit] = await agent[LEAD].schedule_visit(agent, [record], "2027-01-02 10:00:00", "Showroom")
    await getattr(agent["crm.visit"], first)(agent, [visit])

    for again in ("action_done", "action_cancel"):
        with pytest.raises(TransitionError):
            await getattr(agent["crm.visit"], again)(agent, [visit])

    assert await read(agent, "crm.visit", visit, "state") == (state,)


# searches and groups


async def test_leads_are_grouped_by_stage_and_agent(env):
    for revenue in (100, 200):
        await lead(env, expected_revenue=revenue)

    groups = await env[LEAD].read_group(env, [], ["expected_revenue:sum"], ["stage_id", "user_id"], lazy=False)

    assert [(group["stage_id"][1], group["__count"], group["expected_revenue"]) for group in groups] == [
        ("New", 2, Decimal("300.00"))
    ]


async def test_orders_point_at_their_opportunity(env):
    record = await lead(env)
    [partner] = await env["res.partner"].insert(env, [{"name": "Customer"}])

    order = await env["sale.order"].create(env, {"partner_id": partner, "opportunity_id": record})

    assert await read(env, LEAD, record, "order_ids") == ((order,),)


# configuration


@pytest.mark.parametrize("group", ["bpo.agent", "bpo.supervisor", "bpo.manager"])
@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("crm.stage", {"name": "Test drive", "sequence": 15}),
        ("crm.brand", {"name": "Omoda", "code": "OMODA"}),
        ("crm.lead.source", {"code": "expo", "name": "Expo", "source_type": "event"}),
        ("crm.dealership", {"code": "CEB", "name": "Cebu"}),
        ("crm.lost.reason", {"name": "Weather"}),
    ],
)
async def test_managers_configure(as_user, group, model, values):
    actor = await as_user(group)

    if group == "bpo.manager":
        assert await actor[model].create(actor, values)
    else:
        with pytest.raises(AccessError):
            await actor[model].create(actor, values)


async def test_a_code_of_a_brand_is_unique(env):
    await brand(env)

    with pytest.raises(Exception, match="crm_brand"):
        await env["crm.brand"].create(env, {"name": "Another", "code": "CHERY"})


async def test_the_sources_of_web_leads_are_found_by_their_external_ids(env):
    found = await env["crm.lead.source"].find(env, [["source_type", "=", "website"]], ["code"])

    assert [source.code for source in found] == ["source_web_quotation", "source_web_test_drive"]
    with pytest.raises(UserError):
        await env["crm.lead.source"].delete(env, [found[0].id])


async def test_a_stage_keeps_its_kind(env):
    with pytest.raises(ValidationError, match="keeps its kind"):
        await env["crm.stage"].write(env, [await stage(env, "Won")], {"is_won": False})
