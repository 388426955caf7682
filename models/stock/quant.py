"""Stock on hand: how much of a product lies in a location, and how much of that is promised to transfers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.orm import Access, Check, Env, Key, Model, Row, fields, rpc
from models.orm.data import external_id
from models.orm.errors import UserError, ValidationError
from models.stock.places import INVENTORY, READERS, Warehouse

QUANTITY = (16, 3)


class Quant(Model, name="stock.quant", label="Stock Quantity"):
    """One product in one location of one company. Its quantity changes by transfers and by counting."""

    access = (Access(read=READERS), Access(read="stock.user", write="stock.user", delete="stock.manager"))
    company = "own"
    label_field = "product_id"
    label_sql = "(select p.name from product_product p where p.id = {t}.product_id)"
    keys = (
        Key(
            ("company_id", "product_id", "location_id"),
            "The stock of this product in this location is counted already.",
        ),
    )
    checks = (Check("stock_quant_reserved", "reserved_quantity >= 0", "A reservation cannot be below zero."),)

    product_id = fields.Many2One("Product", "product.product", required=True, on_delete="restrict")
    location_id = fields.Many2One("Location", "stock.location", required=True, on_delete="restrict")
    quantity = fields.Number("Quantity", digits=QUANTITY, default=0, required=True, readonly=True)
    reserved_quantity = fields.Number("Reserved Quantity", digits=QUANTITY, default=0, required=True, readonly=True)
    available_quantity = fields.Number(
        "Available Quantity", digits=QUANTITY, sql="{t}.quantity - {t}.reserved_quantity"
    )
    inventory_quantity = fields.Number("Counted Quantity", digits=QUANTITY, minimum=0)

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Count in the company's stock unless another location is given."""
        await super().prepare_create(env, rows)
        bare = [row for row in rows if row.get("location_id") is None]
        if bare:
            ways = await env[Warehouse].ways_of(env, {row["company_id"] for row in bare})
            for row in bare:
                row["location_id"] = ways[row["company_id"]].stock
        products = {row["product_id"] for row in rows if row.get("product_id")}
        if await env.fetchval(NOT_STORABLE, list(products)):
            raise ValidationError("Only storable goods have a stock.", model=cls.meta.name, field="product_id")

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """What is there or promised cannot be forgotten."""
        await super().before_delete(env, ids)
        for quant in await cls.lock(env, ids, ["quantity", "reserved_quantity"]):
            if quant.quantity or quant.reserved_quantity:
                raise UserError("There is stock: count it to zero first.", model=cls.meta.name, ids=[quant.id])

    @rpc
    @classmethod
    async def action_apply_inventory(cls, env: Env, ids: Any) -> None:
        """Make the counted quantities the quantities on hand; each difference is kept as a finished move."""
        fields_read = ["product_id", "location_id", "company_id", "quantity", "inventory_quantity"]
        counted = [quant for quant in await cls.lock(env, ids, fields_read) if quant["inventory_quantity"] is not None]
        differences = {quant.id: quant.inventory_quantity - quant.quantity for quant in counted}
        await env["stock.move"].insert(env, await _count_moves(env, counted, differences))
        await env.execute(
            "update stock_quant set quantity = inventory_quantity, inventory_quantity = null, write_uid = $2,"
            " write_date = now() where id = any($1::bigint[]) and inventory_quantity is not null",
            [quant.id for quant in counted],
            env.user.id,
        )


async def _count_moves(env: Env, counted: list[Quant], differences: Mapping[int, Decimal]) -> list[Row]:
    """Return the moves that explain what counting found, from or to the place of losses."""
    lost = await external_id(env, INVENTORY)
    moves: list[Row] = []
    for quant in counted:
        difference = differences[quant.id]
        if difference:
            ends = (lost, quant["location_id"]) if difference > 0 else (quant["location_id"], lost)
            moves.append(
                {
                    "name": "Product Quantity Updated",
                    "product_id": quant["product_id"],
                    "company_id": quant["company_id"],
                    "location_id": ends[0],
                    "location_dest_id": ends[1],
                    "product_uom_qty": abs(difference),
                    "quantity": abs(difference),
                    "picked": True,
                    "state": "done",
                    "date": env.now,
                }
            )
    return moves


NOT_STORABLE = "select id from product_product where id = any($1::bigint[]) and not is_storable limit 1"
