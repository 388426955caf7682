"""Matching keys: one form for every way to write a number or an address, none for what is neither."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.party.matching_keys import email_key, phone_key

UNHURRIED = settings(deadline=None)  # the machine may be busy


@pytest.mark.statement("H40")
@pytest.mark.parametrize(
    "written",
    ["0917 123 4567", "(0917) 123-4567", "+63 917 123 4567", "0063 917 123 4567", "+639171234567", "639171234567"],
)
def test_every_way_to_write_a_mobile_is_one_key(written):
    assert phone_key(written, "PH") == "+639171234567"


@pytest.mark.statement("H40")
@pytest.mark.parametrize("text", [None, "", "N/A", "n/a", "-", "none", "0", "000 000 0000", "12345", "call me"])
def test_what_is_no_number_has_no_key(text):
    assert phone_key(text, "PH") is None


def test_a_number_of_an_unknown_country_is_its_digits():
    assert phone_key("0917 123 45-67") == phone_key("0917/1234567") == "09171234567"


@UNHURRIED
@given(st.text(max_size=300))
def test_any_text_is_a_number_or_none(text):
    key = phone_key(text, "PH")

    assert key is None or key.lstrip("+").isdigit()


@UNHURRIED
@given(st.integers(min_value=9_000_000_000, max_value=9_999_999_999))
def test_a_key_is_its_own_key(number):
    key = phone_key(f"0{number}", "PH")

    assert phone_key(key, "PH") == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("  ann@example.com ", "ann@example.com"),
        ("Ann Lee <Ann@example.com>", "ann@example.com"),
        ("ann+cars@mail.example.co", "ann+cars@mail.example.co"),
        (None, None),
        ("N/A", None),
        ("ann@example", None),
        ("ann@example.com, bob@example.com", None),
        ("ann lee@example.com", None),
        ("ann@@example.com", None),
    ],
)
def test_an_address_is_lower_case_and_alone(text, key):
    assert email_key(text) == key
