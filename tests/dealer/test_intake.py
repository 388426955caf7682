"""Receiving endorsed leads: what a push makes, what a repeat finds, what refuses it."""

from decimal import Decimal

import pytest

from models.orm.errors import AppError, ConflictError, ValidationError
from tests.dealer.making import LEAD, STAGES, brand, order_of, vehicle
from tests.sale.making import messages, read, tracked

PAYLOAD = {
    "event_id": "6c4b6a3a-1f1b-4a0e-9d4f-0a3a2f6f0001",
    "sq_flag": "without_sq",
    "bpo_source_lead_id": 1234,
    "bpo_source_lead_name": "LEAD/01234",
    "bpo_source_url": "https://bpo.example/web#id=1234&model=crm.lead",
    "brand_code": "CHERY",
    "product_default_code": "TIGGO8",
    "vehicle_model_text": "Tiggo 8 Pro",
    "contact_name": "Maria Santos",
    "mobile": "0917 123 4567",
    "email": "maria@example.com",
    "street": "1 Rizal Avenue",
    "city": "Manila",
    "zip_code": "1000",
    "country_code": "PH",
    "quantity": 2,
    "expected_price": "1250000.50",
    "budget_max": 1300000,
    "financing_needed": True,
    "customer_notes": "Call after six",
    "priority": "2",
    "endorsed_by": "Ana Reyes",
    "endorsed_at": "2026-02-03 04:05:06",
}


@pytest.fixture
async def push(env, as_user):
    """The BPO's service user at this dealer."""
    await brand(env)
    return await as_user("dealer.push_service")


async def receive(push, **changes):
    return await push[LEAD].receive_endorsed_lead(push, {**PAYLOAD, **changes})


@pytest.mark.statement("H3", "H21", "H26")
async def test_an_endorsed_lead_starts_in_negotiation_and_waits_for_a_claim(env, push):
    product = await vehicle(env)

    answer = await receive(push)

    record = answer["dealer_lead_id"]
    [name] = await read(env, LEAD, record, "name")
    assert answer == {
        "dealer_lead_id": record,
        "dealer_lead_name": name,
        "sale_order_id": None,
        "sale_order_name": None,
        "created": True,
    }
    assert await read(env, LEAD, record, "stage_id.name", "user_id", "product_id", "source_id.code") == (
        "Negotiation",
        None,
        product,
        "ENDORSED_WO_SQ",
    )
    taken = ("contact_name", "mobile", "email", "city", "zip_code", "quantity", "expected_price", "priority")
    assert await read(env, LEAD, record, *taken) == (
        "Maria Santos",
        "0917 123 4567",
        "maria@example.com",
        "Manila",
        "1000",
        2,
        Decimal("1250000.50"),
        "2",
    )
    assert await read(env, LEAD, record, "brand_id.code", "country_id.code") == ("CHERY", "PH")


@pytest.mark.statement("H21", "H136")
async def test_the_origin_is_kept(env, push):
    record = (await receive(push))["dealer_lead_id"]

    origin = ("bpo_source_lead_id", "bpo_source_lead_name", "bpo_source_url", "bpo_endorsed_by", "bpo_endorse_kind")
    assert await read(env, LEAD, record, *origin) == (
        1234,
        "LEAD/01234",
        "https://bpo.example/web#id=1234&model=crm.lead",
        "Ana Reyes",
        "without_sq",
    )


@pytest.mark.statement("H22")
async def test_the_chatter_begins_with_who_endorsed_when_and_where_from(env, push):
    record = (await receive(push))["dealer_lead_id"]

    created, told = await messages(env, LEAD, record)
    assert created == "Dealer Lead created"
    assert told == (
        "Endorsed by Ana Reyes on 2026-02-03 04:05:06 UTC as BPO lead LEAD/01234."
        " Source: https://bpo.example/web#id=1234&amp;model=crm.lead"
    )


@pytest.mark.statement("H23", "D9")
async def test_with_a_sales_quotation_there_is_a_draft_order(env, push):
    await vehicle(env)
    [known] = await env["res.partner"].insert(env, [{"name": "Known", "mobile": "+639171234567"}])

    answer = await receive(push, sq_flag="with_sq")

    order = answer["sale_order_id"]
    assert await read(env, LEAD, answer["dealer_lead_id"], "sale_order_id", "partner_id") == (order, known)
    found = await read(env, "sale.order", order, "state", "partner_id", "origin", "name")
    assert found == ("draft", known, answer["dealer_lead_name"], answer["sale_order_name"])


