"""What happens to goods that do not go with their transfer: the question, and the wizard that answers it."""

from __future__ import annotations

from typing import Any

from models.orm import USER, Access, Env, Model, Rule, fields, rpc
from models.orm.arguments import ids_of

WIZARD = "stock.backorder.confirmation"


class BackorderConfirmation(Model, name=WIZARD, label="Backorder Confirmation"):
    """The answer to whether the rest of a transfer becomes a back order."""

    access = (Access(read="stock.user", write="stock.user", delete="stock.user"),)
    rules = (Rule("own forms", None, [["create_uid", "=", USER]]),)
    transient = True
    label_field = "id"

    pick_ids = fields.Many2Many(
        "Transfers", "stock.picking", table="stock_backorder_confirmation_rel", column="wizard_id", other="picking_id"
    )
    show_transfers = fields.Boolean("Show Transfers")

    @rpc
    @classmethod
    async def process(cls, env: Env, ids: Any) -> Any:
        """Carry the transfers out and keep the rest as back orders."""
        return await cls._validate(env, ids, keep=True)

    @rpc
    @classmethod
    async def process_cancel_backorder(cls, env: Env, ids: Any) -> Any:
        """Carry the transfers out and drop the rest."""
        return await cls._validate(env, ids, keep=False)

    @classmethod
    async def _validate(cls, env: Env, ids: Any, *, keep: bool) -> Any:
        short = sorted(
            {one for wizard in await cls.browse(env, ids_of(ids), ["pick_ids"]) for one in wizard["pick_ids"]}
        )
        asked = env.context.values.get("button_validate_picking_ids")
        wanted = sorted({*short, *(ids_of(asked) if asked else ())})
        again = env.with_context(skip_backorder=True, picking_ids_not_to_backorder=[] if keep else short)
        return await env["stock.picking"].button_validate(again, wanted)


def backorder_question(env: Env, short: list[int], asked: list[int]) -> dict[str, Any]:
    """Return the form that asks about back orders for transfers of which not everything goes."""
    context = {
        **env.context.values,
        "default_pick_ids": [[4, one] for one in short],
        "default_show_transfers": len(short) > 1,
        "button_validate_picking_ids": asked,
    }
    return {
        "name": "Create Backorder?",
        "type": "ir.actions.act_window",
        "view_mode": "form",
        "res_model": WIZARD,
        "views": [[False, "form"]],
        "target": "new",
        "context": context,
    }


def unwanted_backorders(env: Env) -> frozenset[int]:
    """Return the transfers whose rest the context wants dropped."""
    given = env.context.values.get("picking_ids_not_to_backorder")
    return frozenset(ids_of(given)) if given else frozenset()
