"""What holds for a call holds on every path by which one comes: what is no JSON, secrets, sizes, who calls."""

import json
import re
import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest

from models.orm.limits import LIMITS
from tests.rpc.conftest import PASSWORD, Running

JSON_TYPE, XML_TYPE = "application/json", "text/xml"
PLACE = '"@@"'  # what a test puts its own text for


@dataclass(frozen=True)
class Caller:
    """The clerk: what each path wants to know of a caller."""

    database: str
    id: int
    token: str

    def sent(self, path: str, method: str, args: list[Any], context: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a call of a note's method."""
        body, headers = BODIES[path](self, method, args, context)
        if path == "/xmlrpc/2/object":
            return xmlrpc.client.dumps(tuple(body), "execute_kw", allow_none=True).encode(), {"Content-Type": XML_TYPE}
        return json.dumps(body).encode(), {"Content-Type": JSON_TYPE, **headers}


Body = tuple[Any, dict[str, str]]


def _execute_kw(who: Caller, method: str, args: list[Any], context: dict[str, Any]) -> list[Any]:
    return [who.database, who.id, PASSWORD, "test.note", method, args, {"context": context}]


def _native(who: Caller, method: str, args: list[Any], context: dict[str, Any]) -> Body:
    params = ["test.note", method, args, context]
    message = {"jsonrpc": "2.0", "id": 1, "method": "execute", "params": params}
    return message, {"Authorization": f"Bearer {who.token}"}


def _jsonrpc(who: Caller, method: str, args: list[Any], context: dict[str, Any]) -> Body:
    params = {"service": "object", "method": "execute_kw", "args": _execute_kw(who, method, args, context)}
    return {"jsonrpc": "2.0", "id": 1, "method": "call", "params": params}, {}


def _web(who: Caller, method: str, args: list[Any], context: dict[str, Any]) -> Body:
    params = {"model": "test.note", "method": method, "args": args, "kwargs": {"context": context}}
    return {"jsonrpc": "2.0", "id": 1, "method": "call", "params": params}, {"Cookie": f"session_id={who.token}"}


def _json2(who: Caller, method: str, args: list[Any], context: dict[str, Any]) -> Body:
    named = dict(zip(NAMES.get(method, ()), args, strict=False))
    return {**named, "context": context}, {"Authorization": f"Bearer {who.token}"}


def _netforce(who: Caller, method: str, args: list[Any], context: dict[str, Any]) -> Body:
    params = ["test.note", method, args, {"context": context}, {"token": who.token}]
    return {"id": 1, "method": "execute", "params": params}, {}


def _xmlrpc(who: Caller, method: str, args: list[Any], context: dict[str, Any]) -> Body:
    return _execute_kw(who, method, args, context), {}


NAMES = {"create": ["vals"], "crash": ["word"]}
BODIES: dict[str, Callable[[Caller, str, list[Any], dict[str, Any]], Body]] = {
    "/rpc": _native,
    "/jsonrpc": _jsonrpc,
    "/web/dataset/call_kw": _web,
    "/json/2/test.note": _json2,
    "/json_rpc": _netforce,
    "/xmlrpc/2/object": _xmlrpc,
}
PATHS = sorted(BODIES)
JSON_PATHS = [path for path in PATHS if not path.startswith("/xmlrpc")]


@pytest.fixture
async def clerk(running: Running) -> Caller:
    number = await running.fetchval("select id from res_users where login = 'clerk'")
    return Caller(running.database, number, await running.token("clerk"))


async def post(
    running: Running, path: str, method: str, body: bytes | BytesIO, headers: dict[str, str]
) -> tuple[int, str]:
    """Status and text of the answer."""
    address = f"{path}/{method}" if path.startswith("/json/2") else path
    async with running.endpoint.session.post(running.endpoint.url + address, data=body, headers=headers) as response:
        return response.status, await response.text()


async def call(running: Running, who: Caller, path: str, method: str, *args: Any, **context: Any) -> tuple[int, str]:
    return await post(running, path, method, *who.sent(path, method, list(args), context))


NO_VALUE = {
    "not a number": "NaN",
    "infinity": "Infinity",
    "minus infinity": "-Infinity",
    "beyond every number": "1e400",
    "a long number": "9" * 4301,
    "a key twice": '{"a": 1, "a": 2}',
    "a key twice, escaped": '{"a": 1, "\\u0061": 2}',
    "too deep": "[" * (LIMITS.json_depth + 1) + "]" * (LIMITS.json_depth + 1),
    "half a pair": '"\\ud800"',
    "a NUL": '"a\\u0000b"',
    "a raw line": '"a\nb"',
    "no UTF-8": '"\udcff"',
    "a comma too many": "[1,]",
    "single quotes": "'a'",
}


@pytest.mark.statement("P5", "P8", "P9", "P10", "P12", "P13", "P16")
@pytest.mark.parametrize("path", JSON_PATHS)
async def test_what_is_no_value_is_refused_and_nothing_is_done(running: Running, clerk: Caller, path: str) -> None:
    fine, headers = clerk.sent(path, "create", [{"name": "@@"}], {})
    answered = {}

    for word, text in NO_VALUE.items():
        body = fine.replace(PLACE.encode(), text.encode("utf-8", "surrogateescape"))
        status, answer = await post(running, path, "create", body, headers)
        if status >= 500 or "nternal error" in answer or (status == 200 and '"error"' not in answer):
            answered[word] = (status, answer)

    assert answered == {}
    assert await running.fetchval("select count(*) from test_note") == 0
    assert (await post(running, path, "create", fine, headers))[0] == 200
    assert await running.fetchval("select count(*) from test_note") == 1


@pytest.mark.statement("O2", "O4")
@pytest.mark.parametrize("path", PATHS)
async def test_a_crash_tells_an_id_and_no_more(running: Running, clerk: Caller, path: str) -> None:
    _, answer = await call(running, clerk, path, "crash", "gone")

    assert len(re.findall(r"[^0-9a-f]([0-9a-f]{16})[^0-9a-f]", answer)) >= 1
    assert [word for word in ("hunter2", "RuntimeError", ".py", "scenario", "line ") if word in answer] == []
    assert await running.fetchval("select count(*) from test_note") == 0


IDENTITIES = ("uid", "user_id", "sudo", "su", "groups", "group_ids", "groups_id", "login", "token", "password", "user",
              "active_user", "env_user", "is_admin", "is_system", "superuser", "as_system", "system", "force_company",
              "company_ids", "tracking_user", "create_uid", "write_uid", "author_id", "session_id", "db", "database",
              "partner_id", "auth", "impersonate")  # fmt: skip


@pytest.mark.statement("A11")
@pytest.mark.parametrize("path", PATHS)
async def test_nothing_said_beside_the_credentials_changes_who_calls(
    running: Running, clerk: Caller, path: str
) -> None:
    plain = await call(running, clerk, path, "create", {"name": "plain"})
    body, headers = clerk.sent(path, "create", [{"name": "claimed"}], dict.fromkeys(IDENTITIES, 1))
    claims = {"X-User-Id": "1", "X-Forwarded-User": "admin", "X-Remote-User": "admin", "Remote-User": "admin",
              "X-Odoo-User": "1", "X-Sudo": "1"}  # fmt: skip

    claimed = await post(running, path, "create", body, {**headers, **claims})

    assert (plain[0], claimed[0]) == (200, 200)
    made = await running.fetchval("select array_agg(distinct create_uid) from test_note")
    assert (made, await running.fetchval("select count(*) from test_note")) == ([clerk.id], 2)


@pytest.mark.statement("R2")
@pytest.mark.parametrize("path", PATHS)
async def test_a_body_over_the_limit_is_not_read_before_somebody_is_known(running: Running, path: str) -> None:
    large = b'{"a":"' + b"a" * LIMITS.body_bytes + b'"}'
    kind = XML_TYPE if path.startswith("/xmlrpc") else JSON_TYPE

    status, answer = await post(running, path, "create", BytesIO(large), {"Content-Type": kind})

    by_key = path.startswith("/json/2")  # whose callers are known by a header
    assert (status, "body_bytes" in answer) == ((401, False) if by_key else (413, True))


INNER = ("insert", "update", "browse", "find", "lock", "remove", "check_reach", "missing", "meta", "access", "mro",
         "CREATE", "_create", "__class__", "__init__")  # fmt: skip
ODD = ("create ", " create", "creat\u0435", "create\u200b", "test.note.create", "create/../create", "create%00")


@pytest.mark.statement("Z1")
@pytest.mark.parametrize("path", PATHS)
async def test_no_other_name_can_be_called(running: Running, clerk: Caller, path: str) -> None:
    unknown = {begin: await call(running, clerk, path, f"{begin}nonsense") for begin in ("", "_")}
    told = {name: await call(running, clerk, path, name) for name in INNER}
    odd = [await call(running, clerk, path, quote(name) if path.startswith("/json/2") else name) for name in ODD]

    for name, (status, text) in told.items():
        begin = name[0].removeprefix(name[0].strip("_"))
        expected = unknown[begin]
        assert without_figures((status, text.replace(name, f"{begin}nonsense"))) == without_figures(expected)
    assert [one for one in odd if one[0] == 200 and '"error"' not in one[1] and "<fault>" not in one[1]] == []
    assert [one for one in (*unknown.values(), *odd) if one[0] >= 500 or "nternal error" in one[1]] == []
    assert await running.fetchval("select count(*) from test_note") == 0


def without_figures(answer: tuple[int, str]) -> tuple[int, str]:
    return answer[0], re.sub(r'"dt": *\d+| Did you mean \w+\?', "", answer[1])
