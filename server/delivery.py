"""One job from its claim to its end.

1. prepare: the handler reads what to send, in a transaction of its own. The connection goes back to the pool.
2. Look whether the job is still ours: the process may have slept since the claim.
3. send: the call, cut after 15 seconds, with no connection, lock or transaction of the database held.
4. Note how the remote is doing, in a statement of its own, because many jobs share its row; and before the next step,
   because with the end of this job another one for the remote may begin.
5. settle: the handler writes the result to the record and the queue the job's state, in one transaction. When the job
   is another worker's by now, all of it is taken back.

What fails on the way is tried again later, at the latest when the lease has run out.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import asyncpg
import structlog

from models.orm.env import SYSTEM_USER_ID, Env, User
from models.orm.errors import AppError, BusyError
from models.orm.registry import Registry
from models.sync.handler import AnyHandler, Handler, LocalHandler, RemoteCall, Remotes
from models.sync.outcome import ANSWERS, TROUBLES, Outcome, Verdict, error_text, outcome_of
from models.sync.queue import Job, Queue, Result, State
from rpc_client import RpcError
from server.database.errors import CONNECTION_LOST, is_lost
from server.database.pool import Pool
from server.database_errors import RETRIED
from server.internal_error import reported
from server.log import request_id

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)

SEND_SECONDS = 15.0
TRANSACTIONS = 4  # at once, fewer in a small pool: claims and leases need connections too
ATTEMPTS = 5
MAY_PASS: tuple[type[Exception], ...] = (asyncpg.PostgresError, asyncpg.InterfaceError, *CONNECTION_LOST)
DATABASE_AWAY: tuple[type[Exception], ...] = (*CONNECTION_LOST, BusyError)


class LateError(Exception):
    """The job is another worker's by now: whatever this one found out does not count."""


LEFT_ALONE: tuple[type[Exception], ...] = (LateError, *DATABASE_AWAY)


