"""Demo data of the dealer: a showroom in Quezon City with cars in its yard."""

from models.demo.people import account
from models.demo.vehicles import VEHICLES
from models.orm.data import Datum, Ref

PUSH_LOGIN = "bpo-push"
UNITS_IN_STOCK = 25


def _product(code: str) -> str:
    return f"demo.product_{code.lower().replace('-', '_')}"


DATA: tuple[Datum, ...] = (
    account("juan.cruz", "Juan Cruz", "dealer.user"),
    account("grace.uy", "Grace Uy", "dealer.user"),
    account("antonio.lim", "Antonio Lim", "dealer.manager"),
    account("teresa.ong", "Teresa Ong", "dealer.admin"),
    account("ramon.flores", "Ramon Flores", "stock.user"),
    account(PUSH_LOGIN, "Hand-over of the BPO", "dealer.push_service", "dealer.reconcile_service"),
    *(
        Datum(
            _product(vehicle.code),
            "product.product",
            {
                "default_code": vehicle.code,
                "name": vehicle.name,
                "brand_id": Ref(f"product.brand_{vehicle.brand.lower()}"),
                "list_price": vehicle.price,
                "is_storable": True,
            },
        )
        for vehicle in VEHICLES
    ),
    *(
        Datum(
            f"demo.stock_{vehicle.code.lower().replace('-', '_')}",
            "stock.quant",
            {"product_id": Ref(_product(vehicle.code)), "quantity": UNITS_IN_STOCK},
        )
        for vehicle in VEHICLES
    ),
    Datum(
        "demo.walk_in",
        "dealer.crm.lead",
        {
            "contact_name": "Miguel Navarro",
            "mobile": "+63 917 555 0121",
            "email": "miguel.navarro@example.com",
            "city": "Quezon City",
            "source_id": Ref("dealer_crm.source_walkin"),
            "brand_id": Ref("product.brand_jetour"),
            "product_id": Ref(_product("JT-X70-PLUS")),
            "expected_price": 1_249_000,
        },
    ),
)
