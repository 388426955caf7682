"""How each dialect words a call, and where the answer is in what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import aiohttp
import msgspec
import orjson

from bench.wire import Answer, Client

# Where a dialect has no keywords: the positions of a method's arguments behind the ids.
POSITIONS: Mapping[str, Sequence[str]] = {
    "read": ("fields",),
    "search_read": ("domain", "fields", "offset", "limit", "order"),
    "read_group": ("domain", "fields", "groupby", "offset", "limit", "orderby", "lazy"),
    "create": ("vals",),
    "write": ("vals",),
}
UNSAID: Mapping[str, Any] = {"offset": 0}
# Netforce's words for the same, and what it gives by position.
NETFORCE_WORDS: Mapping[str, str] = {"domain": "condition", "fields": "field_names", "groupby": "group_fields"}
NETFORCE_POSITIONS: Mapping[str, Sequence[str]] = {"search_read": ("domain",), "create": ("vals",), "write": ("vals",)}


class RefusedError(Exception):
    """The server answered with an error."""


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """Who the generator is."""

    database: str = ""
    login: str = ""
    password: str = ""
    token: str = ""  # bearer token or API key


class Dialect(Protocol):
    """One way to word calls."""

    async def sign_in(self, client: Client) -> dict[str, str]:
        """Sign in once; returns the headers of every later request."""

    def version(self) -> tuple[str, bytes]:
        """Path and body of the cheapest call."""

    def call(self, model: str, method: str, ids: Sequence[int] | None, named: Mapping[str, Any]) -> tuple[str, bytes]:
        """Path and body of a call."""

    def result(self, answer: Answer) -> Any:
        """What the call returned. Raises `RefusedError`."""


class Native:
    """`execute` on /rpc: arguments by position, a bearer token."""

    def __init__(self, login: Login) -> None:
        self._login = login

    async def sign_in(self, client: Client) -> dict[str, str]:
        """`login`, unless there is a token already or nobody to sign in."""
        token = self._login.token
        if not token and self._login.login:
            given = [self._login.database, self._login.login, self._login.password]
            token = self.result(await client.post("/rpc", _envelope("login", given)))["token"]
        return {"Authorization": f"Bearer {token}"} if token else {}

    def version(self) -> tuple[str, bytes]:
        """`version`."""
        return "/rpc", _envelope("version", [])

    def call(self, model: str, method: str, ids: Sequence[int] | None, named: Mapping[str, Any]) -> tuple[str, bytes]:
        """`execute` with [model, method, args, context]."""
        positions = POSITIONS.get(method, ())
        last = max((place for place, name in enumerate(positions) if name in named), default=-1)
        given = [named.get(name, UNSAID.get(name)) for name in positions[: last + 1]]
        return "/rpc", _envelope("execute", [model, method, given if ids is None else [ids, *given], {}])

    def result(self, answer: Answer) -> Any:
        """`result` of the envelope."""
        return _unwrapped(answer)


class OdooObject:
    """`execute_kw` on /jsonrpc: no session, the key beside every call."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._secret = login.token or login.password
        self._user = 0

    async def sign_in(self, client: Client) -> dict[str, str]:
        """`login` of the common service; the user's id goes with every call."""
        given = [self._login.database, self._login.login, self._secret]
        self._user = self.result(await client.post("/jsonrpc", _service("common", "login", given)))
        if type(self._user) is not int or self._user < 1:
            raise RefusedError(f"no user: {self._user!r}")
        return {}

    def version(self) -> tuple[str, bytes]:
        """`version` of the common service."""
        return "/jsonrpc", _service("common", "version", [])

    def call(self, model: str, method: str, ids: Sequence[int] | None, named: Mapping[str, Any]) -> tuple[str, bytes]:
        """`execute_kw` of the object service."""
        args, kwargs = _args(method, ids, named)
        login = self._login
        given = [login.database, self._user, self._secret, model, method, args, kwargs]
        return "/jsonrpc", _service("object", "execute_kw", given)

    def result(self, answer: Answer) -> Any:
        """`result` of the envelope."""
        return _unwrapped(answer)


class OdooWeb:
    """/web/dataset/call_kw with the cookie of a session."""

    def __init__(self, login: Login) -> None:
        self._login = login

    async def sign_in(self, client: Client) -> dict[str, str]:
        """/web/session/authenticate; its cookie comes back by a header that the thin client does not keep."""
        login = self._login
        body = {"db": login.database, "login": login.login, "password": login.password}
        async with (
            aiohttp.ClientSession() as session,
            session.post(client.url + "/web/session/authenticate", data=_web(body), headers=JSON) as answer,
        ):
            _unwrapped((answer.status, await answer.read()))
            return {"Cookie": "; ".join(f"{one.key}={one.value}" for one in answer.cookies.values())}

    def version(self) -> tuple[str, bytes]:
        """/web/webclient/version_info."""
        return "/web/webclient/version_info", _web({})

    def call(self, model: str, method: str, ids: Sequence[int] | None, named: Mapping[str, Any]) -> tuple[str, bytes]:
        """`call_kw`."""
        args, kwargs = _args(method, ids, named)
        return "/web/dataset/call_kw", _web({"model": model, "method": method, "args": args, "kwargs": kwargs})

    def result(self, answer: Answer) -> Any:
        """`result` of the envelope."""
        return _unwrapped(answer)


