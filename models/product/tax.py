"""Taxes on sales and purchases: a percentage of the price, either on top of it or inside it."""

from enum import StrEnum

from models.orm import Access, Model, fields


class TaxUse(StrEnum):
    """Where a tax may be chosen."""

    SALE = "sale"
    PURCHASE = "purchase"
    NONE = "none"


class Tax(Model, name="account.tax", label="Tax", netforce="account.tax.rate"):
    """A tax of one company. Several on one line each take their share of the same base, none of another tax."""

    access = (
        Access(read="base.user"),
        Access(read="product.manager", write="product.manager", delete="product.manager"),
    )
    company = "own"
    audit = True
    order = "sequence, id"

    name = fields.Char("Name", required=True, searched=True)
    description = fields.Text("Description")
    amount = fields.Number(
        "Rate %", digits=(7, 4), required=True, minimum=0, maximum=999, netforce="rate", aggregate=""
    )
    amount_type = fields.Selection(
        "Computation", (("percent", "Percentage of the price"),), required=True, default="percent"
    )
    price_include = fields.Boolean("Included in the price")
    type_tax_use = fields.Selection("Used for", TaxUse, required=True, default="sale")
    sequence = fields.Integer("Sequence", default=1, aggregate="")
    active = fields.Boolean("Active", default=True)
