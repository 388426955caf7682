"""Groups that nothing is in: which are shown, in which order, to whom, and what they hold."""

from decimal import Decimal
from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from tests.orm.conftest import MakeEnv

DIALECTS = pytest.mark.parametrize("dialect", [NATIVE, ODOO, NETFORCE], ids=lambda dialect: dialect.name)


@pytest.fixture
async def shelves(env_head: Env) -> dict[str, int]:
    """Shelves in an order that is not that of their names; one hidden, one archived, each with a book, one without."""
    system = env_head.as_system("test")
    model = env_head["lib.shelf"]
    rows = [("Z", 1, True), ("B", 2, True), ("D", 2, True), ("A", 3, True), ("Old", 4, False), ("Older", 5, False)]
    ids = await model.insert(system, [{"name": n, "sequence": s, "active": a} for n, s, a in rows])
    found = dict(zip((name for name, _, _ in rows), ids, strict=True))
    [cellar] = await model.insert(system, [{"name": "Cellar", "sequence": 6}])
    found["Deep"], found["Deeper"] = await model.insert(
        system, [{"name": name, "parent_id": cellar, "sequence": 0} for name in ("Deep", "Deeper")]
    )
    held = [("A", "1"), ("A", "2"), ("D", "4"), ("Old", "8"), ("Deep", "16")]
    books = [{"title": "x", "shelf_id": found[name], "price": price} for name, price in held]
    await env_head["lib.book"].insert(system, [*books, {"title": "x", "price": "32"}])
    return found | {"Cellar": cellar}


def asked(env: Env) -> Env:
    return env.with_context(read_group_expand=True)


async def grouped(env: Env, *rest: Any, **options: Any) -> list[Any]:
    """The groups by shelf: label, count and sum."""
    found = await env["lib.book"].formatted_read_group(
        env, [["title", "=", "x"]], ["shelf_id"], ["__count", "price:sum"], *rest, **options
    )
    return [(row["shelf_id"] and row["shelf_id"][1], row["__count"], row["price:sum"]) for row in found]


def named(groups: list[Any]) -> list[Any]:
    return [label for label, _, _ in groups]


async def test_empty_groups_are_shown_in_the_order_of_their_own_model(env_head: Env, shelves: dict[str, int]) -> None:
    before = env_head.statements
    found = await grouped(asked(env_head))

    assert env_head.statements - before == 1
    hidden = found[-2] if found[-2][0] not in shelves else found[-1]
    assert [row for row in found if row != hidden] == [
        ("Z", 0, Decimal("0.00")),
        ("D", 1, Decimal("4.00")),
        ("B", 0, Decimal("0.00")),
        ("A", 2, Decimal("3.00")),
        ("Old", 1, Decimal("8.00")),
        ("Cellar", 0, Decimal("0.00")),
        (None, 1, Decimal("32.00")),
    ]
    assert hidden[1:] == (1, Decimal("16.00"))  # as before: what is in it counts, what it is called is not told
    assert "Deep" not in repr(found)


async def test_archived_ones_are_shown_to_who_asks_for_them(env_head: Env, shelves: dict[str, int]) -> None:
    found = await grouped(asked(env_head).with_context(active_test=False))

    assert named(found)[4:6] == ["Old", "Older"]


async def test_the_caller_may_sort_cut_and_filter_them(env_head: Env, shelves: dict[str, int]) -> None:
    env = asked(env_head)
    whole = named(await grouped(env))

    assert named(await grouped(env, order="shelf_id"))[:6] == whole[:6]
    assert named(await grouped(env, order="shelf_id desc"))[-6:] == whole[5::-1]
    assert named(await grouped(env, order="__count desc, shelf_id"))[:1] == ["A"]
    assert (
        named(await grouped(env, order="price:sum desc"))[-3:] == named(await grouped(env, order="__count desc"))[-3:]
    )
    assert named(await grouped(env, limit=2, offset=1)) == whole[1:3]
    assert named(await grouped(env, [["__count", "=", 0]])) == ["Z", "B", "Cellar"]
    assert named(await grouped(env, [["price:sum", ">", 3]], order="shelf_id"))[:2] == ["D", "Old"]


