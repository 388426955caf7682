"""Which buttons a BPO lead's form shows, and why not the others (handover 1.6). Pure; pressing one asks the same again.

What works on a lead is hidden from everybody until it is claimed, and from agents when it is somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.crm.button import Button


@dataclass(frozen=True, slots=True)
class Situation:
    """What the buttons depend on. `endorsed_from` is the only stage that leads are endorsed from."""

    stage: str
    endorsed_from: str
    is_closed: bool
    is_mine: bool
    is_unclaimed: bool
    is_supervisor: bool
    has_brand: bool
    endorse_state: str


def buttons(lead: Situation) -> dict[str, Button]:
    """Return every button of the form by the name of the method it calls."""
    return {
        "action_claim": _claim(lead),
        "log_call": _working(lead),
        "schedule_visit": _working(lead),
        "action_endorse_with_sq": _endorse(lead),
        "action_endorse_without_sq": _endorse(lead),
        "action_set_won": _closing(lead),
        "mark_lost": _closing(lead),
        "resend_endorsement": _resend(lead),
    }


def _claim(lead: Situation) -> Button:
    if lead.is_closed:
        return Button.hidden(f"The lead is already {lead.stage}.")
    if lead.is_unclaimed:
        return Button.shown()
    return Button.hidden("The lead is yours." if lead.is_mine else "The lead is somebody else's.")


def _working(lead: Situation) -> Button:
    if lead.is_closed:
        return Button.hidden(f"The lead is already {lead.stage}.")
    if lead.is_unclaimed:
        return Button.hidden("Claim the lead first.")
    if lead.is_mine or lead.is_supervisor:
        return Button.shown()
    return Button.hidden("The lead is somebody else's.")


def _closing(lead: Situation) -> Button:
    working = _working(lead)
    if working.visible and lead.endorse_state != "none":
        return Button.hidden("The lead is endorsed: its outcome comes from the dealer.")
    return working


def _endorse(lead: Situation) -> Button:
    working = _working(lead)
    if not working.visible:
        return working
    if lead.endorse_state in ("pending", "done"):
        return Button.hidden("The lead is endorsed already.")
    if lead.endorse_state == "none" and lead.stage != lead.endorsed_from:
        return Button.hidden(f"A lead is endorsed from {lead.endorsed_from}.")
    return Button.shown(None if lead.has_brand else "Select a brand first.")


def _resend(lead: Situation) -> Button:
    working = _working(lead)
    if working.visible and lead.endorse_state != "failed":
        return Button.hidden("There is no failed endorsement.")
    return working
