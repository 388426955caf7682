"""The Lost wizard: the form that asks for a reason before a lead is lost (H92 to H95)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.crm.losing import LOST_REASONS
from models.dealer.groups import USER
from models.orm.declare import USER as CALLER
from models.orm.declare import Access, Rule
from models.orm.fields import Many2One, Selection, Text
from models.orm.methods import rpc
from models.orm.model import Model

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row


class LostWizard(Model, name="dealer.crm.lead.lost", label="Mark Lost"):
    """The form behind Mark Lost; it loses nothing until it is confirmed."""

    access = (Access(read=USER, write=USER, delete=USER),)
    rules = (Rule("own forms", None, [["create_uid", "=", CALLER]]),)
    transient = True
    label_field = "lost_reason"

    lead_id = Many2One("Lead", "dealer.crm.lead", required=True, on_delete="cascade")
    lost_reason = Selection("Lost reason", LOST_REASONS, required=True)
    lost_notes = Text("Notes")

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Take the lead from the context when the form is opened on one."""
        await super().prepare_create(env, rows)
        for row in rows:
            if row.get("lead_id") is None and env.context.values.get("active_model") == "dealer.crm.lead":
                row["lead_id"] = cls.lead_id.decode(env.context.values.get("active_id"), env.dialect)

    @rpc(aliases=("action_lost_reason_apply",))
    @classmethod
    async def action_confirm(cls, env: Env, ids: Any) -> dict[str, Any]:
        """Lose the lead and answer the action that closes the form, with its warnings."""
        warnings: list[str] = []
        for form in await cls.lock(env, ids, ["lead_id", "lost_reason", "lost_notes"]):
            answer = await env["dealer.crm.lead"].action_set_lost(
                env, [form.lead_id], form.lost_reason, form.lost_notes
            )
            warnings += answer["infos"]["warnings"]
        return {"type": "ir.actions.act_window_close", "infos": {"warnings": warnings}}
