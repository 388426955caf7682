"""Transitions: one effect however often the button is pressed, all moved or none."""

import asyncio
from typing import Any

import pytest

from models.orm import Env, Registry
from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import AccessError, MissingError, ReadonlyError, TransitionError, ValidationError
from models.orm.workflow import constrains
from server.database.connection import connect
from tests.cluster import shared_cluster
from tests.orm.conftest import HEDDA, caller
from tests.orm.library import State


async def states(env: Env, ids: list[int]) -> list[str]:
    return [book.state for book in await env["lib.book"].browse(env, ids, ["state"])]


async def books(env: Env, *given: str) -> list[int]:
    return await env["lib.book"].insert(env, [{"title": "x", "state": state} for state in given])


async def test_a_transition_moves_each_record_from_its_own_state(env_head: Env) -> None:
    ids = await books(env_head, "new", "lent")

    assert await env_head["lib.book"].shelve(env_head, ids) == 2
    assert await states(env_head, ids) == ["shelved", "shelved"]


async def test_a_transition_moves_all_or_none(env_head: Env) -> None:
    ids = await books(env_head, "new", "gone", "lent")

    with pytest.raises(TransitionError, match=r"not possible in state gone") as refused:
        async with env_head.connection.transaction():
            await env_head["lib.book"].shelve(env_head, ids)

    assert refused.value.data["ids"] == [ids[1]]
    assert await states(env_head, ids) == ["new", "gone", "lent"]


@pytest.mark.statement("Z13")
@pytest.mark.parametrize("word", ["state"])
@pytest.mark.parametrize("dialect", [ODOO, NETFORCE], ids=["odoo", "netforce"])
async def test_a_plain_write_does_not_move(env_head: Env, word: str, dialect: Any) -> None:
    env = env_head.with_dialect(dialect)
    [book] = await books(env_head, "new")

    for call in (
        lambda: env["lib.book"].write(env, book, {word: "shelved"}),
        lambda: env["lib.book"].create(env, {"title": "y", word: "gone"}),
        lambda: env["lib.book"].copy(env, book, {word: "gone"}),
        lambda: env["lib.author"].create(env, {"name": "a", "book_ids": [(0, 0, {"title": "y", word: "gone"})]}),
    ):
        with pytest.raises(ReadonlyError, match="state"):
            await call()
    assert await states(env_head, [book]) == ["new"]
    created = await env["lib.book"].create(env.with_context(default_state="gone"), {"title": "z"})
    assert await states(env_head, [created]) == ["new"]


async def test_a_transition_needs_the_right_to_write(env_head: Env, env_reader: Env) -> None:
    [book] = await books(env_head, "new")

    with pytest.raises(AccessError):
        await env_reader["lib.book"].shelve(env_reader, book)
    with pytest.raises(MissingError):
        await env_head["lib.book"].shelve(env_head, [book, 999_999])
    assert await states(env_head, [book]) == ["new"]


async def test_a_transition_shows_its_callers_ids_and_no_records() -> None:
    from models.orm import Registry
    from tests.orm import library

    method = Registry(library.MODELS, library.GROUPS).models["lib.book"].meta.methods["shelve"]

    assert method.takes_ids
    assert method.parameters == ("ids",)


@pytest.mark.concurrency
async def test_a_hundred_presses_have_one_effect(library_database: str, registry: Registry) -> None:
    connections = [await connect(shared_cluster(), library_database) for _ in range(20)]
    first = caller(registry, connections[0], "lib.head", user=HEDDA)
    [book] = await books(first, "new")
    free = asyncio.Queue[Any]()
    for connection in connections:
        free.put_nowait(connection)

    async def press() -> str:
        connection = await free.get()
        try:
            env = caller(registry, connection, "lib.head", user=HEDDA)
            async with connection.transaction():
                await env["lib.book"].shelve(env, [book])
        except TransitionError as error:
            return error.message
        else:
            return "done"
        finally:
            free.put_nowait(connection)

    answers = await asyncio.gather(*(press() for _ in range(100)))

    assert sorted(set(answers)) == ["done", f"lib.book {book}: not possible in state shelved."]
    assert answers.count("done") == 1
    messages = await first.fetchval("select count(*) from mail_message where body = 'shelved'")
    tracked = await first.fetchval("select count(*) from mail_message where subtype = 'tracking'")
    assert (messages, tracked) == (1, 1)
    for connection in connections:
        await connection.close()


@pytest.mark.concurrency
async def test_opposite_orders_of_records_do_not_block_each_other(library_database: str, registry: Registry) -> None:
    connections = [await connect(shared_cluster(), library_database) for _ in range(4)]
    first = caller(registry, connections[0], "lib.head", user=HEDDA)
    ids = await books(first, *["new"] * 10)

    async def press(number: int) -> bool:
        env = caller(registry, connections[number], "lib.head", user=HEDDA)
        try:
            async with connections[number].transaction():
                await env["lib.book"].shelve(env, ids if number % 2 else ids[::-1])
        except TransitionError:
            return False
        return True

    assert sorted(await asyncio.gather(*(press(i) for i in range(4)))) == [False, False, False, True]
    for connection in connections:
        await connection.close()


async def test_constraints_refuse_what_a_write_leaves(env_head: Env) -> None:
    dear, cheap = await env_head["lib.book"].create(
        env_head, [{"title": "d", "price": 2000, "copies": 2}, {"title": "c", "price": 1}]
    )

    for ids, values in (([cheap, dear], {"copies": 1}), ([cheap], {"price": 1001})):
        with pytest.raises(ValidationError, match="second copy") as refused:
            async with env_head.connection.transaction():
                await env_head["lib.book"].write(env_head, ids, values)
        assert refused.value.field == "price"
    await env_head["lib.book"].write(env_head, [cheap], {"copies": 1})


def test_a_constraint_names_its_fields() -> None:
    @constrains("a", "b")
    def check(record: Any) -> None:
        """Nothing."""

    assert check.__constrains__.fields == ("a", "b")
    assert State.NEW == "new"
