"""The access matrix of seed 001: three groups, seven actions, on leads of one's own, of nobody and of somebody else."""

import pytest

from models.orm.errors import AccessError, AppError, MissingError, UnknownModelError, UserError
from tests.dealer.making import LEAD, deliverable_lead, lead, order_of, sellable_lead, stage_name, won_lead
from tests.sale.making import read

GROUPS = ("dealer.user", "dealer.manager", "dealer.admin")
OWNERS = ("own", "unassigned", "other")


@pytest.fixture
async def other(as_user):
    return await as_user("dealer.user")


async def place(env, record, whose, actor, other):
    """Give a lead to whom the cell says."""
    owner = {"own": actor.user.id, "unassigned": None, "other": other.user.id}[whose]
    await env[LEAD].write(env, [record], {"user_id": owner})
    return record


async def attempt(action):
    """Whether the action went through; what refuses must say so as a refusal."""
    try:
        await action
    except AppError:
        return False
    return True


# claim and the work on a lead: own leads for a user, claim also of unassigned ones; everything for the others

CLAIM = {("dealer.user", "own"), ("dealer.user", "unassigned")}
WORK = {("dealer.user", "own")}


def allowed(group, whose, for_users):
    return group != "dealer.user" or (group, whose) in for_users


@pytest.mark.statement("Z16", "H118", "H119", "H120")
@pytest.mark.parametrize("whose", OWNERS)
@pytest.mark.parametrize("group", GROUPS)
async def test_claim(env, as_user, other, group, whose):
    actor = await as_user(group)
    record = await place(env, await lead(env), whose, actor, other)

    done = await attempt(actor[LEAD].action_claim(actor, [record]))

    assert done == allowed(group, whose, CLAIM)
    expected = actor.user.id if done else other.user.id
    assert await read(env, LEAD, record, "user_id") == (expected,)


@pytest.mark.statement("Z16", "H58", "H118", "H119", "H120")
@pytest.mark.parametrize("whose", OWNERS)
@pytest.mark.parametrize("group", GROUPS)
async def test_convert_to_quotation(env, as_user, other, group, whose):
    actor = await as_user(group)
    record = await place(env, await sellable_lead(env), whose, actor, other)

    done = await attempt(actor[LEAD].action_convert_to_quotation(actor, [record]))

    assert done == allowed(group, whose, WORK)
    [order] = await read(env, LEAD, record, "sale_order_id")
    assert (order is not None) == done


@pytest.mark.statement("Z16", "H118", "H119", "H120")
@pytest.mark.parametrize("whose", OWNERS)
@pytest.mark.parametrize("group", GROUPS)
async def test_mark_won(env, as_user, other, group, whose):
    actor = await as_user(group)
    record = await sellable_lead(env)
    await env["sale.order"].action_confirm(env, [await order_of(env, record)])
    await place(env, record, whose, actor, other)

    done = await attempt(actor[LEAD].action_set_won(actor, [record]))

    assert done == allowed(group, whose, WORK)
    assert await stage_name(env, record) == ("Won" if done else "New")


@pytest.mark.statement("Z16", "H118", "H119", "H120")
@pytest.mark.parametrize("whose", OWNERS)
@pytest.mark.parametrize("group", GROUPS)
async def test_mark_lost(env, as_user, other, group, whose):
    actor = await as_user(group)
    record = await place(env, await lead(env), whose, actor, other)

    done = await attempt(actor[LEAD].action_set_lost(actor, [record], "financing"))

    assert done == allowed(group, whose, WORK)
    assert await stage_name(env, record) == ("Lost" if done else "New")


@pytest.mark.statement("Z16", "H119", "H120", "H123")
@pytest.mark.parametrize("whose", OWNERS)
@pytest.mark.parametrize("group", GROUPS)
async def test_reassign(env, as_user, other, group, whose):
    actor, third = await as_user(group), await as_user("dealer.user")
    record = await place(env, await lead(env), whose, actor, other)
    before = await read(env, LEAD, record, "user_id")

    done = await attempt(actor[LEAD].write(actor, [record], {"user_id": third.user.id}))

    assert done == (group != "dealer.user")
    assert await read(env, LEAD, record, "user_id") == ((third.user.id,) if done else before)


# confirming the order and validating the delivery: the rights of sales and stock decide


@pytest.mark.statement("Z16", "H63", "H121", "E26")
@pytest.mark.parametrize("whose", OWNERS)
@pytest.mark.parametrize("group", GROUPS)
async def test_confirm_the_order(env, as_user, other, group, whose):
    actor = await as_user(group)
    record = await sellable_lead(env)
    order = await order_of(env, record)
    await place(env, record, whose, actor, other)

    may = actor.profile.can(actor["sale.order"].meta, "write")
    done = await attempt(actor["sale.order"].action_confirm(actor, [order]))

    assert done == may
    assert done or group == "dealer.user"


