"""Several calls that a Tandem server carries out together, all or nothing.

    async with erp.transaction() as together:                   # `with` on the sync connection
        order = together.get_model("sale.order").create({"partner_id": 7})
        together.get_model("sale.order").action_confirm([order])
    print(order.value)

Inside the block nothing is sent: a call gives the `Result` it will have, which stands for it in arguments of later
calls; `result["id"]` and `result[0]` for parts of it. The end of the block sends all of them, an exception in the block
none. When one is refused, nothing was done, and `error.data["call"]` is its place, from 0.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rpc_client.errors import BadAnswer, UsageError

Described = dict[str, Any]
Send = Callable[[Sequence[Described]], Awaitable[Any]]


class Result:
    """What a call will have answered, or a part of it. `value` is there once the block has ended."""

    def __init__(self, transaction: "Recorder", path: tuple[int | str, ...]) -> None:
        self._transaction = transaction
        self._path = path

    def __getitem__(self, step: int | str) -> "Result":
        """The part of it under a key or at a place, from 0."""
        return Result(self._transaction, (*self._path, step))

    def __iter__(self) -> Any:
        raise UsageError("How much a call answers is known only when its transaction is over.")

    @property
    def value(self) -> Any:
        """The answer. UsageError before the end of the block."""
        found: Any = self._transaction.answers
        for step in self._path:
            found = found[step]
        return found

    def reference(self, transaction: "Recorder") -> dict[str, Any]:
        """How it is written in arguments of the same transaction."""
        if transaction is not self._transaction:
            raise UsageError("This is the result of another transaction.")
        return {"$result": list(self._path)}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {list(self._path)}>"


class Recorder:
    """Gathers calls. `get_model` is that of the client, with methods that answer a `Result` at once."""

    def __init__(self) -> None:
        self._calls: list[Described] = []
        self._answers: list[Any] | None = None

    @property
    def calls(self) -> Sequence[Described]:
        """The calls so far, as they go over the wire."""
        return self._calls

    @property
    def answers(self) -> list[Any]:
        """What the calls answered. UsageError before the end of the block."""
        if self._answers is None:
            raise UsageError("The transaction is not over, or was not carried out.")
        return self._answers

    def get_model(self, name: str) -> "RecordedModel":
        """The model of that name."""
        return RecordedModel(self, name)

    def execute(
        self,
        model: str,
        method: str,
        args: Sequence[Any] = (),
        context: Mapping[str, Any] | None = None,
        *,
        kwargs: Mapping[str, Any] | None = None,
    ) -> Result:
        """Add a call of a model's method."""
        if self._answers is not None:
            raise UsageError("The transaction is over.")
        parts = {"args": list(args), "kwargs": dict(kwargs or {}), "context": dict(context or {})}
        given = {name: self._written(part) for name, part in parts.items() if part}
        self._calls.append({"model": model, "method": method, **given})
        return Result(self, (len(self._calls) - 1,))

    def settle(self, answers: Any) -> None:
        """Take what all calls answered."""
        if not isinstance(answers, list) or len(answers) != len(self._calls):
            raise BadAnswer("The transaction was not answered call by call.")
        self._answers = answers

    def _written(self, value: Any) -> Any:
        if isinstance(value, Result):
            return value.reference(self)
        if isinstance(value, Mapping):
            return {name: self._written(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._written(item) for item in value]
        return value


class RecordedModel:
    """A model within a transaction: every attribute is one of its methods."""

    def __init__(self, transaction: Recorder, name: str) -> None:
        self._transaction = transaction
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Result]:
        if method.startswith(("__", "_repr_", "_ipython_")):
            raise AttributeError(method)

        def call(*args: Any, context: Mapping[str, Any] | None = None, **kwargs: Any) -> Result:
            return self._transaction.execute(self._name, method, args, context, kwargs=kwargs)

        call.__qualname__ = call.__name__ = method
        return call

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name}>"


class AsyncTransaction(Recorder):
    """A transaction of the async client."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.settle(await self._send(self.calls) if self.calls else [])


class Transaction(Recorder):
    """A transaction of the sync connection."""

    def __init__(self, send: Callable[[Sequence[Described]], Any]) -> None:
        super().__init__()
        self._send = send

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.settle(self._send(self.calls) if self.calls else [])
