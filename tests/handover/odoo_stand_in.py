"""A server that behaves like an Odoo at the other end of a hand-over, envelope and habits included.

It answers as series 16 to 19 do: every error under HTTP 200 with code 200 (0 in series 19) and the name of the
exception in `data`, no `result` for a method that returned None, false for everything empty, a page for unknown paths,
and a closed connection after each answer. What its methods do with leads is a few lines, as an add-on would have them.
`OdooCaller` is the other direction: an Odoo that calls.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

DATABASE, LOGIN, PASSWORD = "odoo", "integration", "the password of an Odoo user"
USER_ID = 7
NOT_FOUND = "<!doctype html><html><body><h1>Not Found</h1></body></html>"
JSON_TYPES = ("application/json", "application/json-rpc")

Method = Callable[[dict[str, Any]], Any]


class OdooError(Exception):
    """An exception of Odoo: the name of its class, and its text."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class OdooStandIn:
    """One Odoo database with the model methods that it was given. `payloads` are those that came, in order."""

    def __init__(self, serie: str = "18.0") -> None:
        self.serie = serie
        self.port = 0
        self.methods: dict[tuple[str, str], Method] = {}
        self.payloads: list[dict[str, Any]] = []
        self.logins: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request of any path."""
        answer = await self._answer(request)
        answer.force_close()
        return answer

    async def _answer(self, request: web.Request) -> web.Response:
        if request.method != "POST" or request.path not in ("/jsonrpc", "/web/webclient/version_info"):
            return web.Response(status=404, text=NOT_FOUND, content_type="text/html")
        if request.content_type not in JSON_TYPES:
            return web.Response(status=415, text=NOT_FOUND, content_type="text/html")
        document = await request.json()
        envelope = {"jsonrpc": "2.0", "id": document.get("id")}
        try:
            result = self._result(request.path, document.get("params") or {})
        except OdooError as error:
            return web.json_response({**envelope, "error": self._error(error)})
        return web.json_response(envelope if result is None else {**envelope, "result": result})

    def _error(self, error: OdooError) -> dict[str, Any]:
        trace = f"Traceback (most recent call last):\n  File ...\n{error.kind}: {error.message}\n"
        data = {"name": error.kind, "message": error.message, "arguments": [error.message], "context": {}}
        code = 0 if self.serie == "19.0" else 200
        return {"code": code, "message": "Odoo Server Error", "data": {**data, "debug": trace}}

    def _result(self, path: str, params: dict[str, Any]) -> Any:
        if path == "/web/webclient/version_info":
            return self._version()
        service, method, args = (params.get(name) for name in ("service", "method", "args"))
        match service, method, args:
            case "common", "version", _:
                return self._version()
            case "common", ("login" | "authenticate"), [database, login, password, *_]:
                self.logins.append(password)
                return USER_ID if (database, login, password) == (DATABASE, LOGIN, PASSWORD) else False
            case "object", "execute_kw", [database, user, password, model, name, *arguments]:
                if (database, user, password) != (DATABASE, USER_ID, PASSWORD):
                    raise OdooError("odoo.exceptions.AccessDenied", "Access Denied")
                return self._execute(model, name, *arguments)
        raise OdooError("builtins.Exception", f"Method not found: {method}")

    def _version(self) -> dict[str, Any]:
        major = int(self.serie.partition(".")[0])
        info = {"server_version": self.serie, "server_version_info": [major, 0, 0, "final", 0, ""]}
        return {**info, "server_serie": self.serie, "protocol_version": 1}

    def _execute(self, model: str, name: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        if name in ("search", "search_read"):
            return self.asked(model, name, args, kwargs or {})
        method = self.methods.get((model, name))
        if method is None:
            raise OdooError("odoo.exceptions.UserError", f"Object {model} doesn't exist")
        if len(args) != 1 or kwargs:
            raise OdooError("builtins.TypeError", f"{name}() takes 2 positional arguments")
        self.payloads.append(args[0])
        return method(args[0])

    def asked(self, model: str, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Answer a question: those of a hand-over look at archived records too."""
        assert kwargs.get("context") == {"active_test": False}
        return self.searched(model, name, *args)

    def searched(self, model: str, *_asked: Any) -> Any:
        """Answer a search."""
        raise OdooError("odoo.exceptions.AccessError", f"You are not allowed to access {model}.")


