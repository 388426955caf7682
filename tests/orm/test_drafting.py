"""Beginning records: defaults, copies, creation from a name."""

from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from models.orm.errors import AccessError, InputError, MissingError, ReadonlyError, RequiredError, UnknownModelError
from tests.orm.conftest import CLARA, MakeEnv


async def one(env: Env, record: int, *names: str, model: str = "lib.book") -> dict[str, Any]:
    [row] = (await env[model].read(env, record, list(names), load="")).value()
    return {name: row[name] for name in names}


async def test_defaults_are_those_of_the_fields_named(env_head: Env) -> None:
    found = await env_head["lib.book"].default_get(env_head, ["copies", "state", "company_id", "title", "active"])

    assert found == {"copies": 1, "state": "new", "company_id": 1, "active": True}


@pytest.mark.parametrize("dialect", [NATIVE, ODOO, NETFORCE], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("group", ["lib.clerk", "lib.head"])
async def test_all_defaults_are_in_the_dialects_words_and_none_is_hidden(
    make_env: MakeEnv, dialect: Any, group: str
) -> None:
    env = make_env(group, dialect=dialect, default_title="T", default_secret="S")

    found = await env["lib.book"].default_get(env)

    word = {"native": "title", "odoo": "name", "netforce": "heading"}[dialect.name]
    assert found[word] == "T"
    assert ("secret" in found) == (group == "lib.head")
    assert found["company_id"] == ([1, "North"] if dialect is NETFORCE else 1)


async def test_the_callers_own_defaults_win(make_env: MakeEnv) -> None:
    env = make_env("lib.head", default_copies=7, defaults={"title": "D", "copies": 8}, default_tag_ids=[[6, 0, [3]]])

    found = await env["lib.book"].default_get(env, ["copies", "title", "tag_ids"])

    assert found == {"copies": 7, "title": "D", "tag_ids": [3]}


async def test_defaults_need_some_right_on_the_model(env_reader: Env, make_env: MakeEnv) -> None:
    assert (await env_reader["lib.book"].default_get(env_reader, ["copies"])) == {"copies": 1}
    with pytest.raises(UnknownModelError):
        await make_env()["lib.book"].default_get(make_env(), ["copies"])


async def test_a_copy_takes_what_may_be_copied_and_its_lines(env_head: Env) -> None:
    tag = await env_head["lib.tag"].create(env_head, {"name": "t"})
    author = await env_head["lib.author"].create(
        env_head,
        {
            "name": "A",
            "book_ids": [
                [0, 0, {"title": "T", "price": "2.50", "extra": {"k": ["v"]}, "cover": "aGk=", "tag_ids": [tag]}],
                [0, 0, {"title": "U", "password": "p", "loan_ids": [[0, 0, {"days": 3}]]}],
            ],
        },
    )  # fmt: skip
    await env_head["lib.book"].shelve(env_head, await env_head["lib.book"].search(env_head, []))

    copy = await env_head["lib.author"].copy(env_head, author, {"name": "B"})

    assert copy != author
    found = (await env_head["lib.book"].search_read(env_head, [["author_id", "=", copy]], [
        "title", "price", "extra", "cover", "tag_ids", "state", "loan_ids", "worth", "bought_on", "read_at",
    ])).value()  # fmt: skip
    assert [(row["title"], row["state"], row["extra"], row["cover"], row["tag_ids"]) for row in found] == [
        ("T", "new", {"k": ["v"]}, "aGk=", [tag]),
        ("U", "new", None, None, []),
    ]
    assert await one(env_head, found[1]["loan_ids"][0], "days", model="lib.loan") == {"days": 3}
    assert await env_head.fetchval("select count(*) from lib_book where password is not null") == 1


async def test_a_copy_of_one_is_an_id_of_many_a_list(env_head: Env) -> None:
    a, b = await env_head["lib.shelf"].create(env_head, [{"name": "a"}, {"name": "b"}])

    copies = await env_head["lib.shelf"].copy(env_head, [b, a])

    assert [(await one(env_head, copy, "name", model="lib.shelf"))["name"] for copy in copies] == ["b", "a"]
    assert isinstance(await env_head["lib.shelf"].copy(env_head, a), int)
    assert await env_head["lib.shelf"].copy(env_head, []) == []


@pytest.mark.statement("R8")
@pytest.mark.parametrize("count", [2, 40])
async def test_copying_takes_the_same_statements_for_few_and_many(env_head: Env, count: int) -> None:
    authors = await env_head["lib.author"].create(
        env_head, [{"name": "a", "book_ids": [[0, 0, {"title": "t", "loan_ids": [[0, 0, {}]]}]] * 2}] * count
    )

    before = env_head.statements
    await env_head["lib.author"].copy(env_head, authors)

    assert env_head.statements - before == 8


async def test_changes_of_a_copy_are_the_callers_and_checked_as_such(env_head: Env, env_clerk: Env) -> None:
    hidden = await env_head["lib.author"].create(env_head, {"name": "h", "keeper_id": 3})
    book = await env_head["lib.book"].create(env_head, {"title": "b", "tag_ids": [[0, 0, {"name": "x"}]]})

    with pytest.raises(MissingError):
        await env_clerk["lib.book"].copy(env_clerk, book, {"author_id": hidden})
    with pytest.raises(ReadonlyError):
        await env_clerk["lib.book"].copy(env_clerk, book, {"tag_ids": [], "worth": 5})
    with pytest.raises(ReadonlyError):
        async with env_clerk.connection.transaction():
            await env_clerk["lib.author"].copy(
                env_clerk,
                await env_clerk["lib.author"].create(env_clerk, {"name": "a", "keeper_id": CLARA}),
                {"book_ids": [[0, 0, {"title": "t", "state": "gone"}]]},
            )
    copy = await env_clerk["lib.book"].copy(env_clerk, book, {"tag_ids": [[0, 0, {"name": "y"}]]})
    [row] = (await env_head["lib.book"].read(env_head, copy, ["tag_ids"])).value()
    assert [name for _, name in await env_head["lib.tag"].name_get(env_head, row["tag_ids"])] == ["y"]


async def test_a_copy_keeps_what_its_copier_does_not_see(env_head: Env, env_clerk: Env) -> None:
    hidden = await env_head["lib.author"].create(env_head, {"name": "h", "keeper_id": 3})
    book = await env_head["lib.book"].create(env_head, {"title": "b", "author_id": hidden, "secret": "s"})

    copy = await env_clerk["lib.book"].copy(env_clerk, book)

    assert await one(env_head, copy, "author_id", "secret") == {"author_id": hidden, "secret": None}


async def test_a_copy_needs_both_rights(env_head: Env, env_reader: Env) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "b"})

    with pytest.raises(AccessError):
        await env_reader["lib.book"].copy(env_reader, book)
    with pytest.raises(InputError):
        await env_head["lib.book"].copy(env_head, book, ["title"])


async def test_a_name_is_enough_to_create(env_head: Env) -> None:
    netforce = env_head.with_dialect(NETFORCE)

    created = await env_head["lib.tag"].name_create(env_head, "new")
    assert created == [created[0], "new"]
    assert isinstance(await netforce["lib.tag"].name_create(netforce, "other"), int)
    with pytest.raises(InputError):
        await env_head["lib.tag"].name_create(env_head, 5)
    with pytest.raises(RequiredError):
        await env_head["lib.tag"].name_create(env_head, "")
