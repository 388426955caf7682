"""What the forms behind a lead's buttons have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.dealer.groups import USER
from models.orm.declare import USER as CALLER
from models.orm.declare import Access, Rule
from models.orm.fields import Many2One
from models.orm.model import Model

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

MODEL = "dealer.crm.lead"
FORM_ACCESS = (Access(read=USER, write=USER, delete=USER),)
OWN_FORMS = (Rule("own forms", None, [["create_uid", "=", CALLER]]),)


def _opened_on(env: Env) -> Any:
    """Return the lead on which a client says that it opened the form, in the calls that fill and create it."""
    context = env.context.values
    return context.get("active_id") if context.get("active_model") == MODEL else None


class LeadForm(Model):
    """A form on one lead, soon forgotten: it does nothing to the lead until it is confirmed.

    Rights are not inherited: each form names `FORM_ACCESS` and `OWN_FORMS` itself.
    """

    transient = True

    lead_id = Many2One("Lead", MODEL, required=True, on_delete="cascade", default=_opened_on)

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Refuse a lead that the caller may not see: the context names it just as well as the caller's values do."""
        await super().prepare_create(env, rows)
        leads = sorted({row["lead_id"] for row in rows if row.get("lead_id") is not None})
        await env[MODEL].check_reach(env, leads, "read")
