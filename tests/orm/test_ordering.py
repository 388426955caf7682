"""Order: what Python's sort says, over every kind of field and path, nulls where PostgreSQL puts them."""

import random
from typing import Any

import pytest

from models.orm import Env
from models.orm.errors import InputError, UnknownFieldError
from models.orm.fields import Json, Many2One, ToMany
from tests.orm.reference import World

FIELDS = ("id", "state", "price", "copies", "bought_on", "read_at", "opens", "edition", "active", "worth")


def key(row: Any, terms: list[tuple[str, bool, str]]) -> Any:
    return [place(row[name], descending, nulls) for name, descending, nulls in terms]


def place(value: Any, descending: bool, nulls: str) -> Any:
    """A key that sorts as PostgreSQL does: unset values are larger than all others unless told otherwise."""
    last = nulls == "last" if nulls else not descending
    if value is None:
        return (2 if last else 0, 0)
    return (1, Turned(value) if descending else value)


class Turned:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: "Turned") -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Turned) and bool(other.value == self.value)

    def __hash__(self) -> int:
        return hash(self.value)


@pytest.mark.parametrize("seed", range(3))
async def test_records_sort_as_python_sorts_them(env_head: Env, world: World, seed: int) -> None:
    chance = random.Random(f"order {seed}")
    rows = [row for row in world.rows["lib.book"].values() if row["active"] and row["company_id"] == 1]
    for _ in range(40):
        names = chance.sample(FIELDS, chance.randint(1, 3))
        terms = [(name, chance.random() < 0.5, chance.choice(["", "first", "last"])) for name in names]
        text = ", ".join(
            f"{name}{' DESC' if descending else chance.choice(['', ' asc'])}{f' nulls {nulls}' if nulls else ''}"
            for name, descending, nulls in terms
        )
        wanted = terms if "id" in names else [*terms, ("id", terms[0][1], "")]

        found = await env_head["lib.book"].search(env_head, [], order=text)

        assert found == [row["id"] for row in sorted(rows, key=lambda row: key(row, wanted))], text


@pytest.mark.parametrize("descending", [False, True])
async def test_a_many2one_sorts_by_its_targets_own_order(env_head: Env, world: World, descending: bool) -> None:
    shelves = world.rows["lib.shelf"]
    seen = {one: row for one, row in shelves.items() if row["name"] != "Old" or row["parent_id"] != 2}

    found = await env_head["lib.book"].search(env_head, [], order=f"shelf_id{' desc' if descending else ''}")

    rows = [world.rows["lib.book"][one] for one in found]
    places = [seen.get(row["shelf_id"]) for row in rows]
    keys = [(0, shelf["sequence"]) if shelf else (1, 0) for shelf in places]
    assert keys == sorted(keys, reverse=descending)
    names = [(shelf["sequence"], shelf["name"]) for shelf in places if shelf and shelf["sequence"] == 10]
    assert len(set(names)) > 1


async def test_a_path_sorts_by_its_end(env_head: Env) -> None:
    authors = await env_head["lib.author"].create(env_head, [{"name": "b"}, {"name": "a"}])
    books = await env_head["lib.book"].create(env_head, [{"title": "x", "author_id": author} for author in authors])

    assert await env_head["lib.book"].search(env_head, [], order="author_id.name") == books[::-1]
    assert await env_head["lib.book"].search(env_head, [], order="author_id.name desc") == books
    assert await env_head["lib.book"].search(env_head, [], order="author_name") == books[::-1]
    assert await env_head["lib.book"].search(env_head, [], order="author_id.id desc") == books[::-1]


@pytest.mark.parametrize("order", [None, False, ""])
async def test_without_an_order_the_models_own_holds(env_head: Env, order: Any) -> None:
    one, two, three = await env_head["lib.book"].create(env_head, [{"title": "b"}, {"title": "a"}, {"title": "b"}])

    assert await env_head["lib.book"].search(env_head, [], order=order) == [two, three, one]


@pytest.mark.parametrize(
    "order",
    [
        "tag_ids",
        "extra",
        "author_id.extra",
        "title.name",
        "tag_ids.name",
        "shout",
        "nothing",
        "author_id.nothing",
    ],
)
async def test_what_cannot_be_sorted_by_is_named(env_head: Env, order: str) -> None:
    with pytest.raises((InputError, UnknownFieldError)):
        await env_head["lib.book"].search(env_head, [], order=order)


@pytest.mark.parametrize("order", [5, True, [], ["title"], {"title": 1}, ",", "title,", ", ".join(["title"] * 21)])
async def test_an_order_is_a_text_of_names(env_head: Env, order: Any) -> None:
    with pytest.raises(InputError, match="order"):
        await env_head["lib.book"].search(env_head, [], order=order)


async def test_every_field_that_says_it_can_be_sorted_by_can(env_head: Env, world: World) -> None:
    for name in ("lib.book", "lib.shelf", "lib.author", "lib.loan", "mail.message", "audit.log"):
        model = env_head[name]
        for field, attributes in (await model.fields_get(env_head)).items():
            known = model.meta.fields[field]
            assert attributes["sortable"] == (known.in_sql and not isinstance(known, ToMany))
            if attributes["sortable"] and not isinstance(known, Json):
                for text in (field, f"{field} desc", f"{field} desc nulls last"):
                    await model.search(env_head, [], order=text)
            if isinstance(known, Many2One):
                await model.search(env_head, [], order=f"{field}.id")
