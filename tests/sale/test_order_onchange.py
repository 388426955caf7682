"""Orders in a form of Odoo's web client: `onchange` answers what follows from an entry, of the fields it shows."""

from decimal import Decimal

import pytest

from models.orm.dialect import ODOO
from models.orm.errors import InputError, MissingError, UnknownFieldError
from tests.sale.making import customer, products, read, tax

ADDRESSES = {"partner_id": {"fields": {"display_name": {}}}, "partner_invoice_id": {"fields": {"display_name": {}}}}
LINE = {
    "product_id": {"fields": {"display_name": {}}},
    "name": {},
    "product_uom_qty": {},
    "price_unit": {},
    "tax_id": {"fields": {"display_name": {}}},
    "price_subtotal": {},
}
SUMS = {"amount_untaxed": {}, "amount_tax": {}, "amount_total": {}}


@pytest.fixture
async def seller(as_user):
    return await as_user("sale.user", dialect=ODOO)


async def entered(env, values, names, spec, ids=(), *, model="sale.order"):
    """What follows from an entry."""
    return (await env[model].onchange(env, list(ids), values, names, spec))["value"]


async def test_a_customer_brings_addresses(env, seller):
    who = await customer(env, name="Acme")

    found = await entered(seller, {"partner_id": who}, ["partner_id"], {**ADDRESSES, "partner_shipping_id": {}})

    assert found == {"partner_invoice_id": {"id": who, "display_name": "Acme"}, "partner_shipping_id": who}


async def test_a_product_fills_its_line(env, seller):
    vat = await tax(env, "12")
    [product] = await products(env, list_price=Decimal("99.99"), taxes_id=[(6, 0, [vat])], description_sale="Blue")
    values = {"product_id": product, "product_uom_qty": 2, "name": False, "tax_id": [], "order_id": {"note": "x"}}

    found = await entered(seller, values, ["product_id"], LINE, model="sale.order.line")

    [[command, linked, shown]] = found.pop("tax_id")
    assert (command, linked, shown["id"]) == (4, vat, vat)
    assert found == {
        "name": "[P0] Product 0\nBlue",
        "price_unit": Decimal("99.99"),
        "price_subtotal": Decimal("199.98"),
    }


async def test_lines_make_the_sums(env, seller):
    vat = await tax(env, "12")
    line = {"product_uom_qty": 2, "price_unit": 10, "tax_id": [[4, vat]], "price_subtotal": 0}

    found = await entered(
        seller, {"order_line": [[0, "virtual_1", line]]}, ["order_line"], {**SUMS, "order_line": {"fields": LINE}}
    )

    assert found == {
        "amount_untaxed": Decimal("20.00"),
        "amount_tax": Decimal("2.40"),
        "amount_total": Decimal("22.40"),
        "order_line": [[1, "virtual_1", {"price_subtotal": Decimal("20.00")}]],
    }


async def test_a_product_fills_what_its_line_leaves_out(env, seller):
    vat = await tax(env, "12")
    first, second = await products(env, 2, list_price=Decimal(10), taxes_id=[(6, 0, [vat])])
    order = await seller["sale.order"].create(
        seller, {"partner_id": await customer(env), "order_line": [(0, 0, {"product_id": first, "price_unit": 5})]}
    )
    [saved] = (await read(env, "sale.order", order, "order_line"))[0]
    new = [[0, "virtual_1", {"product_id": first}], [0, "virtual_2", {"product_id": first, "price_unit": 7}]]
    spec = {**SUMS, "order_line": {"fields": {"name": {}, "price_unit": {}, "product_uom_qty": {}, "tax_id": {}}}}

    one = await entered(seller, {"order_line": new}, ["order_line"], spec)
    other = await entered(seller, {"order_line": [[1, saved, {"product_id": second}]]}, ["order_line"], spec, [order])

    assert [(line[1], line[2].get("price_unit"), line[2]["name"]) for line in one["order_line"]] == [
        ("virtual_1", Decimal(10), "[P0] Product 0"),
        ("virtual_2", None, "[P0] Product 0"),
    ]
    assert (one["amount_untaxed"], one["amount_tax"]) == (Decimal("17.00"), Decimal("2.04"))
    [[_, line, filled]] = other["order_line"]
    assert (line, filled["price_unit"], filled["name"]) == (saved, Decimal(10), "[P1] Product 1")
    assert other["amount_untaxed"] == Decimal("10.00")


