"""The examples of the JSON-RPC 2.0 specification, and what it leaves to the server."""

import json
from typing import Any

import pytest

from tests.rpc.conftest import Endpoint, Serve

PARSE_ERROR = {"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": None}
INVALID = {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": None}

MIXED_BATCH = """[
    {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
    {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
    {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
    {"foo": "boo"},
    {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
    {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
]"""
MIXED_ANSWER = [
    {"jsonrpc": "2.0", "result": 7, "id": "1"},
    {"jsonrpc": "2.0", "result": 19, "id": "2"},
    INVALID,
    {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
    {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"},
]

EXAMPLES: dict[str, tuple[str, Any]] = {
    "positional": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
        {"jsonrpc": "2.0", "result": 19, "id": 1},
    ),
    "positional, the other way": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
        {"jsonrpc": "2.0", "result": -19, "id": 2},
    ),
    "named": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
        {"jsonrpc": "2.0", "result": 19, "id": 3},
    ),
    "named, the other way": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
        {"jsonrpc": "2.0", "result": 19, "id": 4},
    ),
    "notification": ('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', None),
    "notification without such a method": ('{"jsonrpc": "2.0", "method": "foobar"}', None),
    "no such method": (
        '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
        {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"},
    ),
    "no JSON": ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', PARSE_ERROR),
    "no request": ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', INVALID),
    "batch that is no JSON": (
        '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]',
        PARSE_ERROR,
    ),
    "empty batch": ("[]", INVALID),
    "batch of one that is no request": ("[1]", [INVALID]),
    "batch of three that are no requests": ("[1,2,3]", [INVALID, INVALID, INVALID]),
    "mixed batch": (MIXED_BATCH, MIXED_ANSWER),
    "batch of notifications": (
        (
            '[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},'
            ' {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]'
        ),
        None,
    ),
}


async def subtract(_exchange: Any, minuend: int, subtrahend: int) -> int:
    return minuend - subtrahend


async def sum(_exchange: Any, *terms: int) -> int:  # noqa: A001  the specification's name
    return terms[0] + terms[1] + terms[2]


async def get_data(_exchange: Any) -> list[Any]:
    return ["hello", 5]


async def update(_exchange: Any, *_values: int) -> None:
    return None


async def notify_hello(_exchange: Any, *_values: int) -> None:
    return None


notify_sum = update


@pytest.fixture
async def endpoint(serve: Serve) -> Endpoint:
    return await serve(subtract, sum, get_data, update, notify_hello)


def by_id(answer: Any) -> Any:
    return sorted(answer, key=lambda one: str(one["id"])) if isinstance(answer, list) else answer


@pytest.mark.statement("P1", "P2")
@pytest.mark.parametrize("name", EXAMPLES)
async def test_examples_answer_as_printed(endpoint: Endpoint, name: str) -> None:
    request, wanted = EXAMPLES[name]

    status, body = await endpoint.post(request)

    if wanted is None:
        assert (status, body) == (204, b"")
    else:
        assert status == 200
        assert by_id(json.loads(body)) == by_id(wanted)


def test_there_are_as_many_examples_as_in_the_specification() -> None:
    assert len(EXAMPLES) == 15
