"""Dealer leads on their way through the pipeline: where they start, and which writes move them."""

import pytest

from models.orm.errors import TransitionError, UserError, ValidationError
from tests.dealer.making import LEAD, STAGES, endorsed, lead, stage, stage_name, won_lead
from tests.sale.making import messages, read, tracked


@pytest.mark.statement("H1")
async def test_the_shipped_stages_come_in_order(env):
    stages = await env["dealer.crm.stage"].find(env, [], ["name", "is_won", "is_lost", "fold"])

    assert [(one.name, one.is_won, one.is_lost, one.fold) for one in stages] == [
        ("New", False, False, False),
        ("Qualified", False, False, False),
        ("Negotiation", False, False, False),
        ("Won", True, False, False),
        ("Lost", False, True, True),
    ]


@pytest.mark.statement("H2")
async def test_a_manual_lead_starts_in_new(env):
    assert await stage_name(env, await lead(env)) == "New"


@pytest.mark.statement("H25")
async def test_a_lead_is_numbered(env):
    first, second = await lead(env), await lead(env)

    [name] = await read(env, LEAD, first, "name")
    assert name.startswith("DLEAD/")
    assert name[6:].isdigit()
    assert len(name[6:]) == 5
    assert await read(env, LEAD, second, "name") == (f"DLEAD/{int(name[6:]) + 1:05d}",)


@pytest.mark.statement("H6", "Z13")
@pytest.mark.parametrize("name", ["Qualified", "Negotiation", "Won", "Lost"])
async def test_a_lead_is_created_in_no_other_stage(env, name):
    with pytest.raises(TransitionError, match="A new lead starts in New"):
        await lead(env, stage_id=await stage(env, name))


@pytest.mark.statement("H1", "H6")
async def test_a_lead_walks_step_by_step(env):
    record = await lead(env)

    for name in ("Qualified", "Negotiation"):
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, name)})
        assert await stage_name(env, record) == name


@pytest.mark.statement("H5", "H6", "H138", "Z17")
async def test_a_skip_is_refused(env):
    record = await lead(env)

    with pytest.raises(TransitionError, match=r"Skipping Qualified\. Go one step at a time\."):
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, "Negotiation")})

    assert await stage_name(env, record) == "New"


@pytest.mark.statement("H4")
async def test_a_step_back_is_refused(env):
    record = await lead(env)
    await env[LEAD].write(env, [record], {"stage_id": await stage(env, "Qualified")})

    with pytest.raises(TransitionError, match=r"^Leads can only move forward one stage at a time\."):
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, "New")})


@pytest.mark.statement("H8", "H9", "Z13")
@pytest.mark.parametrize(("name", "button"), [("Won", "Mark Won"), ("Lost", "Mark Lost")])
async def test_a_write_does_not_close_a_lead(env, name, button):
    record = await lead(env)

    with pytest.raises(TransitionError, match=button):
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, name)})

    assert await stage_name(env, record) == "New"


@pytest.mark.statement("H10")
@pytest.mark.parametrize("name", ["New", "Negotiation", "Lost"])
async def test_a_closed_lead_does_not_move(env, name):
    record = await won_lead(env)

    with pytest.raises(TransitionError, match="does not move any more"):
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, name)})


@pytest.mark.statement("H11")
@pytest.mark.parametrize("closed", [False, True])
async def test_writing_the_same_stage_changes_nothing(env, closed):
    record = await won_lead(env) if closed else await lead(env)
    [before] = await read(env, LEAD, record, "stage_id")
    told = len(await messages(env, LEAD, record))

    await env[LEAD].write(env, [record], {"stage_id": before})

    assert (await read(env, LEAD, record, "stage_id")) == (before,)
    assert len(await messages(env, LEAD, record)) == told


@pytest.mark.statement("H6", "Z14")
async def test_one_wrong_lead_refuses_the_whole_batch(env):
    ahead, behind = await lead(env), await lead(env)
    await env[LEAD].write(env, [ahead], {"stage_id": await stage(env, "Qualified")})

    with pytest.raises(TransitionError):
        await env[LEAD].write(env, [ahead, behind], {"stage_id": await stage(env, "Negotiation")})

    assert [await stage_name(env, ahead), await stage_name(env, behind)] == ["Qualified", "New"]


@pytest.mark.statement("H6")
async def test_our_own_code_passes_the_same_gate(env):
    record = await lead(env)

    with pytest.raises(TransitionError):
        await env[LEAD].update(env.as_system("test"), [record], {"stage_id": await stage(env, "Negotiation")})


