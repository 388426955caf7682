"""Mark Won and Mark Lost: what they ask for, what they leave behind, and that each is final."""

import pytest

from models.crm.losing import LOST_REASONS
from models.orm.errors import AppError, RequiredError, TransitionError, TypeMismatchError, UserError
from tests.dealer.making import (
    LEAD,
    confirm,
    deliver,
    deliverable_lead,
    lead,
    order_of,
    sellable_lead,
    stage_name,
    won_lead,
)
from tests.sale.making import messages, read, tracked

CONFIRM = ["action_confirm"]
CLOSE = ["action_confirm", "action_done"]
DELIVERED = ("done", "cancel")
REASONS = ("price_too_high", "chose_competitor", "not_ready", "financing", "no_stock", "buyer_cancelled", "other")


async def refused(env, record, match):
    with pytest.raises(UserError, match=match):
        await env[LEAD].action_set_won(env, [record])
    assert await read(env, LEAD, record, "stage_id.is_won", "date_won") == (False, None)


# won


@pytest.mark.statement("H67", "E23")
async def test_without_an_order(env):
    await refused(env, await lead(env), r"^Create a quotation first with the Convert to Quotation button\.$")


@pytest.mark.statement("H68", "H138")
@pytest.mark.parametrize("move", [None, "action_quotation_sent", "action_cancel"])
async def test_with_an_order_that_is_not_confirmed(env, move):
    record = await sellable_lead(env)
    order = await order_of(env, record)
    if move:
        await getattr(env["sale.order"], move)(env, [order])

    await refused(env, record, "must be confirmed")


@pytest.mark.statement("H70", "H138", "Z17")
async def test_with_a_delivery_that_is_not_done(env):
    record, picking = await deliverable_lead(env)
    [name] = await read(env, "stock.picking", picking, "name")

    await refused(env, record, rf"^1 delivery order\(s\) still pending: {name}\.")


@pytest.mark.statement("H68", "H70", "H71", "H138", "Z17", "E24")
async def test_all_that_is_pending_is_counted_and_named_and_nothing_else(env, as_user):
    user = await as_user("dealer.user")
    record = await sellable_lead(env, user_id=user.user.id)
    order = await order_of(user, record)
    kind = await env.fetchval("select id from stock_picking_type where code = 'outgoing' limit 1")
    states = ("done", "assigned", "cancel", "draft", "waiting", "confirmed", "done")
    system = env.as_system("test")
    rows = [{"sale_id": order, "picking_type_id": kind, "state": state} for state in states]
    pickings = await system["stock.picking"].insert(system, rows)
    names = [(await read(env, "stock.picking", one, "name"))[0] for one in pickings]

    with pytest.raises(UserError, match="must be confirmed"):
        await user[LEAD].action_set_won(user, [record])
    await system["sale.order"].update(system, [order], {"state": "sale"})
    left = {one: name for one, name, state in zip(pickings, names, states, strict=True) if state not in DELIVERED}
    while left:
        with pytest.raises(UserError) as caught:
            await user[LEAD].action_set_won(user, [record])
        listed = ", ".join(sorted(left.values()))
        told = f"{len(left)} delivery order(s) still pending: {listed}. Validate them in Inventory, then retry."
        assert caught.value.message == told
        [shown] = await user[LEAD].get_actions(user, [record])
        assert shown["actions"]["action_set_won"] == {"visible": True, "ready": False, "reason": told}
        [first, *_] = left
        await system["stock.picking"].update(system, [first], {"state": "done"})
        del left[first]

    assert await user[LEAD].action_set_won(user, [record]) is True


@pytest.mark.statement("H72", "Z17")
async def test_with_a_backorder_that_is_not_done(env):
    record = await sellable_lead(env, goods=True, quantity=3)
    [picking] = await confirm(env, await order_of(env, record))
    [move] = await env["stock.move"].search(env, [["picking_id", "=", picking]])
    await env["stock.move"].write(env, [move], {"quantity": 1})
    skipping = env.with_context(skip_backorder=True)
    await env["stock.picking"].button_validate(skipping, [picking])

    await refused(env, record, "still pending")

    [rest] = await env["stock.picking"].search(env, [["backorder_id", "=", picking]])
    await deliver(env, rest)
    assert await env[LEAD].action_set_won(env, [record]) is True


