"""Units in which products are counted. Quantities are never converted between them."""

from models.orm import Access, Model, fields


class Unit(Model, name="uom.uom", label="Unit of Measure", netforce="uom"):
    """A unit such as piece, hour or kilogram."""

    access = (
        Access(read="base.user"),
        Access(read="product.manager", write="product.manager", delete="product.manager"),
    )
    order = "sequence, name, id"

    name = fields.Char("Name", required=True)
    sequence = fields.Integer("Sequence", default=10, aggregate="")
    active = fields.Boolean("Active", default=True)
