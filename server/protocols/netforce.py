"""POST /json_rpc: Netforce's dialect.

    execute       [model, method, args, opts, cookies]: `method(*args, **opts)`, the context being `opts.context`
    login         {database, login, password} -> user_id, token, user_name, company_id, companies
    logout        {token}
    set_company   {company_id, token}

`execute` of `login.login` and `login.logout` is how Netforce's own screens log in. The envelope is lenient as theirs:
no `jsonrpc`, an id of any kind or none, any content type, HTTP 200 whatever the answer says. A list in the place of
`opts` names the fields to read. There are no batches and no notifications. An answer has `id`, `result`, `error` and,
when it went well, `dt`: the milliseconds it took.

Who calls is told by a token among the cookies and by nothing else; see `netforce_cookies`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from aiohttp import web

from models.orm.dialect import NETFORCE
from models.orm.errors import InputError
from server.deployment import Deployment
from server.exchange import begin, reply
from server.execute import Call
from server.json_text import JsonError, decode, encode
from server.large_bodies import read_call
from server.protocols.netforce_cookies import Cookies
from server.protocols.netforce_errors import NetforceFault, netforce_error
from server.protocols.netforce_login import login, login_by_context, logout, logout_by_cookies, set_company

PLACES = 5
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type, X-Database, X-Schema, X-Locale",
    "Access-Control-Max-Age": "600",
}
"""What a browser is told before a page of another origin may call."""
NO_JSON, NO_REQUEST, NO_METHOD = -32700, -32600, -32601

METHODS: Mapping[str, Callable[[Cookies, Mapping[str, Any]], Awaitable[Any]]] = {
    "login": login,
    "logout": logout,
    "set_company": set_company,
}
"""What may be called beside `execute`; the token is among the parameters."""


@dataclass(frozen=True, slots=True)
class Execution:
    """The parameters of `execute`."""

    model: str
    method: str
    args: Sequence[Any]
    opts: Mapping[str, Any]
    cookies: Mapping[str, Any]

    @classmethod
    def of(cls, params: Any) -> "Execution":
        """Read the parameters. Raises `InputError` naming the wrong one."""
        if not isinstance(params, list) or not 2 <= len(params) <= PLACES:
            raise InputError("params must be [model, method, args, opts, cookies].", argument="params")
        model, method, args, opts, cookies = params + [None] * (PLACES - len(params))
        if not isinstance(model, str) or not isinstance(method, str):
            raise InputError("model and method must be text.", argument="params")
        if isinstance(opts, list):
            opts = {"field_names": opts} if opts else {}
        for name, value, kind in (("args", args, list), ("opts", opts, dict), ("cookies", cookies, dict)):
            if value is not None and not isinstance(value, kind):
                raise InputError(f"{name} must be {'a list' if kind is list else 'an object'}.", argument=name)
        return cls(model, method, args or [], opts or {}, cookies or {})


class NetforceEndpoint:
    """Answers POST /json_rpc."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""
        begin(request)
        response = await self._reply(request)
        response.headers.update(self._sharing(request))
        return response

    async def handle_options(self, request: web.Request) -> web.Response:
        """Tell a browser whether the page may call: 403 when its origin is not one that the operator named."""
        begin(request)
        sharing = self._sharing(request)
        return web.Response(status=204, headers={**sharing, **PREFLIGHT}) if sharing else web.Response(status=403)

    def _sharing(self, request: web.Request) -> Mapping[str, str]:
        origin = request.headers.get("Origin", "")
        named = origin in self._deployment.settings.web_origins
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if named else {}

    async def _reply(self, request: web.Request) -> web.Response:
        started = perf_counter()
        number: Any = None
        try:
            message = _message(await read_call(self._deployment, request))
            number = message.get("id")
            result = await self._answer(request, message.get("method"), message.get("params"))
            spent = round((perf_counter() - started) * 1000)
            return reply(encode({"id": number, "result": result, "error": None, "dt": spent}))
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 worded for the caller, logged when it is not expected
            told = netforce_error(error, self._deployment.registry)
            return reply(encode({"id": number, "result": None, "error": told}))

    async def _answer(self, request: web.Request, method: Any, params: Any) -> Any:
        if method == "execute":
            return await self._execute(request, Execution.of(params))
        beside = METHODS.get(method) if isinstance(method, str) else None
        if beside is None:
            raise NetforceFault(f"Invalid method: {str(method)[:64]}", NO_METHOD)
        given = params[0] if isinstance(params, list) and len(params) == 1 else params
        if not isinstance(given, dict):
            raise InputError("params must be an object.", argument="params")
        return await beside(Cookies(self._deployment, request, given), given)

    async def _execute(self, request: web.Request, asked: Execution) -> Any:
        cookies = Cookies(self._deployment, request, asked.cookies)
        context = asked.opts.get("context")
        if asked.model == "login":
            return await _log(asked, cookies, context)
        named = {name: value for name, value in asked.opts.items() if name != "context"}
        user = await cookies.user()
        call = Call(asked.model, asked.method, asked.args, named, cookies.context(context), NETFORCE)
        return await self._deployment.executor.execute(call, user)


async def _log(asked: Execution, cookies: Cookies, context: Any) -> Any:
    if asked.method == "login":
        return await login_by_context(cookies, context)
    if asked.method == "logout":
        return await logout_by_cookies(cookies)
    raise NetforceFault(f"Invalid method: {asked.method[:64]}", NO_METHOD)


def _message(body: bytes) -> dict[str, Any]:
    try:
        message = decode(body)
    except JsonError:
        raise NetforceFault("Invalid request: the body is no JSON.", NO_JSON) from None
    if not isinstance(message, dict):
        raise NetforceFault("Invalid request: the body must be one JSON object.", NO_REQUEST)
    return message
