"""Reading what a dealer reports, without a database."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bpo.dealer_report import read_report
from models.crm.losing import LABELS
from models.orm.errors import AppError, InputError, ValidationError

WON = {
    "event_id": "5f0c8f1e-4f5d-4b8e-8a52-6a4bb0a10001",
    "bpo_source_lead_id": 12,
    "bpo_source_lead_name": "LEAD/00012",
    "outcome": "won",
    "dealer_lead_name": "DLEAD/00042",
    "dealer_so_name": "S00003",
    "date_won": "2026-02-03 04:05:06",
    "delivered_on": "2026-02-03 01:00:00",
}
LOST = {
    "event_id": "5f0c8f1e-4f5d-4b8e-8a52-6a4bb0a10002",
    "bpo_source_lead_id": 12,
    "outcome": "lost",
    "dealer_lead_name": "DLEAD/00042",
    "date_lost": "2026-02-03 04:05:06",
    "lost_reason": "financing",
    "lost_notes": "The bank declined",
}


@pytest.mark.statement("H104")
def test_a_won_lead():
    found = read_report(WON)

    assert (found.lead_id, found.outcome, found.dealer_lead_name, found.order_name) == (
        12,
        "won",
        "DLEAD/00042",
        "S00003",
    )
    assert found.closed_at == dt.datetime(2026, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
    assert found.lost_reason is None


@pytest.mark.statement("H105")
def test_a_lost_lead():
    found = read_report(LOST)

    assert (found.lost_reason, found.lost_notes) == ("financing", "The bank declined")


@pytest.mark.statement("H105", "E22")
@pytest.mark.parametrize("reason", list(LABELS))
def test_each_reason_of_the_dealer_is_the_same_here(reason):
    found = read_report({**LOST, "lost_reason": reason, "lost_reason_label": LABELS[reason]})

    assert (found.lost_reason, found.lost_notes) == (reason, "The bank declined")


@pytest.mark.statement("H106", "X15")
def test_an_unknown_reason_is_other_and_its_text_is_kept():
    found = read_report({**LOST, "lost_reason": "moved_abroad", "lost_reason_label": "Moved Abroad"})

    assert found.lost_reason == "other"
    assert found.lost_notes == "Reason at the dealer: Moved Abroad (moved_abroad)\nThe bank declined"


@pytest.mark.statement("X15")
def test_a_missing_reason_is_other():
    assert read_report({**LOST, "lost_reason": False, "lost_notes": False}).lost_reason == "other"


@pytest.mark.statement("H109", "X15")
@pytest.mark.parametrize("outcome", [None, False, "", "WON", "open", "won ", 1, ["won"]])
def test_an_outcome_is_won_or_lost(outcome):
    with pytest.raises(ValidationError) as caught:
        read_report({**WON, "outcome": outcome})

    assert caught.value.field == "outcome"


@pytest.mark.statement("X15")
@pytest.mark.parametrize("lead_id", [None, False, True, 0, -1, "12", 1.5, 1 << 70])
def test_the_lead_is_an_id(lead_id):
    with pytest.raises(ValidationError):
        read_report({**WON, "bpo_source_lead_id": lead_id})


@pytest.mark.statement("X15")
@pytest.mark.parametrize(
    "change",
    [
        {"date_won": "soon"},
        {"delivered_on": 7},
        {"dealer_so_name": "x" * 65},
        {"event_id": "x" * 65},
        {"dealer_lead_name": 1},
    ],
)
def test_what_makes_no_sense_is_refused(change):
    with pytest.raises(ValidationError):
        read_report({**WON, **change})


@pytest.mark.statement("X15")
def test_notes_have_a_limit():
    with pytest.raises(InputError):
        read_report({**LOST, "lost_notes": "x" * 10_000_000})


@pytest.mark.statement("X15", "X16")
def test_what_we_do_not_know_is_ignored():
    assert read_report({**WON, "loyalty_tier": "gold"}) == read_report(WON)


@pytest.mark.statement("X7")
@pytest.mark.parametrize(
    "change", [{"outcome": "lost"}, {"dealer_so_name": "S00004"}, {"date_won": "2026-02-03 04:05:07"}]
)
def test_another_content_has_another_digest(change):
    assert read_report({**WON, **change}).digest != read_report(WON).digest


def test_an_odoo_sends_false_for_what_is_empty():
    bare = {"bpo_source_lead_id": 12, "outcome": "won"}
    odoo = dict.fromkeys(WON, False) | bare

    assert read_report(odoo) == read_report(bare)


@pytest.mark.statement("D2")
@pytest.mark.parametrize("payload", [None, [], "x", 3])
def test_a_payload_is_an_object(payload):
    with pytest.raises(InputError):
        read_report(payload)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted({*WON, *LOST, "lost_reason_label"})), json_values))
def test_whatever_comes_is_read_or_refused(changes):
    try:
        found = read_report({**LOST, **changes})
    except AppError:
        return
    assert found.outcome in ("won", "lost")