async def test_who_takes_an_endorsed_lead_sells_its_quotation(env, push, as_user):
    ana, boss = await as_user("dealer.user"), await as_user("dealer.manager")
    await vehicle(env)
    answer = await receive(push, sq_flag="with_sq")
    record, order = answer["dealer_lead_id"], answer["sale_order_id"]
    assert await read(env, "sale.order", order, "user_id") == (None,)

    await ana[LEAD].action_claim(ana, [record])
    assert await read(env, "sale.order", order, "user_id") == (ana.user.id,)
    assert ("user_id", "null", str(ana.user.id)) in await tracked(env, "sale.order", order)

    # A salesperson who was chosen stays: a manager who gives the lead to somebody else decides about the order.
    await boss[LEAD].write(boss, [record], {"user_id": boss.user.id})
    assert await read(env, "sale.order", order, "user_id") == (ana.user.id,)


@pytest.mark.statement("H23")
@pytest.mark.parametrize("kind", ["with_sq", "without_sq"])
@pytest.mark.parametrize("found_by", ["mobile", "email", None])
async def test_the_customer_is_found_by_mobile_then_by_mail_else_made(env, push, kind, found_by):
    mobile, mail = "+639171234567", "maria@example.com"
    rows = [{"name": "By mail", "email": mail}] if found_by else []
    rows += [{"name": "By mobile", "mobile": mobile}] if found_by == "mobile" else []
    known = await env["res.partner"].insert(env, rows)
    await vehicle(env)

    answer = await receive(push, sq_flag=kind)

    [partner] = await read(env, LEAD, answer["dealer_lead_id"], "partner_id")
    assert partner == known[-1] if known else partner not in (None, *known)
    if not known:
        made = await read(env, "res.partner", partner, "name", "mobile", "email", "city", "country_id.code")
        assert made == ("Maria Santos", "0917 123 4567", mail, "Manila", "PH")
    if kind == "with_sq":
        assert await read(env, "sale.order", answer["sale_order_id"], "partner_id") == (partner,)


@pytest.mark.statement("H23", "H39")
@pytest.mark.parametrize("change", [{}, {"city": "Cebu"}, {"mobile": "0917 999 0000"}, {"email": "other@example.com"}])
async def test_a_corrected_number_or_address_is_matched_anew(env, push, change):
    await vehicle(env)
    answer = await receive(push, mobile="0917 999 1111", email=False)
    record = answer["dealer_lead_id"]
    [before] = await read(env, LEAD, record, "partner_id")
    [right] = await env["res.partner"].insert(env, [{"name": "Right", **change}])
    await env[LEAD].action_claim(env, [record])

    await env[LEAD].write(env, [record], {**change, "customer_notes": "Checked"})
    await order_of(env, record)

    # a mobile comes before an e-mail: that of the lead still leads to whom the intake found
    assert await read(env, LEAD, record, "partner_id") == (right if "mobile" in change else before,)


async def test_without_a_matching_vehicle_there_is_no_order_and_the_chatter_says_so(env, push):
    answer = await receive(push, sq_flag="with_sq", product_default_code="UNHEARD", vehicle_model_text="Unheard of")

    assert (answer["sale_order_id"], answer["created"]) == (None, True)
    *_, told = await messages(env, LEAD, answer["dealer_lead_id"])
    assert told.startswith("No quotation was created")


@pytest.mark.parametrize(
    ("code", "text", "found"),
    [
        ("TIGGO8", "anything", True),
        (None, "tiggo 8", True),
        (None, "Tiggo", False),  # two of the brand fit
        ("UNHEARD", "Tiggo 8 Pro", True),
        (None, None, False),
    ],
)
async def test_the_vehicle_is_found_by_code_then_by_name(env, push, code, text, found):
    await vehicle(env)
    await vehicle(env, name="Tiggo 8 Pro", default_code="T8P")

    answer = await receive(push, product_default_code=code, vehicle_model_text=text)

    [product] = await read(env, LEAD, answer["dealer_lead_id"], "product_id")
    assert (product is not None) == found


async def test_the_vehicle_of_the_brand_comes_first(env, push):
    other = await brand(env, "FOTON")
    await vehicle(env, brand_id=other)
    mine = await vehicle(env)
    by_its_name = {"product_default_code": None, "vehicle_model_text": "Tiggo 8"}

    by_code = await receive(push)
    by_name = await receive(push, bpo_source_lead_id=1235, event_id="x", **by_its_name)

    for answer in (by_code, by_name):
        assert await read(env, LEAD, answer["dealer_lead_id"], "product_id") == (mine,)


PLACES = [
    ({"country_code": "US", "state_code": "CA"}, ("US", "CA")),
    ({"country_code": "us", "state_code": "??"}, ("US", None)),
    ({"country_code": "??", "state_code": "CA"}, (None, None)),
    ({"country_code": False, "state_code": "CA"}, (None, None)),
]


@pytest.mark.parametrize(("given", "found"), PLACES)
async def test_country_and_state_are_found_by_code_or_left_empty(env, push, given, found):
    record = (await receive(push, **given))["dealer_lead_id"]

    assert await read(env, LEAD, record, "country_id.code", "state_id.code") == found


