"""What the BPO knows of the cars that dealers sell. Codes of brands and models find brand and product at the dealer.

A brand may have a distributor with a system of its own, an Odoo: its web leads, dealers and models are read from
there (`distributor/`). Managers alone see and change how it is reached; nobody reads the password.
"""

from __future__ import annotations

from models.bpo.distributor.connection import Distributor
from models.bpo.groups import AGENT, MANAGER
from models.crm.connection import PROTOCOLS, TESTS
from models.orm.declare import Access, Key
from models.orm.fields import Binary, Boolean, Char, DateTime, Integer, Many2One, Monetary, One2Many, Selection
from models.orm.model import Model
from models.sync.secrets import Secret

CONNECTED = "({t}.url is not null and {t}.login is not null and {t}.password is not null)"
LAST_SYNC = "(select max(s.done_at) from crm_distributor_sync s where s.brand_id = {t}.id)"
LEADS = "(select count(*) from crm_lead l where l.%s = {t}.id and {reached l crm.lead})"
CURRENCY = "(select c.currency_id from res_company c order by c.id limit 1)"


class BpoBrand(Distributor, name="crm.brand", label="Brand"):
    """A make of vehicles that leads ask for, and the distributor that it comes from."""

    audit = True
    access = (Access(read=AGENT, write=MANAGER, delete=MANAGER),)
    order = "sequence, name, id"
    keys = (Key(("code",), "Another brand has this code."),)

    name = Char("Brand", required=True, searched=True)
    code = Char("Code", size=10, required=True, help="Stable: dealers find their brand by it.")
    logo = Binary("Logo")
    color = Integer("Color", aggregate="")
    sequence = Integer("Sequence", default=10, aggregate="")
    active = Boolean("Active", default=True)
    vehicle_model_ids = One2Many("Models", "crm.vehicle.model", "brand_id")
    model_count = Integer("Models", sql="(select count(*) from crm_vehicle_model m where m.brand_id = {t}.id)")
    lead_count = Integer("Leads", sql=LEADS % "brand_id", help="Those that the reader may see.")

    # the distributor: how it is reached, what is asked of it, and how that went
    url = Char("Distributor URL", size=2048, groups=MANAGER, odoo=("url", "distributor_url"))
    database = Char("Distributor Database", size=128, groups=MANAGER, odoo=("database", "distributor_database"))
    login = Char("Service User", size=128, groups=MANAGER, odoo=("login", "username", "distributor_username"))
    password = Secret("Password or API Key", bound_to=("url", "database", "login"), groups=MANAGER)
    is_api_key = Boolean("Is an API Key", groups=MANAGER)
    protocol = Selection("Protocol", PROTOCOLS, default="odoo", groups=MANAGER)
    company_id = Many2One(
        "Company",
        "res.company",
        default=lambda env: env.company_id,
        index=False,
        help="Whose the web leads and dealers of the distributor become.",
    )
    is_connected = Boolean("Connected", sql=CONNECTED)
    last_test = Selection("Last test", TESTS, readonly=True, default="none", copied=False)
    last_test_result = Char("Result of the last test", size=512, readonly=True, copied=False, groups=MANAGER)
    last_test_date = DateTime("Last tested on", readonly=True, copied=False)
    filter_is_unit = Boolean("Is Unit", default=True, help="Only products of the distributor that are units.")
    filter_serial = Boolean("Serial Tracking", help="Only products that are tracked by serial number.")
    filter_saleable = Boolean("Saleable", default=True, help="Only products that can be sold.")
    distributor_last_sync = DateTime("Last synchronised on", sql=LAST_SYNC)
    sync_ids = One2Many("Synchronisation", "crm.distributor.sync", "brand_id")


class VehicleModel(Model, name="crm.vehicle.model", label="Vehicle Model"):
    """A model of a brand, as its distributor lists it."""

    access = (Access(read=AGENT, write=MANAGER, delete=MANAGER),)
    order = "brand_id, name, id"
    label_sql = "case when {t}.default_code <> '' then '[' || {t}.default_code || '] ' || {t}.name else {t}.name end"
    keys = (Key(("brand_id", "external_ref"), "Another model of the brand has this reference."),)

    default_code = Char("Code", size=64, searched=True, help="The dealer's product is found by it.")
    name = Char("Model", required=True, searched=True)
    brand_id = Many2One("Brand", "crm.brand", required=True)
    category = Char("Category", size=64)
    currency_id = Many2One("Currency", "res.currency", sql=CURRENCY)
    list_price = Monetary("List price", minimum=0, aggregate="")
    external_ref = Char(
        "Reference at the distributor",
        size=64,
        help="Where there is one, the distributor's data win over changes here.",
    )
    synced_at = DateTime("Listed by the distributor on", readonly=True, copied=False)
    active = Boolean("Active", default=True)
    lead_count = Integer("Leads", sql=LEADS % "vehicle_model_id", help="Those that the reader may see.")
