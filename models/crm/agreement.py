"""Whether both sides of a hand-over know the same of a lead. Pure: what each knows in, the differences out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from models.crm.losing import LABELS
from models.sync.redaction import redact

OUTCOMES = ("won", "lost")
LONGEST = 64
EVERYTHING = frozenset({"order_name", "dealer_lead_name", "lost_reason"})


@dataclass(frozen=True, slots=True)
class Fate:
    """What one side knows of one lead. `bpo_lead_id` is what both sides know it by; `outcome` is None while open."""

    bpo_lead_id: int
    bpo_lead_name: str | None = None
    dealer_lead_name: str | None = None
    outcome: str | None = None
    lost_reason: str | None = None
    order_name: str | None = None
    source_url: str | None = None

    @classmethod
    def heard(cls, told: Any) -> Self | None:
        """Read what the other side answered of a lead; None for what makes no sense. Nothing in it is believed."""
        if not isinstance(told, Mapping):
            return None
        number = told.get("bpo_lead_id")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 1 << 63:
            return None
        outcome, reason, url = (told.get(key) for key in ("outcome", "lost_reason", "source_url"))
        return cls(
            number,
            _name(told, "bpo_lead_name"),
            _name(told, "dealer_lead_name"),
            outcome if outcome in OUTCOMES else None,
            reason if isinstance(reason, str) and reason in LABELS else None,
            _name(told, "order_name"),
            url if isinstance(url, str) else None,
        )

    def told(self) -> dict[str, Any]:
        """Return it as an answer."""
        return asdict(self)


def _name(told: Mapping[str, Any], key: str) -> str | None:
    value = told.get(key)
    return redact(value)[:LONGEST] or None if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the sides disagree about. `kind` decides who can repair it."""

    kind: str
    text: str


def differences(at_bpo: Fate | None, at_dealer: Fate | None, known: frozenset[str] = EVERYTHING) -> list[Difference]:
    """Return all that differs. `known` names what the other side could be asked beside the outcome."""
    if at_dealer is None:
        return [Difference("missing_at_dealer", "the dealer does not have it")]
    if at_bpo is None:
        return [Difference("missing_at_bpo", "the BPO has no such lead endorsed to this dealer")]
    found = _outcome(at_bpo, at_dealer)
    if not found and at_bpo.outcome == "lost" and "lost_reason" in known:
        found = _unequal("reason_differs", "lost reason", at_bpo.lost_reason, at_dealer.lost_reason)
    if "dealer_lead_name" in known and at_bpo.dealer_lead_name:
        found += _unequal("reference_differs", "reference", at_bpo.dealer_lead_name, at_dealer.dealer_lead_name)
    if "order_name" in known and (at_bpo.order_name or at_bpo.outcome == "won"):
        found += _unequal("order_differs", "order", at_bpo.order_name, at_dealer.order_name)
    return found


def _outcome(at_bpo: Fate, at_dealer: Fate) -> list[Difference]:
    here, there = at_bpo.outcome or "open", at_dealer.outcome or "open"
    if here == there:
        return []
    kind = "outcome_not_arrived" if at_bpo.outcome is None else "outcome_differs"
    return _unequal(kind, "outcome", here, there)


def _unequal(kind: str, what: str, at_bpo: str | None, at_dealer: str | None) -> list[Difference]:
    if at_bpo == at_dealer:
        return []
    return [Difference(kind, f"{what}: {at_bpo or 'none'} at the BPO, {at_dealer or 'none'} at the dealer")]
