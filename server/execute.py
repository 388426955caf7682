"""What happens to one call, in order.

1. Resolve: the registry gives the model and the method by any of their names. Only what is declared for RPC exists.
   A model on which the caller has no right does not exist either, unless the method itself says who may call it.
2. Authorise: a method that names groups is for these alone. Everything about records is decided deeper down, in every
   statement.
3. Bind: arguments get their parameters' names; too many, unknown, doubled or missing ones are refused.
4. Transact: one connection of the pool. A method declared read-only runs without BEGIN, every other one in one READ
   COMMITTED transaction. Nothing outside the transaction happens inside it. Several calls in one transaction
   (`server.transaction`) pass the same steps as one; where all of them are declared read-only, so is its BEGIN. A
   single read has no BEGIN that could say so, and a statement of its own would cost it a round trip: there `Env`
   refuses what writes or locks.
5. Retry: when PostgreSQL gave up on the transaction (serialisation, deadlock, lock timeout, stale plan, lost
   connection), the whole call runs again with a fresh Env and its arguments as they came, at most
   `LIMITS.call_attempts` times, after a jittered pause. An error of the call itself is never retried, nor is a commit
   whose answer was lost: that one may have happened. A call with an idempotency key finds out and answers.
6. Commit, then run what the call left in `env.after_commit`. A refused call is rolled back; what it left in
   `env.after_refusal`, such as a line that tells of the refusal, is written in a transaction of its own.
7. Count and log: one line and one metric. A refusal leaves as the `AppError` it is, anything unexpected as an
   `InternalError`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from time import perf_counter
from typing import Any

import asyncpg

from models.base import idempotency
from models.orm.dialect import NATIVE, Dialect
from models.orm.env import Context, Env, UndeclaredWriteError, User
from models.orm.errors import AccessError, AppError, UnknownMethodError, UnknownModelError
from models.orm.kind import Kind
from models.orm.limits import LIMITS
from models.orm.methods import Method
from models.orm.registry import Registry
from models.orm.spelling import did_you_mean
from server.database.connection import Connection
from server.database.errors import CONNECTION_LOST, is_lost
from server.database.pool import Pool
from server.database_errors import RETRIED, DatabaseErrors, OutcomeUnknownError
from server.internal_error import InternalError, reported
from server.json_text import encode
from server.log import log_call
from server.metrics import Metrics

FIRST_PAUSE = 0.01
LONGEST_PAUSE = 0.5
MAY_PASS: tuple[type[Exception], ...] = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,  # may hide a lost connection
    OutcomeUnknownError,
    *CONNECTION_LOST,
)


@dataclass(slots=True)
class Call:
    """What a dialect made of a request: names as the caller wrote them, arguments and context as JSON values.

    `key` is the caller's idempotency key: a write with it may be sent again without being done again.
    """

    model: str
    method: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    context: Any = None
    dialect: Dialect = NATIVE
    key: str = ""

    @property
    def fingerprint(self) -> str:
        """A hash of what is asked."""
        return sha256(encode([self.model, self.method, self.args, self.kwargs, self.context])).hexdigest()


@dataclass(slots=True)
class Run:
    """One call on its way: what it resolved to, and what it has cost so far.

    `place` is the member of a transaction that runs, `elevations` are the reasons for which it took more rights.
    """

    user: User
    dialect: Dialect = NATIVE
    key: str = ""
    model: str = "unknown"
    method: str = "unknown"
    place: int | None = None
    attempts: int = 0
    counter: list[int] = field(default_factory=lambda: [0])
    elevations: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bound:
    """A call whose names are resolved: the function of its model, and its arguments by the parameters' names."""

    function: Callable[..., Awaitable[Any]]
    arguments: Mapping[str, Any]
    context: Context
    readonly: bool
    name: str


@dataclass(frozen=True, slots=True)
class Work:
    """What one attempt does with a fresh Env, in a transaction or not, and whether it may change anything."""

    function: Callable[[Env], Awaitable[Any]]
    context: Context
    transacts: bool
    readonly: bool


