"""Transfers: parts of them, back orders, and transfers made by hand."""

from decimal import Decimal

import pytest

from models.orm.errors import MissingError, UserError, ValidationError
from models.stock.backorder import BackorderConfirmation
from models.stock.move import Move
from models.stock.picking import Picking
from tests.sale.making import messages, products, read
from tests.stock.making import confirmed, delivery, moves_of, on_hand, storable


async def partly_available(env, stock="2", wanted=5):
    product = await storable(env, stock)
    record = await confirmed(env, {"product_id": product, "product_uom_qty": wanted})
    return product, record, await delivery(env, record)


async def answer(env, question, method):
    """Answer the question as a client does: create the wizard with the returned context, then press."""
    asked = env.with_context(**question["context"])
    wizard = await asked[BackorderConfirmation].create(asked, {})
    return await getattr(asked[BackorderConfirmation], method)(asked, [wizard])


async def test_a_part_is_asked_about_and_nothing_moves_yet(env):
    product, _, picking = await partly_available(env)

    question = await env[Picking].button_validate(env, [picking])

    assert (question["res_model"], question["type"]) == ("stock.backorder.confirmation", "ir.actions.act_window")
    assert await read(env, "stock.picking", picking, "state") == ("assigned",)
    assert await on_hand(env, product) == ("2", "2")


@pytest.mark.statement("H72")
async def test_the_rest_becomes_a_back_order_that_is_still_open(env):
    product, record, picking = await partly_available(env)
    question = await env[Picking].button_validate(env, [picking])

    assert await answer(env, question, "process") is True

    [rest] = (await read(env, "stock.picking", picking, "backorder_ids"))[0]
    assert await read(env, "stock.picking", picking, "state") == ("done",)
    assert await moves_of(env, picking) == [("2", "2", "done")]
    assert await read(env, "stock.picking", rest, "state", "sale_id", "backorder_id") == ("confirmed", record, picking)
    assert await moves_of(env, rest) == [("3", "0", "confirmed")]
    assert await on_hand(env, product) == ("0", "0")
    assert await read(env, "sale.order", record, "delivery_status", "delivery_count") == ("partial", 2)


async def test_the_rest_may_be_dropped(env):
    _, record, picking = await partly_available(env)
    question = await env[Picking].button_validate(env, [picking])

    assert await answer(env, question, "process_cancel_backorder") is True

    assert await moves_of(env, picking) == [("2", "2", "done"), ("3", "0", "cancel")]
    assert await read(env, "sale.order", record, "delivery_status", "delivery_count") == ("full", 1)


async def test_the_context_may_answer_beforehand(env):
    _, record, picking = await partly_available(env)
    decided = env.with_context(skip_backorder=True)

    assert await decided[Picking].button_validate(decided, [picking]) is True

    assert await read(env, "sale.order", record, "delivery_count") == (2,)


async def test_a_back_order_takes_what_is_free_again(env):
    first, second = await storable(env, "5"), await storable(env, "5")
    record = await confirmed(env, {"product_id": first, "product_uom_qty": 4}, {"product_id": second})
    picking = await delivery(env, record)
    [move, _] = (await read(env, "stock.picking", picking, "move_ids"))[0]
    await env[Move].write(env, [move], {"quantity": 1, "picked": True})
    decided = env.with_context(skip_backorder=True)

    await decided[Picking].button_validate(decided, [picking])

    [rest] = (await read(env, "stock.picking", picking, "backorder_ids"))[0]
    assert await moves_of(env, picking) == [("1", "1", "done")]
    assert sorted(await moves_of(env, rest)) == [("1", "1", "assigned"), ("3", "3", "assigned")]
    assert (await on_hand(env, first), await on_hand(env, second)) == (("4", "3"), ("5", "1"))


async def test_both_sides_are_told_of_a_back_order(env):
    _, _, picking = await partly_available(env)
    decided = env.with_context(skip_backorder=True)
    await decided[Picking].button_validate(decided, [picking])
    [rest] = (await read(env, "stock.picking", picking, "backorder_ids"))[0]
    names = [(await read(env, "stock.picking", one, "name"))[0] for one in (picking, rest)]

    assert f"The backorder {names[1]} has been created." in await messages(env, "stock.picking", picking)
    assert f"Back order of {names[0]}." in await messages(env, "stock.picking", rest)


async def test_nothing_to_move_is_refused(env):
    _, _, picking = await partly_available(env, "0")

    with pytest.raises(UserError, match="zero quantity transfer"):
        await env[Picking].button_validate(env, [picking])

    assert await read(env, "stock.picking", picking, "state") == ("confirmed",)


