"""Calls about dealer leads. Wizard and menu make the same records under the same rule (H113 to H117)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.crm.call import CALL_RESULTS, Call, is_moved
from models.dealer.form import FORM_ACCESS, OWN_FORMS, LeadForm
from models.dealer.groups import MANAGER, USER
from models.orm.declare import USER as CALLER
from models.orm.declare import Access, Rule
from models.orm.fields import DateTime, Many2One, Number, Selection, Text
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row


class DealerCall(Call, name="dealer.crm.call.log", label="Call Log"):
    """One call about one lead."""

    access = (Access(read=USER, write=USER, delete=MANAGER),)
    rules = (
        Rule(
            "calls about leads one may see",
            USER,
            ["|", ["lead_id.user_id", "=", CALLER], ["lead_id.user_id", "=", None]],
            ("read", "create"),
        ),
        Rule("calls about own leads", USER, [["lead_id.user_id", "=", CALLER]], ("write", "delete")),
        Rule("all calls", MANAGER, []),
    )

    lead_id = Many2One("Lead", "dealer.crm.lead", required=True, on_delete="cascade")

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Log calls only about open leads that the caller may work on."""
        await super().prepare_create(env, rows)
        await cls._check_workable(env, rows)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Move calls only to such leads."""
        await super().prepare_write(env, ids, row)
        if await is_moved(env, cls, ids, row):
            await cls._check_workable(env, [row])

    @classmethod
    async def _check_workable(cls, env: Env, rows: list[Row]) -> None:
        leads = sorted({row["lead_id"] for row in rows if row.get("lead_id") is not None})
        if leads and env.system is None:
            await env["dealer.crm.lead"].lock_own(env, leads)


class LogCallWizard(LeadForm, name="dealer.crm.log.call", label="Log Call"):
    """The form behind Log Call: confirming it makes one call log."""

    access = FORM_ACCESS
    rules = OWN_FORMS
    label_field = "result"

    user_id = Many2One("Agent", "res.users", required=True, default=lambda env: env.user.id, index=False)
    call_date = DateTime("Call date", required=True, default=lambda env: env.now)
    duration = Number("Duration (minutes)", digits=(8, 2), minimum=0, default=0)
    result = Selection("Result", CALL_RESULTS, required=True)
    summary = Text("Summary")

    @rpc(aliases=("action_log_call",))
    @classmethod
    async def action_confirm(cls, env: Env, ids: Any) -> dict[str, Any]:
        """Make the call logs and answer the action that closes the form."""
        names = ["lead_id", "user_id", "call_date", "duration", "result", "summary"]
        forms = await cls.lock(env, ids, names)
        await env[DealerCall].insert(env, [{name: form[name] for name in names} for form in forms])
        return {"type": "ir.actions.act_window_close"}
