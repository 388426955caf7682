"""Rights that change between the members of a batch hold for the next member, in the process that changed them."""

import asyncio
import json
from typing import Any

import pytest

from tests.rpc.conftest import PASSWORD, Running
from tests.rpc.scenario import attempts, gates
from tests.rpc.test_log import lines

__all__ = ["lines"]


def member(number: int, model: str, method: str, *args: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": "execute", "params": [model, method, list(args)]}


async def batch(running: Running, token: str, *members: tuple[Any, ...]) -> list[Any]:
    requests = [member(number, *one) for number, one in enumerate(members)]
    _, body = await running.endpoint.post(json.dumps(requests), Authorization=f"Bearer {token}")
    return [answer.get("error", answer.get("result")) for answer in json.loads(body)]


async def group_ids(running: Running, *codes: str) -> Any:
    return await running.fetchval("select array_agg(id) from res_groups where code = any($1)", list(codes))


async def make_user(running: Running, login: str, *codes: str) -> tuple[int, str]:
    values = {"name": login, "login": login, "password": PASSWORD}
    groups = await group_ids(running, *codes)
    made = await running.execute("res.users", "create", {**values, "groups_id": [[6, 0, groups]]}, login="boss")
    assert isinstance(made, int)
    return made, await running.token(login)


@pytest.mark.statement("Z19")
async def test_a_group_that_a_member_takes_away_is_gone_for_the_next(running: Running) -> None:
    user, token = await make_user(running, "resigning", "base.admin", "test.clerk")
    kept = await group_ids(running, "base.admin")

    before, done, after = await batch(
        running,
        token,
        ("test.note", "search_count", []),
        ("res.users", "write", [user], {"groups_id": [[6, 0, kept]]}),
        ("test.note", "search_count", []),
    )

    assert (before, done, after["data"]["key"]) == (0, True, "unknown_model")


@pytest.mark.statement("Z19")
@pytest.mark.parametrize(
    ("word", "values", "key"),
    [("disabled", {"active": False}, "session"), ("emptied", {"groups_id": [[5]]}, "unknown_model")],
)
async def test_what_somebody_else_takes_away_during_a_member_holds_for_the_next(
    running: Running, word: str, values: dict[str, Any], key: str
) -> None:
    user, token = await make_user(running, word, "test.clerk")
    gates[word] = asyncio.Event()
    running_batch = asyncio.create_task(
        batch(running, token, ("test.note", "pass_gate", word), ("test.note", "search_count", []))
    )
    while not attempts[word]:
        await asyncio.sleep(0.01)

    assert await running.execute("res.users", "write", [user], values, login="boss") is True
    gates[word].set()
    first, second = await running_batch

    assert (first, second["data"]["key"]) == (None, key)


@pytest.mark.statement("Z19")
async def test_a_company_that_is_changed_is_the_next_member_s(running: Running) -> None:
    user, token = await make_user(running, "moving", "base.admin", "test.clerk")

    _, company, _, who = await batch(
        running,
        token,
        ("test.note", "who"),
        ("res.company", "create", {"name": "Elsewhere"}),
        ("res.users", "write", [user], {"name": "Moved"}),
        ("test.note", "who"),
    )
    await running.execute("res.users", "write", [user], {"company_id": company}, login="boss")

    [after] = await batch(running, token, ("test.note", "who"))
    assert (who["company"], after["company"]) == (1, company)


async def test_a_refused_change_makes_nobody_forget(running: Running) -> None:
    user, token = await make_user(running, "steady", "test.clerk")

    refused, after = await batch(
        running, token, ("res.users", "write", [user], {"groups_id": [[5]]}), ("test.note", "search_count", [])
    )

    assert (refused["code"] != 0, after) == (True, 0)


@pytest.mark.statement("A7")
async def test_a_key_that_is_revoked_is_no_key_for_the_next_member(running: Running) -> None:
    key = await running.execute("res.users.apikeys", "generate", "for a batch", login="boss")
    [number] = await running.execute("res.users.apikeys", "search", [["name", "=", "for a batch"]], login="boss")

    before, done, after = await batch(
        running,
        key,
        ("test.note", "search_count", []),
        ("res.users.apikeys", "revoke", [number]),
        ("test.note", "search_count", []),
    )

    assert (before, done, after["data"]["key"]) == (0, True, "session")


async def test_why_a_call_took_more_rights_is_logged_once(running: Running, lines: Any) -> None:
    await running.execute("res.users.apikeys", "generate", "logged", login="boss")
    await running.execute("test.note", "search_count", [])

    elevated, plain = [line for line in lines() if line["event"] == "call"]
    assert elevated["as_system"] == ["own key"]
    assert "as_system" not in plain
