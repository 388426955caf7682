"""Reservation: what is on hand goes to the transfers that asked first, and never twice."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.orm.errors import UserError, ValidationError
from models.stock.levels import Place
from models.stock.picking import Picking
from models.stock.quant import Quant
from models.stock.reservation import Demand, promises
from tests.sale.making import products, read
from tests.stock.making import confirmed, count, delivery, moves_of, on_hand, storable

UNHURRIED = settings(deadline=None)  # the machine may be busy

PLACE = Place(1, 1, 1)

amounts = st.decimals(min_value=0, max_value=100, places=3)


@UNHURRIED
@given(st.lists(st.tuples(amounts, amounts), max_size=10), amounts)
def test_no_more_is_promised_than_is_free(wants, free):
    demands = [
        Demand(n, PLACE, wanted, held, min(held, wanted), counted=True) for n, (wanted, held) in enumerate(wants)
    ]

    given_ = promises(demands, {PLACE: free})

    more = sum((one.reserved - demand.reserved for one, demand in zip(given_, demands, strict=True)), Decimal(0))
    assert 0 <= more <= free
    assert all(one.reserved <= demand.wanted for one, demand in zip(given_, demands, strict=True))


@pytest.mark.parametrize(
    ("stock", "state", "moves"),
    [
        ("5", "assigned", [("3", "3", "assigned")]),
        ("2", "assigned", [("3", "2", "partially_available")]),
        ("0", "confirmed", [("3", "0", "confirmed")]),
    ],
)
async def test_a_confirmed_order_gets_what_is_there(env, stock, state, moves):
    product = await storable(env, stock)

    picking = await delivery(env, await confirmed(env, {"product_id": product, "product_uom_qty": 3}))

    assert await read(env, "stock.picking", picking, "state") == (state,)
    assert await moves_of(env, picking) == moves


async def test_what_is_promised_once_is_not_promised_again(env):
    product = await storable(env, "3")
    await confirmed(env, {"product_id": product, "product_uom_qty": 2})

    second = await delivery(env, await confirmed(env, {"product_id": product, "product_uom_qty": 2}))

    assert await moves_of(env, second) == [("2", "1", "partially_available")]
    assert await on_hand(env, product) == ("3", "3")


async def test_checking_availability_finds_what_came_in(env):
    product = await storable(env)
    picking = await delivery(env, await confirmed(env, {"product_id": product, "product_uom_qty": 2}))
    await count(env, product, "2")

    assert await env[Picking].action_assign(env, [picking]) is True

    assert await read(env, "stock.picking", picking, "state") == ("assigned",)


async def test_checking_availability_of_a_finished_transfer_is_refused(env):
    [product] = await products(env)
    picking = await delivery(env, await confirmed(env, {"product_id": product}))
    await env[Picking].button_validate(env, [picking])

    with pytest.raises(UserError, match="Nothing to check"):
        await env[Picking].action_assign(env, [picking])


async def test_unreserving_gives_the_stock_back(env):
    product = await storable(env, "3")
    picking = await delivery(env, await confirmed(env, {"product_id": product, "product_uom_qty": 2}))

    assert await env[Picking].do_unreserve(env, [picking]) is None

    assert await on_hand(env, product) == ("3", "0")
    assert await moves_of(env, picking) == [("2", "0", "confirmed")]
    assert await read(env, "stock.picking", picking, "state") == ("confirmed",)


async def test_counting_leaves_a_finished_move(env):
    product = await storable(env, "5")
    quant = (await env[Quant].search(env, [["product_id", "=", product]]))[0]

    await env[Quant].write(env, [quant], {"inventory_quantity": 3})
    await env[Quant].action_apply_inventory(env, [quant])

    assert await on_hand(env, product) == ("3", "0")
    rows = await env.fetch("select quantity, state from stock_move where product_id = $1 order by id", product)
    assert [(row[0], row[1]) for row in rows] == [(Decimal(5), "done"), (Decimal(2), "done")]


async def test_quantities_on_hand_are_not_written(env):
    product = await storable(env, "5")
    quant = (await env[Quant].search(env, [["product_id", "=", product]]))[0]

    with pytest.raises(ValidationError):
        await env[Quant].write(env, [quant], {"quantity": 99})


async def test_only_storable_goods_are_counted(env):
    [product] = await products(env)

    with pytest.raises(ValidationError):
        await env[Quant].create(env, {"product_id": product, "inventory_quantity": 1})
