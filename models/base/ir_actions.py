"""Reports and windows, as Odoo's clients list them: no report, and the windows in which users may begin."""

from models.base.groups import USERS
from models.orm import Access, Model, fields
from models.orm.data import Datum


class ReportAction(Model, name="ir.actions.report", label="Report Action"):
    """A document that could be printed."""

    access = (Access(read=USERS.code),)
    order = "name"

    name = fields.Char("Action Name", required=True, readonly=True)
    model = fields.Char("Model Name", required=True, readonly=True)
    report_name = fields.Char("Template Name", required=True, readonly=True)
    report_type = fields.Char("Report Type", required=True, readonly=True)


class WindowAction(
    Model, name="ir.actions.act_window", label="Action Window", odoo=("ir.actions.actions", "ir.actions.act_window")
):
    """What an area shows first: a model and its views. Clients of Odoo open it, here is nothing that could."""

    access = (Access(read=USERS.code),)
    order = "name, id"

    name = fields.Char("Action Name", required=True, readonly=True)
    type = fields.Char("Action Type", sql="'ir.actions.act_window'::text")
    res_model = fields.Char("Destination Model", required=True, readonly=True)
    view_mode = fields.Char("View Mode", readonly=True, default="list,form")
    domain = fields.Char("Domain Value", readonly=True, size=1024, default="[]")
    context = fields.Char("Context Value", readonly=True, size=1024, default="{}")
    target = fields.Char("Target Window", sql="'current'::text")


def window(xml_id: str, name: str, model: str, domain: str = "[]") -> Datum:
    """Return the window of an area's model, under the external id that Odoo's clients know it by."""
    return Datum(xml_id, "ir.actions.act_window", {"name": name, "res_model": model, "domain": domain})


WINDOWS = (
    window("base.action_res_users", "Users", "res.users"),
    window("base.action_res_company_form", "Companies", "res.company"),
)
