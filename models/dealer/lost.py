"""The Lost wizard: the form that asks for a reason before a lead is lost (H92 to H95)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.crm.losing import LOST_REASONS
from models.dealer.form import FORM_ACCESS, OWN_FORMS, LeadForm
from models.orm.fields import Selection, Text
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env


class LostWizard(LeadForm, name="dealer.crm.lead.lost", label="Mark Lost"):
    """The form behind Mark Lost; it loses nothing until it is confirmed."""

    access = FORM_ACCESS
    rules = OWN_FORMS
    label_field = "lost_reason"

    lost_reason = Selection("Lost reason", LOST_REASONS, required=True)
    lost_notes = Text("Notes")

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
