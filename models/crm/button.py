"""What a form knows of one of its buttons. Pressing it asks the same again."""

from __future__ import annotations

from dataclasses import dataclass


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
