"""The areas that a deployment has loaded, as the modules that Odoo's clients ask for."""

from models.base.groups import USERS
from models.orm import Access, Key, Model, fields

# Clients read off the module `base` which serie of Odoo's conventions is followed. Each session of a server holds its
# setting: servers of one database may differ.
SESSION_SERIE = "tandem.odoo_serie"
VERSION = f"coalesce(nullif(current_setting('{SESSION_SERIE}', true), ''), '18.0') || '.1.3'"


class IrModule(Model, name="ir.module.module", label="Module"):
    """One area. Nobody installs or removes one over RPC: the role of the deployment decides."""

    access = (Access(read=USERS.code),)
    order = "name"
    label_field = "shortdesc"
    keys = (Key(("name",), "There is such a module already."),)

    name = fields.Char("Technical Name", required=True, readonly=True, searched=True)
    shortdesc = fields.Char("Module Name", readonly=True, searched=True)
    summary = fields.Char("Summary", size=1024, readonly=True)
    author = fields.Char("Author", readonly=True)
    application = fields.Boolean("Application", readonly=True)
    state = fields.Selection(
        "Status", [("uninstalled", "Not Installed"), ("installed", "Installed")], required=True, readonly=True
    )
    installed_version = fields.Char("Latest Version", sql=VERSION)
    latest_version = fields.Char("Installed Version", sql=VERSION)
