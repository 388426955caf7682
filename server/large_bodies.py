"""Calls over `body_bytes`: for files within calls, from callers who are known before the rest is read.

Credentials in a header or cookie are looked at before anything of the body is. Odoo's older protocols have them in the
body, before the arguments of the call: of such a body the beginning is read first. A body whose credentials come last
(Netforce's cookies parameter) is one of nobody known.

The bytes are there for contents alone: a large body may hold no more values than one of `body_bytes` could. Few large
bodies are in memory at once, in each process.
"""

import asyncio
import html
import json
import re
from collections.abc import Awaitable, Callable

from aiohttp import StreamReader, web

from models.orm.errors import AppError, BusyError
from models.orm.limits import LIMITS
from server.deployment import Deployment
from server.exchange import in_time, read_body, too_large
from server.protocols.odoo_cookie import token_of

BEGIN_BYTES = 64 << 10
SCHEME = "bearer "
STRUCTURE = (b",", b"[", b"{", b"<")
SLOT = web.RequestKey("SLOT", asyncio.Semaphore)

Secrets = tuple[object, object, object]  # database, login or user id, password or key
Checks = Callable[[Secrets], Awaitable[object]]
Finds = Callable[[bytes], Secrets | None]

_slots = asyncio.Semaphore(LIMITS.large_bodies)


async def read_call(
    deployment: Deployment, request: web.Request, finds: Finds | None = None, checks: Checks | None = None
) -> bytes:
    """The body of a call. `finds` looks for credentials in its beginning, `checks` raises `AppError` for wrong ones.

    Answers 413 over the limit that holds for the caller, by the limit's name, and 503 when too many large bodies are in
    memory or the database cannot say who calls.
    """
    declared = request.content_length
    if (declared is not None and declared <= LIMITS.body_bytes) or request.content.is_eof():
        return await read_body(request)
    if (declared or 0) > LIMITS.attachment_body_bytes:
        raise too_large("attachment_body_bytes")
    begin = b"" if declared else await in_time(_begin(request.content, LIMITS.body_bytes + 1))
    if not declared and len(begin) <= LIMITS.body_bytes:
        return begin
    if not await _has_token(deployment, request):
        if finds is None or checks is None:
            raise too_large("body_bytes")
        begin = begin or await in_time(_begin(request.content, BEGIN_BYTES))
        if not await _is_known(finds(begin), checks):
            raise too_large("body_bytes")
    return await _read_large(request, begin)


def release(request: web.BaseRequest) -> None:
    """The request is answered: another large body may come in."""
    if SLOT in request:
        request.pop(SLOT).release()


async def _read_large(request: web.Request, begin: bytes) -> bytes:
    try:
        async with asyncio.timeout(LIMITS.pool_wait_seconds):
            await _slots.acquire()
    except TimeoutError:
        raise web.HTTPServiceUnavailable(text="Too many large bodies at once. Try again in a moment.") from None
    request[SLOT] = _slots
    body = await in_time(_rest(request.content, begin), LIMITS.attachment_body_seconds)
    if sum(map(body.count, STRUCTURE)) > LIMITS.body_bytes // 2:
        raise too_large("body_bytes")
    return body


async def _begin(content: StreamReader, size: int) -> bytes:
    begin = bytearray()
    while len(begin) < size and (chunk := await content.readany()):
        begin += chunk
    return bytes(begin)


async def _rest(content: StreamReader, begin: bytes) -> bytes:
    body = bytearray(begin)
    while chunk := await content.readany():
        body += chunk
        if len(body) > LIMITS.attachment_body_bytes:
            raise too_large("attachment_body_bytes")
    return bytes(body)


async def _has_token(deployment: Deployment, request: web.Request) -> bool:
    """Whether a header or cookie has a token that holds. What the call itself makes of it is another matter."""
    given = request.headers.get("Authorization", "")
    is_bearer = given[: len(SCHEME)].lower() == SCHEME
    token = given[len(SCHEME) :].strip() if is_bearer else token_of(request) or request.cookies.get("token", "")
    return bool(token) and await _hold(deployment.authenticator.by_token(token))


async def _is_known(secrets: Secrets | None, checks: Checks) -> bool:
    return secrets is not None and await _hold(checks(secrets))


async def _hold(asking: Awaitable[object]) -> bool:
    """Whether credentials hold. Where the database cannot say so, the answer is 503: the caller may be known."""
    try:
        return bool(await asking)
    except BusyError as error:
        raise web.HTTPServiceUnavailable(text=error.message) from error
    except AppError:
        return False


# where older protocols have credentials

_ARGS = re.compile(r'"args"\s*:\s*\[')
_NEXT = re.compile(r"\s*,?\s*")
_VALUE = re.compile(r"<value>\s*(?:<(?:string|int|i4|i8)>)?([^<]*)")
_decoder = json.JSONDecoder()


def secrets_in_json(begin: bytes) -> Secrets | None:
    """The first three members of `args`, as /jsonrpc has them."""
    text = begin.decode(errors="replace")
    found = _ARGS.search(text)
    if found is None:
        return None
    place, values = found.end(), []
    try:
        for _ in range(3):
            blank = _NEXT.match(text, place)
            value, place = _decoder.raw_decode(text, blank.end() if blank else place)
            values.append(value)
    except (ValueError, RecursionError):
        return None
    return values[0], values[1], values[2]


def secrets_in_xml(begin: bytes) -> Secrets | None:
    """The first three parameters of an XML-RPC call."""
    values = [html.unescape(value) for value in _VALUE.findall(begin.decode(errors="replace"))[:3]]
    if len(values) < 3:
        return None
    number = values[1].strip()
    return values[0], int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None, values[2]
