"""Odoo's wizard that asks why leads are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.bpo.groups import AGENT
from models.orm.arguments import ids_of
from models.orm.commands import Command
from models.orm.declare import USER, Access, Rule
from models.orm.fields import Html, Many2Many, Many2One
from models.orm.methods import rpc
from models.orm.model import Model

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row


class LostWizard(Model, name="crm.lead.lost", label="Mark Lost"):
    """The form behind Lost; it loses nothing until it is applied."""

    access = (Access(read=AGENT, write=AGENT, delete=AGENT),)
    rules = (Rule("own forms", None, [["create_uid", "=", USER]]),)
    transient = True
    label_field = "id"

    lead_ids = Many2Many("Leads", "crm.lead", table="crm_lead_lost_rel", column="wizard_id", other="lead_id")
    lost_reason_id = Many2One("Lost reason", "crm.lost.reason", index=False)
    lost_feedback = Html("Closing note")

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Take the leads from the context when the form is opened on some, which the caller has to see."""
        await super().prepare_create(env, rows)
        context = env.context.values
        bare = [row for row in rows if not row.get("lead_ids")]
        active = context.get("active_ids") or context.get("active_id")
        if not bare or not active or context.get("active_model") != "crm.lead":
            return
        leads = ids_of(active, model="crm.lead")
        await env["crm.lead"].check_reach(env, leads, "read")
        for row in bare:
            row["lead_ids"] = [Command.set(leads)]

    @rpc
    @classmethod
    async def action_lost_reason_apply(cls, env: Env, ids: Any) -> None:
        """Lose and archive the leads."""
        for form in await cls.lock(env, ids, ["lead_ids", "lost_reason_id", "lost_feedback"]):
            await env["crm.lead"].action_set_lost(
                env, list(form.lead_ids), lost_reason_id=form.lost_reason_id, lost_notes=form.lost_feedback
            )
