"""What tests of stock need again and again: goods on hand, an order that is confirmed, its transfer."""

from decimal import Decimal
from typing import Any

from models.orm import Env
from models.sale.order import Order
from models.stock.picking import Picking
from models.stock.quant import Quant
from tests.sale.making import order, products, read


async def storable(env: Env, on_hand: str = "0", **values: Any) -> int:
    """A product whose stock is counted, with this much of it."""
    [product] = await products(env, is_storable=True, **values)
    if Decimal(on_hand):
        await count(env, product, on_hand)
    return product


async def count(env: Env, product: int, quantity: str) -> int:
    quant: int = await env[Quant].create(env, {"product_id": product, "inventory_quantity": quantity})
    await env[Quant].action_apply_inventory(env, [quant])
    return quant


async def confirmed(env: Env, *lines: dict[str, Any], **values: Any) -> int:
    record = await order(env, *lines, **values)
    await env[Order].action_confirm(env, [record])
    return record


async def delivery(env: Env, record: int) -> int:
    """The one transfer of an order."""
    [picking] = (await read(env, "sale.order", record, "picking_ids"))[0]
    return int(picking)


async def delivered(env: Env, *lines: dict[str, Any]) -> tuple[int, int]:
    """An order that went out completely, and its transfer."""
    record = await confirmed(env, *lines)
    picking = await delivery(env, record)
    await env[Picking].button_validate(env, [picking])
    return record, picking


async def on_hand(env: Env, product: int) -> tuple[str, str]:
    """What is counted of a product in our own places, and what of that is promised."""
    row = await env.fetchrow(
        "select coalesce(sum(q.quantity), 0) as there, coalesce(sum(q.reserved_quantity), 0) as promised"
        " from stock_quant q join stock_location l on l.id = q.location_id"
        " where q.product_id = $1 and l.usage = 'internal'",
        product,
    )
    return (f"{row['there'].normalize():f}", f"{row['promised'].normalize():f}") if row else ("0", "0")


async def moves_of(env: Env, picking: int) -> list[tuple[str, str, str]]:
    """Demand, quantity and state of each move, in order."""
    rows = await env.fetch(
        "select product_uom_qty, quantity, state from stock_move where picking_id = $1 order by id", picking
    )
    return [(f"{row[0].normalize():f}", f"{row[1].normalize():f}", row[2]) for row in rows]
