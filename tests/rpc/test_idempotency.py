"""A write with an idempotency key: sent again, it is answered again and done once."""

import asyncio
import json
from typing import Any

import pytest

from models.base import idempotency
from models.orm import Env
from tests.rpc.conftest import Running
from tests.rpc.scenario import attempts

NAMED = "select count(*) from test_note where name = $1"


async def create(running: Running, name: str, key: str, login: str = "clerk") -> Any:
    return await running.execute("test.note", "create", {"name": name}, login=login, **{"Idempotency-Key": key})


async def test_the_same_call_is_answered_alike_and_done_once(running: Running) -> None:
    first = await create(running, "one", "key of one")

    assert isinstance(first, int)
    assert [await create(running, "one", "key of one") for _ in range(3)] == [first] * 3
    assert await running.fetchval(NAMED, "one") == 1


async def test_another_call_under_the_same_key_is_a_conflict(running: Running) -> None:
    await create(running, "two", "key of two")

    error = await create(running, "three", "key of two")

    assert (error["code"], error["data"]["key"]) == (409, "conflict")
    assert await running.fetchval(NAMED, "three") == 0


async def test_a_failed_call_leaves_its_key_free(running: Running) -> None:
    await create(running, "taken", "key a")
    refused = await create(running, "taken", "key b")
    await running.fetchval("delete from test_note where name = 'taken'")

    assert refused["code"] == 409
    assert isinstance(await create(running, "taken", "key b"), int)


async def test_keys_of_two_users_are_two_keys(running: Running) -> None:
    """Each of them gets an answer of his own, also when he repeats his call."""

    async def create_both() -> list[Any]:
        return [await create(running, "mine", "our key"), await create(running, "yours", "our key", "boss")]

    mine, yours = await create_both()

    assert mine != yours
    assert await create_both() == [mine, yours]


@pytest.mark.concurrency
async def test_twenty_at_once_are_one(running: Running) -> None:
    answers = await asyncio.gather(*(create(running, "crowd", "crowded key") for _ in range(20)))

    assert len(set(answers)) == 1
    assert await running.fetchval(NAMED, "crowd") == 1


async def test_a_retried_call_keeps_its_key(running: Running) -> None:
    answer = await running.execute("test.note", "fail", "40001", 2, "keyed", **{"Idempotency-Key": "retried"})
    again = await running.execute("test.note", "fail", "40001", 2, "keyed", **{"Idempotency-Key": "retried"})

    assert (answer, again, attempts["keyed"]) == (3, 3, 3)


async def test_a_read_needs_no_key(running: Running) -> None:
    await running.execute("test.note", "search_count", [], **{"Idempotency-Key": "read"})

    assert await running.fetchval("select count(*) from base_idempotency where key = 'read'") == 0


async def test_members_of_a_batch_have_their_own_keys(running: Running) -> None:
    members = [
        {"jsonrpc": "2.0", "id": n, "method": "execute", "params": ["test.note", "create", [{"name": f"member {n}"}]]}
        for n in range(3)
    ]
    headers = {"Authorization": f"Bearer {await running.token('clerk')}", "Idempotency-Key": "batch"}

    first, second = [json.loads((await running.endpoint.post(json.dumps(members), **headers))[1]) for _ in range(2)]

    assert first == second
    assert await running.fetchval("select count(*) from test_note where name like 'member %'") == 3


@pytest.mark.parametrize("key", ["", "x" * 252, "ü"])
async def test_a_key_that_is_none_is_refused(running: Running, key: str) -> None:
    assert (await create(running, "unkeyed", key))["code"] == -32602
    assert await running.fetchval(NAMED, "unkeyed") == 0


async def test_keys_are_forgotten_after_90_days_in_batches(env: Env) -> None:
    for age in (1, 89, 91, 92, 93):
        await env.execute(
            "insert into base_idempotency (user_id, key, fingerprint, create_date)"
            " values (1, $1, '', now() - make_interval(days => $2))",
            f"aged {age}",
            age,
        )

    assert [await idempotency.clean(env, 2) for _ in range(3)] == [2, 1, 0]
    left = await env.fetch("select key from base_idempotency where key like 'aged%' order by key")
    assert [row["key"] for row in left] == ["aged 1", "aged 89"]
