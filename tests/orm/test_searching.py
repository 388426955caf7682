"""Content search and archiving: what models with the right fields offer."""

from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import AccessError, InputError
from models.orm.searching import search_everywhere
from tests.orm.conftest import MakeEnv


async def library(env: Env) -> list[int]:
    ids: list[int] = await env["lib.book"].create(
        env,
        [
            {"title": "Old stories", "secret": "of Paris"},
            {"title": "New stories"},
            {"title": "100% new_ways"},
            {"title": "Paris", "active": False},
        ],
    )
    return ids


async def test_every_word_has_to_occur_in_some_field(env_head: Env) -> None:
    old, new, *_ = await library(env_head)

    async def found(q: str) -> list[int]:
        return sorted(row["id"] for row in await env_head["lib.book"].content_search(env_head, q))

    assert await found("stories") == [old, new]
    assert await found("STORIES paris") == [old]
    assert await found("stories tokyo") == []
    assert await found("  ") == []


async def test_rows_tell_where_the_words_occur_in_the_dialects_words(env_head: Env) -> None:
    old, *_ = await library(env_head)
    for dialect, word in ((ODOO, "name"), (NETFORCE, "heading")):
        env = env_head.with_dialect(dialect)

        [row] = await env["lib.book"].content_search(env, "paris stories")

        assert (row["id"], row["fields"]) == (old, {word: "Old stories", "secret": "of Paris"})
        assert len(row["create_time"]) == 19


async def test_words_are_literal_in_every_dialect(env_head: Env) -> None:
    _, _, ways, _ = await library(env_head)
    for dialect in (ODOO, NETFORCE):
        env = env_head.with_dialect(dialect)
        for q in ("100%", "new_", "% new_ways"):
            assert [row["id"] for row in await env["lib.book"].content_search(env, q)] == [ways]


@pytest.mark.statement("Z5")
async def test_hidden_fields_are_not_looked_into(env_head: Env, env_clerk: Env) -> None:
    await library(env_head)

    assert await env_clerk["lib.book"].content_search(env_clerk, "paris") == []
    assert await env_clerk["lib.book"].content_search(env_clerk, "stories paris") == []


async def test_a_limit_keeps_the_newest(env_head: Env) -> None:
    _, new, *_ = await library(env_head)

    rows = await env_head["lib.book"].content_search(env_head, "stories", 1)

    assert [row["id"] for row in rows] == [new]


@pytest.mark.parametrize("q", [None, 5, ["x"], "a b c d e f g h i j k"])
async def test_words_are_a_text_of_few(env_head: Env, q: Any) -> None:
    with pytest.raises(InputError):
        await env_head["lib.book"].content_search(env_head, q)


async def test_a_search_everywhere_asks_every_readable_model(env_head: Env, env_clerk: Env) -> None:
    await library(env_head)
    await env_head["lib.vault"].create(env_head, {"name": "stories vault"})
    await env_head["lib.shelf"].create(env_head, {"name": "stories shelf"})

    for env, models in ((env_head, {"lib.book", "lib.vault", "lib.shelf"}), (env_clerk, {"lib.book", "lib.shelf"})):
        assert {row["model"] for row in await search_everywhere(env, "stories")} == models
    assert len(await search_everywhere(env_head, "stories", 2)) == 2
    netforce = env_head.with_dialect(NETFORCE)
    assert "volume" in {row["model"] for row in await search_everywhere(netforce, "stories")}


async def test_archived_records_leave_searches_and_come_back(env_head: Env) -> None:
    old, new, *_ = await library(env_head)
    books = env_head["lib.book"]

    assert await books.archive(env_head, [old]) is True
    assert old not in await books.search(env_head, [])
    assert await books.toggle_active(env_head, [old, new]) is True
    assert (old in await books.search(env_head, []), new in await books.search(env_head, [])) == (True, False)
    assert await books.unarchive(env_head, new) is True
    netforce = env_head.with_dialect(NETFORCE)
    assert await books.archive(netforce, new) is None


async def test_archiving_takes_the_right_to_write(env_head: Env, env_reader: Env) -> None:
    [one, *_] = await library(env_head)
    for method in ("archive", "unarchive", "toggle_active"):
        with pytest.raises(AccessError):
            await getattr(env_reader["lib.book"], method)(env_reader, one)


async def test_models_without_archived_records_have_no_such_methods(make_env: MakeEnv) -> None:
    methods = make_env("lib.head")["lib.tag"].meta.methods

    assert not {"archive", "action_archive", "toggle_active", "content_search"} & set(methods)
