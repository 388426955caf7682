"""The areas that a deployment has loaded, as the modules that Odoo's clients ask for."""

from typing import Any

from models.base.groups import ADMINISTRATORS, USERS
from models.orm import Access, Env, Key, Model, fields, rpc
from models.orm.errors import UserError

# Clients read off the module `base` which serie of Odoo's conventions is followed. Each session of a server holds its
# setting: servers of one database may differ.
SESSION_SERIE = "tandem.odoo_serie"
VERSION = f"coalesce(nullif(current_setting('{SESSION_SERIE}', true), ''), '18.0') || '.1.3'"


FIXED = "Which modules there are is decided by the role of the deployment."


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
    icon_image = fields.Binary("Icon", readonly=True)
    icon = fields.Char("Icon URL", sql="'/web/image/ir.module.module/' || {t}.id || '/icon_image'")
    views_by_module = fields.Text("Views", sql="''::text", help="None: there are no views here.")
    reports_by_module = fields.Text("Reports", sql="''::text", help="None: there are no reports here.")
    menus_by_module = fields.Text("Menus", sql="''::text", help="None: there are no menus here.")
    installed_version = fields.Char("Latest Version", sql=VERSION)
    latest_version = fields.Char("Installed Version", sql=VERSION)

    @rpc(groups=(ADMINISTRATORS.code,), readonly=True)
    @classmethod
    async def update_list(cls, env: Env) -> list[int]:  # noqa: ARG003  what every method is given
        """Return how many modules were updated and added: none, the list is always complete."""
        return [0, 0]

    @rpc(
        aliases=("button_install", "button_upgrade", "button_immediate_upgrade"),
        groups=(ADMINISTRATORS.code,),
        readonly=True,
    )
    @classmethod
    async def button_immediate_install(cls, env: Env, ids: Any) -> dict[str, str]:
        """Do nothing for modules that are there, in their only version; refuse others."""
        if await cls.search_count(env, [["id", "in", ids], ["state", "!=", "installed"]]):
            raise UserError(FIXED, model=cls.meta.name)
        return {"type": "ir.actions.client", "tag": "reload"}

    @rpc(aliases=("button_uninstall",), groups=(ADMINISTRATORS.code,), readonly=True)
    @classmethod
    async def button_immediate_uninstall(cls, env: Env, ids: Any) -> None:  # noqa: ARG003  the same for all
        """Refuse: nobody takes an area out of a deployment over RPC."""
        raise UserError(FIXED, model=cls.meta.name)