class OdooBpo(OdooStandIn):
    """A BPO: leads by id, each with its reference, stage and what was said about it."""

    def __init__(self, serie: str = "18.0", *, tells: bool = True) -> None:
        super().__init__(serie)
        self.tells = tells
        self.leads: dict[int, dict[str, Any]] = {}
        self.methods["crm.lead", "update_from_dealer_callback"] = self.update_from_dealer_callback

    def update_from_dealer_callback(self, payload: dict[str, Any]) -> Any:
        """Close a lead once; a second word of the same kind is no news, another one is refused."""
        lead = self.leads.get(payload["bpo_source_lead_id"])
        if lead is None:
            raise OdooError("odoo.exceptions.MissingError", "Record does not exist or has been deleted.")
        if lead["stage"] not in ("Endorsed", payload["outcome"]):
            raise OdooError("odoo.exceptions.UserError", f"{lead['name']} is {lead['stage']} already.")
        if lead["stage"] == "Endorsed":
            lead["stage"] = payload["outcome"]
            lead["chatter"].append(f"{payload['dealer_lead_name']}: {payload['outcome']}")
        return {"bpo_lead_name": lead["name"], "note": False} if self.tells else None

    def searched(self, model: str, name: str, domain: list[Any], *_fields: Any) -> Any:
        """Find leads by id and by a flag of their stage; this Odoo's stages do not know which of them loses."""
        assert model == "crm.lead"
        [found, *flags] = domain
        leads = {number: lead for number, lead in self.leads.items() if number in found[2]}
        if name == "search_read":
            lost = {number: lead["stage"] == "lost" for number, lead in leads.items()}
            return [
                {"id": number, "name": lead["name"], "active": not lost[number], "probability": 0.0}
                for number, lead in leads.items()
            ]
        if flags != [["stage_id.is_won", "=", True]]:
            raise OdooError("builtins.ValueError", "Invalid field crm.stage.is_lost in leaf")
        return [number for number, lead in leads.items() if lead["stage"] == "won"]


class OdooDealer(OdooStandIn):
    """A dealer: what it received, by the address of the BPO's lead."""

    def __init__(self, serie: str = "18.0") -> None:
        super().__init__(serie)
        self.leads: dict[tuple[str, int], int] = {}
        self.methods["dealer.crm.lead", "receive_endorsed_lead"] = self.receive_endorsed_lead

    def receive_endorsed_lead(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Make a lead, unless it is there; brands it does not know are refused."""
        if payload["brand_code"] != "CHERY":
            raise OdooError("odoo.exceptions.ValidationError", f"No brand with code {payload['brand_code']}.")
        key = payload["bpo_source_url"], payload["bpo_source_lead_id"]
        created = key not in self.leads
        number = self.leads.setdefault(key, len(self.leads) + 1)
        answer = {"dealer_lead_id": number, "dealer_lead_name": f"DLEAD/{number:05}", "created": created}
        return {**answer, "sale_order_id": False, "sale_order_name": False}

    def searched(self, model: str, name: str, domain: list[Any], fields: list[str]) -> Any:
        """Find leads by the BPO's ids."""
        assert (model, name, domain[0][0]) == ("dealer.crm.lead", "search_read", "bpo_source_lead_id")
        empty = dict.fromkeys(fields, False)
        return [
            {**empty, "id": number, "name": f"DLEAD/{number:05}", "bpo_source_lead_id": lead, "bpo_source_url": url}
            for (url, lead), number in self.leads.items()
            if lead in domain[0][2]
        ]


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: bool(value == wanted),
    "in": lambda value, wanted: value in wanted,
    "not in": lambda value, wanted: value not in wanted,
    ">": lambda value, wanted: bool(value > wanted),
}


