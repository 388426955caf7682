"""Order lines: what is sold, how much of it, at which price. They change only while their order is a quotation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from models.orm import Access, Check, Command, Env, Index, Model, Row, fields
from models.orm.errors import RequiredError, UserError, ValidationError
from models.sale import line_trail
from models.sale.amounts import OrderAmounts, TaxRate, order_amounts
from models.sale.lookup import Lookup, OrderHead, ProductCard, look_up
from models.sale.states import OPEN, STATES, VALUES_NETFORCE
from models.sale.totals import checked, number, priced, recompute, store_totals

# What an order costs, and what it promises: none of it changes once the order is confirmed.
PRICING = frozenset(
    {"product_uom_qty", "price_unit", "discount", "discount_amount", "promotion_amount", "tax_ids", "display_type"}
)
PROMISED = PRICING | {"product_id", "product_uom_id"}

LOCKED_LINES = "The lines of %s cannot be changed: it is no longer a quotation. Set it back to quotation first."
KEPT_LINE = "A line of %s cannot be taken out: it is no longer a quotation. Set it back to quotation first."


class OrderLine(Model, name="sale.order.line", label="Sales Order Line"):
    """One product, service, section or note of an order."""

    access = (Access(read="sale.user", write="sale.user", delete="sale.user"),)
    company = "own"
    order = "order_id, sequence, id"
    indexes = (Index(("order_id", "sequence", "id")),)
    checks = (
        Check("sale_order_line_discount", "discount between 0 and 100", "A discount goes from 0 to 100 %."),
        Check(
            "sale_order_line_display_type",
            "display_type is null or (product_id is null and product_uom_qty = 0 and price_unit = 0)",
            "Forbidden values on non-accountable sale order line",
        ),
    )

    order_id = fields.Many2One("Order", "sale.order", required=True, on_delete="cascade", index=False)
    sequence = fields.Integer("Sequence", default=10, aggregate="", netforce="sequence_no")
    display_type = fields.Selection("Display Type", (("line_section", "Section"), ("line_note", "Note")))
    product_id = fields.Many2One("Product", "product.product", on_delete="restrict")
    product_template_id = fields.Many2One("Product Template", "product.product", sql="{t}.product_id")
    name = fields.Text("Description", required=True, searched=True, netforce="description")
    product_uom_qty = fields.Number("Quantity", digits=(16, 3), default=1, netforce="qty")
    product_uom_id = fields.Many2One(
        "Unit of Measure", "uom.uom", index=False, odoo=("product_uom_id", "product_uom"), netforce="uom_id"
    )
    price_unit = fields.Number("Unit Price", digits=(16, 6), aggregate="", netforce="unit_price")
    discount = fields.Number("Discount (%)", digits=(9, 6), default=0, aggregate="")
    discount_amount = fields.Monetary("Discount Amount", default=0)
    promotion_amount = fields.Monetary("Promotion Discount", default=0, readonly=True, copied=False)
    tax_ids = fields.Many2Many(
        "Taxes",
        "account.tax",
        table="sale_order_line_tax_rel",
        column="line_id",
        other="tax_id",
        odoo=("tax_ids", "tax_id"),
        netforce="taxes",
    )
    price_subtotal = fields.Monetary("Subtotal", readonly=True, copied=False, netforce="amount")
    price_tax = fields.Monetary("Total Tax", readonly=True, copied=False, netforce="amount_tax")
    price_total = fields.Monetary("Total", readonly=True, copied=False, netforce="amount_incl_tax")
    qty_delivered = fields.Number("Delivery Quantity", digits=(16, 3), default=0, readonly=True, copied=False)
    currency_id = fields.Many2One(
        "Currency", "res.currency", sql="(select o.currency_id from sale_order o where o.id = {t}.order_id)"
    )
    order_partner_id = fields.Many2One(
        "Customer",
        "res.partner",
        sql="(select o.partner_id from sale_order o where o.id = {t}.order_id)",
        netforce="contact_id",
    )
    state = fields.Selection(
        "Order Status",
        STATES,
        sql="(select o.state from sale_order o where o.id = {t}.order_id)",
        values_netforce=VALUES_NETFORCE,
    )

    # hooks

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Take what is not given from the products, and put the amounts of wholly new orders right at once."""
        await super().prepare_create(env, rows)
        found = await look_up(
            env,
            orders=(row["order_id"] for row in rows if row.get("order_id")),
            products=(row["product_id"] for row in rows if row.get("product_id")),
            taxes=(tax for row in rows for tax in _given_taxes(row)),
        )
        for row in rows:
            head = _head(found, row)
            refuse_closed([head])
            row["company_id"] = head.company_id
            _link_taxes(row)
            _fill(row, found, head)
        for order, own in _by_order(rows).items():
            head = found.orders[order]
            if head.fresh and not head.has_lines and not any(_makes_taxes(row) for row in own):
                _price(found, head, own)

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Bring the orders' totals up to date, and tell known orders what was added."""
        await super().after_create(env, ids, rows)
        orders = _by_order(rows)
        new = {order: _sums(own) for order, own in orders.items() if own[0].get("price_total") is not None}
        if new:
            await store_totals(env, new)
        known = [order for order in orders if order not in new]
        if known:
            await recompute(env, known)
            await line_trail.tell_added(env, {order: orders[order] for order in known})

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Refuse to change what a confirmed order promises, and tell the order what changes."""
        await super().prepare_write(env, ids, row)
        if row.keys().isdisjoint(PROMISED | {"order_id", "company_id"}):
            return
        heads = await _heads(env, ids)
        if "order_id" in row and set(heads) != {row["order_id"]}:
            raise ValidationError("A line stays with its order.", model=cls.meta.name, field="order_id")
        row.pop("company_id", None)
        if row.keys().isdisjoint(PROMISED):
            return
        refuse_closed(heads.values())
        if row.get("product_id") is not None:
            await cls._change_product(env, ids, row, next(iter(heads.values())))
        await line_trail.tell_changed(env, ids, row)

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Bring the orders' totals up to date."""
        await super().after_write(env, ids, row)
        if not row.keys().isdisjoint(PRICING):
            await recompute(env, lines=ids)

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Refuse to take lines out of confirmed orders; the rest of the order is worth less."""
        await super().before_delete(env, ids)
        heads = await _heads(env, ids)
        for head in heads.values():
            if head.state in ("sale", "done"):
                raise UserError(KEPT_LINE % head.name, model=cls.meta.name, ids=ids)
        refuse_closed(heads.values())
        await line_trail.tell_removed(env, ids)
        await recompute(env, heads, without=ids)

    @classmethod
    async def _change_product(cls, env: Env, ids: list[int], row: Row, head: OrderHead) -> None:
        """Take text, price, unit and taxes from the new product unless they are written, too."""
        found = await look_up(env, products=[row["product_id"]])
        product = found.products.get(row["product_id"])
        if product is None:
            raise cls.missing(ids)
        row.setdefault("name", product.description)
        row.setdefault("price_unit", product.list_price)
        row.setdefault("product_uom_id", product.uom_id)
        row.setdefault("tax_ids", [Command.set(found.taxes_of(product, head.company_id))])


def refuse_closed(heads: Iterable[OrderHead]) -> None:
    """Refuse changes of lines of orders that are confirmed, locked or cancelled."""
    for head in heads:
        if head.state not in OPEN or head.locked:
            raise UserError(LOCKED_LINES % head.name, model="sale.order", ids=[head.id])


async def _heads(env: Env, lines: Sequence[int]) -> dict[int, OrderHead]:
    """Lock and return the orders of lines. A line that is not there is found out by the write itself."""
    rows = await env.fetch("select distinct order_id from sale_order_line where id = any($1::bigint[])", list(lines))
    return dict((await look_up(env, orders=[row[0] for row in rows])).orders)


def _head(found: Lookup, row: Row) -> OrderHead:
    if row.get("order_id") is None:
        raise RequiredError("Order (order_id) is required.", model="sale.order.line", field="order_id")
    head = found.orders.get(row["order_id"])
    if head is None:
        raise ValidationError("The order does not exist.", model="sale.order.line", field="order_id")
    return head


def _given_taxes(row: Row) -> list[int]:
    return [tax for command in row.get("tax_ids") or () for tax in command.ids]


def _makes_taxes(row: Row) -> bool:
    return any(command.action == "create" for command in row.get("tax_ids") or ())


def _link_taxes(row: Row) -> None:
    """Only link: on a new line there is nothing to replace, and looking for it would take a statement a line."""
    if row.get("tax_ids"):
        new = [command for command in row["tax_ids"] if command.action == "create"]
        row["tax_ids"] = [Command.link(_given_taxes(row)), *new]


def _fill(row: Row, found: Lookup, head: OrderHead) -> None:
    """Fill the gaps of one new line."""
    if row.get("display_type"):
        row.update(product_uom_qty=number(0), price_unit=number(0))
        return
    product = found.products.get(row.get("product_id") or 0)
    if product is not None:
        _fill_from_product(row, product, found.taxes_of(product, head.company_id))
    if row.get("price_unit") is None:
        row["price_unit"] = number(0)
    if row.get("product_uom_qty") is None:
        row["product_uom_qty"] = number(1)


def _fill_from_product(row: Row, product: ProductCard, taxes: Sequence[int]) -> None:
    if not row.get("name"):
        row["name"] = product.description
    if row.get("price_unit") is None:
        row["price_unit"] = product.list_price
    if row.get("product_uom_id") is None:
        row["product_uom_id"] = product.uom_id
    if "tax_ids" not in row and taxes:
        row["tax_ids"] = [Command.link(taxes)]


def _by_order(rows: Iterable[Row]) -> dict[int, list[Row]]:
    orders: dict[int, list[Row]] = {}
    for row in rows:
        orders.setdefault(row["order_id"], []).append(row)
    return orders


def _price(found: Lookup, head: OrderHead, rows: Sequence[Row]) -> None:
    """Put the amounts into the lines of an order that has no others, counting them as they are shown."""
    shown = sorted(rows, key=lambda row: row.get("sequence") or 0)
    lines = [priced({**_EMPTY, **row, "taxes": _rates(found, row)}) for row in shown]
    amounts = checked(order_amounts(lines, head.tax_type, head.places))
    for row, line in zip(shown, amounts.lines, strict=True):
        row.update(price_subtotal=line.untaxed, price_tax=line.tax, price_total=line.total)


_EMPTY: dict[str, Any] = {"discount": None, "discount_amount": None, "promotion_amount": None}


def _rates(found: Lookup, row: Row) -> list[tuple[int, Any, bool]]:
    rates: list[TaxRate] = [found.taxes[tax] for tax in dict.fromkeys(_given_taxes(row)) if tax in found.taxes]
    return [(rate.id, rate.percent, rate.included) for rate in rates]


def _sums(rows: Sequence[Row]) -> OrderAmounts:
    untaxed = sum((row["price_subtotal"] for row in rows), number(0))
    tax = sum((row["price_tax"] for row in rows), number(0))
    return OrderAmounts((), untaxed, tax, untaxed + tax)
