"""What must be true before a dealer lead can be marked won: an order, confirmed, and every delivery done.

Pure: the order and its deliveries in, the first thing that is missing out. Seed 001, statements H67 to H74 and the
order of E24.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NO_ORDER = "Create a quotation first with the Convert to Quotation button."
CONFIRMED = frozenset({"sale", "done"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One picking of the order. `name` is None where the asker may not read it."""

    name: str | None
    state: str


def blocker(order: str | None, state: str | None, deliveries: Sequence[Delivery]) -> str | None:
    """Return why the lead cannot be won yet, None when it can. `order` and `state` are None without an order."""
    if order is None:
        return NO_ORDER
    if state not in CONFIRMED:
        return f"The order {order} must be confirmed before the lead can be marked won."
    pending = [delivery for delivery in deliveries if delivery.state not in ("done", "cancel")]
    if pending:
        return _still_pending(pending)
    if deliveries and all(delivery.state == "cancel" for delivery in deliveries):
        return f"Nothing was delivered: every delivery order of {order} was cancelled."
    return None


def _still_pending(pending: Sequence[Delivery]) -> str:
    names = ", ".join(sorted(delivery.name for delivery in pending if delivery.name))
    listed = f": {names}." if names else "."
    return f"{len(pending)} delivery order(s) still pending{listed} Validate them in Inventory, then retry."