@pytest.mark.statement("H69", "H76", "H77", "H79")
async def test_when_everything_is_delivered_the_lead_is_won(env):
    record, picking = await deliverable_lead(env)
    await deliver(env, picking)

    assert await env[LEAD].action_set_won(env, [record]) is True

    assert await read(env, LEAD, record, "stage_id.is_won", "date_won") == (True, env.now)
    *_, (field, _, new) = await tracked(env, LEAD, record)
    assert (field, new) == ("stage_id", str((await read(env, LEAD, record, "stage_id"))[0]))
    author, date = await env.fetchrow(
        "select author_user_id, date from mail_message where model = $1 and res_id = $2 and tracking is not null"
        " order by id desc",
        LEAD,
        record,
    )
    assert (author, date) == (env.user.id, env.now)


@pytest.mark.statement("H69")
async def test_a_closed_order_counts_as_confirmed(env):
    record = await sellable_lead(env)
    order = await order_of(env, record)
    await confirm(env, order)
    await env["sale.order"].action_done(env, [order])

    assert await env[LEAD].action_set_won(env, [record]) is True


@pytest.mark.statement("H73")
async def test_services_need_no_delivery(env):
    assert await stage_name(env, await won_lead(env)) == "Won"


@pytest.mark.statement("H71")
async def test_a_cancelled_backorder_does_not_block(env):
    record = await sellable_lead(env, goods=True, quantity=3)
    [picking] = await confirm(env, await order_of(env, record))
    [move] = await env["stock.move"].search(env, [["picking_id", "=", picking]])
    await env["stock.move"].write(env, [move], {"quantity": 1})
    await env["stock.picking"].button_validate(env.with_context(skip_backorder=True), [picking])
    [rest] = await env["stock.picking"].search(env, [["backorder_id", "=", picking]])
    await env["stock.picking"].action_cancel(env, [rest])

    assert await env[LEAD].action_set_won(env, [record]) is True


@pytest.mark.statement("H78")
async def test_a_lead_is_won_once(env):
    record = await won_lead(env)
    [before] = await read(env, LEAD, record, "date_won")
    told = len(await messages(env, LEAD, record))

    with pytest.raises(TransitionError, match=r"^DLEAD/\d+ is already Won\.$"):
        await env[LEAD].action_set_won(env, [record])

    assert await read(env, LEAD, record, "date_won") == (before,)
    assert len(await messages(env, LEAD, record)) == told


@pytest.mark.statement("H80")
async def test_a_lead_of_ones_own_is_not_told_to_anybody(env):
    record = await won_lead(env)

    assert await read(env, LEAD, record, "bpo_callback_state") == ("none",)
    assert await env.fetchval("select count(*) from sync_job where kind = 'dealer.callback'") == 0


async def test_one_lead_that_is_not_ready_refuses_all(env):
    ready = await sellable_lead(env)
    await confirm(env, await order_of(env, ready))

    with pytest.raises(UserError):
        await env[LEAD].action_set_won(env, [ready, await lead(env)])

    assert await stage_name(env, ready) == "New"


@pytest.mark.statement("Z13")
@pytest.mark.parametrize(
    "values",
    [
        {"date_won": "2026-01-01 00:00:00"},
        {"date_lost": "2026-01-01 00:00:00"},
        {"lost_reason": "other"},
        {"bpo_source_lead_id": 7},
        {"bpo_callback_state": "done"},
        {"name": "DLEAD/1"},
    ],
)
async def test_what_the_workflow_writes_nobody_else_writes(env, values):
    record = await lead(env)

    with pytest.raises(AppError):
        await env[LEAD].write(env, [record], values)
    with pytest.raises(AppError):
        await lead(env, **values)


@pytest.mark.statement("H138", "Z17")
async def test_names_of_deliveries_are_for_those_who_may_read_them(env):
    record, picking = await deliverable_lead(env)
    [name] = await read(env, "stock.picking", picking, "name")
    [before] = await env[LEAD].get_actions(env, [record])

    assert name in before["actions"]["action_set_won"]["reason"]


