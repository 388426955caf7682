"""When a failed job is tried again, and when it is given up until somebody looks at it.

Waits double from two seconds to four hours, a quarter more or less at random so that many jobs do not return as one. A
job is parked when it has failed both often enough (10 times) and long enough (72 hours after its first try). What the
other side refuses for its content is parked sooner, because it will not change its mind. Wrong credentials wait five
minutes at least: a tight loop would lock the account.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from models.sync.outcome import Outcome, Verdict

LONGEST_ASKED = timedelta(hours=24)  # of a Retry-After: the other side must not put us off for years


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how long. `rejections` is the number of tries for what the other side rejects for its content."""

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(hours=4)
    attempts: int = 10
    horizon: timedelta = timedelta(hours=72)
    rejections: int = 5
    refused: timedelta = timedelta(minutes=5)
    jitter: float = 0.25

    def gives_up(self, outcome: Outcome, attempts: int, age: timedelta) -> bool:
        """Say whether a job that failed so many times, first tried `age` ago, is parked."""
        if outcome.verdict is Verdict.REJECTED:
            return attempts >= self.rejections
        return attempts >= self.attempts and age >= self.horizon

    def wait(self, outcome: Outcome, attempts: int) -> timedelta:
        """Return how long to wait after the given number of tries."""
        bound: timedelta = min(self.longest, self.first * 2 ** min(attempts - 1, 30))
        wait = bound * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311  spreads load, hides nothing
        if outcome.verdict in (Verdict.REFUSED, Verdict.FORBIDDEN):
            wait = max(wait, self.refused)
        if outcome.retry_after is not None:
            wait = max(wait, min(timedelta(seconds=outcome.retry_after), LONGEST_ASKED))
        return wait
