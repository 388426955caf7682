"""How a kind of job is done: what the areas write, and what the worker calls.

A job that goes to another server takes three steps, so that nothing of the database is held while the other side
makes up its mind:

    prepare   in a short transaction: read the record, return the call to make (None: nothing to send any more)
    send      outside of any transaction: make the call
    settle    in a short transaction: write the result to the record; it counts only if the job is still this worker's

`settle` runs after each try, also one that failed and will be repeated, so that the record always tells how its
message is doing. It should change the record's row before all else: everybody locks the record first and its job
second. Whatever it writes is taken back when the job turns out to be another worker's by now.

    class Callback(Handler):
        kind = "dealer.callback"

        async def prepare(self, env, job):
            lead = ...
            return RemoteCall(account, "crm.lead", "update_from_dealer_callback", payload)

        async def settle(self, env, job, result):
            await env["dealer.crm.lead"].update(env, [job.record_id], {"callback_state": ...})

Sending is at least once: the receiver must know a repeat by the event, which the payload carries.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from models.sync.outcome import Outcome
from models.sync.queue import Job, Result, State
from models.sync.retry import Retry

if TYPE_CHECKING:
    from models.orm.env import Env
    from rpc_client import AsyncClient


@dataclass(frozen=True, slots=True)
class RemoteAccount:
    """Where the other side is and who we are there. `protocol` is one of rpc_client's, "auto" finds out."""

    url: str
    database: str | None = None
    login: str | None = None
    secret: str | None = field(default=None, repr=False)
    is_api_key: bool = False
    protocol: str = "auto"


@dataclass(frozen=True, slots=True)
class RemoteCall:
    """One call to make at the other side: a model's method with one payload."""

    account: RemoteAccount
    model: str
    method: str
    payload: Mapping[str, Any] = field(repr=False)


class Remotes(Protocol):
    """Gives clients for other sides, under the operator's policy on addresses."""

    def client(self, account: RemoteAccount) -> AsyncClient:
        """A client that is shared and stays open. Raises `RemoteUrlError` for a URL that no remote can have."""
        ...


class Handler(ABC):
    """One kind of message to another server."""

    kind: ClassVar[str]
    retry: ClassVar[Retry] = Retry()

    @abstractmethod
    async def prepare(self, env: Env, job: Job) -> RemoteCall | None:
        """Read what to send. None when there is nothing to send any more: the job is then done without a call.

        What it raises counts as a failed try, with the text of an AppError.
        """

    async def send(self, call: RemoteCall, job: Job, remotes: Remotes) -> Outcome:
        """Make the call. What `rpc_client` raises is understood by the worker.

        A repeat of ours gets the answer that the first try got. What somebody had sent again is looked at anew: it
        may have been undone at the other side since.
        """
        client = remotes.client(call.account)
        key = f"{job.event}:{job.resends}" if job.resends else job.event
        answer = await client.execute(call.model, call.method, [call.payload], idempotency_key=key)
        return Outcome.delivered(answer)

    @abstractmethod
    async def settle(self, env: Env, job: Job, result: Result) -> None:
        """Write what became of the job to the record that it is about."""

    async def moved_by_hand(self, env: Env, job: Job, state: State) -> None:  # noqa: B027  may be left out
        """Write to the record that an operator resent (`State.READY`) or skipped the job."""


class LocalHandler(ABC):
    """One kind of work of our own, done in one short transaction together with the job's end."""

    kind: ClassVar[str]
    retry: ClassVar[Retry] = Retry()

    @abstractmethod
    async def run(self, env: Env, job: Job) -> bool:
        """Do the work, or a part of it that takes less than a second; return whether more is left."""


AnyHandler = Handler | LocalHandler


class Outbox:
    """What the models of a deployment need of the worker beside them: the handlers by kind, and a way to wake it.

    Provided to the registry; in a process without a worker `wake` does nothing, and another process finds the job
    within a second.
    """

    def __init__(self, handlers: Iterable[AnyHandler], *, trace: Callable[[], str] = lambda: "") -> None:
        """Take the handlers, one for each kind (else ValueError); `trace` gives the id of the request being served."""
        given = list(handlers)
        self.handlers = {handler.kind: handler for handler in given}
        if len(self.handlers) < len(given):
            raise ValueError("two handlers for one kind of job")
        self.trace = trace
        self.wake: Callable[[], None] = lambda: None