async def test_clients_up_to_16_ask_and_are_answered_in_their_way(env, seller):
    vat = await tax(env, "12")
    [product] = await products(env, list_price=Decimal(10), taxes_id=[(6, 0, [vat])])
    who = await customer(env, name="Acme")
    flat = {"partner_id": "1", "partner_invoice_id": "", "amount_total": "", "order_line": "1"}
    below = {"order_line.product_id": "1", "order_line.price_unit": "1", "order_line.tax_id": ""}

    found = await entered(seller, {"partner_id": who}, "partner_id", flat)
    lines = await entered(
        seller, {"order_line": [[0, "virtual_1", {"product_id": product}]]}, ["order_line"], {**flat, **below}
    )

    assert found == {"partner_invoice_id": [who, "Acme"]}
    assert lines == {
        "amount_total": Decimal("11.20"),
        "order_line": [[1, "virtual_1", {"price_unit": Decimal(10), "tax_id": [[4, vat, False]]}]],
    }


@pytest.mark.parametrize("flat", [{"order_line.product_id": "1"}, {"partner_id": "1", "partner_id.name": "1"}])
async def test_flat_names_lead_through_lists_that_are_shown(seller, flat):
    with pytest.raises(InputError):
        await entered(seller, {}, ["partner_id"], flat)


async def test_what_is_saved_counts_where_nothing_is_entered(env, seller):
    ids = await products(env, 2, list_price=Decimal(10), taxes_id=[(6, 0, [])])
    lines = [(0, 0, {"product_id": one, "product_uom_qty": 1}) for one in ids]
    order = await seller["sale.order"].create(seller, {"partner_id": await customer(env), "order_line": lines})
    [(first, second)] = [await read(env, "sale.order", order, "order_line")][0]
    spec = {**SUMS, "order_line": {"fields": LINE}}

    change = await entered(seller, {"order_line": [[1, first, {"product_uom_qty": 3}]]}, ["order_line"], spec, [order])
    gone = await entered(seller, {"order_line": [[2, second, False]]}, ["order_line"], spec, [order])
    below = await entered(seller, {"product_uom_qty": 5}, ["product_uom_qty"], LINE, [first], model="sale.order.line")

    assert change == {
        "amount_untaxed": Decimal("40.00"),
        "amount_total": Decimal("40.00"),
        "order_line": [[1, first, {"price_subtotal": Decimal("30.00")}]],
    }
    assert gone == {"amount_untaxed": Decimal("10.00"), "amount_total": Decimal("10.00")}
    assert below == {"price_subtotal": Decimal("50.00")}


async def test_a_new_form_gets_the_defaults_and_a_field_without_consequence_nothing(seller):
    spec = {"state": {}, "partner_id": {}}

    assert await entered(seller, {}, [], spec) == {"state": "draft"}
    assert await entered(seller, {"client_order_ref": "R"}, ["client_order_ref"], spec) == {}


async def test_defaults_are_answered_in_the_form_of_older_clients(env, seller):
    tag = await env["res.partner.category"].create(env, {"name": "Staff"})
    country = await env.fetchval("select id from res_country where code = 'PH'")
    spec = {"name": "", "country_id": "1", "category_id": "", "child_ids": "", "child_ids.name": ""}
    context = {"default_category_id": [[6, 0, [tag]]], "default_child_ids": [[0, 0, {"name": "Kid"}]]}
    opened = seller.with_dialect(ODOO).with_context(default_country_id=country, **context)

    assert await entered(opened, {}, [], spec, model="res.partner") == {
        "country_id": [country, "Philippines"],
        "category_id": [[6, 0, [tag]]],
        "child_ids": [[0, 0, {"name": "Kid"}]],
    }


@pytest.mark.parametrize("values", [5, {"order_line": 5}, {"order_line": [[0, "v", {"price_unit": "many"}]]}])
async def test_values_that_make_no_sense_are_refused(seller, values):
    with pytest.raises(InputError):
        await entered(seller, values, ["order_line"], SUMS)


async def test_fields_that_are_not_there_are_refused(seller):
    with pytest.raises(UnknownFieldError):
        await entered(seller, {"nope": 1}, ["partner_id"], SUMS)


@pytest.mark.statement("Z11")
async def test_orders_and_products_of_others_tell_nothing(env, seller):
    [company] = await env["res.company"].insert(env, [{"name": "Elsewhere"}])
    [product] = await products(env.as_system("test"), company_id=company)

    with pytest.raises(MissingError):
        await entered(seller, {"product_id": product}, ["product_id"], LINE, model="sale.order.line")
    with pytest.raises(MissingError):
        await entered(seller, {"order_line": [[4, 999999999]]}, ["order_line"], SUMS)


async def test_more_lines_take_no_more_statements(env, seller):
    vat = await tax(env, "12")
    counts = []
    for many in (1, 20):
        before = seller.statements
        lines = [
            [0, f"virtual_{n}", {"price_unit": 10, "product_uom_qty": 1, "tax_id": [[4, vat]]}] for n in range(many)
        ]
        await entered(seller, {"order_line": lines}, ["order_line"], {**SUMS, "order_line": {"fields": LINE}})
        counts.append(seller.statements - before)

    assert counts[0] == counts[1]
