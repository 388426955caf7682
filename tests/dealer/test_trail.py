"""What a lead's chatter tells of its way: who, when, from what to what; and what is never thrown away."""

import itertools
from decimal import Decimal

import pytest

from models import deployment
from models.crm.interest import Interest
from models.dealer.record import LeadRecord
from tests.dealer.making import (
    LEAD,
    STAGES,
    brand,
    confirm,
    lead,
    order_of,
    sellable_lead,
    stage,
    trail,
    vehicle,
)
from tests.sale.making import read


async def labels(env, record, field):
    """How people read a tracked field's changes: from and to."""
    rows = await env.fetch(
        "select t ->> 'old_label', t ->> 'new_label' from mail_message m, jsonb_array_elements(m.tracking) t"
        " where m.model = $1 and m.res_id = $2 and t ->> 'field' = $3 order by m.id",
        LEAD,
        record,
        field,
    )
    return [(row[0], row[1]) for row in rows]


@pytest.mark.statement("H79", "H126")
@pytest.mark.parametrize("end", ["Won", "Lost"])
async def test_every_move_is_told_with_who_when_from_and_to(env, as_user, end):
    user = await as_user("dealer.user")
    record = await sellable_lead(user)
    for name in ("Qualified", "Negotiation"):
        await user[LEAD].write(user, [record], {"stage_id": await stage(env, name)})
    if end == "Won":
        await confirm(user, await order_of(user, record))
        await user[LEAD].action_set_won(user, [record])
    else:
        await user[LEAD].action_set_lost(user, [record], "financing")

    way = ["New", "Qualified", "Negotiation", end]
    ids = {name: await stage(env, name) for name in STAGES}
    assert [change for change in await trail(env, record) if change[0] == "stage_id"] == [
        ("stage_id", ids[old], ids[new], user.user.id, user.now) for old, new in itertools.pairwise(way)
    ]
    assert await labels(env, record, "stage_id") == list(itertools.pairwise(way))


@pytest.mark.statement("H19", "H127")
async def test_every_change_of_owner_is_told_with_who_when_from_and_to(env, as_user):
    ana, ben, boss = await as_user("dealer.user"), await as_user("dealer.user"), await as_user("dealer.manager")
    record = await lead(env, user_id=None)

    await ana[LEAD].action_claim(ana, [record])
    await boss[LEAD].write(boss, [record], {"user_id": ben.user.id})
    await boss[LEAD].action_claim(boss, [record])
    await boss[LEAD].write(boss, [record], {"user_id": None})

    assert [change for change in await trail(env, record) if change[0] == "user_id"] == [
        ("user_id", None, ana.user.id, ana.user.id, ana.now),
        ("user_id", ana.user.id, ben.user.id, boss.user.id, boss.now),
        ("user_id", ben.user.id, boss.user.id, boss.user.id, boss.now),
        ("user_id", boss.user.id, None, boss.user.id, boss.now),
    ]
    names = [None, ana.user.name, ben.user.name, boss.user.name, None]
    assert await labels(env, record, "user_id") == list(itertools.pairwise(names))
    claims = await env.fetch(
        "select body, author_user_id from mail_message where model = $1 and res_id = $2 and body <> '' order by id",
        LEAD,
        record,
    )
    assert [tuple(row) for row in claims][1:] == [
        (f"Lead claimed by {claimer.user.name}.", claimer.user.id) for claimer in (ana, boss)
    ]


@pytest.mark.statement("H53", "H98")
async def test_what_the_buttons_say_is_said_by_who_pressed_them(env, as_user):
    user = await as_user("dealer.user")
    record = await sellable_lead(env, user_id=user.user.id)

    [number] = await read(env, "sale.order", await order_of(user, record), "name")
    await user[LEAD].action_set_lost(user, [record], "no_stock", "Blue only")

    said = await env.fetch(
        "select body, author_user_id, date from mail_message"
        " where model = $1 and res_id = $2 and body <> '' order by id",
        LEAD,
        record,
    )
    assert [tuple(row) for row in said][1:] == [
        (f"Quotation {number} created from this lead.", user.user.id, user.now),
        ("Lead lost: No Stock Available. Notes: Blue only", user.user.id, user.now),
    ]


FIRST = {
    "contact_name": "Jose Rizal", "mobile": "0917 555 0009", "phone": "02 555 0009", "email": "jose@example.com",
    "street": "1 Rizal Avenue", "city": "Cebu", "zip_code": "6000",
    "vehicle_model_text": "Omoda 5", "preferred_color": "Blue", "quantity": 3, "expected_price": 900,
    "budget_min": 100, "budget_max": 200,
    "has_trade_in": True, "trade_in_make_model": "Vios", "trade_in_year": 2015, "trade_in_mileage": 90000,
    "trade_in_value": 50,
    "financing_needed": True, "financing_type": "bank", "down_payment": 10,
    "customer_notes": "Call after six", "internal_notes": "A friend of the house", "priority": "3",
}  # fmt: skip
SECOND = {
    name: value + 1 if type(value) is int else (not value) if isinstance(value, bool) else f"{value} II"
    for name, value in FIRST.items()
} | {"financing_type": "lease", "priority": "0", "contact_name": "J. Rizal"}
CHOSEN = ("state_id", "country_id", "brand_id", "product_id", "source_id")


