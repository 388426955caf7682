"""Orders: what they start with, what they sum up, whose they are."""

import datetime as dt
from decimal import Decimal

import pytest

from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import AccessError, MissingError, RequiredError, ValidationError
from models.sale.order import Order
from tests.sale.making import customer, lines, messages, order, products, read, simple_order, state_of, tax, tracked

ORDER = "sale.order"


# beginning


@pytest.mark.statement("H41")
async def test_an_order_begins_as_a_draft_of_the_caller(env):
    partner = await customer(env)

    record = await order(env, partner_id=partner)

    found = await read(
        env, ORDER, record, "state", "user_id", "company_id", "partner_invoice_id", "partner_shipping_id"
    )
    assert found == ("draft", env.user.id, env.company_id, partner, partner)


async def test_another_customer_brings_other_addresses(env):
    record, other = await order(env), await customer(env)

    await env[Order].write(env, [record], {"partner_id": other})

    assert await read(env, ORDER, record, "partner_invoice_id", "partner_shipping_id") == (other, other)


async def test_an_order_is_numbered_and_dated(env):
    record = await order(env)

    name, date_order, order_date, validity = await read(
        env, ORDER, record, "name", "date_order", "order_date", "validity_date"
    )
    assert name.startswith("S")
    assert name[1:].isdigit()
    assert len(name) == 6
    assert (date_order, order_date, validity) == (env.now, env.today, env.today + dt.timedelta(days=30))


async def test_the_placeholder_name_of_odoo_forms_is_no_number(env):
    record = await order(env, name="New")

    assert (await read(env, ORDER, record, "name")) != ("New",)


async def test_an_order_costs_the_currency_of_its_company(env):
    record = await order(env)

    assert await read(env, ORDER, record, "currency_id.name") == ("PHP",)


async def test_an_order_needs_a_customer(env):
    with pytest.raises(RequiredError) as caught:
        await env[Order].create(env, {"order_line": []})

    assert caught.value.field == "partner_id"


async def test_netforce_dates_an_order_by_day(env):
    netforce = env.with_dialect(NETFORCE)
    partner = await customer(env)

    record = await netforce[ORDER].create(netforce, {"contact_id": partner, "date": "2026-12-05"})

    assert await read(env, ORDER, record, "order_date", "date_order") == (
        dt.date(2026, 12, 5),
        dt.datetime(2026, 12, 5, tzinfo=dt.UTC),
    )


@pytest.mark.statement("S11")
async def test_the_day_of_an_order_includes_its_last_hour(env):
    record = await order(env, date_order="2026-12-31 23:30:00")

    found = await env[Order].search(env, [["order_date", ">=", "2026-12-01"], ["order_date", "<=", "2026-12-31"]])

    assert found == [record]


async def test_both_dates_move_together(env):
    record = await order(env)

    await env[Order].write(env, [record], {"date_order": "2026-03-01 12:00:00"})

    assert await read(env, ORDER, record, "order_date") == (dt.date(2026, 3, 1),)


async def test_each_vocabulary_has_its_words(env):
    netforce, odoo = env.with_dialect(NETFORCE), env.with_dialect(ODOO)
    record = await simple_order(env, client_order_ref="PO-1")
    await env[Order].action_confirm(env, [record])

    fields = ["number", "ref", "state", "amount_subtotal", "lines"]
    [nf] = (await netforce[ORDER].read(netforce, [record], fields)).value()
    [od] = (await odoo[ORDER].read(odoo, [record], ["name", "client_order_ref", "state", "amount_untaxed"])).value()

    assert (nf["number"], nf["ref"], nf["state"], nf["amount_subtotal"]) == (
        od["name"],
        "PO-1",
        "confirmed",
        Decimal(20),
    )
    assert (od["state"], od["amount_untaxed"], len(nf["lines"])) == ("sale", Decimal(20), 1)


# amounts


async def test_totals_are_those_of_the_lines(env):
    vat = await tax(env, "12")
    first, second = await products(env, 2)

    record = await order(
        env,
        {"product_id": first, "product_uom_qty": 3, "price_unit": "33.335", "tax_ids": [[6, 0, [vat]]]},
        {"product_id": second, "price_unit": 10, "discount": 50},
    )

    totals = await read(env, ORDER, record, "amount_untaxed", "amount_tax", "amount_total")
    assert totals == (Decimal("105.01"), Decimal("12.00"), Decimal("117.01"))


