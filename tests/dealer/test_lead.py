"""The lead as a whole: its fields, its buttons, its calls, its trail."""

import datetime as dt
from decimal import Decimal

import pytest

from models.orm.errors import (
    AccessError,
    AppError,
    InputError,
    MissingError,
    RequiredError,
    TransitionError,
    ValidationError,
)
from tests.dealer.making import LEAD, confirm, endorsed, lead, order_of, sellable_lead, won_lead
from tests.sale.making import messages, read, tracked

IMPLIED = [
    "name",
    "stage_id",
    "user_id",
    "contact_name",
    "mobile",
    "email",
    "brand_id",
    "product_id",
    "vehicle_model_text",
    "quantity",
    "expected_price",
    "budget_min",
    "budget_max",
    "has_trade_in",
    "trade_in_make_model",
    "trade_in_year",
    "trade_in_mileage",
    "trade_in_value",
    "financing_needed",
    "financing_type",
    "down_payment",
    "customer_notes",
    "internal_notes",
    "sale_order_id",
    "bpo_source_lead_id",
    "bpo_source_url",
    "date_won",
    "date_lost",
    "lost_reason",
    "lost_notes",
    "call_log_ids",
    "active",
    "priority",
    "kanban_state",
    "source_id",
    "vehicle_display",
    "preferred_color",
    "street",
    "city",
    "zip_code",
    "country_id",
    "state_id",
    "phone",
]


@pytest.mark.statement("H139")
async def test_the_lead_has_every_field_that_is_spoken_of(env):
    record = await lead(env)

    [found] = (await env[LEAD].read(env, [record], IMPLIED)).value()

    assert set(IMPLIED) <= set(found)


async def test_the_vehicle_shown_is_the_product_or_what_was_told(env):
    told = await lead(env, vehicle_model_text="Tiggo 8 Pro")
    chosen = await sellable_lead(env, vehicle_model_text="Tiggo 8 Pro")

    assert await read(env, LEAD, told, "vehicle_display") == ("Tiggo 8 Pro",)
    assert await read(env, LEAD, chosen, "vehicle_display") == ("Tiggo 8",)


async def test_a_lead_needs_a_customer_and_a_source(env):
    with pytest.raises(RequiredError) as caught:
        await env[LEAD].create(env, {"contact_name": "Maria Santos"})

    assert caught.value.field == "source_id"


# buttons


def shown(answer):
    return {name for name, button in answer["actions"].items() if button["visible"]}


@pytest.mark.statement("H29", "H30", "H33", "E23")
async def test_the_buttons_of_an_own_lead(env, as_user):
    user = await as_user("dealer.user")
    record = await sellable_lead(user)

    [before] = await user[LEAD].get_actions(user, [record])
    await confirm(user, await order_of(user, record))
    [after] = await user[LEAD].get_actions(user, [record])

    assert shown(before) == {"log_call", "action_convert_to_quotation", "action_set_lost"}
    assert shown(after) == {"log_call", "action_open_quotation", "action_set_won", "action_set_lost"}
    assert after["actions"]["action_set_won"]["ready"]


@pytest.mark.statement("H34", "H31")
async def test_the_buttons_of_a_closed_lead(env, as_user):
    user = await as_user("dealer.user")

    [found] = await user[LEAD].get_actions(user, [await won_lead(user)])

    assert shown(found) == {"action_open_quotation"}


@pytest.mark.statement("H35")
@pytest.mark.parametrize("button", ["action_convert_to_quotation", "action_set_won", "action_claim"])
async def test_pressing_a_hidden_button_is_refused(env, button):
    record = await won_lead(env)

    with pytest.raises(TransitionError, match="is already Won"):
        await getattr(env[LEAD], button)(env, [record])


@pytest.mark.statement("H133")
async def test_the_filters_find_what_they_are_called(env):
    told, untold = await endorsed(env, await lead(env)), await lead(env)
    filters = await env[LEAD].search_filters(env)

    async def found(name):
        return set(await env[LEAD].search(env, filters[name]))

    assert await found("endorsed") == {told}
    assert await found("won") == set()
    assert await found("my_pipeline") == {told, untold}

    free, won = await lead(env, user_id=None), await endorsed(env, await won_lead(env))
    lost_free = await lead(env, user_id=None)
    for one in (told, lost_free):
        await env[LEAD].action_set_lost(env, [one], "financing")
    assert await found("endorsed") == {told, won}
    assert await found("won") == {won}
    assert await found("lost") == {told, lost_free}
    assert await found("unassigned") == {free}
    assert set(await env[LEAD].search(env, [*filters["endorsed"], *filters["won"]])) == {won}


# calls


