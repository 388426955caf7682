"""A cache whose answers are never older than a moment: what another process revokes ends here within that moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Entry(Generic[V]):
    """An answer and the moment until which it may be given."""

    value: V
    until: float


class FreshCache(Generic[K, V]):
    """At most `size` answers, each good for `seconds` from the moment its question was asked.

    Callers that ask the same at once share one question. An answer of None is not kept.
    """

    def __init__(self, seconds: float, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._size = size
        self._clock = clock
        self._entries: dict[K, Entry[V]] = {}
        self._asking: dict[K, asyncio.Task[V | None]] = {}

    def __len__(self) -> int:
        """How many answers are kept."""
        return len(self._entries)

    async def get(self, key: K, ask: Callable[[], Awaitable[V | None]]) -> V | None:
        """Return the answer, asking unless a fresh one is known. What `ask` raises reaches all who wait for it."""
        entry = self._entries.get(key)
        if entry is not None and self._clock() < entry.until:
            return entry.value
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(_answer(ask))
            self._asking[key] = task
            task.add_done_callback(partial(self._keep, key, self._clock() + self._seconds))
        return await asyncio.shield(task)  # one caller that goes away takes the answer from nobody else

    def forget(self, key: K) -> None:
        """Forget an answer at once, and the one to a question that is still open."""
        self._entries.pop(key, None)
        self._asking.pop(key, None)

    def forget_all(self) -> None:
        """Forget every answer, and those to questions that are still open."""
        self._entries.clear()
        self._asking.clear()

    def _keep(self, key: K, until: float, task: asyncio.Task[V | None]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if self._asking.get(key) is not task:
            return
        del self._asking[key]
        self._entries.pop(key, None)
        value = None if failed else task.result()
        if value is not None:
            if len(self._entries) >= self._size:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = Entry(value, until)


async def _answer(ask: Callable[[], Awaitable[V | None]]) -> V | None:
    return await ask()