class OdooDistributor(OdooStandIn):
    """A distributor: rows by model and id. `lost` answers to writes never arrive, as when a connection breaks."""

    def __init__(self, serie: str = "17.0") -> None:
        super().__init__(serie)
        self.tables: dict[str, dict[int, dict[str, Any]]] = {}
        self.asked_for: list[tuple[str, int]] = []
        self.writes: list[list[int]] = []
        self.lost = 0
        self.refuses_writes = False
        self.ignores_conditions = False
        self.thinking = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def add(self, model: str, number: int, **values: Any) -> None:
        """Put a row there."""
        self.tables.setdefault(model, {})[number] = {"id": number, **values}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer as soon as it may."""
        self.thinking.set()
        await self.may_answer.wait()
        return await super().handle(request)

    def asked(self, model: str, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Answer a search as Odoo does: an unknown field in it is an error, an empty value false."""
        if model not in self.tables:
            raise OdooError("odoo.exceptions.UserError", f"Object {model} doesn't exist")
        domain, fields = args
        assert (name, kwargs["order"]) == ("search_read", "id")
        rows = [row for row in self.tables[model].values() if self.ignores_conditions or _matches(row, domain)]
        found = sorted(rows, key=lambda row: int(row["id"]))[: kwargs["limit"]]
        self.asked_for.append((model, len(found)))
        return [{"id": row["id"], **{field: row.get(field, False) for field in fields}} for row in found]

    def _execute(self, model: str, name: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        if (model, name) == ("res.users", "read"):
            return [{"id": USER_ID, "name": "Integration", "company_id": [1, "Distributor"], "company_ids": [1]}]
        if name != "write":
            return super()._execute(model, name, args, kwargs)
        ids, values = args
        if self.refuses_writes:
            raise OdooError("odoo.exceptions.AccessError", f"You are not allowed to modify {model}.")
        if self.lost:
            self.lost -= 1
            raise OdooError("psycopg2.errors.SerializationFailure", "could not serialize access")
        for number in ids:
            self.tables[model][number].update(values)
        self.writes.append(ids)
        return True


def _matches(row: dict[str, Any], domain: list[Any]) -> bool:
    return all(OPERATORS[operator](row.get(field, False), wanted) for field, operator, wanted in domain)


class OdooCaller:
    """An Odoo that calls: urllib-like, one connection a call, over the service `object` or a web session."""

    def __init__(self, url: str, database: str, login: str, password: str) -> None:
        self._url = url
        self._who = (database, login, password)
        self._numbers = itertools.count(1)

    async def by_service(self, model: str, method: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Log in and call by /jsonrpc; returns the envelope of the answer."""
        database, login, password = self._who
        async with self._session() as session:
            uid = (await self._service(session, "common", "login", [database, login, password]))["result"]
            args = [database, uid, password, model, method, [payload]]
            return await self._service(session, "object", "execute_kw", args)

    async def by_session(self, model: str, method: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Log in by /web/session/authenticate and call with its cookie; returns the envelope of the answer."""
        who = dict(zip(("db", "login", "password"), self._who, strict=True))
        async with self._session() as session:
            info = await self._post(session, "/web/session/authenticate", who)
            assert info["result"]["uid"]
            params = {"model": model, "method": method, "args": [payload], "kwargs": {}}
            return await self._post(session, "/web/dataset/call_kw", params)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Connection": "close"})

    async def _service(self, session: aiohttp.ClientSession, service: str, method: str, args: Any) -> dict[str, Any]:
        return await self._post(session, "/jsonrpc", {"service": service, "method": method, "args": args})

    async def _post(self, session: aiohttp.ClientSession, path: str, params: Any) -> dict[str, Any]:
        document = {"jsonrpc": "2.0", "method": "call", "id": next(self._numbers), "params": params}
        async with session.post(self._url + path, json=document) as response:
            assert response.status == 200
            found: dict[str, Any] = await response.json()
            return found


@asynccontextmanager
async def running_odoo(odoo: OdooStandIn) -> AsyncIterator[None]:
    """Serve it on a port of its own."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", odoo.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    odoo.port = runner.addresses[0][1]
    try:
        yield
    finally:
        await runner.cleanup()
