"""The async client: any model method of a Tandem, Odoo or Netforce server, awaited.

    async with AsyncClient("https://dealer.example", database="dealer", api_key="...") as erp:
        ids = await erp.get_model("sale.opportunity").search([["state", "=", "open"]])

What can go wrong is drawn at the top of `rpc_client.errors`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from rpc_client.address import base_address
from rpc_client.detect import AUTO, detect, dialect_named
from rpc_client.dialects.base import Dialect
from rpc_client.errors import LoginError, RemoteError, RpcError
from rpc_client.exchange import Call, Credentials, Exchange, Session
from rpc_client.redaction import redacted_error
from rpc_client.retry import RetryPolicy
from rpc_client.transaction import AsyncTransaction
from rpc_client.transport import ANSWER_BYTES, ConnectorFactory, ResolverFactory, Transport, TransportOptions

Result = TypeVar("Result")

log = logging.getLogger("rpc_client")


class AsyncClient:
    """One other side, and who we are there.

    Give `login` and `password`, or an `api_key` (Odoo wants the login beside it, Netforce itself knows no keys).
    `protocol` is "auto", "tandem", "odoo" or "netforce"; what "auto" found is remembered. Logging in happens by itself
    at the first call, and once more when a session has ended.

    `timeout` bounds a whole call in seconds, with its retries, detection and login; `connect_timeout` one attempt
    to connect. `retry` says how often and how soon what may safely be sent again is sent again. `context` goes with
    every call. For the remaining options see `TransportOptions`.

    Everything here raises the classes of `rpc_client.errors`. An instance belongs to one event loop; any number of
    its tasks may use it at once.
    """

    def __init__(
        self,
        url: str,
        *,
        database: str | None = None,
        login: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
        protocol: str = AUTO,
        timeout: float = 30.0,
        connect_timeout: float = 5.0,
        retry: RetryPolicy | None = None,
        context: Mapping[str, Any] | None = None,
        max_answer_bytes: int = ANSWER_BYTES,
        connector_factory: ConnectorFactory | None = None,
        resolver_factory: ResolverFactory | None = None,
    ) -> None:
        self.url = base_address(url)
        self.timeout = timeout
        self._credentials = Credentials(database, login, password, api_key)
        self._dialect = dialect_named(protocol)
        self._session: Session | None = None
        self._retry = retry or RetryPolicy()
        self._context = dict(context or {})
        options = TransportOptions(
            connect_timeout=connect_timeout,
            max_answer_bytes=max_answer_bytes,
            connector_factory=connector_factory,
            resolver_factory=resolver_factory,
        )
        self._transport = Transport(self.url, options)
        self._detecting = asyncio.Lock()
        self._logging_in = asyncio.Lock()
        self._refusal: LoginError | None = None

    @property
    def protocol(self) -> str | None:
        """What the other side speaks; None until it has been found out."""
        return self._dialect.name if self._dialect is not None else None

    def get_model(self, name: str) -> "AsyncModel":
        """The model of that name. Nothing is sent: whether it exists shows at the first call."""
        return AsyncModel(self, name)

    async def execute(
        self,
        model: str,
        method: str,
        args: Sequence[Any] = (),
        context: Mapping[str, Any] | None = None,
        *,
        kwargs: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Call a method of a model and return its result.

        A write with an `idempotency_key` may be sent again after a cut connection, for a Tandem server carries it
        out once.
        """
        merged = self._context | dict(context or {})
        call = Call(model, method, args, kwargs or {}, merged or None, idempotency_key)
        return await self._as_user(lambda dialect, who, session: dialect.execute(call, who, session), timeout)

    def transaction(
        self,
        context: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> AsyncTransaction:
        """Gather calls in an `async with` block; its end has them carried out together or not at all.

        What one answers is a `Result`, good as an argument of later ones (see `rpc_client.transaction`). The other side
        must be a Tandem server.
        """

        async def send(calls: Sequence[Mapping[str, Any]]) -> list[Any]:
            return await self.transact(calls, context, idempotency_key=idempotency_key, timeout=timeout)

        return AsyncTransaction(send)

    async def transact(
        self,
        calls: Sequence[Mapping[str, Any]],
        context: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> list[Any]:
        """The answers of calls that are described as objects (model, method, args, kwargs, context), done together."""
        merged = self._context | dict(context or {})
        return await self._as_user(
            lambda dialect, _, session: dialect.transaction(calls, merged, session, idempotency_key), timeout
        )

    async def login(
        self, database: str | None = None, login: str | None = None, password: str | None = None
    ) -> Session:
        """Log in, with these credentials from now on where given, and say as whom. LoginError when they are wrong."""
        if login is not None or password is not None:
            self._credentials = Credentials(database or self._credentials.database, login, password)
        self._session = None
        deadline = self._deadline()
        return await self._current_session(await self._spoken(deadline), deadline)

    async def logout(self) -> None:
        """End the session and forget the credentials: later calls are anonymous."""
        session, self._session = self._session, None
        self._credentials = Credentials(self._credentials.database)
        farewell = self._dialect.logout(session) if self._dialect is not None and session is not None else None
        if farewell is not None:
            await self._perform(farewell, self._deadline())

    async def whoami(self) -> dict[str, Any]:
        """Who the other side takes us for: at least user_id, user_name, company_id, companies."""
        return await self._as_user(lambda dialect, who, session: dialect.whoami(who, session))

    async def version(self) -> dict[str, Any]:
        """What the other side says of itself; needs no login."""
        deadline = self._deadline()
        dialect = await self._spoken(deadline)
        return await self._perform(dialect.version(), deadline)

    async def spoken(self) -> Dialect:
        """The dialect of the other side, found out now if it is not known."""
        return await self._spoken(self._deadline())

    async def open(self) -> None:
        """Do now what the first call would do: find out the dialect, and log in if there is a password."""
        deadline = self._deadline()
        await self._current_session(await self._spoken(deadline), deadline)

    async def close(self) -> None:
        """Close the connections. The session stays valid on the other side."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url} database={self._credentials.database} protocol={self.protocol}>"

    async def _as_user(
        self, exchange: Callable[[Dialect, Credentials, Session], Exchange[Result]], timeout: float | None = None
    ) -> Result:
        """One exchange as the user. A session that has ended is renewed once: what it refused, it did not carry out."""
        deadline = self._deadline(timeout)
        dialect = await self._spoken(deadline)
        session = await self._current_session(dialect, deadline)
        try:
            return await self._perform(exchange(dialect, self._credentials, session), deadline)
        except LoginError:
            if not dialect.sessions_end or self._credentials.password is None:
                raise
        renewed = await self._current_session(dialect, deadline, ended=session)
        return await self._perform(exchange(dialect, self._credentials, renewed), deadline)

    async def _spoken(self, deadline: float) -> Dialect:
        async with self._detecting:
            if self._dialect is None:
                self._dialect = await detect(lambda probe: self._perform(probe, deadline))
        return self._dialect

    async def _current_session(self, dialect: Dialect, deadline: float, ended: Session | None = None) -> Session:
        """The session, after a login if there is none or it is the ended one. One task logs in, the others wait.

        They share a refusal too: each trying for itself would lock the account.
        """
        earlier = self._refusal
        async with self._logging_in:
            if self._refusal is not None and self._refusal is not earlier:
                raise self._refusal
            if self._session is None or self._session is ended:
                self._session = await self._new_session(dialect, deadline)
            return self._session

    async def _new_session(self, dialect: Dialect, deadline: float) -> Session:
        given = dialect.session_of(self._credentials)
        if given is not None:
            return given
        try:
            return await self._perform(dialect.login(self._credentials), deadline)
        except LoginError as error:
            self._refusal = error
            raise

    async def _perform(self, exchange: Exchange[Result], deadline: float) -> Result:
        """Send until there is an answer, as far as the retry policy and the deadline allow."""
        tried = 0
        while True:
            tried += 1
            try:
                return exchange.read(await self._transport.send(exchange.request, deadline - _now()))
            except RpcError as caught:
                error = caught
            wait = self._retry.wait_after(error, tried, repeatable=exchange.repeatable)
            if wait is None or _now() + wait >= deadline:
                # Raised here and not above, or the error that may hold secrets would go along as its context.
                raise self._without_secrets(error)
            log.info("call to %s failed (%s), try %d follows", self.url, type(error).__name__, tried + 1)
            await asyncio.sleep(wait)

    def _without_secrets(self, error: RpcError) -> RpcError:
        """Only the other side's own words may hold our secrets: it may repeat what it was sent."""
        if not isinstance(error, RemoteError):
            return error
        token = self._session.token if self._session is not None else None
        return redacted_error(error, (self._credentials.password, self._credentials.api_key, token))

    def _deadline(self, timeout: float | None = None) -> float:
        return _now() + (self.timeout if timeout is None else timeout)


class AsyncModel:
    """A model of the other side: every attribute is one of its methods, awaited.

    `context` and `idempotency_key` among the keyword arguments are for the call itself; all others, and all
    positional ones, are the method's.
    """

    def __init__(self, client: AsyncClient, name: str) -> None:
        self._client = client
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        # Python and its tools ask any object for names such as __deepcopy__ or _repr_html_: no methods of a model.
        if method.startswith(("__", "_repr_", "_ipython_")):
            raise AttributeError(method)

        async def call(
            *args: Any,
            context: Mapping[str, Any] | None = None,
            idempotency_key: str | None = None,
            **kwargs: Any,
        ) -> Any:
            return await self._client.execute(
                self._name, method, args, context, kwargs=kwargs, idempotency_key=idempotency_key
            )

        call.__qualname__ = call.__name__ = method
        return call

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name}>"


def _now() -> float:
    return asyncio.get_running_loop().time()
