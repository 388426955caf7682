"""The pipeline rule of both lead models: open stages are walked forward, one step at a time.

Pure: stages in, a refusal out. Who closes a lead, and what that takes, is said elsewhere (`dealer/closing.py`,
`bpo/closing.py`); here the closing and hand-off stages are only known as places that a plain move does not reach.
Seed 001, statements H1 to H11.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.orm.errors import TransitionError

RULE = "Leads can only move forward one stage at a time."
CLOSE = "Use Mark Won or Mark Lost to close the lead."


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage as the rule sees it. Open stages are those without any flag; they are walked by (sequence, id)."""

    id: int
    name: str
    sequence: int = 0
    is_won: bool = False
    is_lost: bool = False
    is_endorse: bool = False
    probability: Decimal = Decimal(0)

    @property
    def is_closed(self) -> bool:
        """Whether a lead here is won or lost."""
        return self.is_won or self.is_lost

    @property
    def is_open(self) -> bool:
        """Whether a lead here is still worked on by its agent."""
        return not (self.is_closed or self.is_endorse)


def open_stages(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Return the stages that are walked, in their order."""
    return tuple(sorted((stage for stage in stages if stage.is_open), key=lambda stage: (stage.sequence, stage.id)))


def next_stage(stages: Iterable[Stage], current: Stage) -> Stage | None:
    """Return the only stage that a plain move may reach, None at the end of the walk."""
    place = (current.sequence, current.id)
    return next((stage for stage in open_stages(stages) if (stage.sequence, stage.id) > place), None)


def check_move(stages: Sequence[Stage], current: Stage, target: Stage, *, lead: str = "") -> None:
    """Refuse a plain move that the rule does not allow: `TransitionError` says what would be. Staying is allowed."""
    if current.id == target.id:
        return
    refusal = _closed(current, lead) or _not_walked(target) or _not_next(stages, current, target)
    if refusal:
        raise TransitionError(refusal, field="stage_id", state=current.name)


def check_start(stages: Sequence[Stage], target: Stage) -> None:
    """Refuse a new lead anywhere but at the start of the walk."""
    first = open_stages(stages)[0]
    if target.id != first.id:
        raise TransitionError(
            f"{RULE} A new lead starts in {first.name}, not in {target.name}.", field="stage_id", state=first.name
        )


def _closed(current: Stage, lead: str) -> str:
    if current.is_open:
        return ""
    where = f"{lead} is in {current.name}" if lead else f"The lead is in {current.name}"
    return f"{where}: it does not move any more."


def _not_walked(target: Stage) -> str:
    if target.is_open:
        return ""
    button = "Mark Won" if target.is_won else "Mark Lost" if target.is_lost else "Endorse"
    return f"{target.name} is not reached by moving the lead. Use {button}."


def _not_next(stages: Sequence[Stage], current: Stage, target: Stage) -> str:
    allowed = next_stage(stages, current)
    if allowed is not None and allowed.id == target.id:
        return ""
    skipped = _skipped(stages, current, target)
    why = f" Skipping {', '.join(skipped)}. Go one step at a time." if skipped else ""
    only = f"the only next stage is {allowed.name}" if allowed else "there is no next stage"
    return f"{RULE}{why} From {current.name} {only}. {CLOSE}"


def _skipped(stages: Sequence[Stage], current: Stage, target: Stage) -> list[str]:
    """Return the names of the open stages that the move would jump over; none for a move back."""
    return [
        stage.name
        for stage in open_stages(stages)
        if (current.sequence, current.id) < (stage.sequence, stage.id) < (target.sequence, target.id)
    ]