async def chosen(env, country, code):
    """One of each record that a lead is linked to by hand."""
    state = await env.fetchval("select id from res_country_state where country_id = $1 order by id limit 1", country)
    source = await env.fetchval("select id from dealer_crm_lead_source where code = $1", code)
    made = await brand(env, code[:10])
    return dict(zip(CHOSEN, (state, country, made, await vehicle(env, default_code=code), source), strict=True))


@pytest.mark.statement("H128")
async def test_every_edit_is_told_with_who_when_from_and_to(env, as_user):
    user = await as_user("dealer.user")
    record = await lead(user)
    [one, other] = await env.fetch("select distinct country_id from res_country_state limit 2")
    versions = [FIRST | await chosen(env, one[0], "INBOUND"), SECOND | await chosen(env, other[0], "REFERRAL")]
    before = dict(zip(versions[0], await read(env, LEAD, record, *versions[0]), strict=True))

    for values in versions:
        await user[LEAD].write(user, [record], values)

    told = {}
    for name, old, new, who, when in await trail(env, record):
        assert (who, when) == (user.user.id, user.now)
        told.setdefault(name, []).append((old, new))
    for name, first in versions[0].items():
        second, was = versions[1][name], before[name]
        changes = [(was, first), (first, second)]
        assert told.get(name) == [change for change in changes if plain(change[0]) != plain(change[1])], name


def plain(value):
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.statement("H128")
def test_no_field_of_a_lead_that_people_fill_in_is_left_out():
    quiet = {"kanban_state", "call_log_ids"}
    written = {
        name
        for name in {*dir(LeadRecord), *dir(Interest)}
        if hasattr(field := getattr(LeadRecord, name), "decode")
        and not field.readonly
        and not getattr(field, "sql", "")
    }

    assert {name for name in written if not getattr(LeadRecord, name).tracked} == quiet
    assert set(FIRST) | set(CHOSEN) | {"stage_id", "user_id", "active"} == written - quiet


@pytest.mark.statement("H132", "H135")
async def test_order_and_delivery_tell_who_did_what_and_when(env, as_user):
    seller, keeper = await as_user("dealer.user"), await as_user("stock.user")
    record = await sellable_lead(env, goods=True, user_id=seller.user.id, quantity=2)
    order = await order_of(seller, record)
    [picking] = await confirm(seller, order)
    await keeper["stock.picking"].button_validate(keeper, [picking])
    cancelled = await order_of(seller, await sellable_lead(seller))
    await seller["sale.order"].action_cancel(seller, [cancelled])

    def states(found):
        return [(old, new, who, when) for name, old, new, who, when in found if name == "state"]

    assert states(await trail(env, order, "sale.order")) == [("draft", "sale", seller.user.id, seller.now)]
    assert states(await trail(env, cancelled, "sale.order")) == [("draft", "cancel", seller.user.id, seller.now)]
    found = await trail(env, picking, "stock.picking")
    assert states(found)[-1] == ("assigned", "done", keeper.user.id, keeper.now)
    assert await read(env, "stock.picking", picking, "date_done", "sale_id.dealer_crm_lead_id") == (keeper.now, record)
    [product] = await read(env, LEAD, record, "product_id")
    moves = await env["stock.move"].find(env, [["picking_id", "=", picking]], ["product_id", "quantity", "state"])
    assert [(move.product_id, move.quantity, move.state) for move in moves] == [(product, Decimal(2), "done")]


# what stays


@pytest.mark.statement("H131", "H137")
async def test_nothing_that_cleans_up_touches_leads_calls_or_chatter(env):
    record = await lead(env)
    await env[LEAD].log_call(env, [record], "answered")
    await env[LEAD].write(env, [record], {"active": False})
    assert (await trail(env, record))[-1] == ("active", True, False, env.user.id, env.now)
    for table in ("dealer_crm_lead", "dealer_crm_call_log", "mail_message"):
        moment = ", date = now() - interval '20 years'" if table == "mail_message" else ""
        await env.execute(f"update {table} set write_date = now() - interval '20 years'{moment}")
    kept = "select (select count(*) from dealer_crm_lead), (select count(*) from dealer_crm_call_log)"
    before = tuple(await env.fetchrow(f"{kept}, (select count(*) from mail_message)"))

    for cleaner in [cleaner for area in deployment.areas_of("both") for cleaner in getattr(area, "CLEANERS", ())]:
        await cleaner(env.as_system("housekeeping"), 1000)

    assert tuple(await env.fetchrow(f"{kept}, (select count(*) from mail_message)")) == before
