"""Order lines: what they take from products, when they may change, what the order is told."""

from decimal import Decimal

import asyncpg
import pytest

from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import MissingError, RequiredError, UserError, ValidationError
from models.sale.order import Order
from models.sale.order_line import OrderLine
from tests.sale.making import customer, messages, order, products, read, simple_order, tax

LINE = "sale.order.line"


async def only_line(env, record):
    return (await read(env, "sale.order", record, "order_line"))[0][0]


async def older(env, record):
    """Make an order look as if an earlier call had created it."""
    await env.execute("update sale_order set create_date = create_date - interval '1 hour' where id = $1", record)


async def test_a_line_takes_over_what_its_product_says(env):
    vat = await tax(env, "12")
    [product] = await products(env, taxes_id=[(6, 0, [vat])], description_sale="Two years warranty")

    line = await only_line(env, await order(env, {"product_id": product}))

    found = await read(env, LINE, line, "name", "product_uom_qty", "price_unit", "product_uom_id.name", "tax_ids")
    assert found == ("[P0] Product 0\nTwo years warranty", Decimal(1), Decimal(10), "Units", (vat,))


async def test_a_line_keeps_what_it_is_given(env):
    vat = await tax(env, "12")
    [product] = await products(env, taxes_id=[(6, 0, [vat])])

    line = await only_line(
        env, await order(env, {"product_id": product, "name": "Mine", "price_unit": 0, "tax_ids": [[6, 0, []]]})
    )

    assert await read(env, LINE, line, "name", "price_unit", "tax_ids") == ("Mine", Decimal(0), ())


async def test_taxes_of_other_companies_are_left_out(env):
    other = await env["res.company"].create(env, {"name": "Other"})
    system = env.as_system("test")
    theirs = await tax(system, "5", company_id=other)
    [product] = await products(system, taxes_id=[(6, 0, [theirs])])

    line = await only_line(env, await order(env, {"product_id": product}))

    assert await read(env, LINE, line, "tax_ids") == ((),)


async def test_a_line_without_product_and_text_is_refused(env):
    with pytest.raises(RequiredError):
        await order(env, {"price_unit": 5})


async def test_sections_and_notes_cost_nothing(env):
    record = await order(env, {"display_type": "line_section", "name": "Cars"}, {"name": "Work", "price_unit": 5})

    assert await read(env, "sale.order", record, "amount_total") == (Decimal(5),)


async def test_a_section_has_no_product(env):
    [product] = await products(env)

    with pytest.raises(asyncpg.CheckViolationError):
        await order(env, {"display_type": "line_section", "name": "Cars", "product_id": product})


@pytest.mark.parametrize("discount", [-1, 101])
async def test_a_discount_is_a_part_of_the_price(env, discount):
    [product] = await products(env)

    with pytest.raises((ValidationError, asyncpg.CheckViolationError)):
        await order(env, {"product_id": product, "discount": discount})


async def test_a_hidden_or_missing_product_is_refused(env):
    with pytest.raises(MissingError):
        await order(env, {"product_id": 999_999_999})


@pytest.mark.parametrize("fields", [("tax_id", "product_uom"), ("tax_ids", "product_uom_id")])
async def test_odoo_names_of_all_series_are_understood(env, fields):
    odoo = env.with_dialect(ODOO)
    vat = await tax(env, "12")
    [product] = await products(env)
    [unit] = await env["uom.uom"].search(env, [["name", "=", "Dozens"]])

    record = await order(odoo, {"product_id": product, fields[0]: [[6, 0, [vat]]], fields[1]: unit})

    line = await only_line(env, record)
    [answer] = (await odoo[LINE].read(odoo, [line], list(fields))).value()
    assert answer[fields[0]] == [vat]
    assert answer[fields[1]][0] == unit


async def test_netforce_writes_lines_in_its_words(env):
    netforce = env.with_dialect(NETFORCE)
    partner = await customer(env)
    line = {"description": "Work", "qty": 3, "unit_price": "1.5"}

    record = await netforce["sale.order"].create(netforce, {"contact_id": partner, "lines": [("create", line)]})

    assert await read(env, "sale.order", record, "amount_total") == (Decimal("4.5"),)