class Executor:
    """Runs calls on one registry and one pool."""

    def __init__(self, registry: Registry, pool: Pool, metrics: Metrics) -> None:
        self.registry = registry
        self.pool = pool
        self._metrics = metrics
        self._errors = DatabaseErrors(registry)

    async def execute(self, call: Call, user: User) -> Any:
        """The answer of a call. Raises `AppError` when it is refused, `InternalError` when something is wrong here."""
        run = Run(user, call.dialect, call.key)
        return await self.perform(run, lambda: self._single(run, call))

    async def perform(self, run: Run, prepare: Callable[[], Work]) -> Any:
        """The answer of prepared work: done as often as it takes, counted and logged once."""
        started = perf_counter()
        outcome = "ok"
        try:
            return await self._repeat(run, prepare())
        except AppError as error:
            outcome = _placed(error, run).key
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        except Exception as error:
            refusal = self._errors.translate(error, self.registry.profile(run.user.groups))
            outcome = refusal.key if refusal else "internal"
            raise (_placed(refusal, run) if refusal else self._internal(error, run)) from error
        finally:
            self._record(run, outcome, perf_counter() - started)

    def bind(self, run: Run, call: Call) -> Bound:
        """Resolve a call's names, ask whether its user may call that, name its arguments."""
        model, method = self._resolve(run, call)
        arguments = method.bind(call.args, call.kwargs, call.dialect.vocabulary)
        function = getattr(model, method.attribute)
        return Bound(function, arguments, Context.of(call.context), method.exposure.readonly, run.method)

    def _single(self, run: Run, call: Call) -> Work:
        bound = self.bind(run, call)
        function, arguments = bound.function, bound.arguments
        if bound.readonly:
            return Work(lambda env: function(env, **arguments), bound.context, transacts=False, readonly=True)

        def work(env: Env) -> Awaitable[Any]:
            return function(env, **copied(arguments))

        done = once(work, call.key, call.fingerprint) if call.key else work
        return Work(done, bound.context, transacts=True, readonly=False)

    async def _repeat(self, run: Run, work: Work) -> Any:
        while True:
            run.attempts += 1
            try:
                return await self._attempt(run, work)
            except MAY_PASS as error:
                if work.readonly and isinstance(error, asyncpg.ReadOnlySQLTransactionError):
                    raise UndeclaredWriteError from error
                if run.attempts >= LIMITS.call_attempts or not _passes(error, run):
                    raise
                self._metrics.retry(getattr(error, "sqlstate", None) or "lost")
            await asyncio.sleep(random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 4**run.attempts)))  # noqa: S311

    def _resolve(self, run: Run, call: Call) -> tuple[type[Kind], Method]:
        groups = run.user.groups
        model = self.registry.names.get(call.model)
        if model is None:
            raise _unknown_model(call)
        method = model.meta.methods.get(call.method)
        callers = method.exposure.groups if method else ()
        allowed = not callers or not groups.isdisjoint(callers)
        if not (callers and allowed) and not self.registry.profile(groups).operations(model.meta):
            raise _unknown_model(call)
        run.model = model.meta.name
        if method is None:
            raise _unknown_method(model, call, groups)
        run.method = method.name
        if not allowed:
            raise AccessError(f"You are not allowed to call {method.name} on {call.model}.", model=call.model)
        return model, method

    async def _attempt(self, run: Run, work: Work) -> Any:
        connection = await self.pool.acquire()
        env = Env(
            self.registry,
            connection,
            run.user,
            work.context,
            run.dialect,
            counter=run.counter,
            elevations=run.elevations,
            readonly=work.readonly,
        )
        failure: BaseException | None = None
        try:
            answer = await (_transaction(connection, work, env) if work.transacts else work.function(env))
        except asyncpg.InterfaceError as error:
            failure = error
            if connection.is_closed():  # it broke between two statements: whatever was asked next was not sent
                raise asyncpg.ConnectionDoesNotExistError from error
            raise
        except BaseException as error:
            failure = error
            raise
        finally:
            # A refusal by a model leaves the connection clean; after anything else the pool looks at it first.
            self.pool.release(connection, None if isinstance(failure, AppError) else failure)
        for callback in env.after_commit:
            _run_after_commit(callback)
        return answer

    def _internal(self, error: Exception, run: Run) -> InternalError:
        return reported(error, model=run.model, method=run.method, user=run.user.id)

    def _record(self, run: Run, outcome: str, seconds: float) -> None:
        statements = run.counter[0]
        more: dict[str, Any] = {"as_system": run.elevations} if run.elevations else {}
        if run.place is not None:
            more["call"] = run.place
        self._metrics.call(run.model, run.method, outcome, seconds, statements)
        log_call(
            model=run.model,
            method=run.method,
            user=run.user.id,
            dialect=run.dialect.name,
            outcome=outcome,
            ms=round(seconds * 1000, 2),
            statements=statements,
            attempts=run.attempts,
            **more,
        )


