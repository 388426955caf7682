"""Dealerships: to whom leads are endorsed, how they are reached, and as whom they call back (statement E20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from models.bpo.groups import AGENT, MANAGER, SUPERVISOR
from models.crm.connection import PROTOCOLS, TESTS, RemoteConnection
from models.orm.declare import Access, Key
from models.orm.errors import UserError
from models.orm.fields import Boolean, Char, DateTime, Integer, Many2Many, Many2One, Selection
from models.sync.secrets import Secret

if TYPE_CHECKING:
    from models.orm.env import Env

CONNECTED = "({t}.url is not null and {t}.login is not null and {t}.password is not null)"
LEADS = "(select count(*) from crm_lead l where l.dealership_id = {t}.id and {reached l crm.lead})"
ORDERS = LEADS.removesuffix(")") + " and l.dealer_order_name is not null)"


class Dealership(RemoteConnection, name="crm.dealership", label="Dealership"):
    """A dealer with a system of its own. Managers alone see and change how it is reached; nobody reads the password."""

    access = (Access(read=AGENT, write=SUPERVISOR, create=MANAGER, delete=MANAGER),)
    company = "own"
    audit = True
    order = "name, id"
    label_sql = "concat_ws(', ', {t}.name, {t}.city)"
    keys = (
        Key(("company_id", "code"), "Another dealership has this code."),
        Key(
            ("callback_user_id",), "This user calls back for another dealership.", where="callback_user_id is not null"
        ),
    )

    code = Char("Code", size=32, required=True, searched=True, write_groups=MANAGER)
    name = Char("Dealership", required=True, searched=True)
    city = Char("City", searched=True)
    region = Char("Region")
    street = Char("Street")
    phone = Char("Phone", size=64)
    mobile = Char("Mobile", size=64)
    email = Char("E-mail")
    manager_name = Char("General manager")
    manager_email = Char("General manager's e-mail")
    brand_ids = Many2Many(
        "Brands", "crm.brand", table="crm_dealership_brand_rel", column="dealership_id", other="brand_id"
    )
    active = Boolean("Active", default=True, write_groups=MANAGER)

    url = Char("Dealer CRM URL", size=2048, groups=MANAGER, odoo=("url", "odoo_url"))
    database = Char("Dealer Database", size=128, groups=MANAGER, odoo=("database", "odoo_database"))
    login = Char("Service User", size=128, groups=MANAGER, odoo=("login", "username", "odoo_login"))
    password = Secret("Password or API Key", bound_to=("url", "database", "login"), groups=MANAGER)
    is_api_key = Boolean("Is an API Key", groups=MANAGER)
    protocol = Selection("Protocol", PROTOCOLS, required=True, default="auto", groups=MANAGER)
    callback_user_id = Many2One("Calls back as", "res.users", groups=MANAGER, on_delete="restrict", index=False)
    is_connected = Boolean("Connected", sql=CONNECTED)
    last_test = Selection("Last test", TESTS, readonly=True, default="none", copied=False)
    last_test_result = Char("Result of the last test", size=512, readonly=True, copied=False, groups=MANAGER)
    last_test_date = DateTime("Last tested on", readonly=True, copied=False)

    lead_count = Integer("Leads", sql=LEADS, help="Those that the reader may see.")
    pushed_order_count = Integer("SOs Pushed", sql=ORDERS, help="Of the leads that the reader may see.")

    @classmethod
    async def calling(cls, env: Env) -> Self | None:
        """Return the dealership whose service user the caller is, None when it is nobody's. Asked as the system."""
        found = await cls.find(
            env, [["callback_user_id", "=", env.user.id], ["active", "=", True]], ["name", "company_id"], limit=1
        )
        return found[0] if found else None

    @classmethod
    async def reachable(cls, env: Env, dealership_id: int) -> Self:
        """Return a dealership that leads can be endorsed to. Asked as the system; raises `UserError` for another."""
        [dealership] = await cls.browse(env, [dealership_id], ["name", "active", "is_connected", "company_id"])
        if not dealership.active or not dealership.is_connected:
            raise UserError(
                f"{dealership.name} cannot be endorsed to: it is not connected. Ask a BPO manager.",
                model=cls.meta.name,
                ids=[dealership.id],
            )
        return dealership
