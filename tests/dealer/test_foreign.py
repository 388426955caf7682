"""What a dealer user gets of a lead that is somebody else's or nobody's, on every method and around it."""

import inspect

import pytest

from models.orm.errors import AccessError, AppError, MissingError, TransitionError, UserError
from tests.dealer.making import LEAD, endorsed, lead, order_of, sellable_lead, stage, stage_name
from tests.sale.making import messages, read

MOBILE = "0917 555 7777"

# what each method that takes ids is called with beside them
ARGUMENTS = {
    "action_set_lost": ("financing",),
    "activity_feedback": (["mail.mail_activity_data_call"],),
    "activity_reschedule": (["mail.mail_activity_data_call"],),
    "activity_schedule": ("mail.mail_activity_data_call",),
    "activity_unlink": (["mail.mail_activity_data_call"],),
    "check_access": ("write",),
    "export_data": (["name", "mobile"],),
    "has_access": ("write",),
    "log_call": ("busy",),
    "message_post": ("hello",),
    "message_subscribe": ([1],),
    "message_unsubscribe": ([1],),
    "onchange": ({}, ["mobile"], {"mobile": {}}),
    "read_path": (["name"],),
    "web_read": ({"name": {}},),
    "web_save": ({"city": "Cebu"}, {"name": {}}),
    "web_save_multi": ([{"city": "Cebu"}], {"name": {}}),
    "write": ({"city": "Cebu"},),
}
# these say that there is nothing, instead of refusing
NOTHING = {
    "activity_feedback": False,
    "activity_reschedule": [],
    "activity_unlink": False,
    "exists": [],
    "get_external_id": {},
    "has_access": False,
    "onchange": {"value": {}},
}
# what reading an unassigned lead comes to; a copy is a lead of its own
READING = {
    "action_open_quotation", "copy", "exists", "export_data", "get_actions", "get_external_id", "get_metadata",
    "has_access", "history", "name_get", "onchange", "read", "read_path", "web_read",
}  # fmt: skip


def record_methods(env):
    """The methods that take ids, each by its own name."""
    model = env[LEAD]
    own = {method.attribute for method in model.meta.methods.values()}
    return sorted(name for name in own if "ids" in inspect.signature(getattr(model, name)).parameters)


async def picture(env, record):
    return (await env[LEAD].read(env, [record])).text, await messages(env, LEAD, record)


async def tried(env, actor, method, *records):
    """What a call answers, or its refusal; what a refused call has done is undone, as the executor does."""
    transaction = env.connection.transaction()
    await transaction.start()
    try:
        answer = await getattr(actor[LEAD], method)(actor, list(records), *ARGUMENTS.get(method, ()))
    except AppError as refusal:
        await transaction.rollback()
        return refusal
    await transaction.commit()
    return answer


@pytest.mark.statement("H15", "H35", "H122", "Z3")
async def test_no_method_reaches_somebody_elses_lead(env, as_user):
    ana, ben = await as_user("dealer.user"), await as_user("dealer.user")
    record = await endorsed(env, await sellable_lead(ben, mobile=MOBILE))
    await order_of(ben, record)
    before = await picture(env, record)

    for method in record_methods(env):
        answer = await tried(env, ana, method, record)
        if method in NOTHING:
            assert answer == NOTHING[method], method
        else:
            assert isinstance(answer, AccessError if method == "delete" else MissingError), method
        assert await picture(env, record) == before, method


@pytest.mark.statement("H35", "H124")
async def test_an_unassigned_lead_is_read_and_claimed_and_nothing_else(env, as_user):
    ana = await as_user("dealer.user")
    record = await endorsed(env, await sellable_lead(env, mobile=MOBILE))
    await order_of(env, record)
    await env[LEAD].write(env, [record], {"user_id": None})
    before = await picture(env, record)

    for method in [name for name in record_methods(env) if name != "action_claim"]:
        answer = await tried(env, ana, method, record)
        empty = method in NOTHING and answer == NOTHING[method]
        assert empty or isinstance(answer, AppError) != (method in READING), method
        assert await picture(env, record) == before, method
    with pytest.raises(UserError, match=r"^Claim DLEAD/\d+ first\.$"):
        await ana[LEAD].log_call(ana, [record], "busy")

    await ana[LEAD].action_claim(ana, [record])
    await ana[LEAD].write(ana, [record], {"stage_id": await stage(env, "Qualified")})
    assert await stage_name(env, record) == "Qualified"


