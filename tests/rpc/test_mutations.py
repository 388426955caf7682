"""Requests with bytes, values and names exchanged at random: never a fault of ours."""

import json
import random
from typing import Any

from tests.rpc.conftest import PASSWORD, Running

VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 1.5, 2**31, 2**63, 2**64, -(2**63), 10**30, 1e300, -0.0),
    *(
        "",
        "a",
        "\0",
        "\ud83d\ude00",
        "1",
        "null",
        "name",
        "id",
        "name desc; drop",
        "%",
        "x" * 3000,
        "2026-02-30",
        "__class__",
    ),
    *(
        [],
        [[]],
        [[[[]]]],
        [None],
        [1, "a"],
        ["|"],
        ["name", "=", 1],
        [["name", "ilike", None]],
        [[0, 0, {}]],
        [6, 0, [1]],
    ),
    *({}, {"a": 1}, {"id": 1}, {"name": None}, {"context": {}}, {"name": {"a": 1}}),
]
METHODS = [
    "search",
    "read",
    "create",
    "write",
    "delete",
    "search_read",
    "read_group",
    "name_search",
    "fields_get",
    "copy",
]
BYTES = list(b'{}[]",:0123456789.eE+-truefalsn\\u \n\x00\x7f\xff')
EXAMPLES = 1500


def mutated(chance: random.Random, value: Any) -> Any:
    """The value with about one part of it replaced, left out or doubled."""
    if chance.random() < 0.25:
        return chance.choice(VALUES)
    if isinstance(value, list):
        items = [mutated(chance, item) if chance.random() < 0.4 else item for item in value]
        if items and chance.random() < 0.1:
            items.pop(chance.randrange(len(items)))
        return items
    if isinstance(value, dict):
        return {key: mutated(chance, item) if chance.random() < 0.4 else item for key, item in value.items()}
    return value


def scrambled(chance: random.Random, text: bytes) -> bytes:
    """The text with a few bytes exchanged."""
    changed = bytearray(text)
    for _ in range(chance.randrange(1, 5)):
        changed[chance.randrange(len(changed))] = chance.choice(BYTES)
    return bytes(changed)


async def check(running: Running, path: str, body: bytes, faults: list[Any]) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {await running.token('clerk')}"}
    url = running.endpoint.url + path
    async with running.endpoint.session.post(url, data=body, headers=headers) as response:
        answer = await response.read()
    if response.status >= 500 or b"nternal error" in answer:
        faults.append((path, body[:600], response.status, answer[:300]))


async def test_mutated_calls_are_answered_without_a_fault(running: Running) -> None:
    chance = random.Random(20260101)
    domain, values = [["name", "ilike", "a"], ["stars", ">", 1]], {"name": "a", "stars": 3, "parent_id": False}
    arguments: dict[str, list[Any]] = {
        "create": [values],
        "write": [[1], values],
        "read": [[1], ["name"]],
        "copy": [[1], {"name": "b"}],
        "delete": [[1]],
        "read_group": [domain, ["stars:sum"], ["parent_id"]],
        "name_search": ["a", domain, "ilike", 5],
        "fields_get": [["name"], ["string"]],
    }
    faults: list[Any] = []
    for number in range(EXAMPLES):
        method = chance.choice(METHODS)
        args = mutated(chance, arguments.get(method, [domain, ["name"], 0, 10, "name"]))
        message = {"jsonrpc": "2.0", "id": 1, "method": "execute", "params": ["test.note", method, args, {}]}
        odoo = ["clerk", PASSWORD, "test.note", method, args, mutated(chance, {"context": {"lang": "en_US"}})]
        params = {"service": "object", "method": "execute_kw", "args": [running.database, *odoo]}
        path, sent = ("/rpc", message) if number % 2 else ("/jsonrpc", {"method": "call", "id": 1, "params": params})
        if number % 3 == 0:
            sent = mutated(chance, sent)
        body = json.dumps(sent).encode()
        await check(running, path, scrambled(chance, body) if number % 5 == 0 else body, faults)

    assert faults == []