class OdooJson2:
    """/json/2/<model>/<method> with an API key: arguments by name, the bare value comes back."""

    def __init__(self, login: Login) -> None:
        self._login = login

    async def sign_in(self, client: Client) -> dict[str, str]:  # noqa: ARG002 there is nothing to ask
        """The key goes with every call."""
        return {"Authorization": f"bearer {self._login.token}"}

    def version(self) -> tuple[str, bytes]:
        """/web/webclient/version_info, as Odoo's own clients ask."""
        return "/web/webclient/version_info", _web({})

    def call(self, model: str, method: str, ids: Sequence[int] | None, named: Mapping[str, Any]) -> tuple[str, bytes]:
        """One POST to the method's own address."""
        renamed = {"vals_list": named["vals"]} if method == "create" else named
        given = dict(renamed) if ids is None else {"ids": ids, **renamed}
        return f"/json/2/{model}/{method}", orjson.dumps(given)

    def result(self, answer: Answer) -> Any:
        """The body itself."""
        found = orjson.loads(answer[1])
        if answer[0] != 200:
            raise RefusedError(f"{answer[0]}: {str(found)[:300]}")
        return found["result"] if type(found) is dict and "jsonrpc" in found else found


class Netforce:
    """`execute` on /json_rpc: the cookies of a login beside every call, as apps send them."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._cookies: dict[str, Any] = {}

    async def sign_in(self, client: Client) -> dict[str, str]:
        """`login.login`; its cookies go with every call."""
        login = self._login
        data = {"db_name": login.database, "login": login.login, "password": login.password}
        path, body = self._execute("login", "login", [], {"context": {"data": data}})
        self._cookies = self.result(await client.post(path, body))["cookies"]
        return {}

    def version(self) -> tuple[str, bytes]:
        """Nothing tells a version; a call that looks at nothing but the caller is the cheapest."""
        return self._execute("base.user", "context_get", [], {})

    def call(self, model: str, method: str, ids: Sequence[int] | None, named: Mapping[str, Any]) -> tuple[str, bytes]:
        """`execute` with [model, method, args, opts, cookies]."""
        if method == "read_group":
            named = _in_netforces_way(named)
        positions = NETFORCE_POSITIONS.get(method, ())
        args = [] if ids is None else [ids]
        args += [named[name] for name in positions]
        opts = {NETFORCE_WORDS.get(name, name): value for name, value in named.items() if name not in positions}
        return self._execute(model, method, args, opts)

    def result(self, answer: Answer) -> Any:
        """`result` of the envelope, whose `error` is null when all went well."""
        found = orjson.loads(answer[1])
        if answer[0] != 200 or found["error"] is not None:
            raise RefusedError(f"{answer[0]}: {str(found['error'])[:400]}")
        return found["result"]

    def _execute(self, model: str, method: str, args: list[Any], opts: Mapping[str, Any]) -> tuple[str, bytes]:
        params = [model, method, args, opts, self._cookies]
        return "/json_rpc", orjson.dumps({"id": 1, "method": "execute", "params": params})


DIALECTS: Mapping[str, type[Native | OdooObject | OdooWeb | OdooJson2 | Netforce]] = {
    "native": Native,
    "jsonrpc": OdooObject,
    "web": OdooWeb,
    "json2": OdooJson2,
    "netforce": Netforce,
}
JSON = {"Content-Type": "application/json"}


def _args(method: str, ids: Sequence[int] | None, named: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Odoo's clients give the ids, and the values of `create`, by position, everything else by name."""
    if method == "create":
        return [named["vals"]], {}
    return ([] if ids is None else [ids]), dict(named)


def _in_netforces_way(named: Mapping[str, Any]) -> dict[str, Any]:
    """A grouping that sums by the fields' own declaration, always by all keys at once."""
    summed = [name.partition(":")[0] for name in named["fields"]]
    return {"agg_fields": summed, **{name: value for name, value in named.items() if name not in ("fields", "lazy")}}


def _envelope(method: str, params: Any) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


def _service(service: str, method: str, args: list[Any]) -> bytes:
    return _envelope("call", {"service": service, "method": method, "args": args})


def _web(params: Mapping[str, Any]) -> bytes:
    return _envelope("call", params)


def _unwrapped(answer: Answer) -> Any:
    found = orjson.loads(answer[1])
    if answer[0] != 200 or "error" in found:
        raise RefusedError(f"{answer[0]}: {str(found.get('error', found))[:400]}")
    return found.get("result")
