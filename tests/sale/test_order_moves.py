"""How orders move from state to state, and what no longer changes then."""

from decimal import Decimal

import pytest

from models import deployment
from models.orm import Env, Registry
from models.orm.errors import AccessError, MissingError, TransitionError, UserError, ValidationError
from models.sale.order import Order
from models.sale.states import CONFIRMED
from tests.sale.making import order, products, read, simple_order, state_of

ORDER = "sale.order"


@pytest.mark.statement("H61")
@pytest.mark.parametrize("sent", [False, True])
async def test_confirming_makes_a_quotation_a_sales_order(env, sent):
    record = await simple_order(env)
    if sent:
        await env[Order].action_quotation_sent(env, [record])

    assert await env[Order].action_confirm(env, [record]) is True

    assert await state_of(env, record) == "sale"


async def test_a_confirmed_order_is_not_confirmed_again(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, record)

    with pytest.raises(TransitionError, match=r"not in a state requiring confirmation: S\d+ \(\w+( \w+)?\)\."):
        await env[Order].action_confirm(env, record)


async def test_orders_are_confirmed_all_or_none(env):
    ready, cancelled = await simple_order(env), await simple_order(env)
    await env[Order].action_cancel(env, [cancelled])

    with pytest.raises(TransitionError):
        await env[Order].action_confirm(env, [ready, cancelled])

    assert await state_of(env, ready) == "draft"


async def test_only_drafts_are_marked_as_sent(env):
    record = await simple_order(env)
    await env[Order].action_quotation_sent(env, [record])

    with pytest.raises(TransitionError, match="Only draft orders"):
        await env[Order].action_quotation_sent(env, [record])


async def test_a_cancelled_order_can_be_a_draft_again(env):
    record = await simple_order(env)

    assert await env[Order].action_cancel(env, [record]) is True
    assert await env[Order].action_draft(env, [record]) is True

    assert await state_of(env, record) == "draft"


async def test_a_locked_order_is_not_cancelled(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])
    await env[Order].action_lock(env, [record])

    with pytest.raises(UserError, match="locked"):
        await env[Order].action_cancel(env, [record])

    assert await state_of(env, record) == "sale"


@pytest.mark.statement("H69")
async def test_a_done_order_is_still_confirmed(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])
    await env[Order].action_done(env, [record])

    assert await state_of(env, record) in CONFIRMED
    await env[Order].action_unlock(env, [record])
    assert await state_of(env, record) == "sale"


async def test_netforce_moves_answer_as_netforce_does(env):
    record = await simple_order(env)
    number = (await read(env, ORDER, record, "name"))[0]

    answer = await env[Order].confirm(env, [record])

    assert answer == {
        "next": {"name": "sale", "mode": "form", "active_id": record},
        "flash": f"Sales order {number} confirmed",
    }
    assert await env[Order].done(env, [record]) is None
    assert await env[Order].reopen(env, [record]) is None
    assert await env[Order].void(env, [record]) is None
    assert await env[Order].to_draft(env, [record]) is None
    assert await state_of(env, record) == "draft"


async def test_netforce_refuses_done_from_draft(env):
    record = await simple_order(env)

    with pytest.raises(TransitionError, match="Invalid state"):
        await env[Order].done(env, [record])


@pytest.mark.parametrize("values", [{"state": "sale"}, {"locked": True}, {"amount_total": 1}])
async def test_what_moves_and_sums_up_cannot_be_written(env, values):
    record = await simple_order(env)

    with pytest.raises(ValidationError):
        await env[Order].write(env, [record], values)

    assert await read(env, ORDER, record, "state", "locked", "amount_total") == ("draft", False, Decimal(20))


async def test_price_terms_are_fixed_once_confirmed(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])

    with pytest.raises(UserError, match="price terms"):
        await env[Order].write(env, [record], {"tax_type": "no_tax"})


async def test_an_order_stays_in_its_company(env):
    record = await simple_order(env)
    other = await env["res.company"].create(env, {"name": "Other"})

    with pytest.raises((UserError, MissingError, AccessError)):
        await env[Order].write(env, [record], {"company_id": other})


async def test_a_confirmed_order_is_not_deleted(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])

    with pytest.raises(UserError, match="must first cancel"):
        await env[Order].delete(env, [record])

    assert await env[Order].exists(env, [record]) == [record]


@pytest.mark.parametrize("cancelled", [False, True])
async def test_drafts_and_cancelled_orders_are_deleted_with_their_lines(env, cancelled):
    record = await simple_order(env)
    if cancelled:
        await env[Order].action_cancel(env, [record])

    await env[Order].delete(env, [record])

    assert await env["sale.order.line"].search_count(env, [["order_id", "=", record]]) == 0


class Approved(Order, name="sale.order"):
    """An order as a deployment with discount approvals would extend it."""

    @classmethod
    async def check_confirmation(cls, env, orders):
        """Refuse discounts over 20 %."""
        await super().check_confirmation(env, orders)
        ids = [one.id for one in orders]
        if await env["sale.order.line"].search_count(env, [["order_id", "in", ids], ["discount", ">", 20]]):
            raise UserError("This discount needs the approval of a manager.")


@pytest.mark.statement("H63")
async def test_approvals_attach_where_orders_are_confirmed(env):
    [product] = await products(env)
    record = await order(env, {"product_id": product, "discount": 30})
    areas = deployment.areas_of("both")
    models = [model for area in areas for model in area.MODELS]
    registry = Registry([*models, Approved], (group for area in areas for group in area.GROUPS))
    strict = Env(registry, env.connection, env.user)

    with pytest.raises(UserError, match="needs the approval"):
        await strict[Order].action_confirm(strict, [record])

    assert await read(env, ORDER, record, "state", "picking_ids") == ("draft", ())
