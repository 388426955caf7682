"""Several calls as one: in their order, in one transaction, all or nothing.

Every call is resolved, authorised and bound before the first one runs, so that a mistake in the last costs nothing. A
later call may use what an earlier one answered (`server.references`). Who calls is looked at once, for all of them.
They share one instant, one connection and one fate: the first refusal takes everything back and says in `data.call`
which call it was, a transaction that PostgreSQL gave up on runs again from the first call, and what the calls leave to
be done after the commit is done once. One log line and one metric tell of them all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from models.orm.answer import weight
from models.orm.env import Context, Env, User
from models.orm.errors import InputError, LimitError
from models.orm.limits import LIMITS
from server import references
from server.execute import Bound, Call, Executor, Run, Work, once
from server.json_text import encode

LABEL = "transaction"
MEMBERS = frozenset({"model", "method", "args", "kwargs", "context"})


async def execute_all(executor: Executor, calls: Sequence[Call], user: User, key: str = "") -> list[Any]:
    """The answers of all calls, or the refusal of one. Raises as `Executor.execute` does."""
    run = Run(user, key=key)
    answers: list[Any] = await executor.perform(run, lambda: _work(executor, run, calls))
    return answers


def calls_of(given: Any, context: Any) -> list[Call]:
    """The calls that a caller describes as objects. Raises `InputError`, `LimitError`."""
    if type(given) is not list or not given:
        raise InputError("calls must be a list of at least one call.", argument="calls")
    if len(given) > LIMITS.batch_calls:
        raise LimitError("batch_calls", LIMITS.batch_calls)
    if type(context) not in (dict, type(None)):
        raise InputError("context must be an object.", argument="context")
    return [_call(one, context or {}, place) for place, one in enumerate(given)]


def _call(given: Any, context: Mapping[str, Any], place: int) -> Call:
    if type(given) is not dict or not given.keys() <= MEMBERS:
        raise InputError(f"A call is an object of {', '.join(sorted(MEMBERS))}.", argument="calls", call=place)
    model, method, own = given.get("model"), given.get("method"), given.get("context")
    args, kwargs = given.get("args"), given.get("kwargs")
    if type(model) is not str or type(method) is not str:
        raise InputError("model and method must be text.", argument="calls", call=place)
    if type(args) not in (list, type(None)) or any(type(one) not in (dict, type(None)) for one in (kwargs, own)):
        raise InputError("args is a list, kwargs and context are objects.", argument="calls", call=place)
    if references.KEY in (kwargs or {}):
        raise InputError(references.FORM, argument=references.KEY, call=place)
    return Call(model, method, args or (), kwargs or {}, {**context, **(own or {})})


def _work(executor: Executor, run: Run, calls: Sequence[Call]) -> Work:
    bound = [_bound(executor, run, call, place) for place, call in enumerate(calls)]
    run.model = run.method = LABEL
    run.place = None
    readonly = all(one.readonly for one in bound)

    async def work(env: Env) -> list[Any]:
        return await _run_all(env, run, bound)

    done = once(work, run.key, _fingerprint(calls)) if run.key and not readonly else work
    return Work(done, Context(), transacts=True, readonly=readonly)


def _bound(executor: Executor, run: Run, call: Call, place: int) -> Bound:
    run.place = place
    references.check([call.args, call.kwargs], place)
    return executor.bind(run, call)


async def _run_all(env: Env, run: Run, calls: Sequence[Bound]) -> list[Any]:
    answers: list[Any] = []
    results = references.Results()
    room = LIMITS.reply_bytes
    for place, call in enumerate(calls):
        run.place = place
        surroundings = replace(env, context=call.context, _companies=None)
        answer = await call.function(surroundings, **results.fill(call.arguments))
        room -= weight(answer, room)
        if room < 0:
            raise LimitError("reply_bytes", LIMITS.reply_bytes)
        answers.append(answer)
        results.add(answer)
    run.place = None
    return answers


def _fingerprint(calls: Sequence[Call]) -> str:
    return sha256(encode([call.fingerprint for call in calls])).hexdigest()
