"""Convert to Quotation: what it makes, what it leaves alone, what refuses it."""

from decimal import Decimal

import pytest

from models import deployment
from models.orm import Env, Registry
from models.orm.errors import AppError, InputError, UserError, ValidationError
from models.sale.order import Order
from tests.dealer.making import (
    LEAD,
    brand,
    confirm,
    lead,
    order_of,
    sellable_lead,
    stage_name,
    trail,
    vehicle,
    won_lead,
)
from tests.sale.making import messages, read, tracked

LINE = ("product_id", "product_uom_qty", "price_unit")


async def the_line(env, order):
    lines = await env["sale.order.line"].find(env, [["order_id", "=", order]], LINE)
    assert len(lines) == 1
    return tuple(lines[0][name] for name in LINE)


@pytest.mark.statement("H41", "H43", "H44", "H45", "H46", "H51", "E23")
async def test_a_draft_order_linked_both_ways(env):
    record = await sellable_lead(env)

    order = await order_of(env, record)

    [reference, brand_id] = await read(env, LEAD, record, "name", "brand_id")
    found = await read(env, "sale.order", order, "state", "brand_id", "origin", "dealer_crm_lead_id")
    assert found == ("draft", brand_id, reference, record)
    assert await read(env, LEAD, record, "sale_order_id") == (order,)


@pytest.mark.statement("H46", "H47", "H48", "H50")
async def test_the_line_is_what_the_lead_asks_for(env):
    record = await sellable_lead(env, quantity=2, expected_price="1250000.50")
    [product] = await read(env, LEAD, record, "product_id")

    assert await the_line(env, await order_of(env, record)) == (product, Decimal(2), Decimal("1250000.50"))


@pytest.mark.statement("H49", "H50")
async def test_without_quantity_and_price_it_is_one_at_the_list_price(env):
    record = await sellable_lead(env, quantity=0, expected_price=0)
    [product] = await read(env, LEAD, record, "product_id")

    assert await the_line(env, await order_of(env, record)) == (product, Decimal(1), Decimal(1_300_000))


@pytest.mark.statement("H53")
async def test_the_chatter_names_the_quotation(env):
    record = await sellable_lead(env)

    [number] = await read(env, "sale.order", await order_of(env, record), "name")

    assert f"Quotation {number} created from this lead." in await messages(env, LEAD, record)


@pytest.mark.statement("H54", "H128")
async def test_the_link_is_tracked(env):
    record = await sellable_lead(env)

    order = await order_of(env, record)

    assert ("sale_order_id", "null", str(order)) in await tracked(env, LEAD, record)


@pytest.mark.statement("H54", "H128", "H130")
async def test_an_order_that_is_deleted_leaves_its_trace_on_the_lead(env, as_user):
    boss = await as_user("dealer.manager")
    record = await sellable_lead(env)
    order = await order_of(env, record)
    with pytest.raises(UserError, match="there is an order"):
        await boss[LEAD].delete(boss, [record])

    await boss["sale.order"].delete(boss, [order])

    assert (await trail(env, record))[-1] == ("sale_order_id", order, None, boss.user.id, boss.now)
    assert await read(env, LEAD, record, "sale_order_id") == (None,)
    assert await order_of(env, record) != order


@pytest.mark.statement("H52")
async def test_the_answer_opens_the_order(env):
    record = await sellable_lead(env)

    action = await env[LEAD].action_convert_to_quotation(env, [record])

    [order] = await read(env, LEAD, record, "sale_order_id")
    assert (action["type"], action["res_model"], action["res_id"]) == ("ir.actions.act_window", "sale.order", order)
    assert (action["view_mode"], action["views"]) == ("form", [[False, "form"]])


@pytest.mark.statement("H31", "H55")
async def test_a_second_time_opens_the_same_order(env):
    record = await sellable_lead(env)
    order = await order_of(env, record)

    again = await env[LEAD].action_convert_to_quotation(env, [record])
    opened = await env[LEAD].action_open_quotation(env, [record])

    assert (again["res_id"], opened["res_id"]) == (order, order)
    assert await env["sale.order"].search_count(env, [["dealer_crm_lead_id", "=", record]]) == 1


@pytest.mark.statement("H36", "H57")
async def test_without_a_brand_nothing_is_created(env):
    record = await lead(env, product_id=await vehicle(env), mobile="+63 917 555 0001")

    with pytest.raises(ValidationError, match=r"^Select a brand first\.$"):
        await env[LEAD].action_convert_to_quotation(env, [record])

    assert await env["sale.order"].search_count(env, []) == 0
    assert await env["res.partner"].search_count(env, [["mobile", "=", "+63 917 555 0001"]]) == 0


