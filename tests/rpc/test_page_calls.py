"""Calls on /rpc that rest on the cookie of a session: only for pages of our own."""

from typing import Any

import aiohttp
import pytest

from tests.rpc.conftest import Running

WHO = '{"jsonrpc": "2.0", "id": 1, "method": "whoami"}'


async def asked(running: Running, **headers: str) -> dict[str, Any]:
    given = {"Content-Type": "application/json", **headers}
    async with running.endpoint.session.post(f"{running.endpoint.url}/rpc", data=WHO, headers=given) as response:
        found: dict[str, Any] = await response.json()
        return found


async def cookie(running: Running) -> str:
    return f"session_id={await running.token('clerk')}"


async def test_a_page_of_ours_may_call(running):
    answer = await asked(running, Cookie=await cookie(running), Origin=running.endpoint.url)

    assert answer["result"]["user_name"] == "Clerk"


@pytest.mark.parametrize("origin", [None, "", "null", "https://evil.example", "http://127.0.0.1", "http://127.0.0.1:1"])
async def test_nobody_else_calls_with_a_cookie(running, origin):
    headers = {} if origin is None else {"Origin": origin}
    answer = await asked(running, Cookie=await cookie(running), **headers)

    assert answer["error"]["data"] == {"key": "session"}


@pytest.mark.parametrize("shown", ["Bearer tds_wrong", "Bearer ", "Basic eDp5"])
async def test_the_header_decides_where_there_is_one(running, shown):
    answer = await asked(running, Cookie=await cookie(running), Origin=running.endpoint.url, Authorization=shown)

    assert answer["error"]["data"] == {"key": "session"}


async def test_a_form_cannot_call(running):
    headers = {"Cookie": await cookie(running), "Origin": running.endpoint.url}
    async with aiohttp.ClientSession() as session:
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            given = {**headers, "Content-Type": kind}
            async with session.post(f"{running.endpoint.url}/rpc", data=WHO, headers=given) as response:
                assert response.status == 415
