"""Quotations and sales orders."""

from models.base.ir_actions import window
from models.orm import Group, Model
from models.orm.data import Datum
from models.sale.credit import CreditPartner, CreditUser
from models.sale.order import Order
from models.sale.order_form import OrderForm, OrderLineForm
from models.sale.order_line import OrderLine
from models.sale.salespeople import SalesUser

MODELS: tuple[type[Model], ...] = (Order, OrderLine, OrderForm, OrderLineForm, SalesUser, CreditPartner, CreditUser)
GROUPS: tuple[Group, ...] = (
    Group("sale.user", "Sales: User", implies=("base.user", "party.user"), area="sale"),
    Group(
        "sale.manager", "Sales: Administrator", implies=("sale.user", "party.manager", "product.manager"), area="sale"
    ),
)
DATA: tuple[Datum, ...] = (
    window("sale.action_quotations", "Quotations", "sale.order", "[('state', 'in', ('draft', 'sent'))]"),
    window("sale.action_orders", "Sales Orders", "sale.order", "[('state', 'not in', ('draft', 'sent', 'cancel'))]"),
)