@pytest.mark.statement("H113", "H114", "H115", "H117")
async def test_a_call_is_logged_on_the_lead(env, as_user):
    user = await as_user("dealer.user")
    record = await lead(user)

    call = await user[LEAD].log_call(user, record, "answered", 4.5, "Wants a test drive")

    found = await read(user, "dealer.crm.call.log", call, "lead_id", "result", "duration", "summary")
    assert (found[0], found[1], float(found[2]), found[3]) == (record, "answered", 4.5, "Wants a test drive")
    assert await read(user, "dealer.crm.call.log", call, "user_id", "create_uid", "call_date") == (
        user.user.id,
        user.user.id,
        user.now,
    )
    assert await read(user, LEAD, record, "call_log_ids", "call_count") == ((call,), 1)


@pytest.mark.statement("H117")
async def test_a_call_may_be_logged_for_a_colleague_and_a_past_day(env, as_user):
    user, colleague = await as_user("dealer.user"), await as_user("dealer.user")
    record = await lead(user)

    call = await user[LEAD].log_call(user, record, "busy", user_id=colleague.user.id, call_date="2026-01-02 03:04:05")

    assert await read(user, "dealer.crm.call.log", call, "user_id", "create_uid") == (colleague.user.id, user.user.id)


@pytest.mark.statement("H113", "H114")
async def test_the_wizard_logs_a_call_too(env):
    record = await lead(env)
    wizard = env["dealer.crm.log.call"]
    form = await wizard.create(env.with_context(active_model=LEAD, active_id=record), {"result": "voicemail"})

    await wizard.action_confirm(env, [form])

    [call] = await env["dealer.crm.call.log"].find(env, [["lead_id", "=", record]], ["result", "user_id"])
    assert (call.result, call.user_id) == ("voicemail", env.user.id)


@pytest.mark.statement("H113", "H114", "H117")
async def test_all_that_the_wizard_asks_for_is_kept(env, as_user):
    user, colleague = await as_user("dealer.user"), await as_user("dealer.user")
    record = await lead(user)
    given = {"duration": 4.5, "summary": "Blue", "user_id": colleague.user.id, "call_date": "2026-01-02 03:04:05"}
    form = await user["dealer.crm.log.call"].create(user, {"lead_id": record, "result": "wrong_number", **given})

    assert (await user["dealer.crm.log.call"].action_confirm(user, [form]))["type"] == "ir.actions.act_window_close"

    [call] = (await read(user, LEAD, record, "call_log_ids"))[0]
    kept = ("lead_id", "result", "duration", "summary", "user_id", "call_date", "create_uid")
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    found = (record, "wrong_number", Decimal("4.5"), "Blue", colleague.user.id, moment, user.user.id)
    assert await read(user, "dealer.crm.call.log", call, *kept) == found


@pytest.mark.statement("H117")
@pytest.mark.parametrize("forged", [{"create_uid": 1}, {"create_date": "2026-01-01 00:00:00"}, {"write_uid": 1}])
async def test_who_logged_a_call_and_when_is_not_for_callers_to_say(env, as_user, forged):
    user = await as_user("dealer.user")
    record = await lead(user)
    call = await user[LEAD].log_call(user, record, "busy")

    for attempt in (
        user["dealer.crm.call.log"].create(user, {"lead_id": record, "result": "busy", **forged}),
        user["dealer.crm.call.log"].write(user, [call], forged),
    ):
        with pytest.raises(AppError):
            await attempt


@pytest.mark.statement("H115", "H15")
async def test_calls_are_listed_newest_first_for_whoever_sees_their_leads(env, as_user):
    user, other, boss = await as_user("dealer.user"), await as_user("dealer.user"), await as_user("dealer.manager")
    record, foreign = await lead(user), await lead(other)
    days = ["2026-01-02 00:00:00", "2026-01-04 00:00:00", "2026-01-03 00:00:00"]
    first, last, between = [await user[LEAD].log_call(user, record, "busy", call_date=day) for day in days]
    others = await other[LEAD].log_call(other, foreign, "answered", call_date="2026-01-01 00:00:00")

    assert await user["dealer.crm.call.log"].search(user, []) == [last, between, first]
    assert await boss["dealer.crm.call.log"].search(boss, []) == [last, between, first, others]
    assert await boss["dealer.crm.call.log"].search(boss, [["result", "=", "answered"]]) == [others]


@pytest.mark.parametrize(
    ("wizard", "values"),
    [("dealer.crm.log.call", {"result": "busy"}), ("dealer.crm.lead.lost", {"lost_reason": "no_stock"})],
)
async def test_a_form_is_opened_on_no_lead_that_one_does_not_see(as_user, wizard, values):
    user, other = await as_user("dealer.user"), await as_user("dealer.user")
    opened = user.with_context(active_model=LEAD, active_id=await lead(other))

    with pytest.raises(MissingError):
        await opened[wizard].create(opened, values)