@pytest.mark.statement("H6")
async def test_an_import_passes_the_same_gate(env):
    ahead, behind = await lead(env), await lead(env)
    await env[LEAD].write(env, [ahead], {"stage_id": await stage(env, "Qualified")})
    rows = [[str(ahead), "Negotiation"], [str(behind), "Negotiation"]]

    answer = await env[LEAD].load(env, [".id", "stage_id"], rows)

    assert answer["ids"] is False
    [message] = answer["messages"]
    assert message["record"] == 1
    assert "Skipping Qualified" in message["message"]
    assert [await stage_name(env, ahead), await stage_name(env, behind)] == ["Qualified", "New"]


@pytest.mark.statement("H6", "Z13")
async def test_a_caller_cannot_claim_to_be_the_workflow(env):
    record = await lead(env)
    sly = env.with_context(workflow_step=True, _mark="decided")

    with pytest.raises(TransitionError):
        await env[LEAD].write(sly, [record], {"stage_id": await stage(env, "Negotiation")})


@pytest.mark.statement("H7")
async def test_the_rule_is_the_same_for_endorsed_leads(env):
    record = await endorsed(env, await lead(env))

    with pytest.raises(TransitionError):
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, "Negotiation")})


async def test_a_stage_in_between_becomes_the_next_one(env):
    record = await lead(env)
    [visit] = await env["dealer.crm.stage"].insert(env, [{"name": "Test drive", "sequence": 15}])

    with pytest.raises(TransitionError, match=r"Skipping Test drive\."):
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, "Qualified")})
    await env[LEAD].write(env, [record], {"stage_id": visit})

    assert await stage_name(env, record) == "Test drive"


async def test_a_copy_starts_anew(env):
    record = await won_lead(env)

    copy = await env[LEAD].copy(env, record)

    assert await stage_name(env, copy) == "New"
    assert await read(env, LEAD, copy, "sale_order_id", "date_won", "user_id") == (None, None, None)


async def test_a_copy_of_an_endorsed_lead_is_no_endorsed_lead(env):
    record = await endorsed(env, await won_lead(env), bpo_callback_state="done", bpo_endorse_kind="with_sq")
    lost = await endorsed(env, await lead(env))
    await env[LEAD].action_set_lost(env, [lost], "financing", "Declined")
    fate = [name for name in env[LEAD].meta.columns if name.startswith(("bpo_", "date_", "lost_", "partner", "sale_"))]

    for one in (record, lost):
        copy = await env[LEAD].copy(env, one)
        found = dict(zip(fate, await read(env, LEAD, copy, *fate), strict=True))
        kept = {name: value for name, value in found.items() if value}
        assert kept == {"bpo_callback_state": "none"}
        assert await read(env, LEAD, copy, "contact_name", "call_count") == ("Maria Santos", 0)


@pytest.mark.statement("H126")
async def test_each_move_is_in_the_chatter(env):
    record = await lead(env)

    await env[LEAD].write(env, [record], {"stage_id": await stage(env, "Qualified")})

    assert ("stage_id", str(await stage(env, "New")), str(await stage(env, "Qualified"))) in await tracked(
        env, LEAD, record
    )
    author = await env.fetchval(
        "select author_user_id from mail_message where model = $1 and res_id = $2 order by id desc", LEAD, record
    )
    assert author == env.user.id


@pytest.mark.parametrize("name", STAGES)
async def test_a_stage_keeps_its_kind(env, name):
    with pytest.raises(ValidationError, match="keeps its kind"):
        await env["dealer.crm.stage"].write(env, [await stage(env, name)], {"is_won": name != "Won"})


@pytest.mark.parametrize("flag", ["is_won", "is_lost"])
async def test_one_stage_wins_and_one_loses(env, flag):
    model = env["dealer.crm.stage"]
    [there] = await model.search(env, [[flag, "=", True]])

    with pytest.raises(UserError, match="is needed"):
        await model.delete(env, [there])
    with pytest.raises(Exception, match="dealer_crm_stage"):
        async with env.connection.transaction():
            await model.create(env, {"name": "Another", flag: True})

    assert await model.search(env, [[flag, "=", True]]) == [there]


async def test_a_stage_may_be_renamed(env):
    await env["dealer.crm.stage"].write(env, [await stage(env, "Won")], {"name": "Sold", "is_won": True})

    assert await read(env, "dealer.crm.stage", await stage(env, "Won"), "name") == ("Sold",)
