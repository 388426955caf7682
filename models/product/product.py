"""Products: what is sold, with its price, unit and taxes."""

from __future__ import annotations

from models.orm import Access, Env, Index, Key, Model, Row, fields
from models.party.hierarchy import refuse_cycles

LABEL = "case when {t}.default_code <> '' then '[' || {t}.default_code || '] ' || {t}.name else {t}.name end"

TYPES = (("consu", "Goods"), ("product", "Storable goods"), ("service", "Service"), ("combo", "Combo"))
DEFAULT_UNIT = "select res_id from ir_model_data where module = 'uom' and name = 'product_uom_unit'"

UNTRACK = """
update product_product set type = 'consu', change_xid = default where id = any($1) and type = 'product'
"""


class Product(
    Model, name="product.product", label="Product", odoo=("product.product", "product.template"), netforce="product"
):
    """Something sold: goods whose stock is counted (`is_storable`), goods that are not, or a service.

    Odoo tells templates from their variants. Here each product is the only variant of its own template: both names lead
    to the same record, by the same id.
    """

    access = (
        Access(read="base.user"),
        Access(read="product.manager", write="product.manager", delete="product.manager"),
    )
    company = "shared"
    chatter = True
    feed = True
    order = "default_code, name, id"
    label_sql = LABEL
    keys = (Key(("barcode",), "Barcode already assigned to another product.", where="barcode is not null"),)
    indexes = (Index(("default_code",)),)

    name = fields.Char("Name", required=True, searched=True, tracked=True)
    default_code = fields.Char("Internal Reference", size=64, searched=True, netforce="code", tracked=True)
    barcode = fields.Char("Barcode", size=128, searched=True, copied=False)
    type = fields.Selection(
        "Product Type",
        TYPES,
        required=True,
        default="consu",
        values_odoo={"product": "consu"},
        values_netforce={"product": "stock", "consu": "consumable", "combo": "bundle"},
        odoo=("type", "detailed_type"),
    )
    is_storable = fields.Boolean("Track Inventory", help="Goods whose quantity on hand is counted.")
    list_price = fields.Number(
        "Sales Price", digits=(16, 6), default=0, aggregate="", odoo=("list_price", "lst_price"), netforce="sale_price"
    )
    sale_min_price = fields.Number("Lowest Sales Price", digits=(16, 6), aggregate="")
    standard_price = fields.Number("Cost", digits=(16, 6), default=0, aggregate="", netforce="cost_price")
    uom_id = fields.Many2One("Unit of Measure", "uom.uom", required=True, index=False)
    brand_id = fields.Many2One("Brand", "product.brand")
    categ_id = fields.Many2One("Product Category", "product.category")
    product_tmpl_id = fields.Many2One("Product Template", "product.product", sql="{t}.id")
    product_variant_id = fields.Many2One("Product", "product.product", sql="{t}.id")
    product_variant_ids = fields.One2Many("Products", "product.product", "product_tmpl_id", readonly=True)
    product_variant_count = fields.Integer("# Product Variants", sql="1", aggregate="")
    parent_id = fields.Many2One("Variant of", "product.product")
    variants = fields.One2Many("Variants", "product.product", "parent_id")
    taxes_id = fields.Many2Many(
        "Sales Taxes", "account.tax", table="product_taxes_rel", column="product_id", other="tax_id"
    )
    groups = fields.Many2Many(
        "Product Groups", "product.group", table="product_group_rel", column="product_id", other="group_id"
    )
    sale_ok = fields.Boolean("Can be Sold", default=True, netforce="can_sell")
    active = fields.Boolean("Active", default=True)
    description = fields.Text("Description", searched=True)
    description_sale = fields.Text("Sales Description")
    image = fields.Binary("Image", odoo=("image_1920", "image_1024", "image_512", "image_256", "image_128"))
    color = fields.Integer("Color", aggregate="")

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Count in pieces unless another unit is given."""
        await super().prepare_create(env, rows)
        unit = None
        for row in rows:
            _match_types(row)
            if row.get("uom_id") is None:
                unit = unit or await env.fetchval(DEFAULT_UNIT)
                row["uom_id"] = unit

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Keep the type and the flag in step."""
        await super().prepare_write(env, ids, row)
        if "type" in row or "is_storable" in row:
            _match_types(row)

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Keep variants below one product."""
        await super().after_write(env, ids, row)
        if row.get("is_storable") is False and "type" not in row:
            await env.execute(UNTRACK, ids)
        if row.get("parent_id") is not None:
            await refuse_cycles(env, cls, ids)


def _match_types(row: Row) -> None:
    """Make type and flag say the same: Odoo says `consu` and the flag, Netforce and older Odoos the type alone."""
    kind, storable = row.get("type"), row.get("is_storable")
    if kind == "product" or (storable and kind in (None, "consu")):
        row.update(type="product", is_storable=True)
    elif kind is not None:
        row["is_storable"] = False
