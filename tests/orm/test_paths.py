"""Reading along paths: every kind of relation, one statement a relation, nothing hidden, bounded."""

from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from models.orm.errors import InputError, LimitError, MissingError, UnknownFieldError, UnknownModelError
from models.orm.limits import LIMITS
from tests.orm.conftest import CLARA, ROB

PATHS = ["title", "author_id.name", ["loan_ids", ["days", "borrower_id.name"]], "tag_ids.name", "shelf_id", "about"]


async def book(env: Env, keeper: int | None = None) -> tuple[int, int, int]:
    author = await env["lib.author"].create(env, {"name": "Ann", "keeper_id": keeper})
    tag = await env["lib.tag"].create(env, {"name": f"t{author}"})
    loan = [0, 0, {"days": 3, "borrower_id": ROB}]
    values = {"title": "x", "author_id": author, "tag_ids": [tag], "about": f"lib.author,{author}", "loan_ids": [loan]}
    return await env["lib.book"].create(env, values), author, tag


@pytest.mark.statement("R8")
@pytest.mark.parametrize("count", [1, 20])
async def test_each_relation_is_one_statement(env_head: Env, count: int) -> None:
    env = env_head.with_dialect(NETFORCE)
    made = [await book(env_head) for _ in range(count)]
    before = env.statements

    rows = await env["lib.book"].read_path(env, [one for one, _, _ in reversed(made)], PATHS)

    assert env.statements - before == 5
    for row, (one, author, tag) in zip(rows, reversed(made), strict=True):
        [loan] = row.pop("loan_ids")
        assert (loan["days"], loan["borrower_id"]) == (3, {"id": ROB, "name": "Rob"})
        assert row == {
            "id": one,
            "title": "x",
            "author_id": {"id": author, "name": "Ann"},
            "tag_ids": [{"id": tag, "name": f"t{author}"}],
            "shelf_id": None,
            "about": f"writer,{author}",
        }


@pytest.mark.parametrize("dialect", [NATIVE, ODOO, NETFORCE], ids=["native", "odoo", "netforce"])
async def test_paths_are_read_in_every_dialect(env_head: Env, dialect: Any) -> None:
    one, author, _ = await book(env_head)
    env = env_head.with_dialect(dialect)

    found = await env["lib.book"].search_read_path(env, [["id", "=", one]], ["author_id", "author_id.name"])

    assert found == [{"id": one, "author_id": {"id": author, "name": "Ann"}}]


async def test_pages_are_cut_and_counted(env_head: Env) -> None:
    env = env_head.with_dialect(NETFORCE)
    made = [(await book(env_head))[0] for _ in range(3)]

    rows, total = await env["lib.book"].search_read_path(env, [], ["title"], "id desc", 1, 1, count=True)

    assert ([row["id"] for row in rows], total) == ([made[1]], 3)


@pytest.mark.statement("Z7")
async def test_a_hidden_record_is_an_id_and_no_more(env_head: Env, env_clerk: Env) -> None:
    one, author, tag = await book(env_head, keeper=ROB)

    [row] = await env_clerk["lib.book"].read_path(env_clerk, one, ["author_id.name", "loan_ids.days", "tag_ids.name"])

    assert row == {
        "id": one,
        "author_id": {"id": author},
        "loan_ids": [],
        "tag_ids": [{"id": tag, "name": f"t{author}"}],
    }


@pytest.mark.statement("Z7")
async def test_hidden_fields_and_models_do_not_exist(env_head: Env, env_clerk: Env) -> None:
    one, _, _ = await book(env_head, keeper=CLARA)
    vault = await env_head["lib.vault"].create(env_head, {"name": "Deep"})
    await env_head["lib.book"].write(env_head, one, {"vault_id": vault})

    for path in ("secret", "author_id.salary", "author_id.nope"):
        with pytest.raises(UnknownFieldError):
            await env_clerk["lib.book"].read_path(env_clerk, one, [path])
    with pytest.raises(UnknownModelError):
        await env_clerk["lib.book"].read_path(env_clerk, one, ["vault_id.name"])


async def test_a_record_that_is_not_there_is_refused(env_head: Env) -> None:
    one, _, _ = await book(env_head)

    with pytest.raises(MissingError):
        await env_head["lib.book"].read_path(env_head, [one, 999_999], ["title"])


async def test_paths_are_bounded(env_head: Env) -> None:
    one, _, _ = await book(env_head)
    deep = "author_id" + ".book_ids.author_id" * LIMITS.path_depth
    wide = [f"x{place}.y{place}" for place in range(LIMITS.fields_per_call)]

    with pytest.raises(LimitError, match="path_depth"):
        await env_head["lib.book"].read_path(env_head, one, [deep + ".name"])
    with pytest.raises(LimitError, match="fields_per_call"):
        await env_head["lib.book"].read_path(env_head, one, wide)


@pytest.mark.parametrize("paths", [None, "title", 5, [5], [["title"]], [["author_id", "name"]], {"title": {}}])
async def test_what_is_no_path_is_refused(env_head: Env, paths: Any) -> None:
    with pytest.raises(InputError, match="paths must be a list"):
        await env_head["lib.book"].read_path(env_head, [1], paths)
