"""Conditions: what a search finds is what a second, slow opinion says, for every operator, path and convention."""

import random

import pytest

from models.orm.dialect import NATIVE, NETFORCE, ODOO, Dialect
from tests.orm import stock
from tests.orm.conftest import MakeEnv
from tests.orm.reference import Viewer, World, as_netforce, as_odoo

PROBES = 100
MODELS = ("lib.book", "lib.author", "lib.shelf", "lib.tag", "lib.loan")


@pytest.mark.parametrize("group", ["lib.head", "lib.clerk", "lib.reader"])
@pytest.mark.parametrize("dialect", [NATIVE, ODOO, NETFORCE], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("seed", range(2))
async def test_a_search_finds_what_a_slow_one_does(
    make_env: MakeEnv, world: World, seed: int, dialect: Dialect, group: str
) -> None:
    chance, found_some = random.Random(f"{seed} {dialect.name} {group}"), 0
    for _ in range(PROBES):
        active_test = chance.random() < 0.5
        env = make_env(group, dialect=dialect, companies=(1, 2), active_test=active_test)
        name = chance.choice(MODELS)
        tree = stock.Conditions(world, env.profile, chance).tree(name)
        domain = as_odoo(tree) if chance.random() < 0.5 else as_netforce(tree)

        found = await env[name].search(env, domain, order="id")

        assert found == Viewer(world, env, active_test=active_test).search(name, tree), domain
        assert await env[name].search_count(env, domain) == len(found)
        found_some += bool(found)
    assert found_some > PROBES / 5
