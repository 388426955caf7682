"""Every move from every stage, on every path that writes: which one goes through, and what the others say."""

import pytest

from models.crm.pipeline import CLOSE, RULE
from models.orm.errors import AppError, TransitionError
from tests.dealer.making import (
    LEAD,
    STAGES,
    confirm,
    endorsed,
    lead,
    order_of,
    sellable_lead,
    stage,
    stage_name,
    trail,
    won_lead,
)
from tests.sale.making import messages, read

OPEN = ("New", "Qualified", "Negotiation")
STEPS = {("New", "Qualified"), ("Qualified", "Negotiation")}
NEXT = {"New": "the only next stage is Qualified", "Qualified": "the only next stage is Negotiation"}
GATED = {"Won": "Mark Won", "Lost": "Mark Lost"}


async def walk_to(env, record, name):
    for step in OPEN[1 : OPEN.index(name) + 1]:
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, step)})


async def lead_in(env, name):
    """A lead that came to a stage by the way that leads there."""
    if name == "Won":
        return await won_lead(env)
    record = await lead(env)
    if name == "Lost":
        await env[LEAD].action_set_lost(env, [record], "financing")
    else:
        await walk_to(env, record, name)
    return record


def refusal(reference, current, target):
    """What a move that is not allowed says."""
    if current in GATED:
        return f"{reference} is in {current}: it does not move any more."
    if target in GATED:
        return f"{target} is not reached by moving the lead. Use {GATED[target]}."
    skipped = " Skipping Qualified. Go one step at a time." if (current, target) == ("New", "Negotiation") else ""
    return f"{RULE}{skipped} From {current} {NEXT.get(current, 'there is no next stage')}. {CLOSE}"


@pytest.mark.statement("H1", "H4", "H5", "H7", "H8", "H9", "H10", "H11")
@pytest.mark.parametrize("is_endorsed", [False, True])
@pytest.mark.parametrize("current", STAGES)
async def test_a_write_reaches_the_next_open_stage_alone(env, current, is_endorsed):
    record = await lead_in(env, current)
    if is_endorsed:
        await endorsed(env, record)
    [reference] = await read(env, LEAD, record, "name")
    told = await messages(env, LEAD, record)

    for target in STAGES:
        if target == current or (current, target) in STEPS:
            continue
        with pytest.raises(TransitionError) as caught:
            await env[LEAD].write(env, [record], {"stage_id": await stage(env, target)})
        assert caught.value.message == refusal(reference, current, target)
        assert await stage_name(env, record) == current
    await env[LEAD].write(env, [record], {"stage_id": await stage(env, current)})
    assert await messages(env, LEAD, record) == told

    for _, target in [step for step in STEPS if step[0] == current]:
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, target)})
        assert await stage_name(env, record) == target


# the paths on which a stage can be written


async def by_write(env, record, target):
    await env[LEAD].write(env, [record], {"stage_id": target})


async def by_form(env, record, target):
    await env[LEAD].web_save(env, [record], {"stage_id": target}, {"stage_id": {}})


async def by_list(env, record, target):
    await env[LEAD].web_save_multi(env, [record], [{"stage_id": target}], {"stage_id": {}})


async def by_netforce_form(env, record, target):
    await env[LEAD].save_data(env, {"id": record, "stage_id": target})


async def by_merge(env, record, target):
    await env[LEAD].merge(env, {"id": record, "stage_id": target})


async def by_rows(env, record, target):
    answer = await env[LEAD].load(env, [".id", "stage_id/.id"], [[str(record), str(target)]])
    if answer["ids"] is False:
        raise AppError(answer["messages"][0]["message"])


async def by_csv(env, record, target):
    [name] = await read(env, "dealer.crm.stage", target, "name")
    await env[LEAD].import_data(env, f"Database ID,Stage\n{record},{name}\n")


async def by_our_own_code(env, record, target):
    await env[LEAD].update(env.as_system("test"), [record], {"stage_id": target})


PATHS = [by_write, by_form, by_list, by_netforce_form, by_merge, by_rows, by_csv, by_our_own_code]


@pytest.mark.statement("H4", "H5", "H6", "H8", "H9", "H10", "Z13")
@pytest.mark.parametrize("path", PATHS)
async def test_every_path_that_writes_passes_the_same_gate(env, path):
    record, closed = await lead(env), await lead_in(env, "Lost")

    for target, said in (("Negotiation", "Skipping Qualified"), ("Won", "Use Mark Won"), ("Lost", "Use Mark Lost")):
        with pytest.raises(AppError, match=said):
            await path(env, record, await stage(env, target))
        assert await stage_name(env, record) == "New"
    with pytest.raises(AppError, match="does not move any more"):
        await path(env, closed, await stage(env, "New"))
    await path(env, record, await stage(env, "Qualified"))
    with pytest.raises(AppError, match="only move forward"):
        await path(env, record, await stage(env, "New"))

    assert (await stage_name(env, record), await stage_name(env, closed)) == ("Qualified", "Lost")


