"""The quotation that a lead turns into: what it is made of. Pure; seed 001, statements H36 to H50."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from models.orm.commands import Command

BRAND_FIRST = "Select a brand first."
VEHICLE_FIRST = "Select a vehicle first."


@dataclass(frozen=True, slots=True)
class Wish:
    """What a lead says of the vehicle wanted. Money is in the company's currency."""

    lead_id: int
    reference: str
    brand_id: int | None
    product_id: int | None
    quantity: int | None
    expected_price: Decimal | None


def what_is_missing(wish: Wish) -> str | None:
    """Return what has to be chosen before a quotation can be made, naming all of it; None when nothing is."""
    missing = [BRAND_FIRST] * (wish.brand_id is None) + [VEHICLE_FIRST] * (wish.product_id is None)
    return " ".join(missing) or None


def order_values(
    wish: Wish, *, partner_id: int, company_id: int, salesperson: int | None, list_price: Decimal
) -> Mapping[str, Any]:
    """Return the draft order's values: one line, linked back to the lead. An expected price of zero counts as none."""
    line = {
        "product_id": wish.product_id,
        "product_uom_qty": wish.quantity or 1,
        "price_unit": wish.expected_price or list_price,
    }
    return {
        "partner_id": partner_id,
        "company_id": company_id,
        "user_id": salesperson,
        "brand_id": wish.brand_id,
        "origin": wish.reference,
        "dealer_crm_lead_id": wish.lead_id,
        "order_line": [Command.create(line)],
    }
