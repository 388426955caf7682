"""Counting wrong tries in this process alone, where those who try are signed in already."""

import time
from collections import deque
from collections.abc import Callable

from models.orm.errors import RateError

MOST_KEYS = 10_000


class Throttle:
    """At most `most` counted tries of one key in `seconds`."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._tries: dict[int, deque[float]] = {}

    def check(self, key: int) -> None:
        """Refuse a key that has used up its tries."""
        tries = self._tries.get(key)
        if tries is not None and len(tries) == self._most and tries[0] > self._clock() - self._seconds:
            raise RateError

    def count(self, key: int) -> None:
        """Count a wrong try."""
        if key not in self._tries and len(self._tries) >= MOST_KEYS:
            del self._tries[next(iter(self._tries))]
        self._tries.setdefault(key, deque(maxlen=self._most)).append(self._clock())
