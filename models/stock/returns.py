"""Returns: goods of a finished transfer come back on a new one; the finished one stays as it is (statement H74)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from models.orm import USER, Access, Command, Env, Model, Row, Rule, fields, rpc
from models.orm.arguments import ids_of
from models.orm.errors import UserError
from models.stock.quant import QUANTITY

NOT_DONE = "You may only return Done pickings."
NOTHING_LEFT = "No products to return (only lines in Done state and not fully returned yet can be returned)."


class ReturnPicking(Model, name="stock.return.picking", label="Return Picking"):
    """What of a finished transfer comes back. Without lines of its own, all that has not come back yet."""

    access = (Access(read="stock.user", write="stock.user", delete="stock.user"),)
    rules = (Rule("own forms", None, [["create_uid", "=", USER]]),)
    transient = True
    label_field = "id"

    picking_id = fields.Many2One("Transfer", "stock.picking", required=True, on_delete="cascade")
    product_return_moves = fields.One2Many("Moves", "stock.return.picking.line", "wizard_id", copied=True)

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Offer everything that can come back where no lines are given."""
        await super().after_create(env, ids, rows)
        bare = {
            one: row["picking_id"] for one, row in zip(ids, rows, strict=True) if not row.get("product_return_moves")
        }
        offered = await _returnable(env, list(bare.values()))
        lines = [
            {"wizard_id": wizard, "product_id": row["product_id"], "move_id": row["id"], "quantity": row["left"]}
            for wizard, picking in bare.items()
            for row in offered
            if row["picking_id"] == picking
        ]
        await env[ReturnLine].insert(env, lines)

    @rpc(aliases=("create_returns",))
    @classmethod
    async def action_create_returns(cls, env: Env, ids: Any) -> dict[str, Any]:
        """Make the transfer that brings the goods back; answers the form that shows it."""
        [wizard] = await cls.browse(env, ids_of(ids)[:1], ["picking_id"])
        [picking] = await env["stock.picking"].lock(
            env, [wizard["picking_id"]], ["name", "state", "picking_type_id", "partner_id", "sale_id", "company_id"]
        )
        if picking["state"] != "done":
            raise UserError(NOT_DONE, model="stock.picking", ids=[picking.id])
        asked = await env[ReturnLine].find(env, [["wizard_id", "=", wizard.id]], ["move_id", "quantity"])
        moves = await _moves_back(env, picking.id, asked)
        ends = moves[0]["location_id"], moves[0]["location_dest_id"]
        [back] = await env["stock.picking"].insert(
            env,
            [
                {
                    "picking_type_id": await env.fetchval(TYPE_BACK, picking["picking_type_id"]),
                    "origin": f"Return of {picking['name']}",
                    "partner_id": picking["partner_id"],
                    "sale_id": picking["sale_id"],
                    "return_id": picking.id,
                    "location_id": ends[0],
                    "location_dest_id": ends[1],
                    "move_ids": [Command.create(move) for move in moves],
                }
            ],
        )
        await env["stock.picking"].action_confirm(env, [back])
        return {
            "name": "Returned Picking",
            "type": "ir.actions.act_window",
            "view_mode": "form",
            "res_model": "stock.picking",
            "res_id": back,
        }


class ReturnLine(Model, name="stock.return.picking.line", label="Return Picking Line"):
    """How much of one finished move comes back."""

    access = (Access(read="stock.user", write="stock.user", delete="stock.user"),)
    rules = (Rule("own forms", None, [["create_uid", "=", USER]]),)
    transient = True
    label_field = "product_id"
    label_sql = "(select p.name from product_product p where p.id = {t}.product_id)"

    wizard_id = fields.Many2One("Wizard", "stock.return.picking", required=True, on_delete="cascade")
    product_id = fields.Many2One("Product", "product.product", required=True, on_delete="cascade", index=False)
    move_id = fields.Many2One("Move", "stock.move", required=True, on_delete="cascade", index=False)
    quantity = fields.Number("Quantity", digits=QUANTITY, required=True, default=1, minimum=0)


async def _returnable(env: Env, pickings: Sequence[int]) -> list[Any]:
    return list(await env.fetch(RETURNABLE, list(pickings)))


async def _moves_back(env: Env, picking: int, asked: Sequence[ReturnLine]) -> list[Row]:
    """Return the moves that bring back what is asked for. Raises `UserError` for more than went and is still out."""
    out = {row["id"]: row for row in await _returnable(env, [picking])}
    moves: list[Row] = []
    for line in asked:
        row = out.get(line["move_id"])
        left = Decimal(row["left"]) if row else Decimal(0)
        if row is None or line.quantity > left:
            raise UserError(
                f"At most {left.normalize():f} of the product can be returned.", model="stock.return.picking"
            )
        if line.quantity:
            moves.append(
                {
                    "name": row["name"],
                    "product_id": row["product_id"],
                    "product_uom": row["product_uom"],
                    "product_uom_qty": line.quantity,
                    "company_id": row["company_id"],
                    "location_id": row["location_dest_id"],
                    "location_dest_id": row["location_id"],
                    "sale_line_id": row["sale_line_id"],
                    "origin_returned_move_id": row["id"],
                }
            )
    if not moves:
        raise UserError(NOTHING_LEFT, model="stock.return.picking")
    return moves


RETURNABLE = """
select m.*, m.quantity - coalesce((
    select sum(case when b.state = 'done' then b.quantity else b.product_uom_qty end)
    from stock_move b where b.origin_returned_move_id = m.id and b.state <> 'cancel'), 0) as left
from stock_move m where m.picking_id = any($1::bigint[]) and m.state = 'done' order by m.id
"""
TYPE_BACK = """
select b.id from stock_picking_type t
join stock_picking_type b on b.warehouse_id = t.warehouse_id and b.active
    and b.code = case t.code when 'outgoing' then 'incoming' when 'incoming' then 'outgoing' else t.code end
where t.id = $1 order by b.sequence, b.id limit 1
"""
