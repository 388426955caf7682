"""Endorsing: what a lead needs for it, what it puts into the outbox, what the lead says of it afterwards."""

import datetime as dt
import json

import pytest

from models.bpo.endorsing import Endorsement
from models.dealer.endorsement import read_endorsement
from models.dealer.record import LeadRecord as DealerLeadRecord
from models.orm.errors import AppError, MissingError, TransitionError, UserError, ValidationError
from models.sync.outcome import Outcome, Verdict
from models.sync.queue import Job, Result, State
from tests.bpo.making import LEAD, PASSWORD, brand, closed_by_hand, dealership, endorsed, lead, negotiated, stage
from tests.sale.making import messages, read

STATE = ("endorse_state", "endorse_attempts", "endorse_error")
DEALER_FIELDS = {
    name: getattr(DealerLeadRecord, name)
    for name in dir(DealerLeadRecord)
    if hasattr(getattr(DealerLeadRecord, name), "decode")
}


@pytest.fixture
async def manila(env):
    return await dealership(env)


@pytest.fixture
async def agent(as_user):
    return await as_user("bpo.agent")


async def jobs(env, record):
    return await env.fetch("select * from sync_job where lane = $1 order by id", f"{LEAD},{record}")


async def payload_of(env, record):
    return json.loads((await jobs(env, record))[-1]["args"])["payload"]


async def settle(env, record, outcome, state=State.DONE):
    row = (await jobs(env, record))[-1]
    job = Job(
        id=row["id"],
        company_id=row["company_id"],
        event=row["event"],
        kind=row["kind"],
        remote=row["remote"],
        lane=row["lane"],
        lane_seq=row["lane_seq"],
        attempts=1,
        trace="",
        claim="",
        age=dt.timedelta(0),
        args=json.loads(row["args"]),
    )
    await Endorsement().settle(env.as_system("worker"), job, Result(outcome, state))


REJECTED = Outcome(Verdict.REJECTED, error="There is no brand with the code CHERY here.")
ANSWER = {"dealer_lead_id": 42, "dealer_lead_name": "DLEAD/00042", "sale_order_id": 3, "sale_order_name": "S00003"}


# the buttons


@pytest.mark.statement("H21", "H84", "D5")
@pytest.mark.parametrize(("kind", "name"), [("with_sq", "Endorsed w/ S.Q."), ("without_sq", "Endorsed w/o S.Q.")])
async def test_a_negotiated_lead_is_endorsed(env, agent, manila, kind, name):
    record = await negotiated(agent)

    assert await getattr(agent[LEAD], f"action_endorse_{kind}")(agent, [record], manila) is True

    found = await read(
        env,
        LEAD,
        record,
        "stage_id.name",
        "endorse_kind",
        "endorse_state",
        "endorsed_by",
        "dealership_id",
        "endorsed_at",
    )
    assert found == (name, kind, "pending", agent.user.id, manila, agent.now)
    [job] = await jobs(env, record)
    assert (job["kind"], job["remote"], job["state"]) == ("bpo.endorse", f"crm.dealership,{manila}", "ready")
    words = "with S.Q." if kind == "with_sq" else "without S.Q."
    assert f"Endorsed {words} to Dealer MNL by {agent.user.name}." in await messages(env, LEAD, record)


async def test_the_buttons_have_short_names(env):
    methods = env[LEAD].meta.methods

    assert methods["endorse_with_sq"] is methods["action_endorse_with_sq"]
    assert methods["endorse_without_sq"] is methods["action_endorse_without_sq"]


@pytest.mark.statement("H21")
async def test_the_message_says_what_the_dealer_understands(env, agent, manila):
    record = await negotiated(
        agent,
        contact_name="Maria Santos",
        email_from="maria@example.com",
        quantity=2,
        expected_price="1250000.50",
        has_trade_in=True,
        trade_in_value=100,
        financing_type="bank",
        priority="2",
        zip="1000",
    )
    await agent[LEAD].action_endorse_with_sq(agent, [record], manila)

    payload = await payload_of(env, record)
    understood = read_endorsement(payload, DEALER_FIELDS)

    assert understood.unread == ()
    assert (understood.kind, understood.brand_code, understood.source_lead_id) == ("with_sq", "CHERY", record)
    [reference] = await read(env, LEAD, record, "reference")
    assert understood.values["bpo_source_lead_name"] == reference
    assert understood.values["bpo_endorsed_by"] == agent.user.name
    wished = ("contact_name", "email", "quantity", "expected_price", "has_trade_in", "financing_type", "zip_code")
    assert [str(understood.values[name]) for name in wished] == [
        "Maria Santos",
        "maria@example.com",
        "2",
        "1250000.50",
        "True",
        "bank",
        "1000",
    ]
    assert payload["event_id"] == (await jobs(env, record))[0]["event"]