@pytest.mark.statement("H37", "H138")
async def test_a_vehicle_told_in_words_is_not_enough(env):
    record = await lead(env, brand_id=await brand(env), vehicle_model_text="Tiggo 8 Pro")

    with pytest.raises(ValidationError, match=r"^Select a vehicle first\.$"):
        await env[LEAD].action_convert_to_quotation(env, [record])


@pytest.mark.statement("H38")
async def test_both_missing_are_both_named(env):
    record = await lead(env)

    with pytest.raises(ValidationError, match=r"brand.*vehicle"):
        await env[LEAD].action_convert_to_quotation(env, [record])


@pytest.mark.statement("H39", "H42")
async def test_the_customer_with_the_mobile_comes_first(env):
    by_mail = (await env["res.partner"].insert(env, [{"name": "By mail", "email": "maria@example.com"}]))[0]
    by_mobile = (await env["res.partner"].insert(env, [{"name": "By mobile", "mobile": "+639175550002"}]))[0]
    record = await sellable_lead(env, mobile="0917 555 0002", email="maria@example.com")

    order = await order_of(env, record)

    assert await read(env, "sale.order", order, "partner_id") == (by_mobile,)
    assert by_mail != by_mobile


@pytest.mark.statement("H39", "H42")
async def test_then_the_customer_with_the_mail(env):
    known = (await env["res.partner"].insert(env, [{"name": "By mail", "email": "maria@example.com"}]))[0]
    record = await sellable_lead(env, mobile="0917 555 0003", email="Maria@Example.com")

    assert await read(env, "sale.order", await order_of(env, record), "partner_id") == (known,)


@pytest.mark.statement("H39", "H42")
async def test_else_a_new_customer_is_made_of_the_lead(env):
    record = await sellable_lead(env, mobile="0917 555 0004", email="new@example.com", city="Cebu", zip_code="6000")

    [partner] = await read(env, "sale.order", await order_of(env, record), "partner_id")

    found = await read(env, "res.partner", partner, "name", "mobile", "email", "city", "zip")
    assert found == ("Maria Santos", "0917 555 0004", "new@example.com", "Cebu", "6000")


@pytest.mark.statement("H56")
async def test_the_order_is_the_callers(env, as_user):
    user = await as_user("dealer.user")
    record = await sellable_lead(env, user_id=user.user.id)

    order = await order_of(user, record)

    assert await read(env, "sale.order", order, "user_id", "create_uid") == (user.user.id, user.user.id)


class Capped(Order, name="sale.order"):
    """Orders as a deployment with a cap on what a salesperson may offer would extend them."""

    @classmethod
    async def prepare_create(cls, env, rows):
        """Refuse large orders to everybody but managers."""
        await super().prepare_create(env, rows)
        large = any(line.values["product_uom_qty"] > 5 for row in rows for line in row["order_line"])
        if large and env.system is None and not env.has_group("sale.manager"):
            raise UserError("More than five need a manager.")


@pytest.mark.statement("H56", "H57", "E25")
@pytest.mark.parametrize("group", ["dealer.user", "dealer.manager"])
async def test_what_sales_does_not_allow_the_caller_a_lead_does_not_either(env, as_user, group):
    actor = await as_user(group)
    record = await sellable_lead(actor, quantity=6, mobile="0917 555 0006")
    areas = deployment.areas_of("both")
    models = [model for area in areas for model in area.MODELS]
    registry = Registry([*models, Capped], (one for area in areas for one in area.GROUPS))
    strict = Env(registry, env.connection, actor.user)
    transaction = env.connection.transaction()
    await transaction.start()

    if group == "dealer.manager":
        await strict[LEAD].action_convert_to_quotation(strict, [record])
        await transaction.commit()
        return
    with pytest.raises(UserError, match="need a manager"):
        await strict[LEAD].action_convert_to_quotation(strict, [record])
    await transaction.rollback()

    assert await read(env, LEAD, record, "sale_order_id", "partner_id") == (None, None)
    assert await env["sale.order"].search_count(env, []) == 0
    assert await env["res.partner"].search_count(env, [["mobile", "=", "0917 555 0006"]]) == 0


