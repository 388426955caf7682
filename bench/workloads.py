"""What is asked of the servers: small pieces of a salesperson's day. Every answer is looked at."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from bench.dialects import Dialect
from bench.wire import Client
from bench.world import World

TEN_FIELDS = (
    "name",
    "partner_id",
    "stage_id",
    "user_id",
    "expected_revenue",
    "probability",
    "priority",
    "email_from",
    "phone",
    "create_date",
)
PAGE = 80
WRITTEN = (True, None)  # what a write answers, the second in Netforce's dialect
COUNTS = ("__count", "_count")  # how many are in a group, the second in Netforce's dialect
STRIDE = 7919  # a prime: consecutive records are far apart in the table


class WrongAnswerError(Exception):
    """The server answered, but not what was asked for."""


class Caller:
    """Words calls in a dialect, sends them over one connection, counts them."""

    def __init__(self, dialect: Dialect, client: Client) -> None:
        self._dialect = dialect
        self._client = client
        self.calls = 0
        self.bytes = 0

    async def version(self) -> Any:
        """The cheapest call."""
        return await self._send(*self._dialect.version())

    async def call(self, model: str, method: str, ids: list[int] | None = None, **named: Any) -> Any:
        """One call of a model's method."""
        return await self._send(*self._dialect.call(model, method, ids, named))

    async def _send(self, path: str, body: bytes) -> Any:
        answer = await self._client.post(path, body)
        self.calls += 1
        self.bytes += len(answer[1])
        return self._dialect.result(answer)


