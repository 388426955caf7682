"""A small server on 127.0.0.1 that speaks the three dialects over a few records in memory.

It runs on a thread of its own, so that sync and async tests can both call it over real HTTP, writes down every
request, and can be told to misbehave before it answers.
"""

import asyncio
import itertools
import json
import ssl
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

from aiohttp import web

from rpc_client.json_text import encode

PASSWORD = "correct horse battery"
API_KEY = "key-5f1c77d0a2"
USER_ID = 5

Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


class Refusal(Exception):  # noqa: N818  a remote method's word for any error
    """What a remote method raises: everything the dialects need to word an error."""

    def __init__(self, message: str, *, code: int = 400, odoo: str = "odoo.exceptions.UserError", **data: Any) -> None:
        super().__init__(message)
        self.message, self.code, self.odoo, self.data = message, code, odoo, data


@dataclass
class Table:
    """Fields as fields_get describes them, rows by id, and the methods that the client's records need.

    `hidden` rows may not be read; `other_names` lead from a field's name in another vocabulary to its own, and
    `answers_as_asked` says that answers use the name of the question.
    """

    fields: dict[str, dict[str, Any]]
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    other_names: dict[str, str] = field(default_factory=dict)
    answers_as_asked: bool = False

    def do_search(self, condition: Any = (), **_options: Any) -> list[int]:
        return [
            number
            for number, row in self.rows.items()
            if number not in self.hidden and _fits({"id": number, **row}, condition)
        ]

    def do_read(self, ids: list[int], names: list[str]) -> list[dict[str, Any]]:
        if refused := [number for number in ids if number in self.hidden]:
            raise Refusal("Permission denied", code=403, odoo="odoo.exceptions.AccessError", ids=refused)
        own = {name: self.other_names.get(name, name) for name in names}
        return [{"id": n, **{name: self.rows[n].get(own[name]) for name in names}} for n in ids if n in self.rows]

    def do_search_read(self, condition: Any, names: list[str]) -> list[dict[str, Any]]:
        return self.do_read(self.do_search(condition), names)

    def do_create(self, vals: dict[str, Any]) -> int:
        number = max(self.rows, default=0) + 1
        self.rows[number] = vals
        return number

    def do_write(self, ids: list[int], vals: dict[str, Any]) -> None:
        for number in ids:
            self.rows[number].update(vals)

    def do_delete(self, ids: list[int]) -> None:
        for number in ids:
            del self.rows[number]

    do_unlink = do_delete

    def do_fields_get(self, names: Any = (), _attributes: Any = ()) -> dict[str, Any]:
        if not names:
            return self.fields
        own = {name: self.other_names.get(name, name) for name in names}
        return {
            name if self.answers_as_asked else own[name]: self.fields[own[name]]
            for name in names
            if own[name] in self.fields
        }

    def do_get_meta(self, names: Any = ()) -> dict[str, Any]:
        if unknown := [name for name in names if name not in self.fields]:
            raise Refusal(repr(unknown[0]))
        return self.do_fields_get(names)

    def do_name_get(self, ids: list[int]) -> list[list[Any]]:
        return [[number, self.rows[number]["name"]] for number in ids]


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    document: Any
    headers: dict[str, str]


