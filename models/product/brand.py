"""Brands of products. Dealer documents call the model dealer.brand; a brand's code is what other systems know it by."""

from models.orm import Access, Key, Model, constrains, fields
from models.orm.errors import ValidationError

SHIPPED = ("FOTON", "CHERY", "JETOUR", "BAIC", "LYNK", "RADAR")


class Brand(Model, name="product.brand", label="Brand", odoo="dealer.brand"):
    """A make of vehicles or other products."""

    access = (
        Access(read="base.user"),
        Access(read="product.manager", write="product.manager", delete="product.manager"),
    )
    order = "sequence, name, id"
    keys = (Key(("code",), "Another brand has this code."),)

    name = fields.Char("Name", required=True, searched=True)
    code = fields.Char("Code", size=10, required=True, help="Stable: other systems find the brand by it.")
    logo = fields.Binary("Logo")
    color = fields.Integer("Color", default=0, aggregate="")
    sequence = fields.Integer("Sequence", default=10, aggregate="")
    active = fields.Boolean("Active", default=True)

    @constrains("code")
    def check_code(self) -> None:
        """A code is compared as it stands, so it has no spaces around it."""
        if self.code != self.code.strip():
            raise ValidationError(
                "A brand's code must not begin or end with a space.", model="product.brand", field="code"
            )
