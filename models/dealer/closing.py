"""Mark Won and Mark Lost: the only two ways in which a dealer lead is closed (H67 to H101).

Won needs a confirmed order with every delivery done; the gate itself is in `gate.py`, here it is asked with
everything it looks at locked, so that nothing it saw can change before the lead is won. Lost needs a reason and
nothing else. Each is final: whoever comes second is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.crm.losing import LABELS, OTHER
from models.crm.telling import cut, tell
from models.crm.workflow_step import decided
from models.dealer.callback import Announcing
from models.dealer.gate import CONFIRMED, Delivery, blocker
from models.dealer.record import LeadRecord
from models.orm.errors import RequiredError, TypeMismatchError, UserError
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env

ORDERS = "select id, name, state from sale_order where id = any($1::bigint[]) order by id"
# What comes back after a delivery is no delivery: an open return does not keep the lead from being won (H74).
PICKINGS = """
select id, sale_id, name, state from stock_picking
where sale_id = any($1::bigint[]) and return_id is null order by id
"""


class Closing(Announcing):
    """The end of a lead's way."""

    @rpc(aliases=("mark_won",))
    @classmethod
    async def action_set_won(cls, env: Env, ids: Any) -> bool:
        """Win leads whose order is confirmed and delivered, and have their BPO told after commit. Answers true."""
        leads, pipeline = await cls.lock_own(env, ids, ["sale_order_id"])
        blockers = await cls.gate(env, leads, lock=True)
        for lead in leads:
            if blockers[lead.id]:
                raise UserError(blockers[lead.id] or "", model=cls.meta.name, ids=[lead.id])
        won = [lead.id for lead in leads]
        await cls.update(decided(env), won, {"stage_id": pipeline.won.id, "date_won": env.now})
        await cls.announce(env, won)
        return True

    @rpc(aliases=("mark_lost",))
    @classmethod
    async def action_set_lost(
        cls, env: Env, ids: Any, lost_reason: Any = None, lost_notes: Any = None
    ) -> dict[str, Any]:
        """Lose open leads for a reason (a code of `lost_reason`), with optional notes. Linked orders stay as they are.

        Answers the action that closes the wizard; what the user should know is listed in its `infos.warnings`.
        """
        values = cls._loss(env, lost_reason, lost_notes)
        leads, pipeline = await cls.lock_own(env, ids, ["sale_order_id"])
        lost = [lead.id for lead in leads]
        await cls.update(decided(env), lost, {"stage_id": pipeline.lost.id, "date_lost": env.now, **values})
        warnings = await cls._warnings(env, leads, values)
        told = "".join(f" {warning}" for warning in warnings)
        notes = f" Notes: {cut(values['lost_notes'])}" if values["lost_notes"] else ""
        text = f"Lead lost: {LABELS[values['lost_reason']]}.{notes}{told}"
        await tell(env, cls, dict.fromkeys(lost, text))
        await cls.announce(env, lost)
        return {"type": "ir.actions.act_window_close", "infos": {"warnings": warnings}}

    @classmethod
    async def gate(cls, env: Env, leads: Sequence[LeadRecord], *, lock: bool) -> dict[int, str | None]:
        """Return for each lead (read with sale_order_id) why it cannot be won yet, None when it can.

        `lock` keeps orders and deliveries as they are until the transaction ends: the order's lock also keeps new
        deliveries from being added to it. Names of deliveries are told only where the caller may read them.
        """
        ids = sorted({lead.sale_order_id for lead in leads if lead["sale_order_id"] is not None})
        tail = " for update" if lock else ""
        orders = {row["id"]: row for row in await env.fetch(ORDERS + tail, ids)} if ids else {}
        pickings = await env.fetch(PICKINGS + tail, ids) if ids else []
        readable = await cls._readable(env, [row["id"] for row in pickings])
        found: dict[int, str | None] = {}
        for lead in leads:
            order = orders.get(lead.sale_order_id or 0, {"name": None, "state": None})
            deliveries = [
                Delivery(row["name"] if row["id"] in readable else None, row["state"])
                for row in pickings
                if row["sale_id"] == lead.sale_order_id
            ]
            found[lead.id] = blocker(order["name"], order["state"], deliveries)
        return found

    @classmethod
    async def _readable(cls, env: Env, pickings: list[int]) -> set[int]:
        model = env["stock.picking"]
        if not pickings or not env.profile.can(model.meta, "read"):
            return set()
        return set(await model.exists(env, pickings))

    @classmethod
    def _loss(cls, env: Env, reason: Any, notes: Any) -> dict[str, Any]:
        """Check reason and notes before anything is locked or changed."""
        if reason is None or reason is False or reason == "":
            raise RequiredError("A lost reason is required.", model=cls.meta.name, field="lost_reason")
        if reason not in LABELS:
            codes = ", ".join(LABELS)
            raise TypeMismatchError(f"lost_reason is none of: {codes}.", model=cls.meta.name, field="lost_reason")
        text = None if notes is None or notes is False else cls.lost_notes.parse(notes, env.dialect)
        return {"lost_reason": reason, "lost_notes": text or None}

    @classmethod
    async def _warnings(cls, env: Env, leads: Sequence[LeadRecord], values: Mapping[str, Any]) -> list[str]:
        warnings = []
        if values["lost_reason"] == OTHER and not values["lost_notes"]:
            warnings.append("The reason Other says little without notes.")
        ids = sorted({lead.sale_order_id for lead in leads if lead["sale_order_id"] is not None})
        orders = await env.fetch(ORDERS, ids) if ids else []
        warnings += [
            f"The order {order['name']} is confirmed and stays as it is."
            for order in orders
            if order["state"] in CONFIRMED
        ]
        return warnings
