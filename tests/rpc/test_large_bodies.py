"""Calls over 1 MiB: for files, from callers who are known, by every dialect; for nobody and nothing else."""

import base64
import json
from io import BytesIO
from typing import Any
from xmlrpc.client import dumps, loads

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.orm.limits import LIMITS
from server import large_bodies
from server.large_bodies import secrets_in_json, secrets_in_xml
from tests.rpc.conftest import PASSWORD, Running

CONTENT = bytes(range(256)) * (3 << 12)  # 3 MiB
VALUES = {"name": "large.bin", "datas": base64.b64encode(CONTENT).decode()}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def clean(running: Running) -> Running:
    await running.script("delete from ir_attachment; delete from base_blob")
    return running


async def post(running: Running, path: str, body: Any, **headers: str) -> tuple[int, bytes]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {**JSON, **{name.replace("_", "-"): text for name, text in headers.items()}}
    async with running.endpoint.session.post(
        running.endpoint.url + path, data=BytesIO(data), headers=given
    ) as response:
        return response.status, await response.read()


async def kept(running: Running) -> int:
    found: int = await running.fetchval("select coalesce(sum(file_size), 0)::int from ir_attachment")
    return found


def native() -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": "execute", "params": ["ir.attachment", "create", [VALUES]]}


async def odoo(running: Running, secret: str = PASSWORD) -> dict[str, Any]:
    number = await running.fetchval("select id from res_users where login = 'clerk'")
    args = [running.database, number, secret, "ir.attachment", "create", [VALUES]]
    return {"jsonrpc": "2.0", "id": 1, "params": {"service": "object", "method": "execute_kw", "args": args}}


async def test_our_own_dialect_takes_a_large_call_with_a_token(clean):
    token = await clean.token("clerk")

    status, answer = await post(clean, "/rpc", native(), Authorization=f"Bearer {token}")

    assert status == 200
    assert "result" in json.loads(answer)
    assert await kept(clean) == len(CONTENT)


async def test_the_web_session_takes_a_large_call_with_its_cookie(clean):
    token = await clean.token("clerk")
    params = {"model": "ir.attachment", "method": "create", "args": [VALUES], "kwargs": {}}

    status, answer = await post(
        clean, "/web/dataset/call_kw", {"jsonrpc": "2.0", "id": 1, "params": params}, Cookie=f"session_id={token}"
    )

    assert (status, "result" in json.loads(answer)) == (200, True)
    assert await kept(clean) == len(CONTENT)


async def test_a_password_at_the_beginning_of_the_body_is_enough(clean):
    body = await odoo(clean)

    status, answer = await post(clean, "/jsonrpc", body)
    again, second = await post(clean, "/xmlrpc/2/object", dumps(tuple(body["params"]["args"]), "execute_kw").encode())

    assert (status, "result" in json.loads(answer)) == (200, True)
    assert again == 200
    assert isinstance(loads(second)[0][0], int)
    assert await kept(clean) == 2 * len(CONTENT)


async def test_nobody_in_particular_sends_no_more_than_the_small_limit(clean):
    wrong = await odoo(clean, "a wrong password")
    args = tuple(wrong["params"]["args"])
    netforce = {"id": 1, "method": "execute", "params": ["ir.attachment", "create", [VALUES], {}, {}]}

    answers = [
        await post(clean, "/rpc", native()),
        await post(clean, "/rpc", native(), Authorization="Bearer tds_wrong"),
        await post(clean, "/jsonrpc", wrong),
        await post(clean, "/xmlrpc/2/object", dumps(args, "execute_kw").encode()),
        await post(clean, "/xmlrpc/object", b"x" * (LIMITS.body_bytes + 1)),
        await post(clean, "/json_rpc", netforce),
        await post(clean, "/web/session/authenticate", {"params": VALUES}),
    ]

    assert [status for status, _ in answers] == [413] * 7
    assert all(b"body_bytes is 1048576" in answer for _, answer in answers)
    assert await kept(clean) == 0