@pytest.mark.parametrize("wizard", ["dealer.crm.log.call", "dealer.crm.lead.lost"])
async def test_a_form_opened_on_a_lead_is_filled_with_it(env, wizard):
    record = await lead(env)

    opened = await env[wizard].default_get(env.with_context(active_model=LEAD, active_id=record), ["lead_id"])
    elsewhere = await env[wizard].default_get(env.with_context(active_model="res.partner", active_id=1), ["lead_id"])

    assert (opened, elsewhere) == ({"lead_id": record}, {})


@pytest.mark.statement("H116")
@pytest.mark.parametrize(
    "values", [{"duration": -1, "result": "busy"}, {"result": None}, {"result": "gone"}, {"duration": 1}]
)
async def test_a_call_has_a_result_and_no_negative_duration(env, values):
    with pytest.raises((ValidationError, InputError)):
        await env["dealer.crm.call.log"].create(env, {"lead_id": await lead(env), **values})


@pytest.mark.statement("H29", "H34", "H35")
async def test_no_call_is_logged_on_a_closed_lead(env):
    record = await won_lead(env)

    with pytest.raises(TransitionError):
        await env["dealer.crm.call.log"].create(env, {"lead_id": record, "result": "busy"})


@pytest.mark.statement("H15", "Z7")
async def test_calls_about_somebody_elses_lead_are_not_seen(env, as_user):
    user, other = await as_user("dealer.user"), await as_user("dealer.user")
    call = await other[LEAD].log_call(other, await lead(other), "answered", 1, "secret")

    assert await user["dealer.crm.call.log"].search(user, []) == []
    with pytest.raises(MissingError):
        await user["dealer.crm.call.log"].read(user, [call])


# the trail

TRACKED = {
    "contact_name": "Jose Rizal",
    "mobile": "0917 555 0009",
    "email": "jose@example.com",
    "city": "Cebu",
    "vehicle_model_text": "Omoda 5",
    "preferred_color": "Blue",
    "quantity": 3,
    "expected_price": 900,
    "budget_min": 100,
    "budget_max": 200,
    "has_trade_in": True,
    "trade_in_value": 50,
    "financing_needed": True,
    "financing_type": "bank",
    "down_payment": 10,
    "customer_notes": "Call after six",
    "internal_notes": "A friend of the house",
    "priority": "3",
}


@pytest.mark.statement("H128")
@pytest.mark.parametrize("field", TRACKED)
async def test_edits_are_tracked(env, field):
    record = await lead(env)

    await env[LEAD].write(env, [record], {field: TRACKED[field]})

    assert field in {change[0] for change in await tracked(env, LEAD, record)}


@pytest.mark.statement("H129")
@pytest.mark.parametrize("group", ["dealer.user", "dealer.manager", "dealer.admin"])
async def test_the_chatter_is_not_changed_by_anybody(env, as_user, group):
    actor = await as_user(group)
    record = await lead(actor)
    [message, *_] = await actor["mail.message"].search(actor, [["model", "=", LEAD], ["res_id", "=", record]])
    before = await messages(env, LEAD, record)

    for attempt in (
        actor["mail.message"].write(actor, [message], {"body": "nothing happened"}),
        actor["mail.message"].delete(actor, [message]),
    ):
        with pytest.raises(AppError):
            await attempt

    assert await messages(env, LEAD, record) == before


# sources


async def test_the_shipped_sources_are_there(env):
    sources = await env["dealer.crm.lead.source"].find(env, [], ["code"])

    assert [source.code for source in sources] == [
        "WALKIN",
        "INBOUND",
        "OUTBOUND",
        "REFERRAL",
        "CAMPAIGN",
        "ENDORSED_W_SQ",
        "ENDORSED_WO_SQ",
    ]


@pytest.mark.parametrize("change", [{"active": False}, {"code": "OTHER"}, None])
async def test_a_shipped_source_is_neither_deleted_archived_nor_recoded(env, change):
    model = env["dealer.crm.lead.source"]
    [source] = await model.search(env, [["code", "=", "ENDORSED_W_SQ"]])

    with pytest.raises(AppError, match="came with the system"):
        await (model.delete(env, [source]) if change is None else model.write(env, [source], change))


async def test_a_shipped_source_may_be_renamed(env):
    model = env["dealer.crm.lead.source"]
    [source] = await model.search(env, [["code", "=", "ENDORSED_W_SQ"]])

    await model.write(env, [source], {"name": "From the call centre", "code": "ENDORSED_W_SQ"})

    assert await read(env, "dealer.crm.lead.source", source, "name") == ("From the call centre",)


async def test_a_user_does_not_change_the_pipeline(as_user):
    user = await as_user("dealer.user")

    with pytest.raises(AccessError):
        await user["dealer.crm.stage"].create(user, {"name": "Mine"})
