"""One HTTP exchange as the dialects see it: a body read under the limits, who sent it, and the reply."""

import asyncio
import itertools
import re
import secrets
from collections.abc import Awaitable, Collection
from typing import TypeVar

from aiohttp import StreamReader, web
from multidict import CIMultiDict

from models.orm.limits import LIMITS
from server.log import request_id

Read = TypeVar("Read")

JSON = frozenset({"application/json"})
JSON_HEADERS = CIMultiDict({"Content-Type": "application/json"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)

_process = secrets.token_hex(4)
_numbers = itertools.count(1)


async def read_body(request: web.Request, limit: int = LIMITS.body_bytes) -> bytes:
    """The whole body, decompressed. Answers 413 over the limit (bytes), 408 when it takes longer than it may."""
    if (request.content_length or 0) > limit:
        raise too_large("body_bytes", limit)
    content = request.content
    if content.is_eof():  # nearly always: it came with the headers
        body = content.read_nowait(-1)
        if len(body) > limit:
            raise too_large("body_bytes", limit)
        return body
    return await in_time(_read_all(content, limit))


async def in_time(reading: Awaitable[Read], seconds: float | None = None) -> Read:
    """What is read, or 408 when that takes longer than it may."""
    allowed = LIMITS.body_seconds if seconds is None else seconds
    try:
        async with asyncio.timeout(allowed):
            return await reading
    except TimeoutError:
        slow = web.HTTPRequestTimeout(text=f"The body took longer than {allowed:g} s.")
        slow.force_close()
        raise slow from None


async def _read_all(content: StreamReader, limit: int) -> bytes:
    body = bytearray()
    while chunk := await content.readany():
        body += chunk
        if len(body) > limit:
            raise too_large("body_bytes", limit)
    return bytes(body)


def too_large(limit: str, allowed: int = 0) -> web.HTTPRequestEntityTooLarge:
    """The answer to a body over a limit in bytes, with the limit's name."""
    size = allowed or getattr(LIMITS, limit)
    return web.HTTPRequestEntityTooLarge(max_size=size, text=f"The limit {limit} is {size}.")


def check_content_type(request: web.Request, allowed: Collection[str] = JSON) -> None:
    """Answer 415 to anything but UTF-8 text of an allowed type."""
    given = request.headers.get("Content-Type", "")
    if given in allowed:
        return
    if request.content_type not in allowed or "Content-Type" not in request.headers:
        raise web.HTTPUnsupportedMediaType(text=f"Content-Type must be {' or '.join(sorted(allowed))}.")
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        raise web.HTTPUnsupportedMediaType(text="The charset must be utf-8.")


def reply(body: bytes, status: int = 200) -> web.Response:
    """A JSON reply."""
    return web.Response(body=body, status=status, headers=JSON_HEADERS)


def begin(request: web.Request) -> str:
    """Give the exchange its id: the sender's if it has a sound one, else a new one. Every log line will carry it."""
    given = request.headers.get("X-Request-Id")
    number = given if given and REQUEST_ID.fullmatch(given) else f"{_process}-{next(_numbers):x}"
    request_id.set(number)
    return number