class Erp:
    """A few tables, and what any other method answers."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.answers: dict[str, Callable[..., Any]] = {}
        self.done: list[tuple[str, str]] = []
        self.arguments: list[list[Any]] = []

    def execute(self, model: str, method: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        self.done.append((model, method))
        self.arguments.append(args)
        kwargs = {name: value for name, value in kwargs.items() if name != "context"}
        if method in self.answers:
            return self.answers[method](*args, **kwargs)
        if model not in self.tables:
            raise Refusal(f"Model not found: {model}", code=-32602, odoo="builtins.KeyError", key="unknown_model")
        act = getattr(self.tables[model], "do_" + method, None)
        if act is None:
            raise Refusal(
                f"Invalid method: {method}", code=-32602, odoo="builtins.AttributeError", key="unknown_method"
            )
        return act(*args, **kwargs)


def _fits(row: dict[str, Any], condition: Any) -> bool:
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "=": lambda have, want: have == want,
        "in": lambda have, want: have in want,
    }
    return all(tests[operator](row.get(name), value) for name, operator, value in condition)


class StandIn:
    """The server: `with StandIn("tandem") as server: connect(server.url, ...)`. `dialects` are those it speaks."""

    def __init__(self, *dialects: str, tls: ssl.SSLContext | None = None) -> None:
        self.erp = Erp()
        self.received: list[Received] = []
        self.faults: deque[Fault] = deque()
        self.tokens: set[str] = set()
        self._dialects = dialects
        self._tls = tls
        self._numbers = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._start())
        return self

    def __exit__(self, *_exc: object) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def calls(self, method: str) -> int:
        """How often a method has been carried out."""
        return sum(done == method for _, done in self.erp.done)

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self) -> None:
        app = web.Application(client_max_size=1 << 26)
        paths = {
            "tandem": ("/rpc", self._tandem),
            "odoo": ("/jsonrpc", self._odoo),
            "netforce": ("/json_rpc", self._netforce),
        }
        for dialect in self._dialects:
            path, answer = paths[dialect]
            app.router.add_post(path, self._endpoint(answer))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        """Answers that never end are cancelled."""
        await self._runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _endpoint(
        self, answer: Callable[[Any, web.Request], Any]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            document = json.loads(await request.text(), parse_float=Decimal)
            self.received.append(Received(request.path, document, dict(request.headers)))
            if self.faults and (response := await self.faults.popleft()(request)) is not None:
                return response
            return web.Response(body=encode(answer(document, request)), content_type="application/json")

        return handle

    def _tandem(self, document: Any, request: web.Request) -> Any:
        envelope = {"jsonrpc": "2.0", "id": document["id"]}
        try:
            return {**envelope, "result": self._tandem_result(document["method"], document["params"], request)}
        except Refusal as refusal:
            error = {"code": refusal.code, "message": refusal.message, "data": refusal.data}
            return {**envelope, "error": error}

    def _tandem_result(self, method: str, params: Any, request: web.Request) -> Any:
        if method == "version":
            return {"server": "tandem", "version": "0.1"}
        if method == "login":
            return self._tandem_login(params)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens | {API_KEY}:
            raise Refusal("The session has expired", code=401, key="session")
        if method == "logout":
            self.tokens.discard(token)
            return None
        if method == "whoami":
            return {"user_id": USER_ID, "user_name": "Ada", "company_id": 1, "companies": [1]}
        return self.erp.execute(params["model"], params["method"], params["args"], params.get("kwargs", {}))

    def _tandem_login(self, params: Any) -> Any:
        if params["password"] != PASSWORD:
            raise Refusal("Access denied", code=401, key="login")
        token = self.new_token()
        return {"token": token, "user_id": USER_ID, "user_name": "Ada", "company_id": 1, "companies": [1]}

    def new_token(self) -> str:
        """A token that is valid until it is discarded from `tokens`."""
        token = f"token-{next(self._numbers):08}"
        self.tokens.add(token)
        return token

    def _odoo(self, document: Any, _request: web.Request) -> Any:
        envelope = {"jsonrpc": "2.0", "id": document["id"]}
        try:
            result = self._odoo_result(document["params"]["method"], document["params"]["args"])
        except Refusal as refusal:
            data = {
                "name": refusal.odoo,
                "message": refusal.message,
                "arguments": [refusal.message],
                "debug": "Traceback",
            }
            return {**envelope, "error": {"code": 200, "message": "Odoo Server Error", "data": data}}
        return envelope if result is None else {**envelope, "result": result}

    def _odoo_result(self, method: str, args: list[Any]) -> Any:
        if method == "version":
            return {"server_version": "18.0", "server_serie": "18.0", "protocol_version": 1}
        if method == "login":
            return USER_ID if args[2] in {PASSWORD, API_KEY} else False
        _database, _uid, password, model, name, positional, keywords = args
        if password not in {PASSWORD, API_KEY}:
            raise Refusal("Access Denied", odoo="odoo.exceptions.AccessDenied")
        return self.erp.execute(model, name, positional, keywords)

    def _netforce(self, document: Any, _request: web.Request) -> Any:
        try:
            return {
                "id": document["id"],
                "result": self._netforce_result(document["method"], document["params"]),
                "error": None,
            }
        except Refusal as refusal:
            error = {"message": refusal.message, **refusal.data.get("extra", {})}
            return {"id": document["id"], "result": None, "error": error}

    def _netforce_result(self, method: str, params: list[Any]) -> Any:
        if method != "execute":
            raise Refusal(f"Invalid method: {method}")
        model, name, args, options, cookies = params
        if (model, name) == ("login", "login"):
            if options["context"]["data"]["password"] != PASSWORD:
                raise Refusal("Invalid login")
            return {"cookies": {"user_id": str(USER_ID), "token": self.new_token(), "user_name": "Ada", "dbname": "db"}}
        if cookies.get("token") not in self.tokens:
            raise Refusal("Invalid access token", extra={"require_logout": True})
        return self.erp.execute(model, name, args, options)


def always(result: Any) -> Callable[..., Any]:
    """A method that takes anything and answers this."""

    def answer(*_args: Any, **_kwargs: Any) -> Any:
        return result

    return answer


async def cut(request: web.Request) -> None:
    """Close the connection instead of answering."""
    assert request.transport is not None
    request.transport.abort()
    await asyncio.sleep(0.05)


def answering(body: bytes | str, status: int = 200, headers: dict[str, str] | None = None) -> Fault:
    """Answer this instead."""

    async def answer(_request: web.Request) -> web.Response:
        text = body.encode() if isinstance(body, str) else body
        return web.Response(body=text, status=status, headers=headers)

    return answer


def waiting(seconds: float) -> Fault:
    """Answer only after a while."""

    async def wait(_request: web.Request) -> None:
        await asyncio.sleep(seconds)

    return wait


def many2one(relation: str) -> dict[str, Any]:
    """The description of a many2one field."""
    return {"type": "many2one", "relation": relation}


def rows_named(names: Iterable[str]) -> dict[int, dict[str, Any]]:
    """Rows with nothing but a name, numbered from 1."""
    return {number: {"name": name} for number, name in enumerate(names, 1)}
