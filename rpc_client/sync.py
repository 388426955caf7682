"""The sync client for scripts: the async one on a thread of its own, and lazy records.

    from rpc_client import connect

    get_model = connect("http://127.0.0.1:8071", database="dealer", login="admin", password="...").get_model
    opportunity_id = get_model("sale.opportunity").create({"name": "Cloud Migration", "contact_id": 7})

Wherever a method here says no more, it is the method of that name of `AsyncClient`.
"""

import weakref
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from rpc_client.batch import Batch
from rpc_client.client import AsyncClient, AsyncModel
from rpc_client.detect import AUTO
from rpc_client.dialects.base import Dialect
from rpc_client.errors import ProtocolError, UserError
from rpc_client.exchange import Call, Session
from rpc_client.fields import FieldInfo, field_infos
from rpc_client.loop_thread import LoopThread
from rpc_client.records import BrowseList, BrowseRecord
from rpc_client.transaction import Transaction

Result = TypeVar("Result")


def connect(
    url: str,
    database: str | None = None,
    login: str | None = None,
    password: str | None = None,
    *,
    api_key: str | None = None,
    protocol: str = AUTO,
    timeout: float = 30.0,
    **options: Any,
) -> "Connection":
    """A connection to a server. The arguments, and the further options, are those of `AsyncClient`.

    Finds out what the server speaks and, given a password, logs in, so that a wrong one shows here.
    """
    who = {"database": database, "login": login, "password": password, "api_key": api_key}
    connection = Connection(url, **who, protocol=protocol, timeout=timeout, **options)
    try:
        connection.open()
    except BaseException:
        connection.close()
        raise
    return connection


class Connection:
    """What `AsyncClient` is, for code that is not async. Threads may share one.

    It closes with `close`, at the end of a `with` block, or with the program.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self._client = AsyncClient(url, **options)
        self._thread = LoopThread()
        self._closed = weakref.finalize(self, self._thread.stop, self._client.close)
        self._fields: dict[str, Mapping[str, FieldInfo]] = {}
        self._other_names: dict[tuple[str, str], FieldInfo | None] = {}

    def open(self) -> None:
        """Find out what the server speaks, and log in if there is a password."""
        self.run(self._client.open())

    def get_model(self, name: str) -> "Model":
        """The model of that name. Nothing is sent: whether it exists shows at the first call."""
        return Model(self, self._client.get_model(name), name)

    def execute(
        self,
        model: str,
        method: str,
        args: Sequence[Any] = (),
        context: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """As `AsyncClient.execute`."""
        return self.run(self._client.execute(model, method, args, context, **options))

    def transaction(
        self,
        context: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Transaction:
        """As `AsyncClient.transaction`, for a `with` block."""

        def send(calls: Sequence[Mapping[str, Any]]) -> list[Any]:
            return self.run(self._client.transact(calls, context, idempotency_key=idempotency_key, timeout=timeout))

        return Transaction(send)

    def login(self, database: str | None = None, login: str | None = None, password: str | None = None) -> Session:
        """As `AsyncClient.login`."""
        return self.run(self._client.login(database, login, password))

    def logout(self) -> None:
        """As `AsyncClient.logout`."""
        self.run(self._client.logout())

    def whoami(self) -> dict[str, Any]:
        """As `AsyncClient.whoami`."""
        return self.run(self._client.whoami())

    def version(self) -> dict[str, Any]:
        """As `AsyncClient.version`."""
        return self.run(self._client.version())

    def close(self) -> None:
        """Close the connections and end the thread. Doing so again does nothing."""
        self._closed()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of a coroutine that uses the async client."""
        return self._thread.run(work)

    def call(self, model: str, method: str, args: Sequence[Any], context: Mapping[str, Any] | None) -> Any:
        """The call that records are read and written with."""
        return self.execute(model, method, args, context)

    def fields_of(self, model: str) -> Mapping[str, FieldInfo]:
        """All fields of a model, asked for once."""
        if model not in self._fields:
            self._fields[model] = field_infos(self._ask(self._dialect().fields_query(model)))
        return self._fields[model]

    def field_called(self, model: str, name: str) -> FieldInfo | None:
        """The field that the other side means by a name it does not list, as one with two vocabularies may."""
        key = (model, name)
        if key not in self._other_names:
            try:
                found = field_infos(self._ask(self._dialect().fields_query(model, [name])))
            except (ProtocolError, UserError):
                found = {}
            self._other_names[key] = next(iter(found.values())) if len(found) == 1 else None
        return self._other_names[key]

    def labels_of(self, model: str, ids: Sequence[int]) -> Mapping[int, str]:
        """The labels of records."""
        dialect = self._dialect()
        return dialect.labels(self._ask(dialect.labels_query(model, ids)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._client).replace(type(self._client).__name__, type(self).__name__)

    def _dialect(self) -> Dialect:
        return self.run(self._client.spoken())

    def _ask(self, call: Call) -> Any:
        return self.execute(call.model, call.method, call.args, call.context)


class Model:
    """A model of the other side: every attribute is one of its methods, besides `browse` and `search_browse`."""

    def __init__(self, connection: Connection, remote: AsyncModel, name: str) -> None:
        self._connection = connection
        self._remote = remote
        self._name = name

    @overload
    def browse(self, ids: int, context: Mapping[str, Any] | None = None) -> BrowseRecord: ...

    @overload
    def browse(self, ids: Sequence[int], context: Mapping[str, Any] | None = None) -> BrowseList: ...

    def browse(self, ids: int | Sequence[int], context: Mapping[str, Any] | None = None) -> BrowseRecord | BrowseList:
        """A lazy record for an id, a lazy list for ids. Nothing is read before a field is touched."""
        numbers = [ids] if isinstance(ids, int) else ids
        found = BrowseList(Batch(self._connection, self._name, numbers, context), numbers)
        return found[0] if isinstance(ids, int) else found

    def search_browse(
        self, condition: Sequence[Any] = (), *, context: Mapping[str, Any] | None = None, **options: Any
    ) -> BrowseList:
        """The lazy list of what a search finds; `order`, `limit` and `offset` as the server's search takes them."""
        found: list[int] = self.search(list(condition), context=context, **options)
        return self.browse(found, context)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        remote = getattr(self._remote, method)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._connection.run(remote(*args, **kwargs))

        call.__qualname__ = call.__name__ = method
        return call

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name}>"
