"""Products with their prices, units, taxes and brands."""

from models.base.ir_actions import window
from models.orm import Group, Model
from models.orm.data import Datum
from models.product.brand import SHIPPED, Brand
from models.product.category import ProductCategory, ProductGroup
from models.product.product import Product
from models.product.tax import Tax
from models.product.unit import Unit

MODELS: tuple[type[Model], ...] = (Unit, Tax, Brand, ProductCategory, ProductGroup, Product)
GROUPS: tuple[Group, ...] = (
    Group("product.manager", "Products: create and change", implies=("base.user",), area="product"),
)
DATA: tuple[Datum, ...] = (
    window("product.product_normal_action", "Products", "product.product"),
    Datum("uom.product_uom_unit", "uom.uom", {"name": "Units", "sequence": 1}, protected=True),
    Datum("uom.product_uom_dozen", "uom.uom", {"name": "Dozens", "sequence": 2}),
    Datum("uom.product_uom_hour", "uom.uom", {"name": "Hours", "sequence": 3}),
    Datum("uom.product_uom_day", "uom.uom", {"name": "Days", "sequence": 4}),
    Datum("uom.product_uom_kgm", "uom.uom", {"name": "kg", "sequence": 5}),
    Datum("product.product_category_all", "product.category", {"name": "All"}),
    *(
        Datum(
            f"product.brand_{code.lower()}",
            "product.brand",
            {"name": code.title(), "code": code, "sequence": 10 * place},
        )
        for place, code in enumerate(SHIPPED, 1)
    ),
)
