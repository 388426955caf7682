"""Quotations and sales orders."""

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
DATA: tuple[Datum, ...] = ()
