"""Orders and deliveries under several hands at once: each effect once, each total right."""

import asyncio
from decimal import Decimal

import pytest

from models.orm.errors import AppError
from models.sale.order import Order
from models.sale.order_line import OrderLine
from models.stock.picking import Picking
from server.database.connection import connect
from tests import deployments
from tests.cluster import shared_cluster
from tests.sale.making import read, simple_order
from tests.stock.making import confirmed, delivery, on_hand, storable

pytestmark = pytest.mark.concurrency


@pytest.fixture
def call(fresh_database):
    """Run a piece of work in a transaction and connection of its own."""

    async def run(work):
        connection = await connect(shared_cluster(), fresh_database)
        try:
            async with connection.transaction():
                return await work(deployments.system_env(connection))
        finally:
            await connection.close()

    return run


async def at_once(call, count, work):
    """What several calls at once give: results, and refusals of the business."""
    results = await asyncio.gather(*(call(work) for _ in range(count)), return_exceptions=True)
    unexpected = [one for one in results if isinstance(one, BaseException) and not isinstance(one, AppError)]
    assert unexpected == []
    return [one for one in results if not isinstance(one, AppError)]


@pytest.mark.statement("H61", "H62")
async def test_ten_confirmations_make_one_order_and_one_delivery(call):
    record = await call(simple_order)

    done = await at_once(call, 10, lambda env: env[Order].action_confirm(env, [record]))

    assert done == [True]
    assert await call(lambda env: read(env, "sale.order", record, "state", "delivery_count")) == ("sale", 1)


async def test_the_total_is_right_after_many_lines_at_once(call):
    record = await call(simple_order)

    async def add(env):
        return await env[OrderLine].create(env, {"order_id": record, "name": "More", "price_unit": 1})

    await at_once(call, 10, add)

    assert await call(lambda env: read(env, "sale.order", record, "amount_total")) == (Decimal(30),)


async def test_a_delivery_is_carried_out_once(call):
    async def prepare(env):
        product = await storable(env, "5")
        return product, await delivery(env, await confirmed(env, {"product_id": product, "product_uom_qty": 2}))

    product, picking = await call(prepare)

    await at_once(call, 10, lambda env: env[Picking].button_validate(env, [picking]))

    assert await call(lambda env: on_hand(env, product)) == ("3", "0")


async def test_stock_is_not_promised_twice(call):
    product = await call(lambda env: storable(env, "3"))

    await at_once(call, 8, lambda env: confirmed(env, {"product_id": product}))

    assert await call(lambda env: on_hand(env, product)) == ("3", "3")


async def test_cancelling_and_validating_at_once_leaves_one_outcome(call):
    async def prepare(env):
        product = await storable(env, "5")
        record = await confirmed(env, {"product_id": product, "product_uom_qty": 2})
        return product, record, await delivery(env, record)

    product, record, picking = await call(prepare)

    await asyncio.gather(
        call(lambda env: env[Order].action_cancel(env, [record])),
        call(lambda env: env[Picking].button_validate(env, [picking])),
        return_exceptions=True,
    )

    [state] = await call(lambda env: read(env, "stock.picking", picking, "state"))
    assert (state, await call(lambda env: on_hand(env, product))) in [("done", ("3", "0")), ("cancel", ("5", "0"))]
