"""Merging: a record is known by its id, its key, or not at all; nothing that is ambiguous is written."""

from typing import Any

import pytest

from models.orm import Env, Registry
from models.orm.errors import AccessError, InputError, MissingError, RequiredError, UnknownFieldError, UserError
from tests.orm.conftest import CLARA, MakeEnv, caller


async def test_what_is_not_there_is_created_and_then_written(env_head: Env) -> None:
    tags = env_head["lib.tag"]

    one = await tags.merge(env_head, {"name": "Red"})

    assert await tags.merge(env_head, {"name": "Red"}) == one
    assert await tags.merge(env_head, {"id": one, "name": "Blue"}) == one
    assert (await tags.read(env_head, [one], ["name"])).value() == [{"id": one, "name": "Blue"}]


async def test_a_model_without_a_key_gets_a_new_record(env_head: Env) -> None:
    books = env_head["lib.book"]

    one, two = [await books.merge(env_head, {"title": "A"}) for _ in range(2)]

    assert one != two


async def test_a_key_left_out_means_a_new_record(env_head: Env) -> None:
    await env_head["lib.tag"].merge(env_head, {"name": "Red"})

    with pytest.raises(RequiredError):
        await env_head["lib.tag"].merge(env_head, {"name": None})


async def test_it_takes_one_statement_more_for_each_thing_looked_up(env_head: Env) -> None:
    tags = env_head["lib.tag"]
    before = env_head.statements
    one = await tags.merge(env_head, {"name": "Red"})
    created = env_head.statements - before

    before = env_head.statements
    await tags.merge(env_head, {"id": one, "name": "Red"})
    written = env_head.statements - before

    before = env_head.statements
    await tags.merge(env_head, {"name": "Red"})
    assert env_head.statements - before == written + 1
    before = env_head.statements
    await tags.create(env_head, {"name": "Green"})
    assert created == env_head.statements - before + 1


async def test_a_hidden_link_looks_like_one_that_never_was(
    env_clerk: Env, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry.models["lib.book"].meta.fields["shelf_id"], "groups", ("lib.head",))
    monkeypatch.setattr(registry, "_profiles", {})
    env_clerk = caller(registry, env_clerk.connection, "lib.clerk", user=CLARA)

    with pytest.raises(UnknownFieldError, match="There is no field shelf_id"):
        await env_clerk["lib.book"].merge(env_clerk, {"title": "x", "shelf_id": "nowhere"})


@pytest.mark.parametrize("vals", [None, [], "x", 5, [{"name": "Red"}]])
async def test_what_is_no_record_is_refused(env_head: Env, vals: Any) -> None:
    with pytest.raises(InputError, match="vals must be an object"):
        await env_head["lib.tag"].merge(env_head, vals)


async def test_wrong_names_and_ids_are_refused(env_head: Env) -> None:
    tags = env_head["lib.tag"]

    with pytest.raises(UnknownFieldError):
        await tags.merge(env_head, {"name": "Red", "nope": 1})
    with pytest.raises(MissingError):
        await tags.merge(env_head, {"id": 999_999, "name": "Red"})
    with pytest.raises(UserError, match="has no key"):
        await env_head["lib.book"].merge(env_head, {"title": "A", "author_id": "Ann"})


async def test_a_reader_merges_nothing(make_env: MakeEnv, env_head: Env) -> None:
    await env_head["lib.tag"].merge(env_head, {"name": "Red"})
    reader = make_env("lib.reader")

    for name in ("Red", "Blue"):
        with pytest.raises(AccessError):
            await reader["lib.tag"].merge(reader, {"name": name})