async def test_a_large_body_of_unknown_length_is_counted_as_it_comes(clean):
    body = json.dumps(native()).encode()

    async def pieces():
        for place in range(0, len(body), 1 << 16):
            yield body[place : place + (1 << 16)]

    async def send(**headers: str) -> int:
        session, url = clean.endpoint.session, f"{clean.endpoint.url}/rpc"
        async with session.post(url, data=pieces(), headers={**JSON, **headers}) as response:
            return response.status

    assert await send() == 413
    assert await send(Authorization=f"Bearer {await clean.token('clerk')}") == 200
    assert await kept(clean) == len(CONTENT)


async def test_a_known_caller_is_not_taken_for_nobody_while_the_database_is_busy(clean, monkeypatch):
    token = await clean.token("clerk")
    pool = clean.deployment.pool
    monkeypatch.setattr(pool, "_acquire_timeout", 0.1)
    clean.deployment.authenticator.forget()
    taken = [await pool.acquire() for _ in range(pool.size)]
    try:
        status, answer = await post(clean, "/rpc", native(), Authorization=f"Bearer {token}")
    finally:
        for connection in taken:
            pool.release(connection)

    assert (status, answer) == (503, b"The database is busy. Try again in a moment.")


async def test_even_a_known_caller_has_a_limit(clean):
    token = await clean.token("clerk")
    head = (
        "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {LIMITS.attachment_body_bytes + 1}\r\n\r\n"
    )

    answer = await clean.endpoint.raw(head.encode())

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"attachment_body_bytes" in answer


@pytest.mark.parametrize("value", [b"[],", b"{},", b"0,"])
async def test_a_large_body_of_many_values_is_refused_before_it_is_parsed(clean, value):
    bomb = b"[" + value * (LIMITS.body_bytes // 2) + b"0]" + b" " * LIMITS.body_bytes

    status, answer = await post(clean, "/rpc", bomb, Authorization=f"Bearer {await clean.token('clerk')}")

    assert (status, b"body_bytes" in answer) == (413, True)


async def test_a_text_does_not_grow_with_the_body(clean):
    call = {**native(), "params": ["test.note", "create", [{"name": "x" * (2 << 20)}]]}

    _, answer = await post(clean, "/rpc", call, Authorization=f"Bearer {await clean.token('clerk')}")

    assert json.loads(answer)["error"]["data"]["limit"] == "text_bytes"


async def test_a_binary_field_in_its_record_does_not_grow_with_the_body(clean):
    logo = base64.b64encode(bytes(LIMITS.binary_bytes + 1)).decode()
    call = {**native(), "params": ["res.company", "write", [[1], {"logo": logo}]]}

    _, answer = await post(clean, "/rpc", call, Authorization=f"Bearer {await clean.token('boss')}")

    assert json.loads(answer)["error"]["data"]["limit"] == "binary_bytes"


async def test_places_for_large_bodies_are_given_back(clean):
    free = large_bodies._slots._value
    token = await clean.token("clerk")

    for body in (native(), {"wrong": "x" * (2 << 20)}):
        await post(clean, "/rpc", body, Authorization=f"Bearer {token}")
        await post(clean, "/rpc", json.dumps(body).encode()[:-1], Authorization=f"Bearer {token}")

    assert large_bodies._slots._value == free == LIMITS.large_bodies


@given(st.text(max_size=30), st.integers(0, 2**62), st.text(max_size=30))
def test_credentials_are_found_at_the_beginning_of_json(database, number, secret):
    body = json.dumps({"params": {"service": "object", "args": [database, number, secret, "m", "x" * 100_000]}})

    assert secrets_in_json(body.encode()[: 64 << 10]) == (database, number, secret)


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    st.integers(0, 2**31 - 1),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)
def test_credentials_are_found_at_the_beginning_of_xml(database, number, secret):
    body = dumps((database, number, secret, "m", "x" * 100_000), "execute_kw")

    assert secrets_in_xml(body.encode()[: 64 << 10]) == (database, number, secret)


@given(st.binary(max_size=300))
def test_any_beginning_can_be_looked_at(begin):
    found = (secrets_in_json(b'{"args": [' + begin), secrets_in_json(begin), secrets_in_xml(begin))

    assert [secrets for secrets in found if secrets is not None and len(secrets) != 3] == []


def test_no_depth_is_too_deep_to_look_for_credentials():
    assert secrets_in_json(b'{"args": [' + b"[" * (60 << 10)) is None