# lost


@pytest.mark.statement("H91", "H96", "H98", "H92")
async def test_an_open_lead_is_lost_for_a_reason(env):
    record = await lead(env)

    await env[LEAD].action_set_lost(env, [record], "financing", "The bank <b>declined</b>.")

    found = await read(env, LEAD, record, "stage_id.is_lost", "lost_reason", "lost_notes", "date_lost")
    assert found == (True, "financing", "The bank <b>declined</b>.", env.now)
    *_, told = await messages(env, LEAD, record)
    assert told == "Lead lost: Financing Issues. Notes: The bank &lt;b&gt;declined&lt;/b&gt;."


@pytest.mark.statement("H93")
@pytest.mark.parametrize("reason", REASONS)
async def test_each_reason_is_accepted(env, reason):
    record = await lead(env)

    await env[LEAD].action_set_lost(env, [record], lost_reason=reason)

    assert await read(env, LEAD, record, "lost_reason") == (reason,)


@pytest.mark.statement("H92", "H138")
@pytest.mark.parametrize("reason", [None, False, ""])
async def test_a_reason_is_required(env, reason):
    record = await lead(env)

    with pytest.raises(RequiredError, match="reason is required"):
        await env[LEAD].action_set_lost(env, [record], reason)

    assert await stage_name(env, record) == "New"


@pytest.mark.statement("H94")
async def test_an_unknown_reason_is_refused(env):
    record = await lead(env)

    with pytest.raises(TypeMismatchError):
        await env[LEAD].action_set_lost(env, [record], "bored")

    assert await stage_name(env, record) == "New"


@pytest.mark.statement("H95")
async def test_other_asks_for_notes_but_does_not_insist(env):
    with_notes, without = await lead(env), await lead(env)

    warned = await env[LEAD].action_set_lost(env, [without], "other")
    content = await env[LEAD].action_set_lost(env, [with_notes], "other", "Moved abroad")

    assert len(warned["infos"]["warnings"]) == 1
    assert content["infos"]["warnings"] == []


@pytest.mark.statement("H97", "E28")
@pytest.mark.parametrize("moves", [[], ["action_quotation_sent"], CONFIRM, CLOSE, ["action_cancel"]])
async def test_the_linked_order_stays_as_it_is(env, moves):
    record = await sellable_lead(env)
    order = await order_of(env, record)
    for move in moves:
        await getattr(env["sale.order"], move)(env, [order])
    before = (await env["sale.order"].read(env, [order])).text

    answer = await env[LEAD].action_set_lost(env, [record], "buyer_cancelled", "Changed their mind")

    assert (await env["sale.order"].read(env, [order])).text == before
    [number] = await read(env, "sale.order", order, "name")
    warned = [f"The order {number} is confirmed and stays as it is."] if moves in (CONFIRM, CLOSE) else []
    assert answer["infos"]["warnings"] == warned
    told = " ".join(["Lead lost: Buyer Cancelled. Notes: Changed their mind", *warned])
    assert (await messages(env, LEAD, record))[-1] == told


@pytest.mark.statement("H101", "H10")
async def test_what_is_won_is_not_lost_and_the_other_way_round(env):
    won, lost = await won_lead(env), await sellable_lead(env)
    await confirm(env, await order_of(env, lost))
    await env[LEAD].action_set_lost(env, [lost], "financing")

    with pytest.raises(TransitionError, match="is already Won"):
        await env[LEAD].action_set_lost(env, [won], "financing")
    with pytest.raises(TransitionError, match="is already Lost"):
        await env[LEAD].action_set_won(env, [lost])


# the wizard


@pytest.mark.statement("H92", "H95")
async def test_the_wizard_needs_a_reason(env):
    record, wizard = await lead(env), env["dealer.crm.lead.lost"]
    form = await wizard.create(env, {"lead_id": record, "lost_reason": "other"})

    for attempt in (
        wizard.create(env, {"lead_id": record}),
        wizard.create(env, {"lead_id": record, "lost_reason": None}),
        wizard.write(env, [form], {"lost_reason": None}),
    ):
        with pytest.raises(RequiredError):
            await attempt

    assert await stage_name(env, record) == "New"