class Workloads:
    """One method a workload; each does one unit of it and raises when an answer is not what it must be."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self._random = random.Random(seed)
        self._next = self._random.randrange(self._size(world.leads))

    async def version(self, server: Caller) -> None:
        """Ask for the version."""
        found = await server.version()
        _expect(isinstance(found, dict) and bool(found), found)

    async def read(self, server: Caller) -> None:
        """Read ten fields of one lead."""
        lead = self._lead()
        rows = await server.call("crm.lead", "read", [lead], fields=TEN_FIELDS)
        _expect(len(rows) == 1 and rows[0]["id"] == lead, rows)
        _expect(rows[0].keys() == {"id", *TEN_FIELDS} and _is_pair(rows[0]["partner_id"]), rows)

    async def search_read(self, server: Caller) -> None:
        """Find the 80 dearest open leads of one country above some amount."""
        floor = 1000 * self._random.randrange(10, 30)
        country = self._random.choice(self.world.countries)
        stages = self.world.stages[:3]
        domain = [
            ["stage_id", "in", stages],
            ["partner_id.country_id", "=", country],
            ["expected_revenue", ">", floor],
        ]
        rows = await self._dearest(server, domain)
        _expect(len(rows) == PAGE, f"{len(rows)} rows")
        self._check_page(rows, floor)

    async def first_page(self, server: Caller) -> None:
        """Show the first 80 leads as a list opens with them: no condition, the model's own order."""
        rows = await server.call("crm.lead", "search_read", domain=[], fields=TEN_FIELDS, limit=PAGE)
        urgency = [row["priority"] for row in rows]
        _expect(len(rows) == PAGE and urgency == sorted(urgency, reverse=True), urgency)

    async def search_few(self, server: Caller) -> None:
        """Find the open leads of one customer: a handful, however many leads there are."""
        domain = [["stage_id", "in", self.world.stages[:3]], ["partner_id", "=", self._one(self.world.partners)]]
        rows = await self._dearest(server, domain)
        _expect(len(rows) <= PAGE, f"{len(rows)} rows")
        if rows:
            self._check_page(rows, -1)

    async def create(self, server: Caller) -> int:
        """Create one lead."""
        return await _created(server, "crm.lead", self._lead_values())

    async def write(self, server: Caller) -> None:
        """Change a field that nobody follows."""
        values = {"city": f"City {self._random.randrange(1000)}"}
        _expect(await server.call("crm.lead", "write", [self._lead()], vals=values) in WRITTEN)

    async def write_tracked(self, server: Caller) -> None:
        """Change a field whose changes are kept in the chatter."""
        values = {"expected_revenue": 1 + self._random.randrange(100_000)}
        _expect(await server.call("crm.lead", "write", [self._lead()], vals=values) in WRITTEN)

    async def create_order5(self, server: Caller) -> int:
        """Create a quotation with five lines."""
        return await _created(server, "sale.order", self._order_values(5))

    async def read_group(self, server: Caller) -> None:
        """Sum all leads by stage and salesperson."""
        groups = await server.call(
            "crm.lead",
            "read_group",
            domain=[],
            fields=["expected_revenue:sum"],
            groupby=["stage_id", "user_id"],
            lazy=False,
        )
        counted = sum(group[name] for group in groups for name in COUNTS if name in group)
        _expect(len(groups) >= 20 and counted >= self._size(self.world.leads), f"{len(groups)} groups, {counted} leads")
        _expect(sum(group["expected_revenue"] for group in groups) > 0, groups[:2])

    async def cycle(self, server: Caller) -> None:
        """Walk a lead to a delivered order: eight calls, the last of which proves the others."""
        lead = await self.create(server)
        order = await _created(server, "sale.order", self._order_values(1, opportunity_id=lead))
        await server.call("sale.order", "action_confirm", [order])
        [sold] = await server.call("sale.order", "read", [order], fields=["state", "picking_ids", "amount_total"])
        _expect(sold["state"] in ("sale", "confirmed") and bool(sold["picking_ids"]), sold)
        await server.call("stock.picking", "button_validate", sold["picking_ids"])
        await server.call("crm.lead", "action_set_won", [lead])
        [won] = await server.call("crm.lead", "read", [lead], fields=["stage_id", "probability"])
        [picking] = await server.call("stock.picking", "read", sold["picking_ids"], fields=["state"])
        _expect(won["probability"] == 100 and picking["state"] == "done", (won, picking))

    async def _dearest(self, server: Caller, domain: list[Any]) -> Any:
        return await server.call(
            "crm.lead",
            "search_read",
            domain=domain,
            fields=TEN_FIELDS,
            limit=PAGE,
            order="expected_revenue desc, id desc",
        )

    def _check_page(self, rows: Any, floor: int) -> None:
        first, last = rows[0], rows[-1]
        _expect(first["expected_revenue"] >= last["expected_revenue"] > floor, (first, last))
        _expect(last["stage_id"][0] in self.world.stages[:3] and last.keys() == {"id", *TEN_FIELDS}, last)

    def _lead_values(self) -> dict[str, Any]:
        number = self._random.randrange(1 << 30)
        return {
            "name": f"Lead {number} of the load generator",
            "partner_id": self._one(self.world.partners),
            "type": "opportunity",
            "expected_revenue": number % 90_000,
            "priority": "1",
            "description": "Made to see what it costs.",
        }

    def _order_values(self, lines: int, **more: Any) -> dict[str, Any]:
        first, last = self.world.products
        products = self._random.sample(range(first, last + 1), lines)
        wanted = [
            [0, 0, {"product_id": product, "product_uom_qty": 1 + place, "price_unit": 10 + place}]
            for place, product in enumerate(products)
        ]
        return {**more, "partner_id": self._one(self.world.partners), "order_line": wanted}

    def _lead(self) -> int:
        """The next lead: each comes once before any comes again, so that two units under way never share one."""
        first, last = self.world.leads
        self._next = (self._next + STRIDE) % (last - first + 1)
        return first + self._next

    def _one(self, bounds: tuple[int, int]) -> int:
        return self._random.randint(*bounds)

    @staticmethod
    def _size(bounds: tuple[int, int]) -> int:
        return bounds[1] - bounds[0] + 1


CALLS_A_UNIT: Mapping[str, int] = {
    "version": 1,
    "read": 1,
    "search_read": 1,
    "search_few": 1,
    "first_page": 1,
    "read_group": 1,
    "create": 1,
    "write": 1,
    "write_tracked": 1,
    "create_order5": 1,
    "cycle": 8,
}


async def _created(server: Caller, model: str, values: dict[str, Any]) -> int:
    found = await server.call(model, "create", vals=[values])
    _expect(isinstance(found, list) and len(found) == 1 and type(found[0]) is int and found[0] > 0, found)
    number: int = found[0]
    return number


def _is_pair(value: Any) -> bool:
    """Id and label; Netforce adds the address of an image, null here."""
    return isinstance(value, list) and len(value) in (2, 3) and type(value[0]) is int and type(value[1]) is str


def _expect(holds: bool, found: Any = "") -> None:
    if not holds:
        raise WrongAnswerError(repr(found)[:400])