@pytest.mark.statement("H24", "H136")
async def test_the_link_is_that_of_the_lead_and_stays(env, manila):
    await env["ir.config_parameter"].set_param(env, "web.base.url", "https://bpo.example/")
    record = await endorsed(env, manila)

    assert (await payload_of(env, record))["bpo_source_url"].startswith(f"https://bpo.example/web#id={record}&")


@pytest.mark.statement("H24")
async def test_without_a_configured_address_the_link_is_still_ours_alone(env, manila):
    first, second = await endorsed(env, manila), await endorsed(env, manila)

    [one, two] = [(await payload_of(env, record))["bpo_source_url"] for record in (first, second)]

    assert one.split("/web#")[0] == two.split("/web#")[0]
    assert one != two


async def test_the_dealership_of_the_lead_is_taken_if_none_is_named(env, manila):
    record = await negotiated(env, dealership_id=manila)

    await env[LEAD].action_endorse_with_sq(env, [record])

    assert await read(env, LEAD, record, "endorse_state") == ("pending",)


@pytest.mark.parametrize("name", ["New", "Qualified"])
async def test_only_a_negotiated_lead_is_endorsed(env, manila, name):
    record = await lead(env, brand_id=await brand(env))
    if name == "Qualified":
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, name)})

    with pytest.raises(TransitionError, match="can be endorsed from Negotiation"):
        await env[LEAD].action_endorse_with_sq(env, [record], manila)


async def test_what_is_missing_is_all_named(env):
    record = await negotiated(env, brand_id=None)

    with pytest.raises(ValidationError, match=r"^Select a brand first\. Select a dealership first\.$"):
        await env[LEAD].action_endorse_with_sq(env, [record])


@pytest.mark.parametrize("values", [{"url": None}, {"password": None}, {"active": False}])
async def test_a_dealership_without_a_connection_is_not_endorsed_to(env, values):
    unreachable = await dealership(env, **values)
    record = await negotiated(env)

    with pytest.raises(UserError, match="is not connected"):
        await env[LEAD].action_endorse_with_sq(env, [record], unreachable)

    assert await read(env, LEAD, record, "endorse_state", "stage_id.name") == ("none", "Negotiation")


@pytest.mark.statement("H27")
@pytest.mark.parametrize("again", ["same", "other"])
async def test_a_lead_is_not_endorsed_twice(env, manila, again):
    other = await dealership(env, "CEB")
    record = await endorsed(env, manila)

    with pytest.raises(TransitionError, match="is endorsed already"):
        await env[LEAD].action_endorse_without_sq(env, [record], manila if again == "same" else other)

    assert len(await jobs(env, record)) == 1


@pytest.mark.statement("H27")
async def test_the_dealership_of_an_endorsed_lead_stays(env, manila):
    other = await dealership(env, "CEB")
    record = await endorsed(env, manila)

    with pytest.raises(UserError, match="is endorsed"):
        await env[LEAD].write(env, [record], {"dealership_id": other})
    await env[LEAD].write(env, [record], {"dealership_id": manila, "city": "Cebu"})

    assert await read(env, LEAD, record, "dealership_id", "city") == (manila, "Cebu")


async def test_a_closed_lead_is_not_endorsed(env, manila):
    record = await negotiated(env)
    await env[LEAD].mark_lost(env, [record], "other")

    with pytest.raises(TransitionError, match="is already Lost"):
        await env[LEAD].action_endorse_with_sq(env, [record], manila)


async def test_somebody_elses_lead_is_not_endorsed(env, agent, manila):
    record = await negotiated(env)

    with pytest.raises(MissingError):
        await agent[LEAD].action_endorse_with_sq(agent, [record], manila)


# what becomes of it


@pytest.mark.statement("H27", "X24")
async def test_the_dealers_references_are_stored(env, manila):
    record = await endorsed(env, manila)

    await settle(env, record, Outcome.delivered(ANSWER))

    found = await read(env, LEAD, record, *STATE, "dealer_lead_id", "dealer_lead_name", "dealer_order_name")
    assert found == ("done", 1, None, 42, "DLEAD/00042", "S00003")
    *_, told = await messages(env, LEAD, record)
    assert told == "Received by Dealer MNL as DLEAD/00042 with quotation S00003."


