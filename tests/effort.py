"""What a computation costs the processor, for tests of input that is meant to be dear."""

import time
from collections.abc import Callable

TRIES = 5


def least_seconds(act: Callable[[], object]) -> float:
    """The seconds of processor time of the cheapest of some tries.

    Another process, or a collection of all that a test run holds, may fall into one of them, hardly into each.
    """
    return min(_seconds(act) for _ in range(TRIES))


def _seconds(act: Callable[[], object]) -> float:
    begun = time.process_time()
    act()
    return time.process_time() - begun
