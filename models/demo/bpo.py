"""Demo data of the BPO: a call centre in Manila that works for three dealerships."""

from typing import Any

from models.demo.people import account
from models.demo.vehicles import BRANDS, VEHICLES
from models.orm.data import Datum, Ref

CALLBACK_LOGIN = "dealer-callback-quezon"
DEALERSHIP = "FOTON-QC"

_LEADS: tuple[tuple[str, str, str, str, str, int], ...] = (
    ("Ana Villanueva", "+63 917 555 0142", "ana.villanueva@example.com", "Pasig", "CH-TIGGO7-PRO", 1),
    ("Rico Dela Cruz", "+63 918 555 0177", "rico.delacruz@example.com", "Caloocan", "FT-GRATOUR-F", 2),
    ("Liza Mercado", "+63 919 555 0119", "liza.mercado@example.com", "Taguig", "JT-ICE-CREAM", 1),
    ("Bagong Araw Logistics", "+63 917 555 0163", "fleet@bagongaraw.example.com", "Valenzuela", "FT-THUNDER-44", 4),
    ("Paolo Garcia", "+63 920 555 0188", "paolo.garcia@example.com", "Makati", "BC-X55", 1),
)


def _lead(number: int, name: str, mobile: str, email: str, city: str, code: str, quantity: int) -> Datum:
    vehicle = next(v for v in VEHICLES if v.code == code)
    values: dict[str, Any] = {
        "name": f"{vehicle.name} for {name}",
        "contact_name": name,
        "mobile": mobile,
        "email_from": email,
        "city": city,
        "brand_id": Ref(f"demo.bpo_brand_{vehicle.brand.lower()}"),
        "vehicle_model_id": Ref(f"demo.bpo_{vehicle.code.lower().replace('-', '_')}"),
        "quantity": quantity,
        "expected_revenue": vehicle.price * quantity,
    }
    return Datum(f"demo.bpo_lead_{number}", "crm.lead", values)


DATA: tuple[Datum, ...] = (
    account("maria.santos", "Maria Santos", "bpo.agent"),
    account("josefina.reyes", "Josefina Reyes", "bpo.agent"),
    account("carlo.bautista", "Carlo Bautista", "bpo.supervisor"),
    account("elena.tan", "Elena Tan", "bpo.manager"),
    account(CALLBACK_LOGIN, "Callback of Foton Quezon Avenue", "bpo.callback_service", "bpo.reconcile_service"),
    *(
        Datum(f"demo.bpo_brand_{code.lower()}", "crm.brand", {"code": code, "name": name, "sequence": 10 * place})
        for place, (code, name) in enumerate(BRANDS, 1)
    ),
    *(
        Datum(
            f"demo.bpo_{vehicle.code.lower().replace('-', '_')}",
            "crm.vehicle.model",
            {
                "default_code": vehicle.code,
                "name": vehicle.name,
                "brand_id": Ref(f"demo.bpo_brand_{vehicle.brand.lower()}"),
                "category": vehicle.category,
                "list_price": vehicle.price,
            },
        )
        for vehicle in VEHICLES
    ),
    Datum(
        "demo.dealership_quezon",
        "crm.dealership",
        {
            "code": DEALERSHIP,
            "name": "Foton Quezon Avenue",
            "city": "Quezon City",
            "region": "NCR",
            "phone": "+63 2 8555 0100",
            "manager_name": "Antonio Lim",
            "manager_email": "antonio.lim@example.com",
            "brand_ids": [(6, 0, [Ref(f"demo.bpo_brand_{code.lower()}") for code, _ in BRANDS])],
            "callback_user_id": Ref("demo.user_dealer_callback_quezon"),
        },
    ),
    Datum(
        "demo.dealership_cebu",
        "crm.dealership",
        {"code": "CHERY-CEB", "name": "Chery Cebu South", "city": "Cebu City", "region": "Region VII"},
    ),
    *(_lead(number, *lead) for number, lead in enumerate(_LEADS, 1)),
)
