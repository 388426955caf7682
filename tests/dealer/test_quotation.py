"""What a quotation is made of, without a database."""

from decimal import Decimal

import pytest

from models.dealer.quotation import Wish, order_values, what_is_missing


def wish(**changes):
    values = {"lead_id": 7, "reference": "DLEAD/00007", "brand_id": 2, "product_id": 3, "quantity": 2}
    return Wish(**{**values, "expected_price": Decimal(900), **changes})


def line(found):
    [command] = order_values(found, partner_id=5, company_id=1, salesperson=2, list_price=Decimal(1000))["order_line"]
    return command.values


@pytest.mark.statement("H36")
def test_the_brand_is_needed():
    assert what_is_missing(wish(brand_id=None)) == "Select a brand first."


@pytest.mark.statement("H37", "H138")
def test_the_vehicle_is_needed():
    assert what_is_missing(wish(product_id=None)) == "Select a vehicle first."


@pytest.mark.statement("H38")
def test_what_is_missing_is_all_named():
    message = what_is_missing(wish(brand_id=None, product_id=None))

    assert message == "Select a brand first. Select a vehicle first."


@pytest.mark.statement("H36", "H37")
def test_brand_and_vehicle_are_enough():
    assert what_is_missing(wish(quantity=None, expected_price=None)) is None


@pytest.mark.statement("H42", "H43", "H44", "H45", "H46")
def test_the_order_is_the_customers_and_points_back():
    values = order_values(wish(), partner_id=5, company_id=1, salesperson=2, list_price=Decimal(1000))

    assert {name: value for name, value in values.items() if name != "order_line"} == {
        "partner_id": 5,
        "company_id": 1,
        "user_id": 2,
        "brand_id": 2,
        "origin": "DLEAD/00007",
        "dealer_crm_lead_id": 7,
    }
    assert len(values["order_line"]) == 1


@pytest.mark.statement("H47", "H48")
def test_the_line_is_the_vehicle_in_the_quantity_asked_for():
    assert (line(wish())["product_id"], line(wish())["product_uom_qty"]) == (3, 2)


@pytest.mark.statement("H49")
@pytest.mark.parametrize("quantity", [None, 0])
def test_no_quantity_means_one(quantity):
    assert line(wish(quantity=quantity))["product_uom_qty"] == 1


@pytest.mark.statement("H50")
@pytest.mark.parametrize(("expected", "price"), [(Decimal(900), 900), (Decimal(0), 1000), (None, 1000)])
def test_the_price_is_the_expected_one_if_there_is_one(expected, price):
    assert line(wish(expected_price=expected))["price_unit"] == price
