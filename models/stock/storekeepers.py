"""Odoo's names for the groups of stock."""

from typing import ClassVar

from models.sale.salespeople import SalesUser


class StockUser(SalesUser, name="res.users"):
    """A user whose stock groups are known by Odoo's names, too."""

    odoo_groups: ClassVar[dict[str, str]] = {
        **SalesUser.odoo_groups,
        "stock.group_stock_user": "stock.user",
        "stock.group_stock_manager": "stock.manager",
    }