async def _transaction(connection: Connection, work: Work, env: Env) -> Any:
    transaction = connection.transaction(isolation="read_committed", readonly=work.readonly)
    try:
        await transaction.start()
    except BaseException:
        connection.terminate()  # it believes to be in a transaction, whatever came of BEGIN
        raise
    try:
        answer = await work.function(env)
    except BaseException as error:
        if not connection.is_closed():
            await transaction.rollback()
            if isinstance(error, AppError) and env.after_refusal:
                await _leave_traces(connection, env)
        raise
    try:
        await transaction.commit()
    except CONNECTION_LOST as error:
        raise OutcomeUnknownError from error
    return answer


async def _leave_traces(connection: Connection, env: Env) -> None:
    try:
        async with connection.transaction():
            for trace in env.after_refusal:
                await trace()
    except Exception as error:  # noqa: BLE001 the caller must hear of the refusal, whatever becomes of its traces
        reported(error, after_refusal=True)


def once(function: Callable[[Env], Awaitable[Any]], key: str, fingerprint: str) -> Callable[[Env], Awaitable[Any]]:
    """The work under a caller's key: the answer it gave before, or the work and its answer kept."""

    async def answer_once(env: Env) -> Any:
        kept = await idempotency.claim(env, key, fingerprint)
        if kept is not None:
            return kept
        answer = await function(env)
        await idempotency.keep(env, key, encode(answer).decode())
        return answer

    return answer_once


def _placed(error: AppError, run: Run) -> AppError:
    """The refusal, with the member of the transaction that was refused."""
    if run.place is not None:
        error.data["call"] = run.place
    return error


def _passes(error: Exception, run: Run) -> bool:
    if isinstance(error, OutcomeUnknownError):  # with a key the next try finds out
        return bool(run.key)
    return getattr(error, "sqlstate", None) in RETRIED or is_lost(error)


def _run_after_commit(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception as error:  # noqa: BLE001 the call is committed: its caller must hear so
        reported(error, after_commit=True)


def copied(value: Any) -> Any:
    """The same JSON value in containers of its own: what a method does to its arguments must not reach its next try."""
    if type(value) is dict:
        return {name: copied(item) for name, item in value.items()}
    if type(value) is list or type(value) is tuple:
        return [copied(item) for item in value]
    return value


def _unknown_method(model: type[Kind], call: Call, groups: frozenset[str]) -> UnknownMethodError:
    limits = ((name, method.exposure.groups) for name, method in model.meta.methods.items())
    near = did_you_mean(call.method[:64], (name for name, only in limits if not only or not groups.isdisjoint(only)))
    return UnknownMethodError(f"There is no method {call.method[:64]} on {call.model}.{near}", model=call.model)


def _unknown_model(call: Call) -> UnknownModelError:
    return UnknownModelError(f"There is no model {call.model[:64]}.", model=call.model[:64])
