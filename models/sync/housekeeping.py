"""Throwing away what nobody needs any more, a little at a time, so that no table only grows.

Areas add their own cleaners. A cleaner deletes at most `limit` rows and returns how many it found; it is called again
while there are more. Finished jobs are kept for 100 days: long enough to resend any of them while the other side
still knows its event.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from models.sync.handler import LocalHandler

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.sync.queue import Job

Cleaner = Callable[["Env", int], Awaitable[int]]

BATCH = 1000
SECONDS = 0.5


class Housekeeping(LocalHandler):
    """Runs the cleaners, as many as fit into half a second, and comes back for the rest."""

    kind: ClassVar[str] = "sync.housekeeping"

    def __init__(self, cleaners: Sequence[Cleaner], *, batch: int = BATCH) -> None:
        """Take the cleaners of all areas."""
        self.cleaners = tuple(cleaners)
        self.batch = batch
        self._next = 0

    async def run(self, env: Env, job: Job) -> bool:  # noqa: ARG002  every run does the same
        """Clean up one batch from each table until the time is over; say whether something may be left."""
        started = time.monotonic()
        more = False
        for _ in self.cleaners:
            cleaner = self.cleaners[self._next % len(self.cleaners)]
            self._next += 1
            more |= await cleaner(env, self.batch) >= self.batch
            if time.monotonic() - started > SECONDS:
                return True
        return more


async def clean_jobs(env: Env, limit: int) -> int:
    """Delete finished jobs: messages after 100 days, work of our own after one."""
    return len(await env.change(CLEAN_JOBS, limit))


CLEAN_JOBS = """
delete from sync_job where id in (
    select id from sync_job
    where state in ('done', 'skipped')
      and done_at < now() - case when remote = '' then interval '1 day' else interval '100 days' end
    order by done_at limit $1 for update skip locked)
returning id
"""
