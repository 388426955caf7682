"""Whose lead it is: claiming, reassigning, and who sees what."""

import pytest

from models.orm.errors import AccessError, ConflictError, MissingError, TransitionError, UserError
from tests.dealer.making import LEAD, lead, sellable_lead, won_lead
from tests.sale.making import messages, read, tracked


@pytest.fixture
async def ana(as_user):
    return await as_user("dealer.user")


@pytest.fixture
async def ben(as_user):
    return await as_user("dealer.user")


@pytest.fixture
async def boss(as_user):
    return await as_user("dealer.manager")


async def names(env, **options):
    return set(await env[LEAD].search(env, [], **options))


@pytest.mark.statement("H14", "H19", "H127")
async def test_a_user_claims_an_unassigned_lead(env, ana):
    record = await lead(env, user_id=None)

    assert await ana[LEAD].action_claim(ana, [record]) is True

    assert await read(ana, LEAD, record, "user_id", "date_claimed") == (ana.user.id, ana.now)
    assert f"Lead claimed by {ana.user.name}." in await messages(env, LEAD, record)
    assert ("user_id", "null", str(ana.user.id)) in await tracked(env, LEAD, record)


@pytest.mark.statement("H14")
async def test_claim_has_a_short_name(env, ana):
    methods = env[LEAD].meta.methods

    assert methods["claim"] is methods["action_claim"]


@pytest.mark.statement("H15", "H122")
async def test_a_user_sees_own_and_unassigned_leads(env, ana, ben):
    own, free, foreign = await lead(ana), await lead(ana, user_id=None), await lead(ben)

    assert await names(ana) == {own, free}
    with pytest.raises(MissingError):
        await ana[LEAD].read(ana, [foreign], ["contact_name"])


@pytest.mark.statement("H12")
async def test_my_pipeline_is_what_is_mine(env, ana):
    own, _ = await lead(ana), await lead(ana, user_id=None)

    mine = (await ana[LEAD].my_pipeline(ana, fields=["name"])).value()
    filtered = (await ana[LEAD].my_pipeline(ana, [["contact_name", "=", "Nobody"]], ["name"])).value()

    assert [row["id"] for row in mine] == [own]
    assert filtered == []


@pytest.mark.statement("H13", "H119")
async def test_a_manager_sees_all_leads(boss, ana, ben):
    created = {await lead(ana), await lead(ben), await lead(ana, user_id=None)}

    assert created <= await names(boss)


@pytest.mark.statement("H16", "H118")
async def test_a_user_does_not_take_over_somebody_elses_lead(env, ana, ben):
    record = await lead(ben)

    with pytest.raises(MissingError):
        await ana[LEAD].action_claim(ana, [record])

    assert await read(env, LEAD, record, "user_id") == (ben.user.id,)


@pytest.mark.statement("H17", "H119")
@pytest.mark.parametrize("group", ["dealer.manager", "dealer.admin"])
async def test_a_manager_takes_over_any_lead(as_user, ana, group):
    boss, record = await as_user(group), await lead(ana)

    await boss[LEAD].action_claim(boss, [record])

    assert await read(boss, LEAD, record, "user_id") == (boss.user.id,)


@pytest.mark.statement("H20")
async def test_a_closed_lead_is_not_claimed(boss, ana):
    record = await won_lead(ana)

    with pytest.raises(TransitionError, match="is already Won"):
        await boss[LEAD].action_claim(boss, [record])


async def test_claiming_ones_own_lead_changes_nothing(env, ana):
    record = await lead(ana)
    before = await messages(env, LEAD, record)

    assert await ana[LEAD].action_claim(ana, [record]) is True

    assert await messages(env, LEAD, record) == before


@pytest.mark.statement("H18")
async def test_one_taken_lead_refuses_the_whole_claim(env, ana, boss):
    free, taken = await lead(env, user_id=None), await lead(env, user_id=None)
    await boss[LEAD].action_claim(boss, [taken])

    with pytest.raises((ConflictError, MissingError)):
        await ana[LEAD].action_claim(ana, [free, taken])

    assert await read(env, LEAD, free, "user_id") == (None,)


