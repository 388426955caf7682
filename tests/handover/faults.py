"""What can become of a request between two deployments: one function for each fault, to be given to a proxy."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from functools import cache

from tests.handover.proxy import Exchange, Fault, faithfully

PIECE = b"x" * 65536
HTML = b"<!doctype html><html><body><h1>It works!</h1></body></html>"


async def black_hole(_exchange: Exchange) -> None:
    """The request is taken, and nothing ever comes."""
    await asyncio.sleep(3600)


async def reset(exchange: Exchange) -> None:
    """The connection is torn down before the request was delivered."""
    exchange.reset()


async def reset_after_delivery(exchange: Exchange) -> None:
    """The request is carried out, then the connection is torn down."""
    await exchange.forward()
    exchange.reset()


async def lost_answer(exchange: Exchange) -> None:
    """The request is carried out, its answer swallowed."""
    await exchange.forward()
    exchange.hang_up()


async def held_answer(exchange: Exchange) -> None:
    """The request is carried out, its answer never comes."""
    await exchange.forward()
    await asyncio.sleep(3600)


async def doubled(exchange: Exchange) -> None:
    """The request is delivered twice, the second answer counts."""
    await exchange.forward()
    await faithfully(exchange)


def late(seconds: float) -> Fault:
    """The request takes its time on the way."""

    async def fault(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await faithfully(exchange)

    return fault


def cut_after(size: int) -> Fault:
    """The request is carried out, only the first bytes of its answer come."""

    async def fault(exchange: Exchange) -> None:
        await exchange.say((await exchange.forward())[:size])
        exchange.hang_up()

    return fault


async def half_a_body(exchange: Exchange) -> None:
    """The answer promises more than it brings."""
    head, _, body = (await exchange.forward()).partition(b"\r\n\r\n")
    await exchange.say(head + b"\r\n\r\n" + body[: len(body) // 2])
    exchange.hang_up()


async def one_byte_a_second(exchange: Exchange) -> None:
    """The answer comes, but not in anybody's lifetime."""
    for byte in await exchange.forward():
        await exchange.say(bytes([byte]))
        await asyncio.sleep(1)


def status(line: str, *headers: str, body: bytes = HTML) -> Fault:
    """The request is not delivered; something in between answers with an HTTP status."""

    async def fault(exchange: Exchange) -> None:
        await exchange.answer(body, line, *headers)

    return fault


async def wrong_id(exchange: Exchange) -> None:
    """The request is carried out, the answer belongs to another one."""
    number = json.dumps(exchange.number).encode()
    answer = await exchange.forward()
    await exchange.say(re.sub(rb'("id": ?)' + re.escape(number), rb"\g<1>" + b"7" * len(number), answer))


async def not_http(exchange: Exchange) -> None:
    """Something answers that speaks another language."""
    await exchange.say(b"220 mail.example ESMTP ready\r\n" * 3)
    exchange.hang_up()


async def endless_head(exchange: Exchange) -> None:
    """The head of the answer has no end."""
    await exchange.say(b"HTTP/1.1 200 OK\r\n")
    while True:
        await exchange.say(b"X-More: " + PIECE + b"\r\n")
        await asyncio.sleep(0)


async def endless_body(exchange: Exchange) -> None:
    """The body of the answer has no end."""
    await exchange.say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await exchange.say(b"%x\r\n%b\r\n" % (len(PIECE), PIECE))
        await asyncio.sleep(0)


async def gzip_bomb(exchange: Exchange) -> None:
    """A small packed answer unpacks to 64 megabytes."""
    await exchange.answer(_bomb(), "200 OK", "Content-Encoding: gzip")


async def nested(exchange: Exchange) -> None:
    """The result is lists in lists, a hundred thousand deep."""
    await exchange.answer(_result(exchange, b"[" * 100_000 + b"]" * 100_000))


async def long_error(exchange: Exchange) -> None:
    """The request is refused with a novel."""
    words = {"code": 500, "message": "because " * 100_000, "data": {"key": "user"}}
    await exchange.answer(json.dumps({"jsonrpc": "2.0", "id": exchange.number, "error": words}).encode())


async def neither(exchange: Exchange) -> None:
    """The answer has neither result nor error."""
    await exchange.answer(json.dumps({"jsonrpc": "2.0", "id": exchange.number}).encode())


def answering(result: object) -> Fault:
    """The request is carried out, and another result comes in place of the right one."""

    async def fault(exchange: Exchange) -> None:
        await exchange.forward()
        await exchange.answer(_result(exchange, json.dumps(result).encode()))

    return fault


def _result(exchange: Exchange, text: bytes) -> bytes:
    return b'{"jsonrpc": "2.0", "id": %d, "result": %b}' % (exchange.number, text)


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * (64 << 20), compresslevel=1)


FAULTS: dict[str, Fault] = {
    "never answers": black_hole,
    "is reset": reset,
    "is reset after delivery": reset_after_delivery,
    "comes late": late(3),
    "arrives, its answer does not": lost_answer,
    "arrives, its answer is cut in the head": cut_after(30),
    "arrives, half the answer's body comes back": half_a_body,
    "arrives twice": doubled,
    "gets one byte a second": one_byte_a_second,
    "gets a 500": status("500 Internal Server Error"),
    "gets a 502": status("502 Bad Gateway"),
    "gets a 503 and a wait": status("503 Service Unavailable", "Retry-After: 30"),
    "gets a 429": status("429 Too Many Requests", "Retry-After: 30"),
    "gets a 401": status("401 Unauthorized"),
    "gets a 403": status("403 Forbidden"),
    "gets a 404": status("404 Not Found"),
    "is sent elsewhere": status("307 Temporary Redirect", "Location: http://127.0.0.1:9/rpc"),
    "gets a page": status("200 OK"),
    "gets nothing": status("200 OK", body=b""),
    "gets another's answer": wrong_id,
    "gets neither result nor error": neither,
    "gets a novel": long_error,
    "gets lists in lists": nested,
    "gets another language": not_http,
    "gets a head without end": endless_head,
    "gets a body without end": endless_body,
    "gets a bomb": gzip_bomb,
}
"""Every fault by what happens to the call. That nobody listens is not here: see `Proxy.refuse`."""
