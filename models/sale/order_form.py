"""Orders in a form, before they are saved: what a client shows at once when a customer, product or price is entered.

Netforce's clients ask by `call_onchange`, Odoo's by `onchange`. Saving works everything out again: nothing here is
trusted afterwards. What the caller may not see of products and taxes is not filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.orm import Env, rpc
from models.orm.errors import InputError
from models.orm.form_entry import FormEntry, form_of
from models.sale.amounts import PricedLine, TaxRate, TaxType, order_amounts
from models.sale.lookup import ProductCard
from models.sale.order import Order
from models.sale.order_line import OrderLine
from models.sale.totals import checked, number

CARD = ("display_name", "description_sale", "list_price", "uom_id", "taxes_id")
FROM_PRODUCT = ("name", "price_unit", "product_uom_id", "tax_ids")
AMOUNTS = dict.fromkeys(("product_uom_qty", "price_unit", "discount", "discount_amount", "tax_ids"), "update_amounts")


class OrderForm(Order, name="sale.order"):
    """Orders, as a form fills them in."""

    onchanges = {
        "partner_id": "onchange_contact",
        "tax_type": "update_amounts",
        "currency_id": "update_amounts",
        "order_line": "onchange_lines",
    }

    @rpc(readonly=True)
    @classmethod
    async def onchange_contact(cls, env: Env, data: Any) -> dict[str, Any]:
        """Fill both addresses from the customer."""
        form = form_of(env, env[Order], data)
        customer = form.get("partner_id")
        form.put(partner_invoice_id=customer, partner_shipping_id=customer)
        return form.values

    @rpc(readonly=True)
    @classmethod
    async def onchange_lines(cls, env: Env, data: Any) -> dict[str, Any]:
        """Fill what lines leave out from their products (text, price, unit, taxes, one piece), then the amounts."""
        form = form_of(env, env[Order], data)
        bare = [line for line in form.lines("order_line") if line.get("product_id") and not line.has(*FROM_PRODUCT)]
        cards = await _cards(env, [line.get("product_id") for line in bare])
        for line in bare:
            filled = cards[line.get("product_id")]
            line.put(**{name: value for name, value in filled.items() if not line.has(name)})
            line.put(product_uom_qty=line.get("product_uom_qty") or number(1))
        return await cls.update_amounts(env, form.values)

    @rpc(readonly=True)
    @classmethod
    async def onchange_product(cls, env: Env, data: Any, path: Any = "") -> dict[str, Any]:
        """Fill the line at `path` from its product (text, price, unit, taxes, one piece), then the amounts."""
        form = form_of(env, env[Order], data)
        line = form.line("order_line", path)
        product = line.get("product_id")
        if product is not None:
            line.put(**(await _cards(env, [product]))[product])
            line.put(product_uom_qty=line.get("product_uom_qty") or number(1))
        return await cls.update_amounts(env, form.values)

    @rpc(readonly=True)
    @classmethod
    async def update_amounts(cls, env: Env, data: Any) -> dict[str, Any]:
        """Work out the amounts of the lines and their sums."""
        form = form_of(env, env[Order], data)
        lines = form.lines("order_line")
        rates = await _rates(env, [tax for line in lines for tax in line.get("tax_ids")])
        tax_type = TaxType(form.get("tax_type") or TaxType.TAX_EX)
        found = checked(order_amounts([_priced(line, rates) for line in lines], tax_type, await _places(env, form)))
        for line, amounts in zip(lines, found.lines, strict=True):
            line.put(price_subtotal=amounts.untaxed, price_tax=amounts.tax, price_total=amounts.total)
        form.put(amount_untaxed=found.untaxed, amount_tax=found.tax, amount_total=found.total)
        return form.values


class OrderLineForm(OrderLine, name="sale.order.line"):
    """Order lines, as a form fills them in; the form asks the order."""

    form_parent = "order_id"
    onchanges = {"product_id": "onchange_product", **AMOUNTS}
    followers = {"product_id": FROM_PRODUCT}


async def _cards(env: Env, products: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return by product what a line takes from it."""
    if not products:
        return {}
    found = await env["product.product"].browse(env, list(dict.fromkeys(products)), CARD)
    rates = await _rates(env, [tax for product in found for tax in product["taxes_id"]])
    return {product.id: _from_product(product, rates) for product in found}


def _from_product(product: Any, rates: dict[int, TaxRate]) -> dict[str, Any]:
    card = ProductCard(
        product.id, product["display_name"], product["description_sale"], product["list_price"], product["uom_id"], ()
    )
    values = (
        card.description,
        number(card.list_price),
        card.uom_id,
        [one for one in rates if one in product["taxes_id"]],
    )
    return dict(zip(FROM_PRODUCT, values, strict=True))


async def _rates(env: Env, ids: Sequence[int]) -> dict[int, TaxRate]:
    """Return those of the taxes that are of the active company, in their order."""
    if not ids:
        return {}
    condition = [["id", "in", list(ids)], ["company_id", "=", env.company_id]]
    found = await env["account.tax"].find(env, condition, ["amount", "price_include"], order="sequence, id")
    return {tax.id: TaxRate(tax.id, tax["amount"], tax["price_include"]) for tax in found}


def _priced(line: FormEntry, rates: dict[int, TaxRate]) -> PricedLine:
    quantity, price, discount, reduction = (
        number(line.get(name)) for name in ("product_uom_qty", "price_unit", "discount", "discount_amount")
    )
    if not 0 <= discount <= 100:
        raise InputError("A discount goes from 0 to 100 %.", model=line.model.meta.name, field="discount")
    taxes = tuple(rates[tax] for tax in line.get("tax_ids") if tax in rates)
    return PricedLine(quantity, price, discount, reduction, taxes)


async def _places(env: Env, form: FormEntry) -> int:
    """Return how many digits the form's currency has after the point; without one it is the company's."""
    currency = form.get("currency_id")
    if currency is None:
        [company] = await env["res.company"].browse(env, [env.company_id], ["currency_id.decimal_places"])
        places = company["currency_id.decimal_places"]
    else:
        [found] = await env["res.currency"].browse(env, [currency], ["decimal_places"])
        places = found["decimal_places"]
    return 2 if places is None else int(places)
