"""Deliveries of orders: made by confirming, carried out by validating, taken back by cancelling."""

import datetime as dt
from decimal import Decimal

import pytest

from models.orm.dialect import ODOO
from models.orm.errors import AccessError, UserError
from models.sale.order import Order
from models.stock.picking import Picking
from models.stock.returns import ReturnPicking
from tests import deployments
from tests.sale.making import messages, order, products, read, tracked
from tests.stock.making import confirmed, delivered, delivery, moves_of, on_hand, storable


@pytest.mark.statement("H62")
async def test_confirming_makes_a_delivery_of_the_goods(env):
    first, second = await products(env, 2)

    record = await confirmed(env, {"product_id": first, "product_uom_qty": 2}, {"product_id": second})

    picking = await delivery(env, record)
    name = (await read(env, "sale.order", record, "name"))[0]
    found = await read(env, "stock.picking", picking, "origin", "sale_id", "state", "picking_type_code")
    assert found == (name, record, "assigned", "outgoing")
    assert await moves_of(env, picking) == [("2", "2", "assigned"), ("1", "1", "assigned")]


async def test_a_delivery_is_numbered_by_its_warehouse(env):
    [product] = await products(env)

    first = await delivery(env, await confirmed(env, {"product_id": product}))
    second = await delivery(env, await confirmed(env, {"product_id": product}))

    names = [(await read(env, "stock.picking", one, "name"))[0] for one in (first, second)]
    assert all(name.startswith("WH/OUT/") and len(name) == 12 for name in names)
    assert names[0] < names[1]


@pytest.mark.statement("H73")
async def test_services_need_no_delivery(env):
    [service] = await products(env, type="service")

    record = await confirmed(env, {"product_id": service}, {"display_type": "line_note", "name": "Thanks"})

    assert await read(env, "sale.order", record, "state", "picking_ids", "delivery_status") == ("sale", (), None)


@pytest.mark.statement("H64", "H135")
async def test_validating_finishes_the_delivery_at_a_known_instant(env):
    [product] = await products(env)
    picking = await delivery(env, await confirmed(env, {"product_id": product}))

    assert await env[Picking].button_validate(env, [picking]) is True

    state, done = await read(env, "stock.picking", picking, "state", "date_done")
    assert (state, done) == ("done", env.now)
    assert done.utcoffset() == dt.timedelta(0)


async def test_validating_again_changes_nothing(env):
    [product] = await products(env)
    record, picking = await delivered(env, {"product_id": product})

    assert await env[Picking].button_validate(env, [picking]) is True

    assert await read(env, "stock.picking", picking, "state") == ("done",)
    assert await read(env, "sale.order", record, "delivery_count") == (1,)


async def test_the_order_knows_what_was_delivered(env):
    [product] = await products(env)
    record, _ = await delivered(env, {"product_id": product, "product_uom_qty": 3})

    assert await read(env, "sale.order", record, "delivery_status", "is_delivered", "delivery_count") == (
        "full",
        True,
        1,
    )
    [line] = (await read(env, "sale.order", record, "order_line"))[0]
    assert await read(env, "sale.order.line", line, "qty_delivered") == (Decimal(3),)


async def test_the_benchmark_cycle_runs_as_odoo_clients_call_it(env):
    odoo = env.with_dialect(ODOO)
    partner = await odoo["res.partner"].create(odoo, {"name": "Customer"})
    [product] = await products(env)

    [record] = await odoo["sale.order"].create(
        odoo,
        [
            {
                "partner_id": partner,
                "order_line": [[0, 0, {"product_id": product, "product_uom_qty": 1, "price_unit": 10.0}]],
            }
        ],
    )
    await odoo["sale.order"].action_confirm(odoo, [record])
    [answer] = (await odoo["sale.order"].read(odoo, [record], ["state", "picking_ids", "amount_total"])).value()

    assert (answer["state"], answer["amount_total"]) == ("sale", Decimal("10.00"))
    assert await odoo["stock.picking"].button_validate(odoo, answer["picking_ids"]) is True
    [picking] = (await odoo["stock.picking"].read(odoo, answer["picking_ids"], ["state"])).value()
    assert picking["state"] == "done"


async def test_cancelling_an_order_cancels_open_deliveries_and_frees_the_stock(env):
    product = await storable(env, "5")
    record = await confirmed(env, {"product_id": product, "product_uom_qty": 2})
    picking = await delivery(env, record)
    before = await on_hand(env, product)

    await env[Order].action_cancel(env, [record])

    assert before == ("5", "2")
    assert await on_hand(env, product) == ("5", "0")
    assert await read(env, "stock.picking", picking, "state") == ("cancel",)


