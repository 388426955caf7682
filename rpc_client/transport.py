"""HTTP: one keep-alive pool, posts of JSON, answers under a limit, failures that say if the call may have run.

No redirect is followed, no cookie kept, no proxy taken from the environment, and certificates are checked. Sending
once is all that happens here: what may be sent again is decided by the caller, who knows what the request does.
"""

import asyncio
import io
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from rpc_client.address import endpoint
from rpc_client.answer_body import ACCEPTED_ENCODING, AnswerBody
from rpc_client.errors import AnswerTooLarge, BadAnswer, ConnectionLost, Timeout, TransportError, Unreachable
from rpc_client.exchange import HttpAnswer, HttpRequest, seconds_to_wait

PIECEWISE_BYTES = 1 << 20
ANSWER_BYTES = (8 << 20) + (64 << 10)  # what a Tandem server sends at most, and its envelope
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": ACCEPTED_ENCODING,
    "User-Agent": "tandem-rpc-client",
}

ConnectorFactory = Callable[[], aiohttp.BaseConnector]
ResolverFactory = Callable[[], AbstractResolver]


@dataclass(frozen=True, slots=True)
class TransportOptions:
    """Limits and ways of connecting. Times in seconds.

    `resolver_factory` gives the resolver that decides which addresses may be connected to. It is asked for
    addresses written as numbers too, which aiohttp alone would not do; it refuses with OSError. `connector_factory`
    replaces the whole connector (then the resolver is its own business). Both are called in the event loop, once.
    """

    connect_timeout: float = 5.0
    max_answer_bytes: int = ANSWER_BYTES
    connections: int = 20
    connector_factory: ConnectorFactory | None = None
    resolver_factory: ResolverFactory | None = None


class Transport:
    """Posts requests to one base address."""

    def __init__(self, base: URL, options: TransportOptions) -> None:
        self._base = base
        self._options = options
        self._http: aiohttp.ClientSession | None = None
        self._resolver: AbstractResolver | None = None

    async def send(self, request: HttpRequest, seconds: float) -> HttpAnswer:
        """Post once and read the whole answer, all within `seconds`. TransportError when there is none."""
        if seconds <= 0:
            raise Timeout(f"No time was left to call {self._base}.", may_have_run=False)
        attempt = SimpleNamespace(connected=False)
        try:
            async with asyncio.timeout(seconds):
                return await self._post(request, attempt)
        except (aiohttp.ClientError, OSError) as error:  # a timeout is an OSError
            raise self._failure(error, connected=attempt.connected) from error

    async def close(self) -> None:
        """Close all connections."""
        http, self._http = self._http, None
        if http is not None:
            await http.close()
        resolver, self._resolver = self._resolver, None
        if resolver is not None:
            await resolver.close()

    async def _post(self, request: HttpRequest, attempt: SimpleNamespace) -> HttpAnswer:
        http = self._session()
        await self._check_numeric_host()
        async with http.post(
            endpoint(self._base, request.path),
            data=_sendable(request.body),
            headers=HEADERS | dict(request.headers),
            allow_redirects=False,
            trace_request_ctx=attempt,
        ) as response:
            body = await self._read(response)
            return HttpAnswer(response.status, body, seconds_to_wait(response.headers.get("Retry-After")))

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        limit = self._options.max_answer_bytes
        if (response.content_length or 0) > limit:
            raise AnswerTooLarge(limit)
        body = AnswerBody(response.headers.get("Content-Encoding"), limit)
        async for piece in response.content.iter_any():
            body.feed(piece)
        return body.complete()

    async def _check_numeric_host(self) -> None:
        """Ask the resolver for a host that is already an address, so that its policy has no way round it."""
        host = self._base.host or ""
        if self._resolver is not None and _is_address(host):
            try:
                await self._resolver.resolve(host, self._base.port or 0)
            except OSError as error:
                raise Unreachable(f"{self._base} may not be connected to: {error}", may_have_run=False) from error

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=self._connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._options.connect_timeout),
                trace_configs=[_connection_trace()],
            )
        return self._http

    def _connector(self) -> aiohttp.BaseConnector:
        if self._options.connector_factory is not None:
            return self._options.connector_factory()
        if self._options.resolver_factory is not None:
            self._resolver = self._options.resolver_factory()
        return aiohttp.TCPConnector(resolver=self._resolver, limit=self._options.connections)

    def _failure(self, error: Exception, *, connected: bool) -> TransportError:
        match error:
            case aiohttp.ClientConnectorError():
                return Unreachable(f"{self._base} cannot be reached: {error.strerror or error}", may_have_run=False)
            case TimeoutError():  # aiohttp's own are subclasses
                what = "did not answer" if connected else "could not be connected to"
                return Timeout(f"{self._base} {what} in time.", may_have_run=connected)
            case aiohttp.ClientResponseError():
                return BadAnswer("The answer is not HTTP.")
            case _:
                return ConnectionLost(f"The connection to {self._base} was cut.", may_have_run=connected)


def _sendable(body: bytes) -> bytes | io.BytesIO:
    """A large body is read piece by piece: aiohttp writes plain bytes at once, which holds up the event loop."""
    return body if len(body) <= PIECEWISE_BYTES else io.BytesIO(body)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _connection_trace() -> aiohttp.TraceConfig:
    """Mark an attempt as soon as it holds a connection: from then on the other side may have received the request."""

    async def connected(_session: aiohttp.ClientSession, trace: SimpleNamespace, _what: Any) -> None:
        if trace.trace_request_ctx is not None:
            trace.trace_request_ctx.connected = True

    config = aiohttp.TraceConfig()
    config.on_connection_create_end.append(connected)
    config.on_connection_reuseconn.append(connected)
    return config
