"""Companies: who sees which, who makes them, and no company above itself."""

from itertools import pairwise

import pytest

from models.orm import Env
from models.orm.env import Context
from models.orm.errors import AccessError, MissingError, ValidationError
from tests import deployments


@pytest.fixture
def companies(env):
    return env["res.company"]


@pytest.mark.statement("Z18")
async def test_users_see_their_own_companies_only(env, companies, as_user):
    other = await companies.create(env, {"name": "Other"})
    agent = await as_user("base.user")

    assert await companies.search(agent, []) == [1]
    with pytest.raises(MissingError):
        await companies.read(agent, [other])
    assert await companies.name_search(agent, "Other") == []


async def test_administrators_see_all_companies(env, companies):
    other = await companies.create(env, {"name": "Other"})

    assert set(await companies.search(env, [])) == {1, other}


async def test_only_administrators_change_companies(companies, as_user):
    agent = await as_user("base.user")

    with pytest.raises(AccessError):
        await companies.write(agent, [1], {"name": "Mine"})
    with pytest.raises(AccessError):
        await companies.create(agent, {"name": "Mine"})


async def test_a_new_company_has_the_currency_of_the_first_and_lets_its_maker_in(env, companies):
    other = await companies.create(env, {"name": "Other"})

    [company] = await companies.browse(env, [other], ["currency_id.name", "user_ids"])
    assert (company["currency_id.name"], company.user_ids) == ("PHP", (env.user.id,))


async def test_a_new_company_may_have_another_currency(env, companies):
    [dollar] = await env["res.currency"].search(env, [["name", "=", "USD"]])
    other = await companies.create(env, {"name": "Other", "currency_id": dollar})

    [company] = await companies.browse(env, [other], ["currency_id"])
    assert company.currency_id == dollar


@pytest.mark.parametrize("length", [1, 2, 3])
async def test_no_company_is_below_itself(env, companies, length):
    chain = await companies.create(env, [{"name": f"Company {n}"} for n in range(length)])
    for above, below in pairwise(chain):
        await companies.write(env, [below], {"parent_id": above})

    with pytest.raises(ValidationError, match="below itself"):
        await companies.write(env, [chain[0]], {"parent_id": chain[-1]})


async def test_branches_are_listed(env, companies):
    parent = await companies.create(env, {"name": "Parent"})
    branches = await companies.create(env, [{"name": f"Branch {n}", "parent_id": parent} for n in range(2)])

    [company] = await companies.browse(env, [parent], ["child_ids"])
    assert set(company.child_ids) == set(branches)


async def test_a_user_of_two_companies_may_narrow_the_view_to_one(env, companies):
    other = await companies.create(env, {"name": "Other"})
    user = deployments.user_of(env.registry, env.user.id, "admin", ["base.user"], companies=(1, other))
    narrowed = Env(env.registry, env.connection, user, Context.of({"allowed_company_ids": [other]}))

    assert await companies.search(narrowed, []) == [other]
