"""What the BPO knows of the cars that dealers sell. Codes of brands and models find brand and product at the dealer."""

from __future__ import annotations

from models.bpo.groups import AGENT, MANAGER
from models.orm.declare import Access, Key
from models.orm.fields import Binary, Boolean, Char, Integer, Many2One, Monetary, One2Many
from models.orm.model import Model

CURRENCY = "(select c.currency_id from res_company c order by c.id limit 1)"


class BpoBrand(Model, name="crm.brand", label="Brand"):
    """A make of vehicles that leads ask for."""

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
    external_ref = Char("Reference at the distributor", size=64)
    active = Boolean("Active", default=True)
