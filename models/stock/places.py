"""Where goods are: locations, warehouses, and the kinds of transfers between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from models.orm import Access, Env, Key, Model, Row, fields
from models.orm.data import external_ids
from models.party.hierarchy import path_label

READERS = ("sale.user", "stock.user")
ACCESS = (Access(read=READERS), Access(read="stock.manager", write="stock.manager", delete="stock.manager"))

CUSTOMERS = "stock.stock_location_customers"
SUPPLIERS = "stock.stock_location_suppliers"
INVENTORY = "stock.location_inventory"

SHORT = {"outgoing": "OUT", "incoming": "IN", "internal": "INT"}
TYPE_OF = (
    "(select y.id from stock_picking_type y where y.warehouse_id = {t}.id and y.code = '%s' and y.active"
    " order by y.sequence, y.id limit 1)"
)


class Usage(StrEnum):
    """What a location stands for. Only what lies in internal ones is counted as stock."""

    SUPPLIER = "supplier"
    VIEW = "view"
    INTERNAL = "internal"
    CUSTOMER = "customer"
    INVENTORY = "inventory"


class Location(Model, name="stock.location", label="Location"):
    """A place where goods lie, real or not (customers, suppliers, losses). Those without a company serve all."""

    access = ACCESS
    company = "shared"
    order = "complete_name, id"
    label_sql = path_label("stock_location", "/", parent="location_id", shared=True)

    name = fields.Char("Location Name", required=True, searched=True)
    complete_name = fields.Char("Full Location Name", size=4096, sql=label_sql)
    usage = fields.Selection("Location Type", Usage, required=True, default="internal")
    location_id = fields.Many2One("Parent Location", "stock.location")
    active = fields.Boolean("Active", default=True)


class Direction(StrEnum):
    """Whether a transfer brings goods in, takes them out, or moves them about."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"


class PickingType(Model, name="stock.picking.type", label="Operation Type"):
    """A kind of transfer of one warehouse; it says from where to where, and how its transfers are numbered."""

    access = ACCESS
    company = "own"
    order = "sequence, id"

    name = fields.Char("Operation Type", required=True)
    code = fields.Selection("Type of Operation", Direction, required=True)
    sequence_code = fields.Char("Sequence Prefix", size=8, required=True)
    sequence = fields.Integer("Sequence", default=10, aggregate="")
    warehouse_id = fields.Many2One("Warehouse", "stock.warehouse", on_delete="cascade")
    default_location_src_id = fields.Many2One(
        "Source Location", "stock.location", required=True, on_delete="restrict", index=False
    )
    default_location_dest_id = fields.Many2One(
        "Destination Location", "stock.location", required=True, on_delete="restrict", index=False
    )
    active = fields.Boolean("Active", default=True)


@dataclass(frozen=True, slots=True)
class Ways:
    """The transfers of a company's first warehouse: their types, and where goods lie on either side."""

    stock: int
    customers: int
    out_type: int
    in_type: int