@pytest.mark.statement("H9", "H92", "H96")
@pytest.mark.parametrize("method", ["action_confirm", "action_lost_reason_apply"])
async def test_the_wizard_loses_the_lead_when_it_is_confirmed(env, method):
    record = await lead(env)
    wizard = env["dealer.crm.lead.lost"]
    opened = env.with_context(active_model=LEAD, active_id=record)
    form = await wizard.create(opened, {"lost_reason": "no_stock", "lost_notes": "Blue only"})
    assert await stage_name(env, record) == "New"

    action = wizard.meta.methods[method]
    answer = await getattr(wizard, action.attribute)(env, [form])

    assert await read(env, LEAD, record, "lost_reason", "lost_notes") == ("no_stock", "Blue only")
    assert answer["type"] == "ir.actions.act_window_close"


@pytest.mark.statement("H35", "Z3")
async def test_the_wizard_does_not_reach_somebody_elses_lead(env, as_user):
    user, record = await as_user("dealer.user"), await lead(env)

    with pytest.raises(AppError):
        form = await user["dealer.crm.lead.lost"].create(user, {"lead_id": record, "lost_reason": "financing"})
        await user["dealer.crm.lead.lost"].action_confirm(user, [form])

    assert await stage_name(env, record) == "New"


# reports


@pytest.mark.statement("H134")
async def test_lost_leads_are_grouped_by_reason_within_dates(env):
    for reason in ("financing", "financing", "no_stock"):
        await env[LEAD].action_set_lost(env, [await lead(env)], reason)

    day = env.now.strftime("%Y-%m-%d")
    groups = await env[LEAD].read_group(
        env, [["date_lost", ">=", f"{day} 00:00:00"]], ["lost_reason"], ["lost_reason"], lazy=False
    )

    assert {group["lost_reason"]: group["__count"] for group in groups} == {"financing": 2, "no_stock": 1}


@pytest.mark.statement("H134")
async def test_the_lost_leads_of_a_quarter_are_listed_and_exported(env, as_user):
    boss = await as_user("dealer.manager")
    days = {"2026-03-31 23:59:59": 0, "2026-04-01 00:00:00": 1, "2026-06-30 23:59:59": 1, "2026-07-01 00:00:00": 0}
    expected = []
    for number, (moment, counts) in enumerate(days.items()):
        record, reason = await lead(env, contact_name=f"Customer {number}"), REASONS[number]
        await env[LEAD].action_set_lost(env, [record], reason, f"Note {number}")
        await env.execute(
            "update dealer_crm_lead set date_lost = $2::text::timestamptz where id = $1", record, f"{moment}+00"
        )
        expected += [[f"Customer {number}", dict(LOST_REASONS)[reason], f"Note {number}"]] * counts
    await won_lead(env)
    await lead(env)
    quarter = [["date_lost", ">=", "2026-04-01"], ["date_lost", "<", "2026-07-01"]]

    groups = await boss[LEAD].read_group(boss, quarter, ["__count"], ["lost_reason"])
    found = await boss[LEAD].search(boss, quarter, order="date_lost")
    cells = (await boss[LEAD].export_data(boss, found, ["contact_name", "lost_reason", "lost_notes"]))["datas"].value()
    lost = await boss[LEAD].search(boss, (await boss[LEAD].search_filters(boss))["lost"])

    assert sorted(group["lost_reason"] for group in groups) == sorted(REASONS[1:3])
    assert cells == expected
    assert len(lost) == len(days)


@pytest.mark.statement("H74")
@pytest.mark.parametrize("ends", [False, True])
async def test_a_return_after_the_delivery_does_not_block(env, ends):
    record, picking = await deliverable_lead(env)
    await deliver(env, picking)
    [wizard] = await env["stock.return.picking"].insert(env, [{"picking_id": picking}])
    action = await env["stock.return.picking"].action_create_returns(env, [wizard])
    assert await read(env, "stock.picking", action["res_id"], "return_id", "sale_id.dealer_crm_lead_id") == (
        picking,
        record,
    )
    if ends:
        await deliver(env, action["res_id"])

    await env[LEAD].action_set_won(env, [record])

    assert await stage_name(env, record) == "Won"
