"""Odoo's names for the groups of sales."""

from typing import ClassVar

from models.party.insiders import PartnerUser


class SalesUser(PartnerUser, name="res.users"):
    """A user whose sales groups are known by Odoo's names, too."""

    odoo_groups: ClassVar[dict[str, str]] = {
        **PartnerUser.odoo_groups,
        "sales_team.group_sale_salesman": "sale.user",
        "sales_team.group_sale_salesman_all_leads": "sale.user",
        "sales_team.group_sale_manager": "sale.manager",
        "product.group_product_manager": "product.manager",
    }
