"""Who may move orders and transfers: the wrong group, or another company, changes nothing."""

from decimal import Decimal

import pytest

from models.orm.errors import AccessError, MissingError, UnknownModelError
from tests import deployments
from tests.sale.making import order, products, read, simple_order
from tests.stock.making import confirmed, delivery

ORDER_MOVES = [
    "action_confirm",
    "action_quotation_sent",
    "action_cancel",
    "action_draft",
    "action_lock",
    "action_unlock",
    "action_done",
    "confirm",
    "done",
    "reopen",
    "void",
    "to_draft",
    "delete",
]
TRANSFER_MOVES = ["action_confirm", "action_assign", "do_unreserve", "button_validate", "action_cancel", "delete"]


async def elsewhere(env, *groups):
    """A caller with these groups in another company."""
    other = await env["res.company"].create(env, {"name": "Other"})
    return deployments.as_user(
        env, deployments.user_of(env.registry, env.user.id, "elsewhere", groups, company=other, companies=(other,))
    )


async def row_of(env, table, record):
    return dict(await env.fetchrow(f"select * from {table} where id = $1", record))


@pytest.mark.parametrize("method", ORDER_MOVES)
@pytest.mark.parametrize(("group", "error"), [("base.user", UnknownModelError), ("stock.user", AccessError)])
async def test_only_sales_moves_orders(env, as_user, method, group, error):
    record = await simple_order(env)
    before = await row_of(env, "sale_order", record)
    caller = await as_user(group)

    with pytest.raises(error):
        await getattr(caller["sale.order"], method)(caller, [record])

    assert await row_of(env, "sale_order", record) == before


@pytest.mark.parametrize("method", ORDER_MOVES)
async def test_orders_of_another_company_do_not_move(env, method):
    record = await simple_order(env)
    before = await row_of(env, "sale_order", record)
    caller = await elsewhere(env, "sale.manager")

    with pytest.raises(MissingError):
        await getattr(caller["sale.order"], method)(caller, [record])

    assert await row_of(env, "sale_order", record) == before


@pytest.mark.statement("H121")
@pytest.mark.parametrize("method", TRANSFER_MOVES)
@pytest.mark.parametrize(("group", "error"), [("base.user", UnknownModelError), ("sale.user", AccessError)])
async def test_only_stock_moves_transfers(env, as_user, method, group, error):
    [product] = await products(env)
    picking = await delivery(env, await confirmed(env, {"product_id": product}))
    before = await row_of(env, "stock_picking", picking)
    caller = await as_user(group)

    with pytest.raises(error):
        await getattr(caller["stock.picking"], method)(caller, [picking])

    assert await row_of(env, "stock_picking", picking) == before


@pytest.mark.parametrize("method", TRANSFER_MOVES)
async def test_transfers_of_another_company_do_not_move(env, method):
    [product] = await products(env)
    picking = await delivery(env, await confirmed(env, {"product_id": product}))
    before = await row_of(env, "stock_picking", picking)
    caller = await elsewhere(env, "stock.manager")

    with pytest.raises(MissingError):
        await getattr(caller["stock.picking"], method)(caller, [picking])

    assert await row_of(env, "stock_picking", picking) == before


async def test_lines_of_another_company_are_not_written(env):
    [product] = await products(env)
    record = await order(env, {"product_id": product})
    [line] = (await read(env, "sale.order", record, "order_line"))[0]
    caller = await elsewhere(env, "sale.manager")

    for work in (
        caller["sale.order.line"].write(caller, [line], {"price_unit": 1}),
        caller["sale.order.line"].delete(caller, [line]),
        caller["sale.order.line"].create(caller, {"order_id": record, "name": "Mine", "price_unit": 1}),
    ):
        with pytest.raises(MissingError):
            await work

    assert await read(env, "sale.order", record, "amount_total", "order_line") == (Decimal(10), (line,))


@pytest.mark.parametrize("field", ["partner_id", "partner_invoice_id", "partner_shipping_id"])
async def test_a_customer_of_another_company_is_not_there(env, field):
    system = env.as_system("test")
    other = await env["res.company"].create(env, {"name": "Other"})
    [hidden] = await system["res.partner"].insert(system, [{"name": "Hidden", "company_id": other}])
    [shown] = await env["res.partner"].insert(env, [{"name": "Shown"}])

    with pytest.raises(MissingError):
        await env["sale.order"].create(env, {"partner_id": shown, field: hidden})
