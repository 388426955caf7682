"""How partners are sorted: categories (tags) and groups. Promotions choose customers by them."""

from __future__ import annotations

from models.orm import Access, Key, fields
from models.party.hierarchy import Tree, path_label


class Category(Tree, name="res.partner.category", label="Contact Tag", netforce="contact.categ"):
    """A tag of partners, inside another one or on its own. Netforce calls it contact.categ."""

    access = (Access(read="base.user"), Access(read="party.manager", write="party.manager", delete="party.manager"))
    order = "name, id"
    label_sql = path_label("res_partner_category")
    keys = (Key(("code",), "Another contact tag has this code."),)

    name = fields.Char("Name", required=True, searched=True)
    code = fields.Char("Code", size=64)
    parent_id = fields.Many2One("Parent", "res.partner.category", on_delete="cascade")
    child_ids = fields.One2Many("Children", "res.partner.category", "parent_id")
    full_name = fields.Char("Full name", size=4096, sql=label_sql)
    color = fields.Integer("Color", aggregate="")
    active = fields.Boolean("Active", default=True)
    partner_ids = fields.Many2Many(
        "Partners", "res.partner", table="res_partner_category_rel", column="category_id", other="partner_id"
    )


class ContactGroup(Tree, name="contact.group", label="Contact Group"):
    """A group of partners that offers are made to. Only Netforce has it."""

    access = (Access(read="base.user"), Access(read="party.manager", write="party.manager", delete="party.manager"))
    order = "name, id"
    keys = (Key(("code",), "Another contact group has this code."),)

    name = fields.Char("Name", required=True, searched=True)
    code = fields.Char("Code", size=64)
    parent_id = fields.Many2One("Parent", "contact.group", on_delete="cascade")
    contacts = fields.Many2Many(
        "Contacts", "res.partner", table="res_partner_contact_group_rel", column="group_id", other="partner_id"
    )
