"""What `tandem doctor` asks each area: is the other side there, and does it know what it should.

An area's package may expose `CHECKS`: async functions of the surroundings and the clients of other sides, each giving
its findings. They run as the system, outside of any transaction, so that waiting for another server holds nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.sync.handler import Remotes

if TYPE_CHECKING:
    from types import ModuleType

    from models.orm.env import Env


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is as it should be, and what there is to say."""

    is_well: bool
    text: str


Look = Callable[["Env", Remotes], Awaitable[Sequence[Finding]]]


def checks_of(areas: Iterable[ModuleType]) -> list[Look]:
    """Return the checks of all areas, low areas first."""
    return [check for area in areas for check in getattr(area, "CHECKS", ())]
