"""Requests that are JSON but not quite requests, and HTTP that is not quite right."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from models.orm.errors import UserError
from tests.rpc.conftest import Endpoint, Serve


@pytest.fixture
async def endpoint(serve: Serve) -> Endpoint:
    async def echo(_exchange: Any, *values: Any) -> Any:
        return list(values)

    async def refuse(_exchange: Any) -> None:
        raise UserError("No.")

    async def fail(_exchange: Any) -> None:
        raise RuntimeError("password is hunter2")

    return await serve(echo, refuse, fail)


async def ask(endpoint: Endpoint, body: Any) -> Any:
    status, answer = await endpoint.post(body if isinstance(body, str | bytes) else json.dumps(body))
    assert status == 200
    return json.loads(answer, parse_float=Decimal)


@pytest.mark.statement("P4")
@pytest.mark.parametrize("method", ["echo", "refuse", "fail", "missing"])
@pytest.mark.parametrize("several", [False, True])
async def test_notifications_are_answered_with_nothing(endpoint: Endpoint, method: str, several: bool) -> None:
    message = {"jsonrpc": "2.0", "method": method}

    status, body = await endpoint.post(json.dumps([message, message] if several else message))

    assert (status, body) == (204, b"")


@pytest.mark.statement("P22")
@pytest.mark.parametrize(
    "text",
    [
        '"a"',
        '""',
        "0",
        "-1",
        "null",
        "1.5",
        "1.50",
        "-0",
        "1e2",
        "1E+2",
        "2.50e-1",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "-1" + "0" * 400,
        '"' + "x" * 900_000 + '"',
    ],
)
async def test_ids_come_back_unchanged(endpoint: Endpoint, text: str) -> None:
    status, body = await endpoint.post('{"jsonrpc":"2.0","method":"echo","id":' + text + "}")

    assert status == 200
    assert body == b'{"jsonrpc":"2.0","result":[],"id":' + text.encode() + b"}"


@pytest.mark.statement("P22")
async def test_each_id_of_a_batch_comes_back_unchanged(endpoint: Endpoint) -> None:
    texts = ["1e2", "7", '"1e2"', "-0", "null", "1.0"]
    members = [' {"params": [{"id": 5}], "id" : ' + text + ' , "jsonrpc":"2.0","method":"echo"}' for text in texts]

    _, body = await endpoint.post(" [3," + ",".join(members) + "]")

    assert [text for text in re.findall(rb'"id":([^}]+)}', body) if text != b"5"] == [
        b"null",
        *(text.encode() for text in texts),
    ]


@pytest.mark.statement("P22")
@pytest.mark.parametrize("text", ["{}", "[]", "true", "false"])
async def test_other_ids_are_refused(endpoint: Endpoint, text: str) -> None:
    answer = await ask(endpoint, '{"jsonrpc":"2.0","method":"echo","id":' + text + "}")

    assert (answer["error"]["code"], answer["id"]) == (-32600, None)


@pytest.mark.statement("P23")
async def test_an_unknown_member_is_refused_by_name_and_the_id_echoed(endpoint: Endpoint) -> None:
    answer = await ask(endpoint, {"jsonrpc": "2.0", "method": "echo", "id": 7, "context": {}})

    assert (answer["error"]["code"], answer["error"]["data"]["member"], answer["id"]) == (-32600, "context", 7)


@pytest.mark.statement("P23")
async def test_reserved_method_names_are_no_methods(endpoint: Endpoint) -> None:
    answer = await ask(endpoint, {"jsonrpc": "2.0", "method": "rpc.shutdown", "id": 7})

    assert answer["error"]["code"] == -32601


@pytest.mark.parametrize("params", ["null", "[]", "{}"])
async def test_params_may_be_nothing(endpoint: Endpoint, params: str) -> None:
    answer = await ask(endpoint, '{"jsonrpc":"2.0","method":"echo","id":1,"params":' + params + "}")

    assert answer["result"] == []


@pytest.mark.parametrize(
    "change", [{"jsonrpc": "1.0"}, {"jsonrpc": 2.0}, {"jsonrpc": None}, {"params": "x"}, {"method": None}]
)
async def test_what_is_no_request_is_refused(endpoint: Endpoint, change: dict[str, Any]) -> None:
    answer = await ask(endpoint, {"jsonrpc": "2.0", "method": "echo", "id": 7, **change})

    assert (answer["error"]["code"], answer["id"]) == (-32600, 7)


@pytest.mark.statement("O4")
async def test_an_unexpected_error_tells_an_id_and_nothing_else(endpoint: Endpoint) -> None:
    answer = await ask(endpoint, {"jsonrpc": "2.0", "method": "fail", "id": 1})

    assert (answer["error"]["code"], answer["error"]["message"]) == (-32603, "Internal error")
    assert list(answer["error"]["data"]) == ["error_id"]
    assert "hunter2" not in json.dumps(answer)


async def test_a_refusal_has_code_text_and_key(endpoint: Endpoint) -> None:
    answer = await ask(endpoint, {"jsonrpc": "2.0", "method": "refuse", "id": 1})

    assert answer["error"] == {"code": 400, "message": "No.", "data": {"key": "user"}}


@pytest.mark.statement("P20")
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/json; charset=utf-16", ""],
)
async def test_other_content_types_are_not_read(endpoint: Endpoint, content_type: str) -> None:
    body = '{"jsonrpc":"2.0","method":"echo","id":1}'

    status, _ = await endpoint.post(body, Content_Type=content_type)

    assert status == 415


@pytest.mark.statement("P20")
async def test_a_missing_content_type_is_not_guessed(endpoint: Endpoint) -> None:
    request = b"POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"

    assert (await endpoint.raw(request)).startswith(b"HTTP/1.1 415 ")


@pytest.mark.parametrize("content_type", ["application/json;charset=UTF-8", "application/json; charset=utf-8"])
async def test_utf8_may_be_named(endpoint: Endpoint, content_type: str) -> None:
    status, _ = await endpoint.post('{"jsonrpc":"2.0","method":"echo","id":1}', Content_Type=content_type)

    assert status == 200


@pytest.mark.statement("P20")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_only_post_is_a_call(endpoint: Endpoint, method: str) -> None:
    async with endpoint.session.request(method, f"{endpoint.url}/rpc") as response:
        assert response.status == 405


BAD_HTTP = {
    "length and chunks": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX"
    ),
    "no host": b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths": b"POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "signed length": b"POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}",
    "negative length": b"POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length: -2\r\n\r\n{}",
    "bare line feeds": b"POST /rpc HTTP/1.1\nHost: a\nContent-Length: 2\n\n{}",
    "unknown coding": b"POST /rpc HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n{}",
    "space before the colon": b"POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\n{}",
    "garbage": b"PLANTED GARBAGE\r\n\r\n",
    "bad version": b"POST /rpc HTTP/PLANTED\r\nHost: a\r\n\r\n",
    "null in a header": b"POST /rpc HTTP/1.1\r\nHost: a\r\nX: PLANTED\0\r\n\r\n",
}


@pytest.mark.statement("P21")
@pytest.mark.parametrize("name", BAD_HTTP)
async def test_malformed_http_is_refused_and_not_repeated(endpoint: Endpoint, name: str) -> None:
    answer = await endpoint.raw(BAD_HTTP[name])

    head = answer.partition(b"\r\n\r\n")[0]
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"PLANTED" not in answer
    assert b"\r\nServer: tandem\r\n" in head + b"\r\n"
    assert b"ython" not in answer


async def test_no_answer_tells_a_version(endpoint: Endpoint) -> None:
    for path in ("/rpc", "/nothing"):
        async with endpoint.session.get(endpoint.url + path) as response:
            assert response.headers["Server"] == "tandem"


async def test_a_request_id_comes_back_or_is_given(endpoint: Endpoint) -> None:
    body = '{"jsonrpc":"2.0","method":"echo","id":1}'
    headers = {"Content-Type": "application/json"}

    seen = []
    for given in ("call-17", "evil\tid", "x" * 65, None):
        named = headers | ({"X-Request-Id": given} if given else {})
        async with endpoint.session.post(f"{endpoint.url}/rpc", data=body, headers=named) as response:
            seen.append(response.headers["X-Request-Id"])

    assert seen[0] == "call-17"
    assert len(set(seen)) == 4
    assert not {"evil\tid", "x" * 65} & set(seen)