@pytest.mark.statement("X24")
@pytest.mark.parametrize(
    "answer",
    [None, [], "x", {"dealer_lead_id": "42"}, {"dealer_lead_name": "<script>" * 5000}, {"dealer_lead_id": 1 << 80}],
)
async def test_the_dealers_answer_is_not_trusted(env, manila, answer):
    record = await endorsed(env, manila)

    await settle(env, record, Outcome.delivered(answer))

    assert await read(env, LEAD, record, "endorse_state", "dealer_lead_id") == ("done", None)
    *_, told = await messages(env, LEAD, record)
    assert "<script>" not in told


async def test_failures_are_told_once_and_giving_up_once_more(env, manila):
    record = await endorsed(env, manila)
    before = len(await messages(env, LEAD, record))

    await settle(env, record, REJECTED, State.READY)
    await settle(env, record, REJECTED, State.READY)
    await settle(env, record, REJECTED, State.PARKED)

    assert await read(env, LEAD, record, *STATE) == ("failed", 3, REJECTED.error)
    first, last = (await messages(env, LEAD, record))[before:]
    assert first.endswith("(it is tried again by itself)")
    assert "is given up" in last


async def test_a_failed_endorsement_is_corrected_and_endorsed_again(env, agent, manila):
    record = await negotiated(agent)
    await agent[LEAD].action_endorse_with_sq(agent, [record], manila)
    await settle(env, record, REJECTED, State.PARKED)
    await agent[LEAD].write(agent, [record], {"brand_id": await brand(env, "OMODA")})

    await agent[LEAD].resend_endorsement(agent, [record])

    first, second = await jobs(env, record)
    assert first["event"] != second["event"]
    payload = await payload_of(env, record)
    assert (payload["brand_code"], payload["sq_flag"]) == ("OMODA", "with_sq")
    assert payload["bpo_source_url"] == json.loads(first["args"])["payload"]["bpo_source_url"]


@pytest.mark.statement("H27")
async def test_a_failed_endorsement_does_not_go_to_another_dealership(env, manila):
    other = await dealership(env, "CEB")
    record = await endorsed(env, manila)
    await settle(env, record, REJECTED, State.PARKED)

    with pytest.raises(UserError, match="to the same one only"):
        await env[LEAD].action_endorse_with_sq(env, [record], other)


async def test_only_a_failed_endorsement_is_resent(env, manila):
    with pytest.raises(UserError, match="no failed endorsement"):
        await env[LEAD].resend_endorsement(env, [await endorsed(env, manila)])


async def test_a_lead_closed_in_the_database_is_not_endorsed(env, manila):
    record = await negotiated(env)
    await closed_by_hand(env, record, "Won")

    with pytest.raises(TransitionError):
        await env[LEAD].action_endorse_with_sq(env, [record], manila)


# the dealership's connection

HIDDEN = ("url", "database", "login", "callback_user_id", "last_test_result")


@pytest.mark.statement("X23")
@pytest.mark.parametrize("group", ["bpo.agent", "bpo.supervisor"])
@pytest.mark.parametrize("field", HIDDEN)
async def test_the_connection_is_seen_by_managers_alone(as_user, manila, group, field):
    actor = await as_user(group)

    for attempt in (
        actor["crm.dealership"].read(actor, [manila], [field]),
        actor["crm.dealership"].search(actor, [[field, "!=", False]]),
        actor["crm.dealership"].search(actor, [], order=field),
        actor[LEAD].search(actor, [[f"dealership_id.{field}", "!=", False]]),
    ):
        with pytest.raises(AppError):
            await attempt


@pytest.mark.statement("X23")
async def test_the_password_is_read_by_nobody(env, manila):
    shown = (await env["crm.dealership"].read(env, [manila])).text
    stored = await env.fetchval("select password from crm_dealership where id = $1", manila)

    assert PASSWORD not in shown
    assert PASSWORD not in stored
    with pytest.raises(AppError):
        await env["crm.dealership"].read(env, [manila], ["password"])


async def test_everybody_sees_whether_a_dealership_is_connected(as_user, manila):
    agent = await as_user("bpo.agent")

    assert await read(agent, "crm.dealership", manila, "is_connected", "name") == (True, "Dealer MNL")


async def test_a_supervisor_changes_basic_fields_only(as_user, manila):
    supervisor = await as_user("bpo.supervisor")

    await supervisor["crm.dealership"].write(supervisor, [manila], {"phone": "02 555 0001"})
    for values in ({"url": "https://evil.example"}, {"password": "x"}, {"code": "X"}, {"active": False}):
        with pytest.raises(AppError):
            await supervisor["crm.dealership"].write(supervisor, [manila], values)
