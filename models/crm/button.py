"""The buttons of a lead's form: what the form knows of one, and who may claim a lead or work on it. Pure.

Pressing a button asks the same again.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Button:
    """Whether a button is shown, whether pressing it can succeed now, and if not, why."""

    visible: bool
    ready: bool
    reason: str | None

    @classmethod
    def shown(cls, blocker: str | None = None) -> Button:
        """A button that is there; with a blocker it is there to tell what is missing."""
        return cls(True, blocker is None, blocker)

    @classmethod
    def hidden(cls, reason: str) -> Button:
        """A button that is not there."""
        return cls(False, False, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(ABC):
    """How the caller stands to a lead; each side adds who besides its owner may take it or work on it."""

    stage: str
    is_closed: bool
    is_mine: bool
    is_unclaimed: bool

    @property
    @abstractmethod
    def may_take(self) -> bool:
        """Whether the caller may claim the lead while it is open and not the caller's own."""

    @property
    @abstractmethod
    def may_work(self) -> bool:
        """Whether the caller may work on the lead while it is open."""

    def claiming(self) -> Button:
        """Return the button that claims the lead."""
        if self.is_closed:
            return self._closed()
        if self.is_mine:
            return Button.hidden("The lead is yours.")
        return Button.shown() if self.may_take else Button.hidden("The lead is somebody else's.")

    def working(self) -> Button:
        """Return the button of whatever works on the lead."""
        if self.is_closed:
            return self._closed()
        if self.may_work:
            return Button.shown()
        return Button.hidden("Claim the lead first." if self.is_unclaimed else "The lead is somebody else's.")

    def _closed(self) -> Button:
        return Button.hidden(f"The lead is already {self.stage}.")


def told(lead_id: int, buttons: Mapping[str, Button]) -> dict[str, Any]:
    """Return a lead's buttons as `get_actions` answers them: {id, actions: {method: {visible, ready, reason}}}."""
    return {"id": lead_id, "actions": {name: dataclasses.asdict(button) for name, button in buttons.items()}}
