"""Moves between states, and rules on values that hold after every write.

A transition locks its records in id order, reads their state anew under the lock, and refuses all or moves all. So two
callers that press the same button meet one after the other, and the second finds the state already changed: one
effect, one clear error. Locks are taken in id order everywhere, which keeps calls on several records from waiting for
each other in a circle.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from models.orm.declare import Constraint
from models.orm.errors import TransitionError

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.model import Model

F = TypeVar("F", bound=Callable[..., Any])


def constrains(*fields: str) -> Callable[[F], F]:
    """Declare a method of the record as a check over the named fields.

    It raises `ValidationError` to refuse the write.
    """

    def mark(function: F) -> F:
        function.__constrains__ = Constraint(fields, function)  # type: ignore[attr-defined]
        return function

    return mark


def transition(field: str, moves: Mapping[str, str], *, also: Sequence[str] = ()) -> Callable[[F], Callable[..., Any]]:
    """Turn `method(cls, env, records, ...)` into `method(cls, env, ids, ...)` that moves `field` as `moves` say.

    The body runs between the lock and the move with snapshots holding `field` and `also`; what it raises refuses the
    whole call. The value it returns is the call's. Raises `TransitionError` naming the state when a record is in none
    of the starting states.
    """

    def wrap(body: F) -> Callable[..., Any]:
        @functools.wraps(body)
        async def move(cls: type[Model], env: Env, ids: Any, *args: Any, **kwargs: Any) -> Any:
            records = await cls.lock(env, ids, [field, *also])
            for record in records:
                check_state(record, field, moves)
            answer = await body(cls, env, records, *args, **kwargs)
            for target in dict.fromkeys(moves[record[field]] for record in records):
                moved = [record.id for record in records if moves[record[field]] == target]
                await cls.update(env, moved, {field: target})
            return answer

        del move.__wrapped__
        move.__signature__ = _with_ids(body)  # type: ignore[attr-defined]
        return move

    return wrap


def check_state(record: Any, field: str, moves: Mapping[str, str]) -> None:
    """Refuse a record that is in none of the starting states."""
    state = record[field]
    if state not in moves:
        meta = record.meta
        raise TransitionError(
            f"{meta.label} {record.id}: not possible in state {state}.", model=meta.name, ids=[record.id], state=state
        )


def _with_ids(body: Callable[..., Any]) -> Any:
    """Return the body's signature with its records parameter called ids, as callers see it."""
    signature = inspect.signature(body)
    parameters = list(signature.parameters.values())
    parameters[2] = parameters[2].replace(name="ids", annotation=Any)
    return signature.replace(parameters=parameters)
