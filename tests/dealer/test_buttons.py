"""The buttons of a lead against what pressing them does: what is offered works, what is not offered is refused."""

import pytest

from models.orm.errors import AppError
from tests.dealer.making import LEAD, confirm, deliver, endorsed, order_of, sellable_lead

ARGUMENTS = {"log_call": ("busy",), "action_set_lost": ("financing",)}
# Pressed without being offered, these change nothing: the lead is the caller's already, or has its order.
HARMLESS = {("action_claim", "The lead is yours."), ("action_convert_to_quotation", "The lead has an order already.")}

PICTURE = """
select l::text, (select count(*) from mail_message), (select count(*) from dealer_crm_call_log)
from dealer_crm_lead l where id = $1
"""


async def without_an_order(env, record):
    """As it was made."""


async def not_delivered(env, record):
    await confirm(env, await order_of(env, record))


async def delivered(env, record):
    for picking in await confirm(env, await order_of(env, record)):
        await deliver(env, picking)


async def won(env, record):
    await delivered(env, record)
    await env[LEAD].action_set_won(env, [record])


async def pressed(env, actor, button, record):
    """Whether pressing goes through, and whether anything has changed by it; afterwards all is as before."""
    before = await picture(env, record)
    transaction = env.connection.transaction()
    await transaction.start()
    try:
        groups = actor[LEAD].meta.methods[button].exposure.groups
        if groups and not actor.user.groups & set(groups):
            return False, False
        await getattr(actor[LEAD], button)(actor, [record], *ARGUMENTS.get(button, ()))
        return True, await picture(env, record) != before
    except AppError:
        return False, False
    finally:
        await transaction.rollback()


async def picture(env, record):
    """The lead as it is stored, and how much has been said and logged."""
    return tuple(await env.fetchrow(PICTURE, record))


@pytest.mark.statement("H29", "H30", "H31", "H32", "H33", "H34", "H35", "H87", "H118", "H119")
@pytest.mark.parametrize("situation", [without_an_order, not_delivered, delivered, won])
@pytest.mark.parametrize("group", ["dealer.user", "dealer.manager"])
async def test_a_button_is_offered_exactly_when_pressing_it_works(env, as_user, group, situation):
    actor, other = await as_user(group), await as_user("dealer.user")
    record = await endorsed(env, await sellable_lead(env, goods=True))
    await situation(env, record)

    for owner in (actor.user.id, None, *([other.user.id] if group == "dealer.manager" else [])):
        await env[LEAD].write(env, [record], {"user_id": owner})
        [found] = await actor[LEAD].get_actions(actor, [record])
        for name, button in found["actions"].items():
            works, changes = await pressed(env, actor, name, record)
            expected = True if (name, button["reason"]) in HARMLESS else button["ready"]
            assert works == expected, (name, owner, button)
            assert button["ready"] or not changes, (name, owner, button)