async def test_an_empty_group_is_found_by_a_condition_that_finds_nothing(
    env_head: Env, shelves: dict[str, int]
) -> None:
    env, books = env_head.with_dialect(ODOO), env_head["lib.book"]
    for domain in ([["title", "=", "x"]], ["|", ["title", "=", "x"], ["copies", "=", 9]], []):
        for row in await books.read_group(env, domain, ["price"], ["shelf_id"]):
            assert await books.search_count(env, row["__domain"]) == row["shelf_id_count"]


async def test_figures_of_nothing_are_what_they_are_over_no_rows(env_head: Env, shelves: dict[str, int]) -> None:
    env = asked(env_head).with_dialect(ODOO)
    figures = ["price:sum", "price:avg", "copies:max", "title:count_distinct", "active:bool_or", "id:array_agg"]

    [of_nothing] = await env["lib.book"].formatted_read_group(env, [["title", "=", "no"]], [], [*figures, "__count"])
    expanded = await env["lib.book"].formatted_read_group(
        env, [["title", "=", "no"]], ["shelf_id"], [*figures, "__count"]
    )

    assert [row["shelf_id"][1] for row in expanded] == ["Z", "D", "B", "A", "Cellar"]
    for row in expanded:
        assert {name: row[name] for name in (*figures, "__count")} == {
            name: of_nothing[name] for name in (*figures, "__count")
        }


@DIALECTS
async def test_read_group_expands_by_itself_where_odoos_does(
    env_head: Env, shelves: dict[str, int], dialect: Any
) -> None:
    env, books = env_head.with_dialect(dialect), env_head["lib.book"]

    async def shown(env: Env, keys: list[str], **options: Any) -> int:
        rows = await books.read_group(env, [["title", "=", "no"]], ["price"], keys, **options)
        return len(rows)

    usual = 5 if dialect is ODOO else 0
    assert await shown(env, ["shelf_id"]) == usual
    assert await shown(env, ["shelf_id", "author_id"]) == usual
    assert await shown(env, ["shelf_id"], lazy=False) == 0
    assert await shown(env, ["shelf_id", "author_id"], lazy=False) == 0
    assert await shown(env, ["author_id"]) == 0
    assert await shown(asked(env), ["shelf_id"]) == 5
    assert await shown(asked(env), ["author_id"]) == 0
    assert await shown(env.with_context(read_group_expand=False), ["shelf_id"]) == 0


@DIALECTS
async def test_boards_get_them_and_their_number(env_head: Env, shelves: dict[str, int], dialect: Any) -> None:
    env, books = env_head.with_dialect(dialect), env_head["lib.book"]
    for aggregates in (None, ["__count"]):
        found = await books.web_read_group(
            env, [["title", "=", "no"]], ["price"], ["shelf_id"], limit=2, aggregates=aggregates
        )
        assert (len(found["groups"]), found["length"]) == (2, 5)


async def test_a_target_that_the_caller_may_not_read_is_not_shown(make_env: MakeEnv, env_head: Env) -> None:
    vault = await env_head["lib.vault"].create(env_head, {"name": "Secret"})
    await env_head["lib.book"].create(env_head, [{"title": "x", "vault_id": vault}, {"title": "x"}])
    reader, head = asked(make_env("lib.reader")), asked(env_head)

    assert await reader["lib.book"].formatted_read_group(reader, [["title", "=", "no"]], ["vault_id"]) == []
    [hidden, none] = await reader["lib.book"].formatted_read_group(reader, [["title", "=", "x"]], ["vault_id"])
    assert (hidden["vault_id"][0], "Secret" in repr(hidden), none["vault_id"]) == (vault, False, None)
    [shown] = await head["lib.book"].formatted_read_group(head, [["title", "=", "no"]], ["vault_id"])
    assert shown["vault_id"][1] == "Secret"
