"""What a server process remembers of its callers, and how a committed change makes it forget.

A process believes what it read about a session, key or password for a moment. That moment is for changes made
elsewhere: what this very process commits must hold for the next call, be it the next member of the same batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

if TYPE_CHECKING:
    from models.orm import Env

Forget = Callable[[], None]


class CallerMemory:
    """Those in this process who remember callers; a service of the registry. Whoever is gone is told nothing."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._remembering: list[WeakMethod[Any]] = []

    def add(self, forget: Forget) -> None:
        """Call this bound method whenever something about callers was changed."""
        self._remembering.append(WeakMethod(forget))

    def forget(self) -> None:
        """Have all of them forget what they remember."""
        self._remembering = [one for one in self._remembering if one() is not None]
        for one in self._remembering:
            if (found := one()) is not None:
                found()


def forget_after_commit(env: Env) -> None:
    """Make this process forget its callers once the call is committed."""
    memory = env.registry.service(CallerMemory)
    if memory is not None and memory.forget not in env.after_commit:
        env.after_commit.append(memory.forget)
