"""What exactly the BPO is told of an order, over whose connection, and what a resend leaves alone."""

import pytest

from models.dealer.callback import LET_GO, SKIPPED, Callback
from models.sync.queue import State
from tests import deployments
from tests.dealer.making import LEAD, deliver, deliverable_lead, endorsed, order_of, sellable_lead
from tests.dealer.test_callback import REJECTED, job_of, jobs, lost_endorsed, settle, won_endorsed
from tests.sale.making import messages, read


@pytest.mark.statement("H82", "H99")
async def test_what_happened_to_the_order_is_told_as_it_is(env, connected):
    record, picking = await deliverable_lead(env)
    await endorsed(env, record)
    await deliver(env, picking)
    wizard = await env["stock.return.picking"].create(env, {"picking_id": picking})
    back = (await env["stock.return.picking"].action_create_returns(env, [wizard]))["res_id"]
    await deliver(env, back)
    await env.execute("update stock_picking set date_done = date_done + interval '1 day' where id = $1", back)
    ordered = await endorsed(env, await sellable_lead(env))
    await order_of(env, ordered)

    await env[LEAD].action_set_won(env, [record])
    await env[LEAD].action_set_lost(env, [ordered], "no_stock")

    [(_, _, _, won)], [(_, _, _, lost)] = await jobs(env, record), await jobs(env, ordered)
    assert won["delivered_on"] == env.now.strftime("%Y-%m-%d %H:%M:%S")
    assert (lost["dealer_so_name"],) == await read(env, LEAD, ordered, "sale_order_id.name")


@pytest.mark.statement("H90")
async def test_the_connection_of_another_company_is_none(env, connected):
    other = await env["res.company"].create(env, {"name": "Other"})
    groups = ["dealer.manager"]
    user = deployments.user_of(env.registry, env.user.id, "boss", groups, company=other, companies=(other,))
    boss = deployments.as_user(env, user)

    record = await lost_endorsed(boss)

    assert await read(boss, LEAD, record, "bpo_callback_state", "company_id") == ("skipped", other)
    assert await jobs(env, record) == []


@pytest.mark.statement("H78", "H87", "E21")
@pytest.mark.parametrize("group", ["dealer.manager", "dealer.admin"])
@pytest.mark.parametrize("close", [won_endorsed, lost_endorsed])
async def test_a_resend_says_the_same_and_leaves_the_lead_as_it_is(env, as_user, connected, group, close):
    boss = await as_user(group)
    record = await close(env)
    await settle(env, record, REJECTED, State.PARKED)
    await env.execute("delete from sync_job")
    told = await messages(env, LEAD, record)
    fields = [name for name, field in env[LEAD].meta.columns.items() if not name.startswith(("bpo_callback", "write_"))]
    before = await read(env, LEAD, record, *fields)
    event = await read(env, LEAD, record, "bpo_callback_event")

    await boss[LEAD].resend_callback(boss, [record])

    assert await read(env, LEAD, record, *fields) == before
    assert await messages(env, LEAD, record) == told
    [(_, sent, _, payload)] = await jobs(env, record)
    assert (sent,) == event
    assert payload["outcome"] == ("won" if close is won_endorsed else "lost")


@pytest.mark.statement("H81", "H90", "H99", "H118")
@pytest.mark.parametrize("close", [won_endorsed, lost_endorsed])
@pytest.mark.parametrize("active", [True, False])
async def test_a_user_who_may_not_see_the_connection_closes_leads_that_are_told_over_it(
    env, as_user, connected, close, active
):
    user = await as_user("dealer.user", "stock.user")
    await env["dealer.bpo.connection"].write(env, [connected], {"active": active})

    record = await close(user)

    assert await read(env, LEAD, record, "bpo_callback_state") == ("pending" if active else "skipped",)
    assert [payload["bpo_source_lead_id"] for *_, payload in await jobs(env, record)] == [1000 + record] * active
    assert (SKIPPED in await messages(env, LEAD, record)) == (not active)


@pytest.mark.statement("H86", "H133")
async def test_a_message_that_an_operator_lets_go_is_told_by_name(env, connected):
    record = await won_endorsed(env)

    await Callback().moved_by_hand(env.as_system("an operator"), await job_of(env, record), State.SKIPPED)

    assert await read(env, LEAD, record, "bpo_callback_state") == ("skipped",)
    said = await env.fetchrow(
        "select body, author_user_id from mail_message where model = $1 and res_id = $2 order by id desc", LEAD, record
    )
    assert tuple(said) == (LET_GO, env.user.id)