@pytest.mark.statement("H65")
async def test_quotation_lines_change_and_the_total_follows(env):
    record = await simple_order(env)
    line = await only_line(env, record)
    [accessory] = await products(env, default_code="ACC")

    await env[OrderLine].write(env, [line], {"product_uom_qty": 5, "price_unit": 8})
    await env[Order].write(env, [record], {"order_line": [[0, 0, {"product_id": accessory, "price_unit": 2}]]})

    assert await read(env, "sale.order", record, "amount_total") == (Decimal(42),)


async def test_a_removed_line_no_longer_counts(env):
    first, second = await products(env, 2)
    record = await order(env, {"product_id": first, "price_unit": 5}, {"product_id": second, "price_unit": 7})

    await env[OrderLine].delete(env, [await only_line(env, record)])

    assert await read(env, "sale.order", record, "amount_total") == (Decimal(7),)


async def test_another_product_brings_its_price_and_text(env):
    record = await simple_order(env)
    [other] = await products(env, default_code="NEW", list_price=99)

    await env[OrderLine].write(env, [await only_line(env, record)], {"product_id": other})

    found = await read(env, LINE, await only_line(env, record), "name", "price_unit", "price_subtotal")
    assert found == ("[NEW] Product 0", Decimal(99), Decimal(198))


@pytest.mark.parametrize("move", ["action_confirm", "action_cancel", "action_lock"])
@pytest.mark.parametrize("values", [{"product_uom_qty": 9}, {"price_unit": 1}, {"discount": 10}, {"tax_ids": [[5]]}])
async def test_lines_stand_once_the_order_is_no_quotation(env, move, values):
    record = await simple_order(env)
    await getattr(env[Order], move)(env, [record])

    with pytest.raises(UserError, match="no longer a quotation"):
        await env[OrderLine].write(env, [await only_line(env, record)], values)

    assert await read(env, "sale.order", record, "amount_total") == (Decimal(20),)


async def test_no_line_is_added_to_a_confirmed_order(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])

    with pytest.raises(UserError, match="no longer a quotation"):
        await env[Order].write(env, [record], {"order_line": [[0, 0, {"name": "More", "price_unit": 1}]]})

    assert len((await read(env, "sale.order", record, "order_line"))[0]) == 1


async def test_no_line_is_taken_out_of_a_confirmed_order(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])

    with pytest.raises(UserError, match="cannot be taken out: it is no longer a quotation"):
        await env[OrderLine].delete(env, [await only_line(env, record)])


async def test_the_text_of_a_confirmed_line_may_be_corrected(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])
    line = await only_line(env, record)

    await env[OrderLine].write(env, [line], {"name": "Red one"})

    assert await read(env, LINE, line, "name", "state") == ("Red one", "sale")


async def test_a_line_stays_with_its_order(env):
    first, second = await simple_order(env), await simple_order(env)

    with pytest.raises(ValidationError, match="stays with its order"):
        await env[OrderLine].write(env, [await only_line(env, first)], {"order_id": second})


async def test_a_line_is_of_its_orders_company(env):
    other = await env["res.company"].create(env, {"name": "Other"})
    record = await simple_order(env)

    line = await env[OrderLine].create(env, {"order_id": record, "name": "Work", "company_id": other})

    assert await read(env, LINE, line, "company_id") == (env.company_id,)


@pytest.mark.statement("H132")
async def test_the_order_is_told_what_happens_to_its_lines(env):
    record = await simple_order(env)
    await older(env, record)
    line = await only_line(env, record)

    await env[Order].write(
        env, [record], {"order_line": [[0, 0, {"name": "Mats", "product_uom_qty": 4, "price_unit": 2.5}]]}
    )
    await env[OrderLine].write(env, [line], {"product_uom_qty": 3})
    await env[OrderLine].delete(env, [line])

    assert (await messages(env, "sale.order", record))[1:] == [
        "Order lines added:\n- Mats: 4 x 2.5",
        "Order lines changed:\n- [P0] Product 0: Quantity 2 -> 3",
        "Order lines removed:\n- [P0] Product 0: 3 x 10",
    ]
