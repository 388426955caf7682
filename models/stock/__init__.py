"""Stock: where goods lie, how they move, and the deliveries of orders."""

from models.base.ir_actions import window
from models.orm import Group, Model
from models.orm.data import Datum, Ref
from models.stock.backorder import BackorderConfirmation
from models.stock.move import Move
from models.stock.order import DeliveredLine, DeliveredOrder
from models.stock.picking import Picking
from models.stock.places import CUSTOMERS, INVENTORY, SUPPLIERS, Location, PickingType, Warehouse
from models.stock.quant import Quant
from models.stock.returns import ReturnLine, ReturnPicking
from models.stock.storekeepers import StockUser

MODELS: tuple[type[Model], ...] = (
    Location,
    PickingType,
    Warehouse,
    Quant,
    Picking,
    Move,
    BackorderConfirmation,
    ReturnPicking,
    ReturnLine,
    DeliveredOrder,
    DeliveredLine,
    StockUser,
)
GROUPS: tuple[Group, ...] = (
    Group("stock.user", "Inventory: User", implies=("base.user",), area="stock"),
    Group("stock.manager", "Inventory: Administrator", implies=("stock.user", "product.manager"), area="stock"),
)
DATA: tuple[Datum, ...] = (
    window("stock.action_picking_tree_all", "Transfers", "stock.picking"),
    Datum(SUPPLIERS, "stock.location", {"name": "Vendors", "usage": "supplier"}, protected=True),
    Datum(CUSTOMERS, "stock.location", {"name": "Customers", "usage": "customer"}, protected=True),
    Datum(INVENTORY, "stock.location", {"name": "Inventory adjustment", "usage": "inventory"}, protected=True),
    Datum(
        "stock.warehouse0",
        "stock.warehouse",
        {"name": "Main Warehouse", "code": "WH", "company_id": Ref("base.main_company")},
        protected=True,
    ),
)
