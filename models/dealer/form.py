"""What the forms behind a lead's buttons have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.dealer.groups import USER
from models.orm.declare import USER as CALLER
from models.orm.declare import Access, Rule
from models.orm.fields import Many2One
from models.orm.model import Model

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

FORM_ACCESS = (Access(read=USER, write=USER, delete=USER),)
OWN_FORMS = (Rule("own forms", None, [["create_uid", "=", CALLER]]),)


class LeadForm(Model):
    """A form on one lead, soon forgotten: it does nothing to the lead until it is confirmed.

    Rights are not inherited: each form names `FORM_ACCESS` and `OWN_FORMS` itself.
    """

    transient = True

    lead_id = Many2One("Lead", "dealer.crm.lead", required=True, on_delete="cascade")

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Take the lead from the context when the form is opened on one."""
        await super().prepare_create(env, rows)
        for row in rows:
            if row.get("lead_id") is None and env.context.values.get("active_model") == "dealer.crm.lead":
                row["lead_id"] = cls.lead_id.decode(env.context.values.get("active_id"), env.dialect)