@pytest.mark.statement("H16", "H118", "H122", "Z14")
@pytest.mark.parametrize("method", ["action_claim", "action_set_won", "action_set_lost", "log_call", "write"])
async def test_one_foreign_lead_among_ones_own_refuses_all(env, as_user, method):
    ana, ben = await as_user("dealer.user"), await as_user("dealer.user")
    records = [await sellable_lead(owner) for owner in (ana, ben)]
    for record, owner in zip(records, (ana, ben), strict=True):
        await env["sale.order"].action_confirm(env, [await order_of(owner, record)])
    before = [await picture(env, record) for record in records]

    assert isinstance(await tried(env, ana, method, *records), MissingError)

    assert [await picture(env, record) for record in records] == before


@pytest.mark.statement("H125")
async def test_the_chatter_is_read_where_the_lead_is(env, as_user):
    ana, ben, boss = await as_user("dealer.user"), await as_user("dealer.user"), await as_user("dealer.manager")
    own, free, foreign = await lead(ana), await lead(env, user_id=None), await lead(ben)

    async def readable(actor):
        found = await actor["mail.message"].find(actor, [["model", "=", LEAD]], ["res_id"])
        return {message.res_id for message in found} & {own, free, foreign}

    assert await readable(ana) == {own, free}
    assert await readable(boss) == {own, free, foreign}
    [message, *_] = await env["mail.message"].search(env, [["model", "=", LEAD], ["res_id", "=", foreign]])
    with pytest.raises(MissingError):
        await ana["mail.message"].read(ana, [message], ["body"])
    assert len((await read(ana, LEAD, free, "message_ids"))[0]) > 0


@pytest.mark.statement("H13", "H15", "H122", "Z7")
async def test_no_search_tells_of_somebody_elses_lead(env, as_user):
    ana, ben, boss = await as_user("dealer.user"), await as_user("dealer.user"), await as_user("dealer.manager")
    record = await sellable_lead(ben, mobile=MOBILE)
    order = await order_of(ben, record)
    [reference] = await read(env, LEAD, record, "name")
    here = [["mobile", "=", MOBILE]]

    async def found(actor):
        model = actor[LEAD]
        return [
            await model.search(actor, here),
            await model.search_count(actor, here),
            (await model.search_read(actor, here, ["name"])).value(),
            await model.name_search(actor, reference),
            [group["__count"] for group in await model.read_group(actor, here, [], ["stage_id"], lazy=False)],
            (await model.my_pipeline(actor, [["user_id", "!=", 0]], ["name"])).value(),
            await actor["sale.order"].search(actor, [["dealer_crm_lead_id.mobile", "=", MOBILE]]),
        ]

    assert not any(await found(ana))
    *seen, mine, orders = await found(boss)
    assert all(seen)
    assert (mine, orders) == ([], [order])


@pytest.mark.statement("H12", "H13")
@pytest.mark.parametrize("group", ["dealer.user", "dealer.manager", "dealer.admin"])
async def test_my_pipeline_and_all_leads_of_each_group(env, as_user, group):
    actor, other = await as_user(group), await as_user("dealer.user")
    own, free, foreign = await lead(actor), await lead(env, user_id=None), await lead(other)

    seen = set(await actor[LEAD].search(actor, []))
    mine = [row["id"] for row in (await actor[LEAD].my_pipeline(actor)).value()]
    filtered = (await actor[LEAD].search_filters(actor))["my_pipeline"]

    assert seen & {own, free, foreign} == ({own, free} if group == "dealer.user" else {own, free, foreign})
    assert mine == await actor[LEAD].search(actor, filtered) == [own]


