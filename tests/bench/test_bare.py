"""The hand-written server is a fair measure: it answers what the product answers and leaves behind what it leaves."""

from typing import Any

import orjson

from bench.dialects import Native
from bench.report import BY_HAND
from bench.servers import Served
from bench.wire import Client
from bench.workloads import PAGE, TEN_FIELDS
from server.database.connection import connect
from tests.bench.conftest import Data
from tests.cluster import shared_cluster

OWN = {
    "id",
    "name",
    "reference",
    "create_date",
    "write_date",
    "create_uid",
    "write_uid",
    "user_id",
    "author_user_id",
    "date",
}


async def asked(data: Data, served: Served, method: str, *args: Any, model: str = "crm.lead") -> Any:
    """Call one of the servers by position."""
    dialect = Native(data.login)
    client = Client(served.url, {"Authorization": f"Bearer {data.login.token}"})
    try:
        return dialect.result(await client.post("/rpc", execute(model, method, args)))
    finally:
        client.close()


def execute(model: str, method: str, args: tuple[Any, ...]) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "execute", "params": [model, method, args, {}]})


async def row_of(data: Data, table: str, record: int, key: str = "id") -> list[dict[str, Any]]:
    """What a table holds of a record, but for what tells who wrote it and when."""
    connection = await connect(shared_cluster(), data.name)
    try:
        rows = await connection.fetch(f"select * from {table} where {key} = $1 order by id", record)
    finally:
        await connection.close()
    return [{name: value or None for name, value in row.items() if name not in {*OWN, key}} for row in rows]


async def test_every_workload_completes(data: Data, bare: Served) -> None:
    done = {workload: await data.load(bare, "", workload) for workload in sorted(BY_HAND)}

    assert {workload: figures.samples for workload, figures in done.items() if figures.failures} == {}


async def test_it_reads_and_finds_the_same(data: Data, bare: Served, tandem: Served) -> None:
    stages, country = ["stage_id", "in", data.world.stages[:3]], data.world.countries[0]
    page = (TEN_FIELDS, 0, PAGE, "expected_revenue desc, id desc")
    dear = [stages, ["partner_id.country_id", "=", country], ["expected_revenue", ">", 20_000]]
    of_one = [stages, ["partner_id", "=", data.world.partners[0]]]

    for lead in range(data.world.leads[0], data.world.leads[0] + 10):
        expected = await asked(data, tandem, "read", [lead], TEN_FIELDS)
        assert await asked(data, bare, "read", [lead], TEN_FIELDS) == expected
    for domain, shown in ((dear, page), (of_one, page), ([], page[:3])):
        expected = await asked(data, tandem, "search_read", domain, *shown)
        assert expected
        assert await asked(data, bare, "search_read", domain, *shown) == expected


async def test_it_creates_the_same_lead(data: Data, bare: Served, tandem: Served) -> None:
    values = {
        "name": "Lead",
        "partner_id": data.world.partners[0],
        "type": "opportunity",
        "expected_revenue": 100,
        "priority": "1",
        "description": "Text",
    }
    [expected] = await asked(data, tandem, "create", [values])
    [made] = await asked(data, bare, "create", [values])

    [by_product], [by_hand] = [await row_of(data, "crm_lead", lead) for lead in (expected, made)]
    for row in (by_product, by_hand):
        row.pop("date_last_stage_update"), row.pop("change_xid")
    assert by_hand == by_product
    assert await row_of(data, "mail_message", made, "res_id") == await row_of(data, "mail_message", expected, "res_id")


async def test_it_creates_the_same_order(data: Data, bare: Served, tandem: Served) -> None:
    products = range(data.world.products[0], data.world.products[0] + 5)
    lines = [[0, 0, {"product_id": p, "product_uom_qty": 3, "price_unit": 7 + p % 5}] for p in products]
    values = {"partner_id": data.world.partners[0], "order_line": lines}
    [expected] = await asked(data, tandem, "create", [values], model="sale.order")
    [made] = await asked(data, bare, "create", [values], model="sale.order")

    [by_product], [by_hand] = [await row_of(data, "sale_order", order) for order in (expected, made)]
    for row in (by_product, by_hand):
        row.pop("date_order"), row.pop("change_xid")
    assert by_hand == by_product
    expected_lines = await row_of(data, "sale_order_line", expected, "order_id")
    assert len(expected_lines) == 5
    assert await row_of(data, "sale_order_line", made, "order_id") == expected_lines
