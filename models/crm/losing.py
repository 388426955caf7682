"""Why a lead was lost: one list of codes for both sides, so that a reason survives the hand-over (statement H93)."""

from __future__ import annotations

OTHER = "other"

LOST_REASONS = (
    ("price_too_high", "Price Too High"),
    ("chose_competitor", "Chose Competitor"),
    ("not_ready", "Not Ready to Buy"),
    ("financing", "Financing Issues"),
    ("no_stock", "No Stock Available"),
    ("buyer_cancelled", "Buyer Cancelled"),
    (OTHER, "Other"),
)

LABELS = dict(LOST_REASONS)


def understood(code: str | None) -> str:
    """Return the code if it is one of ours, else `other` (statement H106)."""
    return code if code in LABELS else OTHER