@pytest.mark.statement("H123", "Z15")
@pytest.mark.parametrize("whose", ["own", "unassigned", "other"])
async def test_a_user_reassigns_on_no_path(env, as_user, whose):
    ana, ben = await as_user("dealer.user"), await as_user("dealer.user")
    owner = {"own": ana.user.id, "unassigned": None, "other": ben.user.id}[whose]
    record = await lead(env, user_id=owner)
    model = ana[LEAD]

    for target in (ana.user.id, ben.user.id, None):
        if target == owner:
            continue
        given = {"user_id": target}
        for write in (
            model.write(ana, [record], given),
            model.web_save(ana, [record], given, {}),
            model.save_data(ana, {"id": record, **given}),
            model.merge(ana, {"id": record, **given}),
        ):
            with pytest.raises((AccessError, MissingError)):
                await write
        rows = await model.load(ana, [".id", "user_id/.id"], [[str(record), str(target or "")]])
        assert rows["ids"] is False
    if whose != "other":
        with pytest.raises(AccessError):
            await model.copy(ana, record, {"user_id": ben.user.id})

    assert await read(env, LEAD, record, "user_id") == (owner,)


# what works on a lead from beside it


@pytest.mark.statement("H35", "H118", "H124", "Z3")
@pytest.mark.parametrize("whose", ["unassigned", "other"])
async def test_no_form_and_no_log_works_on_a_lead_that_is_not_ones_own(env, as_user, whose):
    ana, ben = await as_user("dealer.user"), await as_user("dealer.user")
    record, own = await lead(ben), await lead(ana)
    if whose == "unassigned":
        await env[LEAD].write(env, [record], {"user_id": None})
    call = await ana[LEAD].log_call(ana, own, "busy")

    for model, values in (
        ("dealer.crm.lead.lost", {"lost_reason": "financing"}),
        ("dealer.crm.log.call", {"result": "busy"}),
    ):
        with pytest.raises((UserError, MissingError)):
            form = await ana[model].create(ana, {**values, "lead_id": record})
            await ana[model].action_confirm(ana, [form])
    for write in (
        ana["dealer.crm.call.log"].create(ana, {"lead_id": record, "result": "busy"}),
        ana["dealer.crm.call.log"].write(ana, [call], {"lead_id": record}),
    ):
        with pytest.raises((UserError, MissingError)):
            await write

    assert await read(env, LEAD, record, "stage_id.name", "call_count") == ("New", 0)
    assert await read(env, LEAD, own, "call_count") == (1,)


@pytest.mark.statement("H35", "H122", "H124")
async def test_calls_about_a_lead_that_is_not_ones_own_any_more_stay_as_they_are(env, as_user):
    ana = await as_user("dealer.user")
    record = await lead(ana)
    call = await ana[LEAD].log_call(ana, record, "busy", 1, "Later")
    await ana["dealer.crm.call.log"].write(ana, [call], {"summary": "Tomorrow", "lead_id": record})

    await env[LEAD].write(env, [record], {"user_id": None})
    assert await read(ana, "dealer.crm.call.log", call, "summary") == ("Tomorrow",)
    with pytest.raises(MissingError):
        await ana["dealer.crm.call.log"].write(ana, [call], {"summary": "Never"})


@pytest.mark.statement("H29", "H34")
async def test_a_call_does_not_move_to_a_closed_lead(env):
    closed, record = await lead(env), await lead(env)
    call = await env[LEAD].log_call(env, record, "busy")
    kept = await env[LEAD].log_call(env, closed, "answered")
    await env[LEAD].action_set_lost(env, [closed], "financing")

    with pytest.raises(TransitionError, match="is already Lost"):
        await env["dealer.crm.call.log"].write(env, [call], {"lead_id": closed})
    await env["dealer.crm.call.log"].write(env, [kept], {"lead_id": closed, "summary": "Said no"})

    assert await read(env, LEAD, closed, "call_log_ids") == ((kept,),)