class Leases:
    """Until when the claims of this process hold, by its monotonic clock: it goes on while the process sleeps."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[str, float] = {}

    def begin(self, claim: str, since: float) -> None:
        """A lease was given or prolonged by a statement sent at `since`."""
        self._until[claim] = since + self._seconds

    def end(self, claim: str) -> None:
        """The job is done or lost."""
        self._until.pop(claim, None)

    def check(self, claim: str) -> None:
        """Raise `LateError` unless the job is certainly ours."""
        if monotonic() >= self._until.get(claim, 0.0):
            raise LateError


class Delivery:
    """What the jobs of one worker have in common."""

    def __init__(
        self,
        pool: Pool,
        registry: Registry,
        queue: Queue,
        remotes: Remotes,
        leases: Leases,
        *,
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        self._leases = leases
        self._pool = pool
        self._registry = registry
        self._queue = queue
        self._remotes = remotes
        self._send_seconds = send_seconds
        self._transactions = asyncio.Semaphore(max(1, min(TRANSACTIONS, pool.size - 1)))

    async def deliver(self, job: Job, handler: AnyHandler) -> None:
        """Do a job. Nothing is raised but cancellation: whatever goes wrong is written down or left to the lease."""
        request_id.set(job.trace or job.event)
        started = monotonic()
        try:
            result = await (self._run(job, handler) if isinstance(handler, LocalHandler) else self._send(job, handler))
        except LateError:
            log.warning("job is another worker's by now", job=job.id, kind=job.kind)
        except DATABASE_AWAY as error:
            log.warning("job left to its lease", job=job.id, kind=job.kind, reason=type(error).__name__)
        except Exception as error:  # noqa: BLE001 one job must not end the worker
            reported(error, job=job.id, kind=job.kind)
        else:
            _log_result(job, result, monotonic() - started)

    async def probe(self, job: Job, handler: AnyHandler) -> bool:
        """Ask a failing remote whether it is there again, without sending the job that waits for it."""
        if not isinstance(handler, Handler):
            return False
        try:
            call = await self.transaction(job, lambda env: handler.prepare(env, job))
            if call is None:
                return False
            async with asyncio.timeout(self._send_seconds):
                await self._remotes.client(call.account).version()
        except Exception as error:  # noqa: BLE001 whatever it is: the remote does not do well yet
            log.info("remote still fails", remote=job.remote, reason=type(error).__name__)
            return False
        return True

    async def transaction(self, job: Job, work: Callable[[Env], Awaitable[Answer]]) -> Answer:
        """Run work in a transaction as the system, again when PostgreSQL gave up on it; then what it left for after."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with (
                    self._transactions,
                    self._pool.connection() as connection,
                    connection.transaction(isolation="read_committed"),
                ):
                    env = self._env(connection, job)
                    answer = await work(env)
            except MAY_PASS as error:
                if attempt == ATTEMPTS or not _passes(error):
                    raise
            else:
                for callback in env.after_commit:
                    callback()
                return answer
            await asyncio.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 spreads load, hides nothing
        raise AssertionError("the loop returns or raises")

    async def _run(self, job: Job, handler: LocalHandler) -> Result:
        """Work of our own: it and the job's end are one transaction."""

        async def work(env: Env) -> Result:
            more = await handler.run(env, job)
            state = State.READY if more else State.DONE
            return await self._finish(env, job, Result(Outcome.delivered(), state, uncounted=more))

        try:
            return await self.transaction(job, work)
        except LEFT_ALONE:
            raise
        except Exception as error:  # noqa: BLE001 written down as the job's failure
            return await self._write_failure(job, handler, error)

    async def _send(self, job: Job, handler: Handler) -> Result:
        prepared = await self._prepared(job, handler)
        if isinstance(prepared, RemoteCall):
            outcome = await self._sent(job, handler, prepared)
            await self._note_remote(job, outcome)
        else:
            outcome = prepared
        result = _result(job, handler, outcome)

        async def work(env: Env) -> Result:
            await handler.settle(env, job, result)
            return await self._finish(env, job, result)

        try:
            result = await self.transaction(job, work)
        except LEFT_ALONE:
            raise
        except Exception as error:  # noqa: BLE001 written down as the job's failure
            result = await self._write_failure(job, handler, error)
        return result

    async def _prepared(self, job: Job, handler: Handler) -> RemoteCall | Outcome:
        """The call to make, or how the try ended without one."""
        try:
            call = await self.transaction(job, lambda env: handler.prepare(env, job))
        except LEFT_ALONE:
            raise
        except Exception as error:
            if not isinstance(error, AppError):
                log.exception("job cannot be prepared", job=job.id, kind=job.kind)
            return outcome_of(error)
        return call if call is not None else Outcome.skipped()

    async def _sent(self, job: Job, handler: Handler, call: RemoteCall) -> Outcome:
        self._leases.check(job.claim)
        try:
            async with asyncio.timeout(self._send_seconds) as limit:
                return await handler.send(call, job, self._remotes)
        except Exception as error:  # every failure is an outcome
            if limit.expired():
                return Outcome(Verdict.SILENT, error=f"No answer within {self._send_seconds:g} seconds.")
            outcome = outcome_of(error, (call.account.secret,))
            if not isinstance(error, RpcError | AppError):
                log.warning("job failed", job=job.id, kind=job.kind, exc_info=_without_text(error))
            return outcome

    async def _finish(self, env: Env, job: Job, result: Result) -> Result:
        if not await self._queue.settle(env.connection, job, result):
            raise LateError
        return result

    async def _write_failure(self, job: Job, handler: AnyHandler, error: Exception) -> Result:
        """The result could not be written to the record: the job at least says so, and is done again."""
        if not isinstance(error, AppError):
            reported(error, job=job.id, kind=job.kind)
        result = _result(job, handler, Outcome(Verdict.FAILED, error=error_text(error)))
        return await self.transaction(job, lambda env: self._finish(env, job, result))

    async def _note_remote(self, job: Job, outcome: Outcome) -> None:
        async def note(env: Env) -> None:
            if outcome.verdict in TROUBLES:
                if await self._queue.unreached(env.connection, job, outcome):
                    log.error("remote fails", remote=job.remote, verdict=outcome.verdict.value, reason=outcome.error)
            elif outcome.verdict in ANSWERS and await self._queue.reached(env.connection, job):
                log.info("remote is well again", remote=job.remote)

        await self.transaction(job, note)

    def _env(self, connection: asyncpg.Connection, job: Job) -> Env:
        groups = frozenset(self._registry.groups)
        user = User(SYSTEM_USER_ID, "system", "System", groups, job.company_id, (job.company_id,))
        return Env(self._registry, connection, user, system=f"job {job.kind}")


def _result(job: Job, handler: AnyHandler, outcome: Outcome) -> Result:
    """What follows from how a try ended."""
    if outcome.succeeded:
        return Result(outcome, State.DONE)
    if handler.retry.gives_up(outcome, job.attempts, job.age):
        return Result(outcome, State.PARKED)
    return Result(outcome, State.READY, handler.retry.wait(outcome, job.attempts))


def _passes(error: Exception) -> bool:
    return getattr(error, "sqlstate", None) in RETRIED or is_lost(error)


def _without_text(error: Exception) -> Exception:
    """The exception for the log: where it was raised, but not its text, which may repeat what was sent."""
    return RuntimeError(type(error).__name__).with_traceback(error.__traceback__)


def _log_result(job: Job, result: Result, seconds: float) -> None:
    note = log.error if result.state is State.PARKED else log.info
    note(
        "job " + result.state.value,
        job=job.id,
        kind=job.kind,
        event_id=job.event,
        lane=job.lane,
        remote=job.remote,
        attempt=job.attempts,
        verdict=result.outcome.verdict.value,
        reason=result.outcome.error,
        ms=round(seconds * 1000),
    )