@pytest.mark.statement("Z16", "H121", "E26")
@pytest.mark.parametrize("whose", OWNERS)
@pytest.mark.parametrize("group", [*GROUPS, "dealer.user+stock.user"])
async def test_validate_the_delivery(env, as_user, other, group, whose):
    actor = await as_user(*group.split("+"))
    record, picking = await deliverable_lead(env)
    await place(env, record, whose, actor, other)

    done = await attempt(actor["stock.picking"].button_validate(actor, [picking]))

    assert done == (group != "dealer.user")
    assert await read(env, "stock.picking", picking, "state") == ("done" if done else "assigned",)


# configuration is the admin's

CONFIGURATION = {
    "dealer.crm.stage": {"name": "Test drive", "sequence": 15},
    "dealer.crm.lead.source": {"code": "EXPO", "name": "Expo", "source_type": "event"},
    "dealer.bpo.connection": {"url": "https://bpo.example", "login": "dealer-callback-manila"},
}


@pytest.mark.statement("Z16", "H120")
@pytest.mark.parametrize("model", CONFIGURATION)
@pytest.mark.parametrize("group", GROUPS)
async def test_configuration(as_user, group, model):
    actor = await as_user(group)

    done = await attempt(actor[model].create(actor, CONFIGURATION[model]))

    assert done == (group == "dealer.admin")


CHANGES = {
    "dealer.crm.stage": {"sequence": 45},
    "dealer.crm.lead.source": {"name": "Fair"},
    "dealer.bpo.connection": {"database": "BPO2", "password": "given again"},
}


@pytest.mark.statement("H118", "H119", "H120")
@pytest.mark.parametrize("model", CONFIGURATION)
@pytest.mark.parametrize("group", GROUPS)
async def test_configuration_is_changed_and_deleted_by_the_admin_alone(env, as_user, group, model):
    actor = await as_user(group)
    record = await env[model].create(env, CONFIGURATION[model])
    may = group == "dealer.admin"

    assert await attempt(actor[model].write(actor, [record], CHANGES[model])) == may
    assert await attempt(actor[model].delete(actor, [record])) == may
    assert (await env[model].search(env, [["id", "=", record]]) == []) == may


@pytest.mark.statement("H120", "X23")
@pytest.mark.parametrize("group", ["dealer.user", "dealer.manager"])
async def test_the_connection_is_hidden_from_all_but_the_admin(as_user, group):
    actor = await as_user(group)

    with pytest.raises(UnknownModelError):
        await actor["dealer.bpo.connection"].search(actor, [])


@pytest.mark.statement("H120")
async def test_stages_and_sources_are_read_by_every_dealer_user(as_user):
    actor = await as_user("dealer.user")

    assert await actor["dealer.crm.stage"].search_count(actor, []) == 5
    assert await actor["dealer.crm.lead.source"].search_count(actor, []) == 7


# deleting, archiving


@pytest.mark.statement("H130")
async def test_a_lead_with_an_order_is_not_deleted(env):
    record = await won_lead(env)

    with pytest.raises(UserError, match="cannot be deleted"):
        await env[LEAD].delete(env, [record])

    assert await env[LEAD].exists(env, [record]) == [record]


async def test_a_lead_without_an_order_is_deleted_by_a_manager_alone(env, as_user):
    user, boss = await as_user("dealer.user"), await as_user("dealer.manager")
    record = await lead(user)

    with pytest.raises(AccessError):
        await user[LEAD].delete(user, [record])
    await boss[LEAD].delete(boss, [record])

    with pytest.raises(MissingError):
        await env[LEAD].browse(env, [record], ["name"])


@pytest.mark.statement("H131", "H137")
async def test_an_archived_lead_leaves_the_board_and_keeps_its_trail(env):
    record = await lead(env)
    await env[LEAD].log_call(env, [record], "answered")

    await env[LEAD].write(env, [record], {"active": False})

    assert record not in await env[LEAD].search(env, [])
    assert (await env[LEAD].my_pipeline(env)).value() == []
    assert await env[LEAD].name_search(env, "DLEAD") == []
    board = await env[LEAD].read_group(env, [], [], ["stage_id"], lazy=False)
    assert sum(group["__count"] for group in board) == 0
    assert record in await env[LEAD].search(env, [["active", "=", False]])
    assert await env["dealer.crm.call.log"].search_count(env, [["lead_id", "=", record]]) == 1
    assert await env["mail.message"].search_count(env, [["model", "=", LEAD], ["res_id", "=", record]]) > 0
