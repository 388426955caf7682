"""Orders in a form: what a client shows before anything is saved, and that saving it comes to the same."""

from dataclasses import replace
from decimal import Decimal

import pytest

from models.orm.dialect import NETFORCE
from models.orm.errors import InputError, MissingError, UnknownMethodError
from models.sale.order import Order
from tests.sale.making import customer, products, read, tax


@pytest.fixture
async def seller(as_user):
    return await as_user("sale.user", dialect=NETFORCE)


async def entered(env, method, data, path="", model="sale.order"):
    """The form after an entry."""
    asked = env.with_context(data=data, path=path)
    return (await env[model].call_onchange(asked, method))["data"]


async def test_a_customer_brings_addresses(env, seller):
    who = await customer(env, name="Acme")

    found = await entered(seller, "onchange_contact", {"contact_id": who, "ref": "R"})

    assert found == {
        "contact_id": [who, "Acme"],
        "ref": "R",
        "bill_address_id": [who, "Acme"],
        "ship_address_id": [who, "Acme"],
    }


async def test_a_product_fills_its_line_and_the_amounts(env, seller):
    vat = await tax(env, "12")
    [product] = await products(env, list_price=Decimal("99.99"), taxes_id=[(6, 0, [vat])], description_sale="Blue")
    data = {"lines": [{"product_id": None, "qty": 1, "unit_price": 10}, {"product_id": product, "qty": None}]}

    found = await entered(seller, "onchange_product", data, "lines.1")

    first, line = found["lines"]
    assert (first["amount"], first["unit_price"]) == (Decimal("10.00"), 10)
    assert line["product_id"] == [product, "[P0] Product 0"]
    assert (line["description"], line["taxes"]) == ("[P0] Product 0\nBlue", [vat])
    assert (line["qty"], line["unit_price"]) == (1, Decimal("99.99"))
    assert (line["amount"], line["amount_tax"], line["amount_incl_tax"]) == (
        Decimal("99.99"),
        Decimal("12.00"),
        Decimal("111.99"),
    )
    assert (found["amount_subtotal"], found["amount_tax"], found["amount_total"]) == (
        Decimal("109.99"),
        Decimal("12.00"),
        Decimal("121.99"),
    )


async def test_what_a_form_shows_is_what_is_saved(env, seller):
    vat = await tax(env, "12", price_include=True)
    ids = await products(env, 2, taxes_id=[(6, 0, [vat])])
    data = {"contact_id": await customer(env), "lines": [{"product_id": one, "discount": "3.5"} for one in ids]}
    for place in range(2):
        data = await entered(seller, "onchange_product", data, f"lines.{place}.product_id")
    shown = [data.pop(name) for name in ("amount_subtotal", "amount_tax", "amount_total")]
    for line in data["lines"]:
        for name in ("amount", "amount_tax", "amount_incl_tax"):
            del line[name]

    order = await seller["sale.order"].save_data(seller, data)

    assert list(await read(env, "sale.order", order, "amount_untaxed", "amount_tax", "amount_total")) == shown
    assert shown[2] > 0


async def test_the_own_words_are_kept(env, seller):
    own = replace(seller, dialect=env.dialect)
    found = await entered(own, "update_amounts", {"order_line": [{"product_uom_qty": 2, "price_unit": "1.005"}]})

    assert found["order_line"] == [
        {
            "product_uom_qty": 2,
            "price_unit": "1.005",
            "price_subtotal": Decimal("2.01"),
            "price_tax": 0,
            "price_total": Decimal("2.01"),
        }
    ]


@pytest.mark.statement("Z11")
async def test_nothing_is_filled_in_from_a_hidden_product(env, seller):
    [company] = await env["res.company"].insert(env, [{"name": "Elsewhere"}])
    [product] = await products(env.as_system("test"), company_id=company)

    with pytest.raises(MissingError):
        await entered(seller, "onchange_product", {"lines": [{"product_id": product}]}, "lines.0")


@pytest.mark.parametrize("path", [None, "", "lines", "lines.1", "lines.-1", "lines.x", 0, "lines.99999999999"])
async def test_a_path_to_no_line_is_refused(seller, path):
    with pytest.raises(InputError, match="path leads to no line"):
        await entered(seller, "onchange_product", {"lines": [{}]}, path)


@pytest.mark.parametrize(
    "line", [{"qty": "many"}, {"discount": 101}, {"discount": -1}, {"taxes": "x"}, {"unit_price": "NaN"}, 5]
)
async def test_a_line_that_makes_no_sense_is_refused(seller, line):
    with pytest.raises(InputError):
        await entered(seller, "update_amounts", {"lines": [line]})


@pytest.mark.parametrize("method", ["confirm", "nope", "_label", "read", None, ["update_amounts"]])
async def test_only_what_is_made_for_forms_is_called(seller, method):
    with pytest.raises(UnknownMethodError):
        await entered(seller, method, {})


async def test_fields_name_what_to_call(seller):
    order = await seller[Order].get_meta(seller, ["contact_id", "ref"])
    line = await seller["sale.order.line"].get_meta(seller, ["product_id", "qty"])

    assert (order["contact_id"]["on_change"], "on_change" in order["ref"]) == ("onchange_contact", False)
    assert (line["product_id"]["on_change"], line["qty"]["on_change"]) == ("onchange_product", "update_amounts")


async def test_more_lines_take_no_more_statements(env, seller):
    vat = await tax(env, "12")
    ids = await products(env, 20, taxes_id=[(6, 0, [vat])])
    counts = []
    for some in (ids[:1], ids):
        before = seller.statements
        await entered(
            seller, "onchange_product", {"lines": [{"product_id": one, "taxes": [vat]} for one in some]}, "lines.0"
        )
        counts.append(seller.statements - before)

    assert counts[0] == counts[1]