async def test_an_unknown_brand_refuses_the_endorsement(env, push):
    with pytest.raises(ValidationError, match="no brand with the code TESLA"):
        await receive(push, brand_code="TESLA")

    assert await env[LEAD].search_count(env, []) == 0


async def test_what_made_no_sense_is_said(env, push):
    record = (await receive(push, trade_in_year="long ago"))["dealer_lead_id"]

    assert any("Not understood: trade_in_year." in text for text in await messages(env, LEAD, record))


@pytest.mark.statement("H24", "X28")
@pytest.mark.parametrize("kind", ["with_sq", "without_sq"])
async def test_a_repeat_finds_the_same_lead(env, push, kind):
    await vehicle(env)
    first = await receive(push, sq_flag=kind)
    told = len(await messages(env, LEAD, first["dealer_lead_id"]))

    second = await receive(push, sq_flag=kind)

    assert second == {**first, "created": False}
    assert await env[LEAD].search_count(env, []) == 1
    assert await env["sale.order"].search_count(env, []) == (kind == "with_sq")
    assert len(await messages(env, LEAD, first["dealer_lead_id"])) == told


@pytest.mark.statement("H24", "D7")
@pytest.mark.parametrize("url", ["https://BPO.example:443/web#id=1234&model=crm.lead"])
async def test_another_spelling_of_the_link_is_the_same_lead(push, url):
    first = await receive(push)

    again = await receive(push, bpo_source_url=url, event_id="6c4b6a3a-1f1b-4a0e-9d4f-0a3a2f6f0002")

    assert again == {**first, "created": False}


@pytest.mark.statement("H24")
@pytest.mark.parametrize("change", [{"bpo_source_lead_id": 1235}, {"bpo_source_url": "https://other.example/web"}])
async def test_another_lead_or_another_bpo_is_another_lead(push, change):
    first = await receive(push)

    other = await receive(push, event_id="another", **change)

    assert other["created"]
    assert other["dealer_lead_id"] != first["dealer_lead_id"]


@pytest.mark.statement("X7", "X28")
async def test_the_same_event_with_another_content_is_refused(env, push):
    first = await receive(push)

    with pytest.raises(ConflictError, match="another content"):
        await receive(push, contact_name="Somebody Else")

    assert await read(env, LEAD, first["dealer_lead_id"], "contact_name") == ("Maria Santos",)


async def test_an_odoo_that_sends_no_event_is_served_too(push):
    payload = {key: value for key, value in PAYLOAD.items() if key != "event_id"} | {"mobile": False, "email": False}

    first = await push[LEAD].receive_endorsed_lead(push, payload)
    again = await push[LEAD].receive_endorsed_lead(push, {**payload, "contact_name": "Corrected"})

    assert (first["created"], again["created"]) == (True, False)


@pytest.mark.statement("X16")
async def test_a_newer_bpo_may_send_more(push):
    assert (await receive(push, loyalty_tier="gold", tags=["vip"]))["created"]


@pytest.mark.statement("H28", "X19")
async def test_the_service_user_can_do_nothing_else(env, push):
    answer = await receive(push)

    for model in env.registry.models.values():
        assert push.profile.operations(model.meta) == frozenset(), model.meta.name
    callable_methods = [
        (model.meta.name, name)
        for model in env.registry.models.values()
        for name, method in model.meta.methods.items()
        if push.user.groups & set(method.exposure.groups)
    ]
    assert callable_methods == [(LEAD, "receive_endorsed_lead")]
    with pytest.raises(AppError):
        await push[LEAD].read(push, [answer["dealer_lead_id"]], ["name"])


@pytest.mark.statement("H28")
async def test_only_the_service_group_may_push(env):
    assert env[LEAD].meta.methods["receive_endorsed_lead"].exposure.groups == ("dealer.push_service",)


@pytest.mark.statement("Z21")
async def test_the_callers_context_does_not_reach_the_lead(env, push):
    sly = push.with_context(default_user_id=env.user.id, default_internal_notes="planted", defaults={"city": "Cebu"})

    answer = await sly[LEAD].receive_endorsed_lead(sly, PAYLOAD)

    assert await read(env, LEAD, answer["dealer_lead_id"], "user_id", "internal_notes", "city") == (
        None,
        None,
        "Manila",
    )


@pytest.mark.statement("H3")
async def test_the_start_does_not_depend_on_the_stages_name(env, push):
    [stage] = await env["dealer.crm.stage"].search(env, [["name", "=", "Negotiation"]])
    await env["dealer.crm.stage"].write(env, [stage], {"name": "Haggling"})

    answer = await receive(push)

    assert await read(env, LEAD, answer["dealer_lead_id"], "stage_id") == (stage,)
    assert "Negotiation" in STAGES
