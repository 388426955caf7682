"""Reports and windows of Odoo's web client. There are none here; clients that list them find an empty list."""

from models.base.groups import USERS
from models.orm import Access, Model, fields


class ReportAction(Model, name="ir.actions.report", label="Report Action"):
    """A document that could be printed."""

    access = (Access(read=USERS.code),)
    order = "name"

    name = fields.Char("Action Name", required=True, readonly=True)
    model = fields.Char("Model Name", required=True, readonly=True)
    report_name = fields.Char("Template Name", required=True, readonly=True)
    report_type = fields.Char("Report Type", required=True, readonly=True)


class WindowAction(Model, name="ir.actions.act_window", label="Action Window"):
    """A list or form that could be opened."""

    access = (Access(read=USERS.code),)
    order = "name"

    name = fields.Char("Action Name", required=True, readonly=True)
    res_model = fields.Char("Destination Model", required=True, readonly=True)
    view_mode = fields.Char("View Mode", readonly=True)
    domain = fields.Char("Domain Value", readonly=True)
    context = fields.Char("Context Value", readonly=True)
