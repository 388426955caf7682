"""POST /jsonrpc: the shapes that Odoo's clients were written against."""

import json
from typing import Any

import pytest
from aiohttp import web

from server.deployment import Deployment
from server.protocols.odoo_jsonrpc import OdooEndpoint
from server.settings import Settings
from tests.rpc.conftest import PASSWORD, Running


class Odoo:
    """A client with nothing between it and the wire."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.database = running.database
        self.uid = 0

    async def post(self, body: Any, **headers: str) -> tuple[int, str, bytes]:
        text = body if isinstance(body, str) else json.dumps(body)
        given = {"Content-Type": "application/json", **headers}
        url = f"{self.running.endpoint.url}/jsonrpc"
        async with self.running.endpoint.session.post(url, data=text, headers=given) as response:
            return response.status, response.content_type, await response.read()

    async def ask(self, params: Any, number: Any = 1) -> Any:
        status, kind, body = await self.post({"jsonrpc": "2.0", "method": "call", "id": number, "params": params})
        assert (status, kind) == (200, "application/json")
        return json.loads(body)

    async def service(self, service: Any, method: Any, *args: Any) -> Any:
        return await self.ask({"service": service, "method": method, "args": list(args)})

    async def execute(self, model: Any, method: Any, *args: Any) -> Any:
        return await self.service("object", "execute", self.database, self.uid, PASSWORD, model, method, *args)

    async def execute_kw(self, model: Any, method: Any, *args: Any) -> Any:
        return await self.service("object", "execute_kw", self.database, self.uid, PASSWORD, model, method, *args)


@pytest.fixture
async def odoo(running: Running) -> Odoo:
    client = Odoo(running)
    client.uid = (await client.service("common", "login", client.database, "clerk", PASSWORD))["result"]
    return client


def error_of(answer: Any) -> tuple[str, str]:
    data = answer["error"]["data"]
    assert set(data) == {"name", "message", "arguments", "context", "debug"}
    assert data["arguments"] == [data["message"]]
    assert "Traceback" not in data["debug"]
    assert answer["error"]["message"] == "Odoo Server Error"
    return data["name"], data["message"]


async def test_version_tells_the_serie(odoo: Odoo) -> None:
    answer = await odoo.service("common", "version")

    assert answer == {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {
            "server_version": "18.0",
            "server_version_info": [18, 0, 0, "final", 0, ""],
            "server_serie": "18.0",
            "protocol_version": 1,
        },
    }


async def test_login_gives_the_user_or_false(odoo: Odoo) -> None:
    right = await odoo.service("common", "authenticate", odoo.database, "clerk", PASSWORD, {})
    wrong = [
        await odoo.service("common", "login", odoo.database, "clerk", "wrong"),
        await odoo.service("common", "login", odoo.database, "unknown", PASSWORD),
        await odoo.service("common", "login", odoo.database, 7.5, None),
    ]

    assert right["result"] == odoo.uid
    assert [answer["result"] for answer in wrong] == [False] * 3


@pytest.mark.parametrize(
    "credentials", [("clerk?", "wrong"), (None, PASSWORD), (True, PASSWORD), (10**30, PASSWORD), ("", "")]
)
async def test_wrong_credentials_are_denied_alike(odoo: Odoo, credentials: tuple[Any, Any]) -> None:
    uid, password = credentials

    answer = await odoo.service("object", "execute", odoo.database, uid, password, "test.note", "search", [])

    assert error_of(answer) == ("odoo.exceptions.AccessDenied", "Access Denied")


@pytest.mark.parametrize("method", ["login", "authenticate"])
@pytest.mark.parametrize("database", ["elsewhere", "", None, 7])
async def test_a_login_to_another_database_says_so_whoever_asks(odoo: Odoo, method: str, database: Any) -> None:
    answers = [
        await odoo.service("common", method, database, "clerk", PASSWORD, {}),
        await odoo.service("common", method, database, "unknown", "wrong", {}),
    ]

    assert [error_of(answer) for answer in answers] == [("odoo.exceptions.AccessError", "Database not found.")] * 2


async def test_a_wrong_database_is_denied(odoo: Odoo) -> None:
    answer = await odoo.service("object", "execute", "elsewhere", odoo.uid, PASSWORD, "test.note", "search", [])

    assert error_of(answer) == ("odoo.exceptions.AccessDenied", "Access Denied")


async def test_records_go_round(odoo: Odoo) -> None:
    one = (await odoo.execute("test.note", "create", {"name": "one"}))["result"]
    two, three = (await odoo.execute_kw("test.note", "create", [[{"name": "two"}, {"name": "three"}]]))["result"]
    written = await odoo.execute_kw("test.note", "write", [[two, three], {"stars": 2}], {"context": {"lang": "en_US"}})
    found = await odoo.execute_kw("test.note", "search", [[["stars", "=", 2]]], {"order": "id desc", "limit": 5})
    read = await odoo.execute_kw("test.note", "read", [one], {"fields": ["name", "stars", "parent_id"]})
    gone = await odoo.execute("test.note", "unlink", [one, two, three])

    assert isinstance(one, int)
    assert (written["result"], found["result"], gone["result"]) == (True, [three, two], True)
    assert read["result"] == [{"id": one, "name": "one", "stars": 0, "parent_id": False}]


async def test_a_user_id_may_be_digits(odoo: Odoo) -> None:
    answer = await odoo.service("object", "execute", odoo.database, str(odoo.uid), PASSWORD, "test.note", "search", [])

    assert answer["result"] == []


async def test_no_value_is_no_result(odoo: Odoo) -> None:
    answer = await odoo.execute("test.note", "wait_here", 0, "none")

    assert answer == {"jsonrpc": "2.0", "id": 1}


async def test_null_is_no_named_argument(odoo: Odoo) -> None:
    assert (await odoo.execute_kw("test.note", "search", [[]], None))["result"] == []


ERRORS: list[tuple[tuple[Any, ...], str, str | None]] = [
    (("test.note", "refuse", "a"), "odoo.exceptions.UserError", "Not today."),
    (("test.note", "create", {"stars": 1}), "odoo.exceptions.ValidationError", None),
    (("test.note", "write", [999_999], {"stars": 1}), "odoo.exceptions.MissingError", None),
    (("test.note", "serve"), "odoo.exceptions.AccessError", None),
    (
        ("test.note", "_private"),
        "odoo.exceptions.AccessError",
        "Private methods (such as 'test.note._private') cannot be called remotely.",
    ),
    (("test.note", "nothing"), "builtins.AttributeError", "The method 'test.note.nothing' does not exist"),
    (("test.none", "read", [1]), "odoo.exceptions.UserError", "Object test.none doesn't exist"),
    (("test.note", "read", [1], ["nothing"]), "builtins.ValueError", None),
    (("test.note", "search", [["name", "~", 1]]), "builtins.ValueError", None),
    (("test.note", "create", {"stars": "many", "name": "a"}), "builtins.ValueError", None),
    (
        ("test.note", "raw", "insert into test_note (name, stars) values ('a', 6)"),
        "odoo.exceptions.ValidationError",
        "Five stars are the most.",
    ),
    ((7, "read"), "builtins.ValueError", "model and method must be text."),
]


@pytest.mark.parametrize(("call", "name", "message"), ERRORS)
async def test_errors_have_odoos_names(odoo: Odoo, call: tuple[Any, ...], name: str, message: str | None) -> None:
    answer = await odoo.execute(*call)

    assert answer["error"]["code"] == 200
    found = error_of(answer)
    assert found == (name, message or found[1])


@pytest.mark.statement("O4")
async def test_a_crash_tells_an_id_alone(odoo: Odoo) -> None:
    name, message = error_of(await odoo.execute("test.note", "crash", "a"))

    assert name == "builtins.Exception"
    assert message.startswith("Internal error ")
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("params", "name", "message"),
    [
        ({}, "builtins.TypeError", "missing 3 required positional arguments: 'service', 'method' and 'args'"),
        ([], "builtins.TypeError", "missing 3 required positional arguments: 'service', 'method' and 'args'"),
        (
            {"service": "common", "method": "login"},
            "builtins.TypeError",
            "missing 1 required positional argument: 'args'",
        ),
        ([1], "builtins.TypeError", "params must be an object"),
        ({"service": "nope", "method": "x", "args": []}, "builtins.KeyError", "'nope'"),
        ({"service": "common", "method": "foo", "args": []}, "builtins.Exception", "Method not found: foo"),
        ({"service": "common", "method": "version", "args": {}}, "builtins.ValueError", "args must be a list."),
    ],
)
async def test_malformed_params_are_odoos_errors(odoo: Odoo, params: Any, name: str, message: str) -> None:
    assert error_of(await odoo.ask(params)) == (name, message)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("{", "Invalid JSON data"),
        ("", "Invalid JSON data"),
        ("[]", "Invalid JSON-RPC data"),
        ("7", "Invalid JSON-RPC data"),
    ],
)
async def test_what_is_no_envelope_is_http_400(odoo: Odoo, body: str, text: str) -> None:
    status, kind, page = await odoo.post(body)

    assert (status, kind) == (400, "text/html")
    assert text in page.decode()


async def test_other_content_types_are_http_415(odoo: Odoo) -> None:
    status, _, _ = await odoo.post("{}", **{"Content-Type": "text/plain"})

    assert status == 415


@pytest.mark.parametrize("number", [None, 7, "abc", 1.5])
async def test_the_id_comes_back(odoo: Odoo, number: Any) -> None:
    answer = await odoo.ask({"service": "db", "method": "server_version", "args": []}, number)

    assert answer == {"jsonrpc": "2.0", "id": number, "result": "18.0"}


async def test_the_envelope_is_hardly_looked_at(odoo: Odoo) -> None:
    params = {"service": "db", "method": "server_version", "args": []}

    _, _, body = await odoo.post({"method": 7, "params": params})

    assert json.loads(body) == {"jsonrpc": "2.0", "id": None, "result": "18.0"}


async def test_the_one_database_is_told(odoo: Odoo) -> None:
    assert (await odoo.service("db", "list"))["result"] == [odoo.database]
    assert (await odoo.service("db", "db_exist", odoo.database))["result"] is True
    assert (await odoo.service("db", "db_exist", "elsewhere"))["result"] is False


@pytest.mark.parametrize(("serie", "code"), [("16.0", 200), ("18.0", 200), ("19.0", 0)])
async def test_the_code_of_errors_goes_with_the_serie(running: Running, serie: str, code: int) -> None:
    given = running.deployment
    other = Deployment(
        Settings(odoo_serie=serie), given.registry, given.pool, given.authenticator, given.executor, given.metrics
    )
    app = web.Application()
    app.router.add_post("/jsonrpc", OdooEndpoint(other).handle)
    endpoint = await running.served(app)

    async with endpoint.session.post(f"{endpoint.url}/jsonrpc", json={"id": 1}) as response:
        assert (await response.json())["error"]["code"] == code
