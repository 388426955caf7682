"""How many statements orders take: few, and no more for more lines."""

import pytest

from models.sale.order import Order
from models.sale.order_line import OrderLine
from models.stock.picking import Picking
from tests.sale.making import customer, lines, order, products, tax
from tests.stock.making import confirmed, delivery


async def counted(env, call):
    before = env.statements
    result = await call
    return env.statements - before, result


@pytest.fixture
async def seller(as_user):
    return await as_user("sale.user", "stock.user")


async def values(env, count, **more):
    vat = await tax(env, "12")
    ids = await products(env, count, taxes_id=[(6, 0, [vat])])
    return {
        "partner_id": await customer(env),
        "order_line": lines(*({"product_id": one, "product_uom_qty": 1, "price_unit": 10.0} for one in ids)),
        **more,
    }


async def test_an_order_with_five_lines_takes_at_most_ten(env, seller):
    given = await values(env, 5)

    statements, _ = await counted(seller, seller[Order].create(seller, [given]))

    assert statements <= 10


async def test_more_lines_take_no_more_statements(env, seller):
    few, many = await values(env, 5), await values(env, 50)

    for_few, _ = await counted(seller, seller[Order].create(seller, few))
    for_many, _ = await counted(seller, seller[Order].create(seller, many))

    assert for_many == for_few


async def test_confirming_takes_no_more_for_more_lines(env, seller):
    few, many = [await seller[Order].create(seller, await values(env, count)) for count in (1, 30)]

    for_few, _ = await counted(seller, seller[Order].action_confirm(seller, few))
    for_many, _ = await counted(seller, seller[Order].action_confirm(seller, many))

    assert for_many == for_few <= 13


async def test_validating_takes_no_more_for_more_moves(env, seller):
    few = await delivery(env, await seller_order(env, seller, 1))
    many = await delivery(env, await seller_order(env, seller, 30))

    for_few, _ = await counted(seller, seller[Picking].button_validate(seller, few))
    for_many, _ = await counted(seller, seller[Picking].button_validate(seller, many))

    assert for_many == for_few <= 8


async def seller_order(env, seller, count):
    record = await seller[Order].create(seller, await values(env, count))
    await seller[Order].action_confirm(seller, record)
    return record


async def test_reserving_takes_no_more_for_more_products(env):
    few = await products(env, 1, is_storable=True)
    many = await products(env, 20, is_storable=True)
    pickings = [await delivery(env, await confirmed(env, *({"product_id": one} for one in ids))) for ids in (few, many)]

    counts = [(await counted(env, env[Picking].action_assign(env, one)))[0] for one in pickings]

    assert counts[0] == counts[1]


async def test_changing_all_lines_takes_no_more_than_changing_one(env):
    ids = await products(env, 20)
    record = await order(env, *({"product_id": one} for one in ids))
    found = await env[OrderLine].search(env, [["order_id", "=", record]])

    for_one, _ = await counted(env, env[OrderLine].write(env, found[:1], {"discount": 10}))
    for_all, _ = await counted(env, env[OrderLine].write(env, found, {"discount": 20}))

    assert for_all == for_one
