"""Conditions: what a search finds is what a second, slow opinion says, for every operator, path and convention."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.orm import Env
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from models.orm.errors import AppError, InputError, OperatorError, UnknownFieldError
from tests.orm import stock
from tests.orm.conftest import MakeEnv
from tests.orm.reference import Viewer, World, as_netforce, as_odoo

SAME_STOCK = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
MODELS = st.sampled_from(["lib.book", "lib.author", "lib.shelf", "lib.tag", "lib.loan"])


@pytest.fixture
async def world(env_head: Env) -> World:
    await stock.fill(env_head.connection)
    return await World.of(env_head.registry.models, env_head.connection)


@pytest.mark.parametrize("group", ["lib.head", "lib.clerk", "lib.reader"])
@pytest.mark.parametrize("dialect", [NATIVE, ODOO, NETFORCE], ids=lambda dialect: dialect.name)
@SAME_STOCK
@given(data=st.data())
async def test_a_search_finds_what_a_slow_one_does(
    data: st.DataObject, make_env: MakeEnv, world: World, dialect: object, group: str
) -> None:
    active_test = data.draw(st.booleans())
    env = make_env(group, dialect=dialect, companies=(1, 2), active_test=active_test)
    name = data.draw(MODELS)
    tree = data.draw(stock.Conditions(env.registry, world, env.user.groups).trees(name))
    domain = as_odoo(tree) if data.draw(st.booleans()) else as_netforce(tree)

    found = await env[name].search(env, domain, order="id")

    assert found == Viewer(world, env, active_test=active_test).search(name, tree)
    assert await env[name].search_count(env, domain) == len(found)
