"""The outbox of a deployment, put together from the areas it loads.

An area's package may expose `HANDLERS`, instances for the kinds of jobs it adds, and `CLEANERS` for tables that would
only grow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from models.sync.handler import Outbox
from models.sync.housekeeping import Housekeeping

if TYPE_CHECKING:
    from types import ModuleType


def outbox_of(areas: Iterable[ModuleType], *, trace: Callable[[], str] = lambda: "") -> Outbox:
    """Return the outbox service to provide to the registry; `trace` gives the id of the request being served."""
    loaded = list(areas)
    handlers = [handler for area in loaded for handler in getattr(area, "HANDLERS", ())]
    cleaners = [cleaner for area in loaded for cleaner in getattr(area, "CLEANERS", ())]
    return Outbox([*handlers, Housekeeping(cleaners)], trace=trace)
