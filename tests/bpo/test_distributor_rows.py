"""What a distributor sends is read without trust."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.bpo.distributor.rows import NO_NUMBER, RemoteDealer, RemoteVehicle, RowError, WebLead
from models.party.matching_keys import phone_key

ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=400), st.lists(st.integers(), max_size=3)
)


def test_a_lead_without_a_number_matches_nobody():
    lead = WebLead.read({"id": 1, "first_name": "Ana", "last_name": False, "mobile": False})

    assert (lead.contact_name, lead.mobile) == ("Ana", NO_NUMBER)
    assert phone_key(lead.mobile) is None


@settings(max_examples=40)
@given(st.fixed_dictionaries(dict.fromkeys(("first_name", "last_name", "email", "mobile", "dealer_id"), ANYTHING)))
def test_whatever_was_typed_is_a_lead_that_fits(row):
    lead = WebLead.read({"id": 1, **row})

    assert 0 < len(lead.contact_name) <= 256
    assert 0 < len(lead.mobile) <= 64
    assert "\0" not in lead.contact_name + lead.mobile


@pytest.mark.parametrize("number", [None, False, True, 0, -1, 1 << 63, "1"])
def test_a_row_without_an_id_is_none(number):
    for read in (WebLead.read, RemoteDealer.read, RemoteVehicle.read):
        with pytest.raises(RowError):
            read({"id": number, "name": "x"})


@pytest.mark.parametrize("price", ["x", "-1", "NaN", float("inf"), 1e20])
def test_an_odd_price_refuses_the_model(price):
    with pytest.raises(RowError, match="price"):
        RemoteVehicle.read({"id": 1, "name": "Tiggo", "list_price": price})


def test_a_model_is_read():
    row = {"id": 7, "name": " Tiggo\n8 ", "default_code": "T8", "categ_id": [1, "SUV"], "list_price": 10.5}

    assert RemoteVehicle.read(row) == RemoteVehicle("7", "Tiggo 8", "T8", "SUV", Decimal("10.5"))


def test_half_an_address_refuses_the_dealer():
    with pytest.raises(RowError, match="no address"):
        RemoteDealer.read({"id": 1, "name": "Manila", "dealer_gm_email": "antonio"})
