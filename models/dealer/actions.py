"""Which buttons a lead's form shows, and why not the others (H29 to H35). Pure; pressing one asks the same again."""

from __future__ import annotations

from dataclasses import dataclass

from models.crm.button import Button
from models.dealer.gate import NO_ORDER


@dataclass(frozen=True, slots=True)
class Situation:
    """What the buttons depend on. `blocker` is the gate's word on Mark Won, None when it is ready."""

    stage: str
    is_closed: bool
    is_mine: bool
    is_unassigned: bool
    is_manager: bool
    has_order: bool
    blocker: str | None
    callback_open: bool


def buttons(lead: Situation) -> dict[str, Button]:
    """Return every button of the form by the name of the method it calls."""
    return {
        "action_claim": _claim(lead),
        "log_call": _working(lead),
        "action_convert_to_quotation": _convert(lead),
        "action_open_quotation": Button.shown() if lead.has_order else Button.hidden(NO_ORDER),
        "action_set_won": _won(lead),
        "action_set_lost": _working(lead),
        "resend_callback": _resend(lead),
    }


def _working(lead: Situation) -> Button:
    if lead.is_closed:
        return Button.hidden(f"The lead is already {lead.stage}.")
    if lead.is_mine or lead.is_manager:
        return Button.shown()
    return Button.hidden("Claim the lead first." if lead.is_unassigned else "The lead is somebody else's.")


def _claim(lead: Situation) -> Button:
    if lead.is_closed:
        return Button.hidden(f"The lead is already {lead.stage}.")
    if lead.is_mine:
        return Button.hidden("The lead is yours.")
    if lead.is_unassigned or lead.is_manager:
        return Button.shown()
    return Button.hidden("The lead is somebody else's.")


def _convert(lead: Situation) -> Button:
    working = _working(lead)
    if working.visible and lead.has_order:
        return Button.hidden("The lead has an order already.")
    return working


def _won(lead: Situation) -> Button:
    """Show Mark Won as soon as there is an order: pressing it tells what is still to be done."""
    working = _working(lead)
    if not working.visible:
        return working
    return Button.shown(lead.blocker) if lead.has_order else Button.hidden(NO_ORDER)


def _resend(lead: Situation) -> Button:
    if not lead.is_manager:
        return Button.hidden("Only a manager may resend the callback.")
    return Button.shown() if lead.callback_open else Button.hidden("There is no callback to resend.")
