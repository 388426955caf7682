"""What the customer wants and can pay: the same on both sides, because it travels with an endorsement as it is."""

from __future__ import annotations

from models.orm.fields import Boolean, Char, Integer, Monetary, Selection, Text
from models.orm.model import Model

PRIORITIES = (("0", "Low"), ("1", "Normal"), ("2", "High"), ("3", "Urgent"))
FINANCING_TYPES = (("cash", "Cash"), ("bank", "Bank Loan"), ("in_house", "In-house Financing"), ("lease", "Lease"))
CURRENCY = "(select c.currency_id from res_company c where c.id = {t}.company_id)"


class Interest(Model):
    """Vehicle, budget, trade-in and financing of a lead. Money is in the company's currency, `currency_id`."""

    __slots__ = ()

    vehicle_model_text = Char("Vehicle as told", tracked=True)
    preferred_color = Char("Preferred color", size=64, tracked=True)
    quantity = Integer("Quantity", default=1, minimum=0, tracked=True)
    expected_price = Monetary("Expected price", minimum=0, tracked=True)
    budget_min = Monetary("Budget from", minimum=0, tracked=True, aggregate="")
    budget_max = Monetary("Budget to", minimum=0, tracked=True, aggregate="")
    has_trade_in = Boolean("Trade-in", tracked=True)
    trade_in_make_model = Char("Trade-in make and model", tracked=True)
    trade_in_year = Integer("Trade-in year", minimum=1900, tracked=True, aggregate="")
    trade_in_mileage = Integer("Trade-in mileage (km)", minimum=0, tracked=True, aggregate="")
    trade_in_value = Monetary("Trade-in value", minimum=0, tracked=True, aggregate="")
    financing_needed = Boolean("Financing needed", tracked=True)
    financing_type = Selection("Financing", FINANCING_TYPES, tracked=True)
    down_payment = Monetary("Down payment", minimum=0, tracked=True, aggregate="")
    customer_notes = Text("Customer notes", tracked=True)
    internal_notes = Text("Internal notes", tracked=True)