class Warehouse(Model, name="stock.warehouse", label="Warehouse"):
    """A company's store. Each company gets one with its first delivery; the first company has one from the start."""

    access = ACCESS
    company = "own"
    keys = (
        Key(("company_id", "code"), "The short name of the warehouse must be unique in its company."),
        Key(("company_id", "name"), "The name of the warehouse must be unique in its company."),
    )

    name = fields.Char("Warehouse", required=True, searched=True)
    code = fields.Char("Short Name", size=8, required=True)
    view_location_id = fields.Many2One("View Location", "stock.location", on_delete="restrict", index=False)
    lot_stock_id = fields.Many2One("Location Stock", "stock.location", on_delete="restrict", index=False)
    out_type_id = fields.Many2One("Out Type", "stock.picking.type", sql=TYPE_OF % "outgoing")
    in_type_id = fields.Many2One("In Type", "stock.picking.type", sql=TYPE_OF % "incoming")
    partner_id = fields.Many2One("Address", "res.partner", index=False)
    active = fields.Boolean("Active", default=True)

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Give new warehouses their locations, types of transfers and numbers."""
        await super().after_create(env, ids, rows)
        for one, row in zip(ids, rows, strict=True):
            await equip(env.as_system("new warehouse"), one, row["company_id"], row["code"])

    @classmethod
    async def ways_of(cls, env: Env, companies: Iterable[int]) -> dict[int, Ways]:
        """Return the ways of each company, making a warehouse where a company has none. Rights are not asked."""
        wanted = sorted(set(companies))
        found = await _ways(env, wanted)
        missing = [company for company in wanted if company not in found]
        for company in missing:
            await _first_warehouse(env.as_system("first warehouse of a company"), company)
        return await _ways(env, wanted) if missing else found


async def _first_warehouse(env: Env, company: int) -> None:
    """Make a company's first warehouse; of two calls at once the second waits here and finds it made."""
    code = f"WH{company}"
    made = await env.change(
        "insert into stock_warehouse (name, code, company_id, active, create_uid, write_uid)"
        " values ($1, $1, $2, true, $3, $3) on conflict (company_id, code) do nothing returning id",
        code,
        company,
        env.user.id,
    )
    if made:
        await equip(env, made[0][0], company, code)


async def equip(env: Env, warehouse: int, company: int, code: str) -> None:
    """Give a new warehouse its locations, types of transfers and their numbers."""
    known = await external_ids(env, [CUSTOMERS, SUPPLIERS])
    locations = env[Location]
    [view] = await locations.insert(env, [{"name": code, "usage": "view", "company_id": company}])
    [stock] = await locations.insert(env, [{"name": "Stock", "location_id": view, "company_id": company}])
    await env[Warehouse].update(env, [warehouse], {"view_location_id": view, "lot_stock_id": stock})
    await env[PickingType].insert(
        env,
        [
            _type("Delivery Orders", "outgoing", "OUT", warehouse, company, stock, known[CUSTOMERS]),
            _type("Receipts", "incoming", "IN", warehouse, company, known[SUPPLIERS], stock),
            _type("Internal Transfers", "internal", "INT", warehouse, company, stock, stock),
        ],
    )
    taken = await env["ir.sequence"].search_count(
        env, [["code", "=like", "stock.picking.%"], ["company_id", "=", company]]
    )
    if not taken:
        await env["ir.sequence"].insert(env, [_numbers(code, company, *one) for one in SHORT.items()])


def _numbers(code: str, company: int, direction: str, short: str) -> dict[str, str | int]:
    return {
        "name": f"{code} {short}",
        "code": f"stock.picking.{direction}",
        "prefix": f"{code}/{short}/",
        "company_id": company,
    }


def _type(
    name: str, code: str, short: str, warehouse: int, company: int, source: int, destination: int
) -> dict[str, str | int]:
    return {
        "name": name,
        "code": code,
        "sequence_code": short,
        "warehouse_id": warehouse,
        "company_id": company,
        "default_location_src_id": source,
        "default_location_dest_id": destination,
    }


async def _ways(env: Env, companies: list[int]) -> dict[int, Ways]:
    module, _, name = CUSTOMERS.partition(".")
    rows = await env.fetch(WAYS, companies, module, name)
    return {row[0]: Ways(row[1], row[2], row[3], row[4]) for row in rows}


WAYS = """
select distinct on (w.company_id) w.company_id, w.lot_stock_id, d.res_id, o.id, i.id
from stock_warehouse w
join ir_model_data d on d.module = $2 and d.name = $3
join stock_picking_type o on o.warehouse_id = w.id and o.code = 'outgoing' and o.active
join stock_picking_type i on i.warehouse_id = w.id and i.code = 'incoming' and i.active
where w.company_id = any($1::bigint[]) and w.active
order by w.company_id, w.id, o.sequence, o.id, i.sequence, i.id
"""
