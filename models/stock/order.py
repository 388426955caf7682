"""Orders with deliveries: confirming makes a transfer out of the company's warehouse, cancelling takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from models.orm import Access, Command, Env, fields, rpc
from models.orm.arguments import ids_of
from models.sale.order import Order
from models.sale.order_line import OrderLine
from models.stock.places import Warehouse, Ways
from models.stock.reservation import reserve

DELIVERY_STATES = (
    ("pending", "Not Delivered"),
    ("started", "Started"),
    ("partial", "Partially Delivered"),
    ("full", "Fully Delivered"),
)
# Of the transfers that were not cancelled: all done, some goods delivered, some transfer done, or nothing yet.
DELIVERY_STATUS = """
select case when count(*) = 0 then null when bool_and(k.state = 'done') then 'full'
    when bool_or(k.state = 'done') and exists (
        select 1 from sale_order_line l where l.order_id = {t}.id and l.qty_delivered <> 0) then 'partial'
    when bool_or(k.state = 'done') then 'started' else 'pending' end
from stock_picking k where k.sale_id = {t}.id and k.state <> 'cancel'
"""


class DeliveredOrder(Order, name="sale.order"):
    """What stock adds to an order: its transfers, and how far they are."""

    access = (Access(read="stock.user"),)

    picking_ids = fields.One2Many("Transfers", "stock.picking", "sale_id", netforce="pickings")
    delivery_count = fields.Integer(
        "Delivery Orders", sql="(select count(*) from stock_picking k where k.sale_id = {t}.id)::integer", aggregate=""
    )
    delivery_status = fields.Selection("Delivery Status", DELIVERY_STATES, sql=f"({DELIVERY_STATUS})")
    is_delivered = fields.Boolean("Delivered", sql=f"coalesce(({DELIVERY_STATUS}) = 'full', false)")

    @rpc(readonly=True)
    @classmethod
    async def action_view_delivery(cls, env: Env, ids: Any) -> dict[str, Any]:
        """Return the view of the orders' transfers."""
        orders = await cls.browse(env, ids_of(ids), ["picking_ids"])
        pickings = [picking for order in orders for picking in order.picking_ids]
        single = {"view_mode": "form", "res_id": pickings[0]} if len(pickings) == 1 else {"view_mode": "list,form"}
        return {
            "name": "Transfers",
            "type": "ir.actions.act_window",
            "res_model": "stock.picking",
            "domain": [["id", "in", pickings]],
            **single,
        }

    @classmethod
    async def confirmed(cls, env: Env, orders: Sequence[Self]) -> None:
        """Make one transfer for each order that sells goods (statement H62); services need none."""
        await super().confirmed(env, orders)
        goods = await _goods(env, [order.id for order in orders])
        if goods:
            await _deliver(env.as_system("delivery of a confirmed order"), goods)

    @classmethod
    async def cancelled(cls, env: Env, orders: Sequence[Self]) -> None:
        """Cancel the open transfers; what was delivered stays delivered."""
        await super().cancelled(env, orders)
        system = env.as_system("deliveries of a cancelled order")
        domain = [["sale_id", "in", [order.id for order in orders]], ["state", "not in", ["done", "cancel"]]]
        ids = await system["stock.picking"].search(system, domain)
        if ids:
            pickings = await system["stock.picking"].lock(system, ids, ["state"])
            still_open = [picking.id for picking in pickings if picking["state"] not in ("done", "cancel")]
            await system["stock.picking"].cancel(system, still_open)


class DeliveredLine(OrderLine, name="sale.order.line"):
    """What stock adds to an order line: its moves."""

    access = (Access(read="stock.user"),)

    move_ids = fields.One2Many("Stock Moves", "stock.move", "sale_line_id")


Goods = dict[int, list[Any]]  # rows of lines by order id


async def _goods(env: Env, orders: Sequence[int]) -> Goods:
    found: Goods = {}
    for row in await env.fetch(GOODS, list(orders)):
        found.setdefault(row["order_id"], []).append(row)
    return found


async def _deliver(env: Env, goods: Goods) -> None:
    """Insert the transfers with their moves, ready where no stock has to be found, and reserve for the others."""
    ways = await env[Warehouse].ways_of(env, {rows[0]["company_id"] for rows in goods.values()})
    pickings = await env["stock.picking"].insert(
        env, [_picking(order, rows, ways[rows[0]["company_id"]]) for order, rows in goods.items()]
    )
    counted = [
        picking
        for picking, rows in zip(pickings, goods.values(), strict=True)
        if any(row["is_storable"] for row in rows)
    ]
    if counted:
        await reserve(env, counted)
        await env["stock.picking"].refresh(env, counted)


def _picking(order: int, rows: Sequence[Any], ways: Ways) -> dict[str, Any]:
    first = rows[0]
    ready = not any(row["is_storable"] for row in rows)
    return {
        "sale_id": order,
        "origin": first["order_name"],
        "partner_id": first["partner_id"],
        "picking_type_id": ways.out_type,
        "scheduled_date": first["scheduled_date"],
        "user_id": None,
        "state": "assigned" if ready else "confirmed",
        "move_ids": [Command.create(_move(row, ways)) for row in rows],
    }


def _move(row: Any, ways: Ways) -> dict[str, Any]:
    counted = row["is_storable"]
    return {
        "name": row["product_name"],
        "company_id": row["company_id"],
        "product_id": row["product_id"],
        "product_uom": row["product_uom_id"],
        "product_uom_qty": row["product_uom_qty"],
        "quantity": 0 if counted else row["product_uom_qty"],
        "state": "confirmed" if counted else "assigned",
        "location_id": ways.stock,
        "location_dest_id": ways.customers,
        "sale_line_id": row["id"],
    }


GOODS = """
select l.id, l.order_id, l.product_id, l.product_uom_id, l.product_uom_qty, p.name as product_name, p.is_storable,
    o.company_id, o.name as order_name, coalesce(o.partner_shipping_id, o.partner_id) as partner_id,
    coalesce(o.commitment_date, o.date_order) as scheduled_date
from sale_order_line l
join sale_order o on o.id = l.order_id
join product_product p on p.id = l.product_id
where l.order_id = any($1::bigint[]) and p.type in ('consu', 'product') and l.product_uom_qty > 0
order by l.order_id, l.sequence, l.id
"""
