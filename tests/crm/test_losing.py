"""The reasons of a loss, which both sides share."""

import pytest

from models.crm.losing import LABELS, LOST_REASONS, understood


@pytest.mark.statement("H93")
def test_the_reasons_are_those_of_the_wizard():
    assert dict(LOST_REASONS) == {
        "price_too_high": "Price Too High",
        "chose_competitor": "Chose Competitor",
        "not_ready": "Not Ready to Buy",
        "financing": "Financing Issues",
        "no_stock": "No Stock Available",
        "buyer_cancelled": "Buyer Cancelled",
        "other": "Other",
    }


@pytest.mark.statement("H106", "E22")
@pytest.mark.parametrize(
    ("code", "known"), [*((code, code) for code in LABELS), ("moved_abroad", "other"), (None, "other")]
)
def test_an_unknown_reason_counts_as_other(code, known):
    assert understood(code) == known
