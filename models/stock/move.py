"""Moves: how much of which product goes from where to where, on a transfer."""

from __future__ import annotations

from models.orm import Access, Check, Env, Index, Model, Row, fields
from models.orm.errors import RequiredError, UserError
from models.stock.places import READERS
from models.stock.quant import QUANTITY

MOVE_STATES = (
    ("draft", "New"),
    ("waiting", "Waiting Another Move"),
    ("confirmed", "Waiting Availability"),
    ("partially_available", "Partially Available"),
    ("assigned", "Available"),
    ("done", "Done"),
    ("cancel", "Cancelled"),
)
CLOSED = ("done", "cancel")
NETFORCE_STATES = {
    "waiting": "pending",
    "confirmed": "pending",
    "partially_available": "pending",
    "assigned": "approved",
    "cancel": "voided",
}
STANDING = frozenset({"product_id", "product_uom_qty", "quantity", "picked", "location_id", "location_dest_id"})
FIXED = "Moves that are done or cancelled cannot be changed."


class Move(Model, name="stock.move", label="Stock Move"):
    """One product on its way. `product_uom_qty` is wanted, `quantity` is what goes (or went, once it is done)."""

    access = (Access(read=READERS), Access(read="stock.user", write="stock.user", delete="stock.manager"))
    company = "own"
    order = "picking_id, sequence, id"
    indexes = (Index(("product_id", "location_id"), where="state not in ('done', 'cancel')"),)
    checks = (
        Check("stock_move_quantity", "quantity >= 0 and product_uom_qty >= 0", "A moved quantity is not below zero."),
    )

    name = fields.Char("Description", required=True)
    picking_id = fields.Many2One("Transfer", "stock.picking", on_delete="cascade", copied=False)
    sequence = fields.Integer("Sequence", default=10, aggregate="")
    product_id = fields.Many2One("Product", "product.product", required=True, on_delete="restrict")
    product_uom = fields.Many2One(
        "Unit", "uom.uom", index=False, odoo=("product_uom", "product_uom_id"), netforce="uom_id"
    )
    product_uom_qty = fields.Number("Demand", digits=QUANTITY, required=True, default=1, minimum=0)
    quantity = fields.Number(
        "Quantity",
        digits=QUANTITY,
        required=True,
        default=0,
        minimum=0,
        copied=False,
        odoo=("quantity", "quantity_done"),
        netforce="qty",
    )
    reserved = fields.Number(
        "Reserved", digits=QUANTITY, required=True, default=0, readonly=True, copied=False, odoo="reserved_availability"
    )
    picked = fields.Boolean("Picked", copied=False)
    state = fields.Selection(
        "Status",
        MOVE_STATES,
        required=True,
        default="draft",
        readonly=True,
        copied=False,
        values_netforce=NETFORCE_STATES,
    )
    location_id = fields.Many2One("Source Location", "stock.location", required=True, on_delete="restrict", index=False)
    location_dest_id = fields.Many2One(
        "Destination Location", "stock.location", required=True, on_delete="restrict", index=False
    )
    sale_line_id = fields.Many2One("Sale Line", "sale.order.line", readonly=True)
    origin_returned_move_id = fields.Many2One("Returned move", "stock.move", readonly=True)
    date = fields.DateTime("Date", default=lambda env: env.now)
    reference = fields.Char("Reference", sql="(select k.name from stock_picking k where k.id = {t}.picking_id)")

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Take places and company from the transfer, text and unit from the product."""
        await super().prepare_create(env, rows)
        bare = [row for row in rows if row.get("location_id") is None or not row.get("name")]
        if bare:
            await _fill(env, bare)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """What is done or cancelled stands."""
        await super().prepare_write(env, ids, row)
        if not row.keys().isdisjoint(STANDING):
            moves = await cls.lock(env, ids, ["state"])
            if any(move.state in CLOSED for move in moves):
                raise UserError(FIXED, model=cls.meta.name, ids=ids)

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Only moves that never started go."""
        await super().before_delete(env, ids)
        moves = await cls.lock(env, ids, ["state"])
        if any(move.state not in ("draft", "cancel") for move in moves):
            raise UserError("You can only delete draft or cancelled moves.", model=cls.meta.name, ids=ids)


async def _fill(env: Env, rows: list[Row]) -> None:
    pickings = {row[0]: row for row in await env.fetch(PICKINGS, _named(rows, "picking_id"))}
    products = {row[0]: row for row in await env.fetch(PRODUCTS, _named(rows, "product_id"))}
    for row in rows:
        picking = pickings.get(row.get("picking_id"))
        if picking is None and row.get("location_id") is None:
            raise RequiredError("A move needs its transfer or its locations.", model="stock.move", field="location_id")
        if picking is not None:
            for name in ("company_id", "location_id", "location_dest_id"):
                row[name] = picking[name] if name == "company_id" else row.get(name) or picking[name]
        product = products.get(row.get("product_id"))
        if product is not None:
            row["name"] = row.get("name") or product["name"]
            row["product_uom"] = row.get("product_uom") or product["uom_id"]


def _named(rows: list[Row], name: str) -> list[int]:
    return sorted({row[name] for row in rows if row.get(name) is not None})


PICKINGS = "select id, company_id, location_id, location_dest_id from stock_picking where id = any($1::bigint[])"
PRODUCTS = "select id, name, uom_id from product_product where id = any($1::bigint[])"
