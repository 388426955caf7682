"""Row rules: what random ones let through is what a slow second opinion says, on every path."""

import random
from typing import Any

import pytest

from models.orm import Access, Env, Registry, Rule
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from models.orm.errors import AccessError, MissingError
from models.orm.fields import Many2One, ToMany
from tests.orm import library, stock
from tests.orm.conftest import CLARA, caller
from tests.orm.reference import Viewer, World, as_odoo

GROUPS = ("lib.reader", "lib.clerk", "lib.head")
MODELS = ("lib.book", "lib.author", "lib.shelf", "lib.tag", "lib.loan")
OPERATIONS = (*[("read", "create", "write", "delete")] * 3, ("read",), ("write", "delete"))
OPEN = Access(read=GROUPS, write=GROUPS, delete=GROUPS)


@pytest.fixture(scope="module")
def ruled_library() -> Registry:
    """A library of our own, to which each example gives other rules."""
    return Registry(library.MODELS, library.GROUPS)


def give_random_rules(registry: Registry, world: World, chance: random.Random) -> None:
    """Open the library to everybody but for random rules; their conditions may look at everything."""
    registry._profiles.clear()
    conditions = stock.Conditions(world, registry.profile(None), chance)
    for name in MODELS:
        meta = registry.models[name].meta
        meta.access = (OPEN,)
        meta.rules = tuple(
            Rule(
                f"rule {i}",
                chance.choice([None, *GROUPS]),
                as_odoo(conditions.tree(name, 1)),
                chance.choice(OPERATIONS),
            )
            for i in range(chance.choice([0, 0, 1, 2, 3]))
        )
    registry._profiles.clear()


@pytest.mark.statement("Z8", "Z22", "Z7")
@pytest.mark.parametrize("seed", range(5))
async def test_random_rules_let_through_what_a_slow_opinion_does(
    ruled_library: Registry, world: World, env_head: Env, seed: int
) -> None:
    registry, chance = ruled_library, random.Random(f"rules {seed}")
    for _ in range(34):
        give_random_rules(registry, world, chance)
        ruled = World(registry.models, world.rows, world.links)
        for dialect in (NATIVE, ODOO, NETFORCE):
            env = caller(
                registry,
                env_head.connection,
                chance.choice(GROUPS),
                dialect=dialect,
                companies=chance.choice([(1,), (2,), (1, 2), (1, 2, 3)]),
                user=chance.choice([1, 2, 3, 4]),
            )
            await same_on_every_path(env, ruled, chance)


async def same_on_every_path(env: Env, world: World, chance: random.Random) -> None:
    name = chance.choice(MODELS)
    model, viewer = env[name], Viewer(world, env)
    tree = stock.Conditions(world, env.profile, chance).tree(name, 1)
    domain, expected = as_odoo(tree), viewer.search(name, tree)
    rules = world.meta(name).rules

    assert sorted(await model.search(env, domain)) == expected, (domain, rules)
    assert await model.search_count(env, domain) == len(expected), (domain, rules)
    assert await counted(env, name, domain) == len(expected), (domain, rules)
    assert sorted(one for one, _ in await model.name_search(env, "", domain, limit=0)) == expected
    assert await model.exists(env, list(world.rows[name])) == [
        one for one, row in world.rows[name].items() if viewer.sees(name, row)
    ]
    await same_links(env, viewer, name, expected)


async def counted(env: Env, name: str, domain: Any) -> int:
    groups = await env[name].read_group(env, domain, ["id:count"], ["create_date:year"], lazy=False)
    return int(sum(group.get("__count", group.get("_count", 0)) for group in groups))


async def same_links(env: Env, viewer: Viewer, name: str, ids: list[int]) -> None:
    """Every relation of the records shows what the caller sees at its end, and no label of what is hidden."""
    meta = env[name].meta
    links = stock.Conditions(viewer.world, env.profile, random.Random(0)).fields(meta)
    named = [one.name for one in links if isinstance(one, Many2One | ToMany)]
    for row in (await env[name].read(env, ids, named)).value():
        stored = viewer.world.rows[name][row["id"]]
        for word in named:
            link = meta.fields[word]
            if isinstance(link, Many2One):
                target = viewer.target(stored, link)
                label = viewer.label(viewer.world.meta(link.target), target) if target else "Permission Denied"
                assert not stored[word] or row[word][:2] == [stored[word], label]
            else:
                assert isinstance(link, ToMany)
                assert sorted(row[word]) == sorted(one["id"] for one in viewer.children(meta, stored, link))


@pytest.mark.statement("Z3", "Z14", "Z15")
@pytest.mark.parametrize("seed", range(5))
async def test_a_write_needs_every_record_before_and_after(
    ruled_library: Registry, world: World, env_head: Env, seed: int
) -> None:
    registry, chance, done = ruled_library, random.Random(f"writes {seed}"), 0
    for _ in range(30):
        give_random_rules(registry, world, chance)
        ruled = World(registry.models, world.rows, world.links)
        group, user = chance.choice(GROUPS), chance.choice([1, 2, 3, 4])
        env = caller(registry, env_head.connection, group, companies=(1, 2), user=user)
        ids = chance.sample(range(1, 41), chance.choice([1, 1, 2, 3]))
        values = {"edition": chance.choice([1, 2, 7]), "title": chance.choice(stock.WORDS)}
        before = await stock_of_books(env)
        transaction = env.connection.transaction()
        await transaction.start()

        allowed = True
        try:
            await env["lib.book"].write(env, ids, values)
        except (MissingError, AccessError):
            allowed = False

        changed = {**ruled.rows["lib.book"]} | {one: {**ruled.rows["lib.book"][one], **values} for one in ids}
        after = World(registry.models, {**ruled.rows, "lib.book": changed}, ruled.links)
        reached = all(Viewer(ruled, env).sees("lib.book", ruled.rows["lib.book"][one], "write") for one in ids)
        kept = all(Viewer(after, env).sees("lib.book", changed[one], "write") for one in ids)
        assert allowed == (reached and kept), (ids, values, registry.models["lib.book"].meta.rules)
        await transaction.rollback()
        assert await stock_of_books(env) == before
        done += allowed
    assert 0 < done < 30


async def stock_of_books(env: Env) -> list[Any]:
    return [
        tuple(row)
        for row in await env.connection.fetch("select id, title, edition, write_uid from lib_book order by id")
    ]


async def test_rules_look_at_the_database_and_not_at_what_the_caller_sees(env_clerk: Env, env_head: Env) -> None:
    author = await env_head["lib.author"].create(env_head, {"name": "A", "keeper_id": CLARA})
    book = await env_head["lib.book"].create(env_head, {"title": "Old", "author_id": author, "active": False})
    loan = await env_head["lib.loan"].create(env_head, {"book_id": book})

    assert await env_clerk["lib.loan"].search(env_clerk, []) == [loan]