async def test_entered_quantities_go_whatever_was_reserved(env):
    product, record, picking = await partly_available(env, "0", 2)
    [move] = (await read(env, "stock.picking", picking, "move_ids"))[0]
    await env[Move].write(env, [move], {"quantity": 2})

    assert await env[Picking].button_validate(env, [picking]) is True

    assert await on_hand(env, product) == ("-2", "0")
    assert await read(env, "sale.order", record, "delivery_status") == ("full",)


async def test_finished_moves_stand(env):
    [product] = await products(env)
    picking = await delivery(env, await confirmed(env, {"product_id": product}))
    await env[Picking].button_validate(env, [picking])
    [move] = (await read(env, "stock.picking", picking, "move_ids"))[0]

    with pytest.raises(UserError, match="cannot be changed"):
        await env[Move].write(env, [move], {"quantity": 5})


@pytest.mark.parametrize("values", [{"state": "done"}, {"date_done": "2026-01-01"}])
async def test_a_transfer_is_not_finished_by_writing(env, values):
    [product] = await products(env)
    picking = await delivery(env, await confirmed(env, {"product_id": product}))

    with pytest.raises(ValidationError):
        await env[Picking].write(env, [picking], values)

    assert await read(env, "stock.picking", picking, "state") == ("assigned",)


async def test_a_cancelled_transfer_is_not_validated(env):
    [product] = await products(env)
    picking = await delivery(env, await confirmed(env, {"product_id": product}))
    await env[Picking].action_cancel(env, [picking])

    with pytest.raises(UserError, match="cancelled transfer"):
        await env[Picking].button_validate(env, [picking])


async def test_a_receipt_made_by_hand_brings_stock_in(env):
    product = await storable(env)
    [kind] = await env["stock.picking.type"].search(env, [["code", "=", "incoming"]], limit=1)

    picking = await env[Picking].create(
        env, {"picking_type_id": kind, "move_ids": [[0, 0, {"product_id": product, "product_uom_qty": 7}]]}
    )
    drafted = await read(env, "stock.picking", picking, "state")
    await env[Picking].action_confirm(env, [picking])
    await env[Picking].button_validate(env, [picking])

    assert drafted == ("draft",)
    assert (await read(env, "stock.picking", picking, "name"))[0].startswith("WH/IN/")
    assert await on_hand(env, product) == ("7", "0")


async def test_only_what_never_started_is_deleted(env):
    [product] = await products(env)
    picking = await delivery(env, await confirmed(env, {"product_id": product}))

    with pytest.raises(UserError, match="only delete draft or cancelled"):
        await env[Picking].delete(env, [picking])


async def test_several_transfers_are_validated_together(env):
    [product] = await products(env)
    pickings = [await delivery(env, await confirmed(env, {"product_id": product})) for _ in range(3)]

    assert await env[Picking].button_validate(env, pickings) is True

    states = [(await read(env, "stock.picking", one, "state"))[0] for one in pickings]
    assert states == ["done"] * 3


async def test_delivered_quantities_count_each_line_alone(env):
    first, second = await products(env, 2)
    record = await confirmed(env, {"product_id": first, "product_uom_qty": 2}, {"product_id": second})
    picking = await delivery(env, record)
    [move, _] = (await read(env, "stock.picking", picking, "move_ids"))[0]
    await env[Move].write(env, [move], {"picked": True})
    decided = env.with_context(skip_backorder=True)

    await decided[Picking].button_validate(decided, [picking])

    lines = (await read(env, "sale.order", record, "order_line"))[0]
    delivered = [(await read(env, "sale.order.line", line, "qty_delivered"))[0] for line in lines]
    assert delivered == [Decimal(2), Decimal(0)]


@pytest.mark.statement("Z9", "Z15")
async def test_a_form_is_for_whoever_opened_it(env, as_user):
    _, _, picking = await partly_available(env)
    [asked] = await env[BackorderConfirmation].insert(env, [{"pick_ids": [(6, 0, [picking])]}])
    [back] = await env["stock.return.picking"].insert(env, [{"picking_id": picking}])
    other = await as_user("stock.user")

    for model, form in (("stock.backorder.confirmation", asked), ("stock.return.picking", back)):
        assert await other[model].search(other, []) == []
        assert await other[model].exists(other, [form]) == []
    with pytest.raises(MissingError):
        await other[BackorderConfirmation].process(other, [asked])
    with pytest.raises(MissingError):
        await other["stock.return.picking.line"].create(
            other, {"wizard_id": back, "product_id": 1, "move_id": 1, "quantity": 1}
        )
