"""How products are sorted: one category each, any number of groups."""

from __future__ import annotations

from models.orm import Access, Key, fields
from models.party.hierarchy import Tree, path_label

ACCESS = (Access(read="base.user"), Access(read="product.manager", write="product.manager", delete="product.manager"))


class ProductCategory(Tree, name="product.category", label="Product Category", netforce="product.categ"):
    """The one category of a product, inside another one or on its own."""

    access = ACCESS
    order = "complete_name, id"
    label_sql = path_label("product_category")

    name = fields.Char("Name", required=True, searched=True)
    code = fields.Char("Code", size=64)
    parent_id = fields.Many2One("Parent Category", "product.category", on_delete="cascade")
    child_id = fields.One2Many("Child Categories", "product.category", "parent_id")
    complete_name = fields.Char("Complete Name", size=4096, sql=label_sql, netforce="full_name")


class ProductGroup(Tree, name="product.group", label="Product Group"):
    """A group of products, for promotions and catalogues. Only Netforce has it."""

    access = ACCESS
    company = "shared"
    order = "name, id"
    keys = (Key(("code",), "Another product group has this code."),)

    name = fields.Char("Name", required=True, searched=True)
    code = fields.Char("Code", size=64)
    parent_id = fields.Many2One("Parent", "product.group", on_delete="cascade")
    products = fields.Many2Many(
        "Products", "product.product", table="product_group_rel", column="group_id", other="product_id"
    )
