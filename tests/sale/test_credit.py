"""The credit of customers: who sees it, who gives it, on every path."""

import pytest

from models.orm import Command
from models.orm.errors import AccessError, UnknownFieldError

PARTNER, USERS = "res.partner", "res.users"


async def shown(env, model, record):
    [found] = (await env[model].read(env, [record], ["credit_limit"])).value()
    return found["credit_limit"]


async def test_managers_give_credit_and_sales_people_see_it(as_user):
    boss, seller = await as_user("sale.manager"), await as_user("sale.user")
    partner = await boss[PARTNER].create(boss, {"name": "Buyer", "credit_limit": 250000})

    assert await shown(seller, PARTNER, partner) == 250000
    assert await seller[PARTNER].search(seller, [["credit_limit", ">", 200000], ["id", "=", partner]]) == [partner]
    with pytest.raises(AccessError, match="not allowed to modify Credit Limit"):
        await seller[PARTNER].write(seller, partner, {"credit_limit": 1})
    assert await shown(boss, PARTNER, partner) == 250000


async def test_who_does_not_sell_knows_nothing_of_it(env, as_user):
    clerk = await as_user("party.manager")
    partner = await env[PARTNER].create(env, {"name": "Buyer", "credit_limit": 5})

    assert "credit_limit" not in await clerk[PARTNER].fields_get(clerk)
    for path in ("credit_limit", "parent_id.credit_limit", "user_ids.credit_limit"):
        with pytest.raises(UnknownFieldError):
            await clerk[PARTNER].search(clerk, [[path, ">", 1]])
    with pytest.raises(UnknownFieldError):
        await clerk[PARTNER].write(clerk, partner, {"child_ids": [Command.create({"name": "C", "credit_limit": 1})]})
    with pytest.raises(UnknownFieldError):
        await shown(clerk, USERS, clerk.user.id)


async def test_a_copy_of_a_customer_gets_no_credit(env):
    partner = await env[PARTNER].create(env, {"name": "Buyer", "credit_limit": 5})

    [copy] = await env[PARTNER].copy(env, [partner])

    assert await shown(env, PARTNER, copy) is None
