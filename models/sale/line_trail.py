"""What the chatter of an order tells about changes of its lines (statement H132)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from models.orm import Env, Row

WATCHED = {
    "product_uom_qty": "Quantity",
    "price_unit": "Unit Price",
    "discount": "Discount %",
    "discount_amount": "Discount Amount",
}


async def tell_added(env: Env, orders: Mapping[int, Sequence[Row]]) -> None:
    """Post one message for each order that got lines after its creation."""
    await env["sale.order"].post(
        env,
        {order: _listed("Order lines added", [_described(row) for row in rows]) for order, rows in orders.items()},
    )


async def tell_changed(env: Env, lines: Sequence[int], row: Row) -> None:
    """Post one message for each order that says what is about to change on which line, old and new."""
    names = [name for name in WATCHED if name in row]
    records = await env["sale.order.line"].browse(env, lines, ["order_id", "name", "product_id", *names])
    texts: dict[int, list[str]] = {}
    for record in records:
        changes = [
            f"{WATCHED[name]} {_plain(record[name])} -> {_plain(row[name])}"
            for name in names
            if record[name] != row[name]
        ]
        if "product_id" in row and record["product_id"] != row["product_id"]:
            changes.insert(0, f"Product -> {_first_line(row.get('name') or '')}")
        if changes:
            texts.setdefault(record["order_id"], []).append(f"{_first_line(record['name'])}: {', '.join(changes)}")
    await env["sale.order"].post(env, {order: _listed("Order lines changed", found) for order, found in texts.items()})


async def tell_removed(env: Env, lines: Sequence[int]) -> None:
    """Post one message for each order that loses lines."""
    records = await env["sale.order.line"].browse(env, lines, ["order_id", "name", "product_uom_qty", "price_unit"])
    texts: dict[int, list[str]] = {}
    for record in records:
        texts.setdefault(record["order_id"], []).append(_described(record.values))
    await env["sale.order"].post(env, {order: _listed("Order lines removed", found) for order, found in texts.items()})


def _described(line: Row) -> str:
    return f"{_first_line(line['name'])}: {_plain(line['product_uom_qty'])} x {_plain(line['price_unit'])}"


def _listed(title: str, texts: Iterable[str]) -> str:
    return "\n".join([f"{title}:", *(f"- {text}" for text in texts)])


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _plain(value: Decimal | None) -> str:
    return "0" if value is None else f"{value.normalize():f}"
