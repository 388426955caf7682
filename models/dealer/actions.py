"""Which buttons a lead's form shows, and why not the others (H29 to H35). Pure; pressing one asks the same again."""

from __future__ import annotations

from dataclasses import dataclass

from models.crm.button import Button, Standing
from models.dealer.gate import NO_ORDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation(Standing):
    """What the buttons depend on. `blocker` is the gate's word on Mark Won, None when it is ready."""

    is_manager: bool
    has_order: bool
    blocker: str | None
    callback_open: bool

    @property
    def may_take(self) -> bool:
        """Users claim unassigned leads, managers any (H14 to H17)."""
        return self.is_unclaimed or self.is_manager

    @property
    def may_work(self) -> bool:
        """Users work on their own leads, managers on any, claimed or not (H118 to H124)."""
        return self.is_mine or self.is_manager


def buttons(lead: Situation) -> dict[str, Button]:
    """Return every button of the form by the name of the method it calls."""
    return {
        "action_claim": lead.claiming(),
        "log_call": lead.working(),
        "action_convert_to_quotation": _convert(lead),
        "action_open_quotation": Button.shown() if lead.has_order else Button.hidden(NO_ORDER),
        "action_set_won": _won(lead),
        "action_set_lost": lead.working(),
        "resend_callback": _resend(lead),
    }


def _convert(lead: Situation) -> Button:
    working = lead.working()
    if working.visible and lead.has_order:
        return Button.hidden("The lead has an order already.")
    return working


def _won(lead: Situation) -> Button:
    """Show Mark Won as soon as there is an order: pressing it tells what is still to be done."""
    working = lead.working()
    if not working.visible:
        return working
    return Button.shown(lead.blocker) if lead.has_order else Button.hidden(NO_ORDER)


def _resend(lead: Situation) -> Button:
    if not lead.is_manager:
        return Button.hidden("Only a manager may resend the callback.")
    return Button.shown() if lead.callback_open else Button.hidden("There is no callback to resend.")
