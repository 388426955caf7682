"""Asking a brand's distributor for rows, and writing down how that went. Nothing is held while it answers."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from models.bpo.distributor.connection import BRAND, HOLD, note_failed
from models.bpo.distributor.rows import RowError
from models.sync.handler import Handler, RemoteAccount, RemoteCall, Remotes
from models.sync.outcome import Outcome, Verdict

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.sync.queue import Job, Result

Found = TypeVar("Found")

log = logging.getLogger(__name__)

NO_ROWS = "The distributor answered something else than rows."


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: at most `limit` rows of a model in the order of their ids."""

    model: str
    domain: Sequence[Any]
    fields: Sequence[str]
    limit: int

    def call(self, account: RemoteAccount) -> RemoteCall:
        """Return it as a call."""
        asked = {"domain": list(self.domain), "fields": list(self.fields), "limit": self.limit}
        return RemoteCall(account, self.model, "search_read", asked)


class DistributorJob(Handler):
    """One question to a distributor. Subclasses say what is asked and what is done with the rows."""

    @abstractmethod
    async def question(self, env: Env, job: Job) -> Question | None:
        """Return what to ask, None when there is nothing to ask."""

    @abstractmethod
    async def take(self, env: Env, job: Job, rows: list[Any]) -> None:
        """Take the rows over. The brand is held: no other answer of its distributor is taken meanwhile."""

    @abstractmethod
    def run_of(self, job: Job) -> str:
        """Return under which kind of run (`crm.distributor.sync`) failures are noted."""

    async def prepare(self, env: Env, job: Job) -> RemoteCall | None:
        """Read account and question; nothing is asked for a brand that was archived or disconnected meanwhile."""
        brands, brand_id = env[BRAND], job.args["brand"]
        if not await brands.is_reachable(env, brand_id):
            return None
        asked = await self.question(env, job)
        account = await brands.account_of(env, brand_id)
        return None if asked is None else asked.call(account)

    async def send(self, call: RemoteCall, job: Job, remotes: Remotes) -> Outcome:  # noqa: ARG002 the base's form
        """Ask."""
        asked = call.payload
        options = {"limit": asked["limit"], "order": "id"}
        client = remotes.client(call.account)
        rows = await client.execute(call.model, call.method, [asked["domain"], asked["fields"]], kwargs=options)
        if not isinstance(rows, list):
            return Outcome(Verdict.REJECTED, error=NO_ROWS)
        return Outcome.delivered(rows)

    async def settle(self, env: Env, job: Job, result: Result) -> None:
        """Take the answer over, or note why there is none."""
        await env.execute(HOLD, job.args["brand"])
        if result.outcome.verdict is Verdict.DELIVERED:
            await self.take(env, job, result.outcome.answer)
        elif not result.outcome.succeeded:
            await note_failed(env, job.args["brand"], self.run_of(job), result.outcome.error)


def read_rows(
    rows: Sequence[Any], read: Callable[[Mapping[str, Any]], Found], what: str
) -> tuple[list[Found], list[str]]:
    """Return what the rows mean, and for each that makes no sense a line with its id and the reason."""
    found, problems = [], []
    for row in rows:
        try:
            found.append(read(row if isinstance(row, Mapping) else {}))
        except RowError as error:
            number = row.get("id") if isinstance(row, Mapping) else None
            problems.append(f"{what} {str(number)[:20]}: {error}")
            log.warning("a row of a distributor was skipped: %s", problems[-1])
    return found, problems
