"""Reading what a BPO sends, without a database."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.crm.link import source_url
from models.dealer.endorsement import read_endorsement
from models.dealer.record import LeadRecord
from models.orm.errors import AppError, InputError, RequiredError, ValidationError

FIELDS = {name: getattr(LeadRecord, name) for name in dir(LeadRecord) if hasattr(getattr(LeadRecord, name), "decode")}
PAYLOAD = {
    "event_id": "6c4b6a3a-1f1b-4a0e-9d4f-0a3a2f6f0001",
    "sq_flag": "with_sq",
    "bpo_source_lead_id": 1234,
    "bpo_source_lead_name": "LEAD/01234",
    "bpo_source_url": "https://BPO.example:443/web#id=1234&model=crm.lead",
    "brand_code": "CHERY",
    "product_default_code": "TIGGO8",
    "contact_name": "Maria Santos",
    "mobile": "+63 917 123 4567",
    "email": "maria@example.com",
    "quantity": 2,
    "expected_price": "1250000.50",
    "has_trade_in": True,
    "financing_needed": False,
    "endorsed_by": "Ana Reyes",
    "endorsed_at": "2026-02-03 04:05:06",
}


def read(**changes):
    return read_endorsement({**PAYLOAD, **changes}, FIELDS)


@pytest.mark.statement("H21")
def test_everything_is_read():
    found = read()

    assert (found.source_lead_id, found.kind, found.brand_code, found.product_code) == (
        1234,
        "with_sq",
        "CHERY",
        "TIGGO8",
    )
    assert found.values["contact_name"] == "Maria Santos"
    assert found.values["expected_price"] == Decimal("1250000.50")
    assert found.values["bpo_endorsed_at"] == dt.datetime(2026, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
    assert found.unread == ()


@pytest.mark.parametrize("empty", [False, None, "", "   "])
def test_an_odoo_sends_false_for_what_is_empty(empty):
    found = read(mobile=empty, email=empty, expected_price=empty)

    assert not {"mobile", "email", "expected_price"} & set(found.values)


def test_keys_that_we_do_not_know_are_ignored():
    assert read(loyalty_tier="gold").values == read().values


def test_what_makes_no_sense_is_named_and_left_out():
    found = read(trade_in_year="next year", financing_type="barter")

    assert found.unread == ("trade_in_year", "financing_type")
    assert "trade_in_year" not in found.values


@pytest.mark.parametrize("key", ["contact_name", "brand_code", "bpo_source_url"])
def test_what_is_needed_must_be_there(key):
    with pytest.raises(RequiredError) as caught:
        read(**{key: False})

    assert caught.value.field == key


@pytest.mark.parametrize("lead_id", [0, -1, "12", None, False, True, 1.5, 1 << 70])
def test_the_source_lead_is_an_id(lead_id):
    with pytest.raises(ValidationError):
        read(bpo_source_lead_id=lead_id)


@pytest.mark.parametrize("flag", ["", None, "maybe", 1])
def test_the_kind_of_endorsement_is_one_of_two(flag):
    with pytest.raises(ValidationError):
        read(sq_flag=flag)


@pytest.mark.statement("D2")
@pytest.mark.parametrize("payload", [None, [], "x", 3])
def test_a_payload_is_an_object(payload):
    with pytest.raises(InputError):
        read_endorsement(payload, FIELDS)


@pytest.mark.statement("H136")
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://bpo.example",
        "//bpo.example",
        "https://",
        "https://u:p@bpo.example",
        "x",
        "http://[::1",
    ],
)
def test_the_source_is_a_web_link(url):
    with pytest.raises(ValidationError):
        source_url(url)


@pytest.mark.statement("H24", "H136")
@pytest.mark.parametrize(
    "url",
    ["https://bpo.example", "https://BPO.example/", "https://bpo.example:443", "HTTPS://bpo.example:443/"],
)
@pytest.mark.statement("D7")
def test_one_source_has_one_spelling(url):
    assert source_url(url) == "https://bpo.example"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(PAYLOAD)), json_values))
def test_whatever_comes_is_read_or_refused(changes):
    try:
        found = read(**changes)
    except AppError:
        return
    assert found.values["contact_name"]