async def made_by_create(env, values):
    return await env[LEAD].create(env, values)


async def made_at_once(env, values):
    return (await env[LEAD].create(env, [values]))[0]


async def made_by_form(env, values):
    return (await env[LEAD].web_save(env, [], values, {}))[0]["id"]


async def made_by_netforce_form(env, values):
    return await env[LEAD].save_data(env, values)


async def made_by_merge(env, values):
    return await env[LEAD].merge(env, values)


async def made_by_rows(env, values):
    names = [name if name == "contact_name" else f"{name}/.id" for name in values]
    answer = await env[LEAD].load(env, names, [[str(value) for value in values.values()]])
    if answer["ids"] is False:
        raise AppError(answer["messages"][0]["message"])
    return answer["ids"][0]


async def made_by_copy(env, values):
    return await env[LEAD].copy(env, await lead(env), values)


async def made_by_context(env, values):
    defaults = {f"default_{name}": value for name, value in values.items()}
    return await env[LEAD].create(env.with_context(**defaults), {})


MADE = [
    made_by_create,
    made_at_once,
    made_by_form,
    made_by_netforce_form,
    made_by_merge,
    made_by_rows,
    made_by_copy,
    made_by_context,
]


@pytest.mark.statement("H2", "H6", "H8", "H9", "Z13")
@pytest.mark.parametrize("made", MADE)
async def test_on_every_path_a_lead_starts_in_new(env, made):
    [source] = await env["dealer.crm.lead.source"].search(env, [["code", "=", "WALKIN"]])
    values = {"contact_name": "Maria Santos", "source_id": source}

    for name in STAGES:
        if name != "New":
            with pytest.raises(AppError, match=f"A new lead starts in New, not in {name}"):
                await made(env, {**values, "stage_id": await stage(env, name)})

    assert await stage_name(env, await made(env, values)) == "New"


# closing is possible from every open stage


async def in_an_open_stage(env, name, record):
    """Bring a lead to a shipped stage, or to one that somebody has added."""
    if name in OPEN:
        await walk_to(env, record, name)
        return
    [added] = await env["dealer.crm.stage"].insert(env, [{"name": name, "sequence": 15}])
    await env[LEAD].write(env, [record], {"stage_id": added})


@pytest.mark.statement("H1", "H91", "H96", "H126")
@pytest.mark.parametrize("name", [*OPEN, "Test drive"])
async def test_every_open_stage_can_end_in_lost(env, as_user, name):
    user = await as_user("dealer.user")
    record = await lead(env, user_id=user.user.id)
    await in_an_open_stage(env, name, record)
    [before] = await read(env, LEAD, record, "stage_id")

    await user[LEAD].action_set_lost(user, [record], "no_stock", "Blue only")

    lost = await stage(env, "Lost")
    found = await read(env, LEAD, record, "stage_id", "date_lost", "lost_reason", "lost_notes", "date_won")
    assert found == (lost, user.now, "no_stock", "Blue only", None)
    moves = [change for change in await trail(env, record) if change[0] == "stage_id"]
    assert moves[-1] == ("stage_id", before, lost, user.user.id, user.now)


@pytest.mark.statement("H91", "H97")
async def test_an_order_that_is_confirmed_but_not_delivered_is_no_gate_for_lost(env):
    record = await sellable_lead(env, goods=True)
    [picking] = await confirm(env, await order_of(env, record))

    await env[LEAD].action_set_lost(env, [record], "buyer_cancelled")

    assert await stage_name(env, record) == "Lost"
    assert await read(env, "stock.picking", picking, "state") == ("assigned",)


@pytest.mark.statement("H59", "H60", "H76", "H126")
@pytest.mark.parametrize("name", [*OPEN, "Test drive"])
async def test_every_open_stage_converts_and_can_be_won(env, as_user, name):
    user = await as_user("dealer.user")
    record = await sellable_lead(env, user_id=user.user.id)
    await in_an_open_stage(env, name, record)
    [before] = await read(env, LEAD, record, "stage_id")

    order = await order_of(user, record)
    assert await read(env, LEAD, record, "stage_id", "sale_order_id") == (before, order)
    await confirm(env, order)
    await user[LEAD].action_set_won(user, [record])

    won = await stage(env, "Won")
    assert await read(env, LEAD, record, "stage_id", "date_won", "date_lost") == (won, user.now, None)
    moves = [change for change in await trail(env, record) if change[0] == "stage_id"]
    assert moves[-1] == ("stage_id", before, won, user.user.id, user.now)