@pytest.mark.statement("H63", "H121")
async def test_what_became_of_the_lead_does_not_hold_up_its_order(env, as_user):
    seller, keeper = await as_user("sale.user"), await as_user("stock.user")
    lost, free, archived = [await sellable_lead(env, goods=True) for _ in range(3)]
    orders = [await order_of(env, record) for record in (lost, free, archived)]
    await env[LEAD].action_set_lost(env, [lost], "financing")
    await env[LEAD].write(env, [free], {"user_id": None})
    await env[LEAD].write(env, [archived], {"active": False})

    await seller["sale.order"].action_confirm(seller, orders)
    pickings = await keeper["stock.picking"].search(keeper, [["sale_id", "in", orders]])
    await keeper["stock.picking"].button_validate(keeper, pickings)

    assert [await read(env, "sale.order", one, "state", "delivery_status") for one in orders] == [("sale", "full")] * 3


@pytest.mark.statement("H57", "E25")
async def test_a_failure_in_the_middle_leaves_nothing(env):
    record = await sellable_lead(env, mobile="+63 917 555 0005")
    await env.execute("alter table sale_order_line add constraint refused check (false) not valid")

    with pytest.raises(Exception, match="refused"):
        async with env.connection.transaction():
            await env[LEAD].action_convert_to_quotation(env, [record])

    assert await read(env, LEAD, record, "sale_order_id", "partner_id") == (None, None)
    assert await env["sale.order"].search_count(env, []) == 0
    assert await env["res.partner"].search_count(env, [["mobile", "=", "+63 917 555 0005"]]) == 0


@pytest.mark.statement("H59")
@pytest.mark.parametrize("name", ["New", "Qualified"])
async def test_the_stage_stays(env, name):
    record = await sellable_lead(env)
    if name == "Qualified":
        [found] = await env["dealer.crm.stage"].search(env, [["name", "=", name]])
        await env[LEAD].write(env, [record], {"stage_id": found})

    await order_of(env, record)

    assert await stage_name(env, record) == name


@pytest.mark.statement("H60", "H35")
async def test_a_closed_lead_is_not_converted(env):
    record = await sellable_lead(env)
    await env[LEAD].action_set_lost(env, [record], "financing")

    with pytest.raises(AppError, match="is already Lost"):
        await env[LEAD].action_convert_to_quotation(env, [record])


@pytest.mark.statement("H35")
async def test_there_is_nothing_to_open_without_an_order(env):
    with pytest.raises(ValidationError, match=r"^Create a quotation first"):
        await env[LEAD].action_open_quotation(env, [await lead(env)])


async def test_one_lead_at_a_time(env):
    with pytest.raises(InputError, match="Exactly one lead"):
        await env[LEAD].action_convert_to_quotation(env, [await sellable_lead(env), await lead(env)])


@pytest.mark.statement("H65")
async def test_changing_the_order_does_not_touch_the_lead(env):
    record = await sellable_lead(env, expected_price=900)
    order = await order_of(env, record)
    before = (await env[LEAD].read(env, [record])).text

    [line] = await env["sale.order.line"].search(env, [["order_id", "=", order]])
    accessory = {"product_id": await vehicle(env, name="Floor mats", default_code="MATS"), "price_unit": 10}
    for command in ([1, line, {"price_unit": 950, "product_uom_qty": 2}], [0, 0, accessory], [2, line]):
        await env["sale.order"].write(env, [order], {"order_line": [command]})

    assert (await env[LEAD].read(env, [record])).text == before


@pytest.mark.statement("H66")
async def test_the_order_is_found_by_lead_and_by_reference(env):
    record = await sellable_lead(env)
    order = await order_of(env, record)
    [reference] = await read(env, LEAD, record, "name")

    assert await env["sale.order"].search(env, [["dealer_crm_lead_id", "=", record]]) == [order]
    assert await env["sale.order"].search(env, [["origin", "=", reference]]) == [order]


@pytest.mark.statement("Z13")
async def test_nobody_writes_the_links(env):
    record = await won_lead(env)
    other = await order_of(env, await sellable_lead(env))

    for model, ids, values in (
        (LEAD, [record], {"sale_order_id": other}),
        ("sale.order", [other], {"dealer_crm_lead_id": record}),
    ):
        with pytest.raises(AppError):
            await env[model].write(env, ids, values)


@pytest.mark.statement("H61", "H62", "H64", "H132", "H135")
async def test_confirming_makes_a_delivery_and_validating_finishes_it(env):
    record = await sellable_lead(env, goods=True)
    order = await order_of(env, record)

    [picking] = await confirm(env, order)
    await env["stock.picking"].button_validate(env, [picking])

    assert await read(env, "sale.order", order, "state") == ("sale",)
    assert await read(env, "stock.picking", picking, "state", "date_done") == ("done", env.now)
    assert ("state", '"draft"', '"sale"') in await tracked(env, "sale.order", order)