@pytest.mark.statement("H123", "H118", "Z15")
async def test_a_user_does_not_give_a_lead_away(env, ana, ben):
    record = await lead(ana)

    with pytest.raises(AccessError, match="Only a manager may reassign"):
        await ana[LEAD].write(ana, [record], {"user_id": ben.user.id})

    assert await read(env, LEAD, record, "user_id") == (ana.user.id,)


@pytest.mark.statement("H123", "Z15")
async def test_a_user_does_not_take_a_lead_by_writing_the_owner(env, ana):
    record = await lead(env, user_id=None)

    with pytest.raises(MissingError):
        await ana[LEAD].write(ana, [record], {"user_id": ana.user.id})

    assert await read(env, LEAD, record, "user_id") == (None,)


@pytest.mark.statement("H123", "Z15")
async def test_a_user_does_not_create_leads_for_others(ana, ben):
    with pytest.raises(AccessError):
        await lead(ana, user_id=ben.user.id)


@pytest.mark.statement("H119", "H120", "H127")
@pytest.mark.parametrize("group", ["dealer.manager", "dealer.admin"])
async def test_a_manager_reassigns_by_writing_the_owner(env, as_user, ana, ben, group):
    boss, record = await as_user(group), await lead(ana)

    await boss[LEAD].write(boss, [record], {"user_id": ben.user.id})

    assert ("user_id", str(ana.user.id), str(ben.user.id)) in await tracked(env, LEAD, record)
    assert await read(env, LEAD, record, "date_claimed") == (boss.now,)


async def test_since_when_a_lead_is_somebodys_follows_its_owner(ana, boss):
    record = await lead(ana)
    await boss[LEAD].write(boss, [record], {"user_id": ana.user.id})
    assert await read(boss, LEAD, record, "date_claimed") == (ana.now,)

    await boss[LEAD].write(boss, [record], {"user_id": None})

    assert await read(boss, LEAD, record, "date_claimed") == (None,)


@pytest.mark.statement("H124")
async def test_an_unassigned_lead_is_read_but_not_worked_on(env, ana):
    record = await sellable_lead(env, user_id=None)

    assert await read(ana, LEAD, record, "contact_name") == ("Maria Santos",)
    for work in (ana[LEAD].action_convert_to_quotation, ana[LEAD].action_set_won):
        with pytest.raises(UserError, match=r"^Claim DLEAD/\d+ first\.$"):
            await work(ana, [record])
    with pytest.raises(UserError, match="first"):
        await ana[LEAD].action_set_lost(ana, [record], "financing")


@pytest.mark.statement("H122", "Z3")
async def test_somebody_elses_lead_is_as_missing_as_none(ana, ben):
    record = await lead(ben)

    found = []
    for lead_id in (record, 1 << 40):
        for work in (
            ana[LEAD].read(ana, [lead_id], ["name"]),
            ana[LEAD].write(ana, [lead_id], {"city": "Cebu"}),
            ana[LEAD].action_claim(ana, [lead_id]),
            ana[LEAD].action_set_won(ana, [lead_id]),
        ):
            with pytest.raises(MissingError) as caught:
                await work
            found.append(caught.value.message)
    assert len(set(found)) == 1


@pytest.mark.statement("H125")
async def test_the_chatter_of_a_visible_lead_is_readable(ana, ben):
    own, foreign = await lead(ana), await lead(ben)

    seen = await ana["mail.message"].find(ana, [["model", "=", LEAD]], ["res_id"])

    assert {message.res_id for message in seen} == {own}
    assert foreign not in {message.res_id for message in seen}


@pytest.mark.statement("H28", "Z2")
@pytest.mark.parametrize("groups", [[], ["base.user"], ["sale.user"], ["stock.user"]])
async def test_without_a_dealer_group_there_are_no_leads(as_user, groups):
    nobody = await as_user(*groups)

    with pytest.raises(Exception, match=r"There is no model dealer\.crm\.lead"):
        await nobody[LEAD].search(nobody, [])