async def test_cancelling_an_order_leaves_finished_deliveries(env):
    [product] = await products(env)
    record, picking = await delivered(env, {"product_id": product})

    await env[Order].action_cancel(env, [record])

    assert await read(env, "stock.picking", picking, "state") == ("done",)


async def test_an_order_confirmed_anew_gets_a_new_delivery(env):
    [product] = await products(env)
    record = await confirmed(env, {"product_id": product})
    await env[Order].action_cancel(env, [record])
    await env[Order].action_draft(env, [record])

    await env[Order].action_confirm(env, [record])

    pickings = (await read(env, "sale.order", record, "picking_ids"))[0]
    states = sorted([(await read(env, "stock.picking", one, "state"))[0] for one in pickings])
    assert states == ["assigned", "cancel"]


async def test_a_finished_delivery_is_not_cancelled(env):
    [product] = await products(env)
    _, picking = await delivered(env, {"product_id": product})

    with pytest.raises(UserError, match="Create a return"):
        await env[Picking].action_cancel(env, [picking])

    assert await read(env, "stock.picking", picking, "state") == ("done",)


@pytest.mark.statement("H74")
async def test_a_returned_delivery_stays_done(env):
    product = await storable(env, "5")
    record, picking = await delivered(env, {"product_id": product, "product_uom_qty": 2})
    wizard = await env[ReturnPicking].create(env, {"picking_id": picking})

    answer = await env[ReturnPicking].action_create_returns(env, [wizard])
    await env[Picking].button_validate(env, [answer["res_id"]])

    assert await read(env, "stock.picking", picking, "state") == ("done",)
    assert await read(env, "stock.picking", answer["res_id"], "state", "return_id") == ("done", picking)
    assert await on_hand(env, product) == ("5", "0")
    [line] = (await read(env, "sale.order", record, "order_line"))[0]
    assert await read(env, "sale.order.line", line, "qty_delivered") == (Decimal(0),)


async def test_no_more_comes_back_than_went(env):
    [product] = await products(env)
    _, picking = await delivered(env, {"product_id": product, "product_uom_qty": 2})
    wizard = await env[ReturnPicking].create(env, {"picking_id": picking})
    await env[ReturnPicking].action_create_returns(env, [wizard])

    with pytest.raises(UserError, match="No products to return"):
        again = await env[ReturnPicking].create(env, {"picking_id": picking})
        await env[ReturnPicking].action_create_returns(env, [again])


async def test_only_finished_transfers_are_returned(env):
    [product] = await products(env)
    picking = await delivery(env, await confirmed(env, {"product_id": product}))
    wizard = await env[ReturnPicking].create(env, {"picking_id": picking})

    with pytest.raises(UserError, match="only return Done"):
        await env[ReturnPicking].action_create_returns(env, [wizard])


@pytest.mark.statement("H132")
async def test_the_transfer_tells_who_did_what(env):
    [product] = await products(env)
    _, picking = await delivered(env, {"product_id": product})

    assert (await messages(env, "stock.picking", picking))[0] == "Transfer created"
    changes = await tracked(env, "stock.picking", picking)
    assert ("state", '"assigned"', '"done"') in changes
    assert "date_done" in {change[0] for change in changes}


# who may


@pytest.mark.statement("H121")
async def test_sellers_confirm_and_storekeepers_validate(env, as_user):
    [product] = await products(env)
    record = await order(env, {"product_id": product})
    seller, keeper = await as_user("sale.user"), await as_user("stock.user")

    await seller[Order].action_confirm(seller, [record])
    picking = await delivery(env, record)
    with pytest.raises(AccessError):
        await seller[Picking].button_validate(seller, [picking])
    with pytest.raises(AccessError):
        await keeper[Order].action_cancel(keeper, [record])
    await keeper[Picking].button_validate(keeper, [picking])

    assert await read(env, "sale.order", record, "state", "delivery_status") == ("sale", "full")


async def test_another_company_gets_a_warehouse_of_its_own(env):
    other = await env["res.company"].create(env, {"name": "Other"})
    [product] = await products(env)
    groups = ["sale.user", "stock.user"]
    seller = deployments.as_user(
        env, deployments.user_of(env.registry, env.user.id, "seller", groups, company=other, companies=(other,))
    )

    record = await confirmed(seller, {"product_id": product})

    picking = await delivery(seller, record)
    name, company = await read(seller, "stock.picking", picking, "name", "company_id")
    assert (name, company) == (f"WH{other}/OUT/00001", other)
