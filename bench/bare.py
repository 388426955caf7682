"""The least that can do the work: aiohttp, asyncpg and SQL written by hand, on the tables of the product.

No models, no rights, no checks of what comes in: it believes the load generator and knows which argument is where. What
it does in the database is what has to be done there: the same columns and labels, the number of a new record from its
sequence, the message in the chatter, the totals of an order, each in one statement without BEGIN and COMMIT. Whatever
the product costs beyond this is its price.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson
import uvloop
from aiohttp import web

from bench import statements

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

HEADERS = {"Content-Type": "application/json"}
USER, COMPANY = 1, 1
CONNECTIONS = 8
CENT = Decimal("0.01")

Handler = Callable[[Connection, list[Any]], Awaitable[Any]]


class Pool:
    """Connections in a deque; whoever finds it empty waits in another."""

    def __init__(self) -> None:
        self._idle: deque[Connection] = deque()
        self._waiting: deque[asyncio.Future[Connection]] = deque()

    async def open(self, url: str, size: int = CONNECTIONS) -> None:
        """Open all connections."""
        for _ in range(size):
            settings = {"jit": "off", "timezone": "UTC", "application_name": "bare"}
            self._idle.append(await asyncpg.connect(url, statement_cache_size=500, server_settings=settings))

    async def run(self, handler: Handler, args: list[Any]) -> Any:
        """One use of one connection."""
        if self._idle:
            connection = self._idle.pop()
        else:
            waiter: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            connection = await waiter
        try:
            return await handler(connection, args)
        finally:
            if self._waiting:
                self._waiting.popleft().set_result(connection)
            else:
                self._idle.append(connection)

    async def close(self) -> None:
        """Close the idle ones; at the end that is all."""
        for connection in self._idle:
            await connection.close()


async def read(connection: Connection, args: list[Any]) -> bytes:
    """[[id], fields]: one row as PostgreSQL wrote it."""
    row: str = await connection.fetchval(statements.READ, args[0][0])
    return b"[%b]" % row.encode()


async def search_read(connection: Connection, args: list[Any]) -> bytes:
    """[domain, fields, offset, limit, order]: the values of the domain's terms are where the generator puts them."""
    terms = [Decimal(term[2]) if term[0] == "expected_revenue" else term[2] for term in args[0]]
    rows: str = await connection.fetchval(statements.SEARCHES[len(terms)], *terms, COMPANY, args[3])
    return rows.encode()


async def read_group(connection: Connection, args: list[Any]) -> bytes:  # noqa: ARG001 it always asks for the same
    """Sums by stage and salesperson."""
    groups: str = await connection.fetchval(statements.GROUP, COMPANY)
    return groups.encode()


async def create_lead(connection: Connection, args: list[Any]) -> list[int]:
    """[[values]]: a numbered lead and its first message."""
    values = args[0][0]
    given = [values[name] for name in ("name", "partner_id", "type", "priority", "description")]
    revenue = Decimal(values["expected_revenue"])
    return [await connection.fetchval(statements.CREATE_LEAD, *given, revenue, USER, COMPANY)]


async def write_lead(connection: Connection, args: list[Any]) -> bool:
    """[[id], {field: value}]: one row."""
    [record], values = args
    if "city" in values:
        done = await connection.execute(statements.WRITE_CITY, record, values["city"], USER, COMPANY)
    else:
        revenue = Decimal(values["expected_revenue"])
        done = await connection.execute(statements.WRITE_REVENUE, record, revenue, USER, COMPANY)
    return done.endswith(" 1")


async def create_order(connection: Connection, args: list[Any]) -> list[int]:
    """[[values]]: a numbered quotation with its lines, their taxes, its totals, and its first message."""
    values = args[0][0]
    wanted = [line[2] for line in values["order_line"]]
    products = [line["product_id"] for line in wanted]
    known = {row["id"]: row for row in await connection.fetch(statements.PRODUCTS, products)}
    cards = [known[product] for product in products]
    quantities = [Decimal(line["product_uom_qty"]) for line in wanted]
    prices = [Decimal(line["price_unit"]) for line in wanted]
    amounts = [(quantity * price).quantize(CENT) for quantity, price in zip(quantities, prices, strict=True)]
    taxes = [(amount * card["percent"] / 100).quantize(CENT) for amount, card in zip(amounts, cards, strict=True)]
    head = (COMPANY, values["partner_id"], USER, sum(amounts), sum(taxes))
    about = [card["label"] for card in cards], [card["uom_id"] for card in cards]
    lines = (products, *about, quantities, prices, amounts, taxes, [card["tax"] for card in cards])
    return [await connection.fetchval(statements.CREATE_ORDER, *head, *lines)]


HANDLERS: Mapping[tuple[str, str], Handler] = {
    ("crm.lead", "read"): read,
    ("crm.lead", "search_read"): search_read,
    ("crm.lead", "read_group"): read_group,
    ("crm.lead", "create"): create_lead,
    ("crm.lead", "write"): write_lead,
    ("sale.order", "create"): create_order,
}


async def answer(pool: Pool, request: web.Request) -> web.Response:
    """One call: take the envelope apart, do it, put the answer into an envelope."""
    message = orjson.loads(await request.read())
    try:
        if message["method"] == "version":
            result: Any = {"server_version": "bare"}
        else:
            model, method, args, _ = message["params"]
            result = await pool.run(HANDLERS[model, method], args)
    except (asyncpg.PostgresError, LookupError, TypeError, ValueError) as error:
        failure = {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32603, "message": str(error)}}
        return web.Response(body=orjson.dumps(failure), headers=HEADERS)
    text = result if type(result) is bytes else orjson.dumps(result)
    body = b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (orjson.dumps(message["id"]), text)
    return web.Response(body=body, headers=HEADERS)


def application(url: str) -> web.Application:
    """The server on one database."""
    pool = Pool()

    async def connected(_: web.Application) -> AsyncIterator[None]:
        await pool.open(url)
        yield
        await pool.close()

    async def handle(request: web.Request) -> web.Response:
        return await answer(pool, request)

    app = web.Application()
    app.cleanup_ctx.append(connected)
    app.router.add_post("/rpc", handle)
    return app


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="the server written by hand")
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--core", type=int, default=None)
    given = parser.parse_args()
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    app = application(given.database_url)
    loop = uvloop.new_event_loop()
    web.run_app(app, host="127.0.0.1", port=given.port, access_log=None, print=None, loop=loop)


if __name__ == "__main__":
    main()
