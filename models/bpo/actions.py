"""Which buttons a BPO lead's form shows, and why not the others (handover 1.6). Pure; pressing one asks the same again.

What works on a lead is hidden from everybody until it is claimed, and from agents when it is somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.crm.button import Button, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation(Standing):
    """What the buttons depend on. `endorsed_from` is the only stage that leads are endorsed from."""

    endorsed_from: str
    is_supervisor: bool
    has_brand: bool
    endorse_state: str

    @property
    def may_take(self) -> bool:
        """Supervisors give somebody else's lead away by assigning it, not by this button."""
        return self.is_unclaimed

    @property
    def may_work(self) -> bool:
        """Nobody is shown the work before the lead is claimed; afterwards it is its owner's and supervisors'."""
        return self.is_mine or (self.is_supervisor and not self.is_unclaimed)


def buttons(lead: Situation) -> dict[str, Button]:
    """Return every button of the form by the name of the method it calls."""
    return {
        "action_claim": lead.claiming(),
        "log_call": lead.working(),
        "schedule_visit": lead.working(),
        "action_endorse_with_sq": _endorse(lead),
        "action_endorse_without_sq": _endorse(lead),
        "action_set_won": _closing(lead),
        "mark_lost": _closing(lead),
        "resend_endorsement": _resend(lead),
    }


def _closing(lead: Situation) -> Button:
    working = lead.working()
    if working.visible and lead.endorse_state != "none":
        return Button.hidden("The lead is endorsed: its outcome comes from the dealer.")
    return working


def _endorse(lead: Situation) -> Button:
    working = lead.working()
    if not working.visible:
        return working
    if lead.endorse_state in ("pending", "done"):
        return Button.hidden("The lead is endorsed already.")
    if lead.endorse_state == "none" and lead.stage != lead.endorsed_from:
        return Button.hidden(f"A lead is endorsed from {lead.endorsed_from}.")
    return Button.shown(None if lead.has_brand else "Select a brand first.")


def _resend(lead: Situation) -> Button:
    working = lead.working()
    if working.visible and lead.endorse_state != "failed":
        return Button.hidden("There is no failed endorsement.")
    return working