async def test_changing_the_tax_type_works_the_amounts_out_anew(env):
    vat = await tax(env, "12")
    [product] = await products(env, taxes_id=[(6, 0, [vat])])
    record = await order(env, {"product_id": product, "price_unit": 112})

    await env[Order].write(env, [record], {"tax_type": "tax_in"})

    totals = await read(env, ORDER, record, "amount_untaxed", "amount_tax", "amount_total")
    assert totals == (Decimal(100), Decimal(12), Decimal(112))


async def test_an_order_too_large_for_its_columns_is_refused(env):
    [product] = await products(env)

    with pytest.raises(ValidationError):
        await order(env, {"product_id": product, "product_uom_qty": "999999999", "price_unit": "999999999"})


async def test_a_currency_without_cents_makes_whole_amounts(env):
    [yen] = await env["res.currency"].search(env, [["name", "=", "JPY"]])
    [product] = await products(env)

    record = await order(env, {"product_id": product, "price_unit": "99.5"}, currency_id=yen)

    assert await read(env, ORDER, record, "amount_total") == (Decimal(100),)


async def test_a_copy_is_a_draft_with_the_same_lines(env):
    vat = await tax(env, "12")
    [product] = await products(env)
    line = {"product_id": product, "product_uom_qty": 2, "price_unit": 7, "tax_ids": [[6, 0, [vat]]]}
    record = await order(env, line, client_order_ref="PO-1")
    await env[Order].action_confirm(env, [record])

    copy = await env[Order].copy(env, record)

    assert await read(env, ORDER, copy, "state", "amount_total", "client_order_ref") == (
        "draft",
        Decimal("15.68"),
        None,
    )
    assert (await read(env, ORDER, copy, "name")) != (await read(env, ORDER, record, "name"))


# who may


async def test_sales_users_make_and_confirm_orders(env, as_user):
    [product] = await products(env)
    partner = await customer(env)
    seller = await as_user("sale.user")

    record = await seller[Order].create(
        seller, {"partner_id": partner, "order_line": lines({"product_id": product, "price_unit": 5})}
    )
    await seller[Order].action_confirm(seller, [record])

    assert await state_of(env, record) == "sale"


async def test_sales_users_do_not_delete_orders(env, as_user):
    record = await simple_order(env)
    seller = await as_user("sale.user")

    with pytest.raises(AccessError):
        await seller[Order].delete(seller, [record])


async def test_others_know_of_no_orders(env, as_user):
    record = await simple_order(env)
    plain = await as_user("base.user")

    with pytest.raises(Exception, match=r"There is no model sale\.order"):
        await plain[Order].action_confirm(plain, [record])

    assert await state_of(env, record) == "draft"


async def test_orders_of_another_company_are_not_there(env, as_user):
    other = await env["res.company"].create(env, {"name": "Other"})
    record = await simple_order(env)
    await env.execute("update sale_order set company_id = $1 where id = $2", other, record)
    seller = await as_user("sale.user")

    with pytest.raises(MissingError):
        await seller[Order].action_confirm(seller, [record])


# traces


@pytest.mark.statement("H132")
async def test_the_chatter_tells_creation_and_moves(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])
    await env[Order].action_cancel(env, [record])

    assert await messages(env, ORDER, record) == ["Sales Order created", "", ""]
    assert [change for change in await tracked(env, ORDER, record) if change[0] == "state"] == [
        ("state", '"draft"', '"sale"'),
        ("state", '"sale"', '"cancel"'),
    ]


async def test_netforce_copies_with_a_message(env):
    netforce = env.with_dialect(NETFORCE)
    record = await simple_order(env)

    answer = await netforce[ORDER].copy(netforce, [record])

    old, new = [(await read(env, ORDER, one, "name"))[0] for one in (record, answer["sale_id"])]
    assert answer["next"]["active_id"] == answer["sale_id"] != record
    assert answer["flash"] == f"Sales order {old} copied to {new}"
