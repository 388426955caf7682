"""POST /rpc: our own dialect, JSON-RPC 2.0 to the letter.

    execute       [model, method, args, context] or by name, then also kwargs
    login         [database, login, password] or by name -> token, user_id, user_name, company_id, companies, expires_at
    logout        ends the session of the token
    whoami        the same as login without token
    version       who answers
    rpc.discover  all this, and the models and methods that the caller may use, as an OpenRPC document
    transaction   {"calls": [{"model", "method", "args", "kwargs", "context"} ...], "context"} -> their answers

A write sent with the header Idempotency-Key may be sent again, for 90 days: the same call gets the same answer and is
done once, another call under the same key is a conflict. In a batch the key counts for each member by its place; a
transaction has one key.

Credentials are a bearer token or an API key in the header Authorization. Without that header the session's cookie
counts if a page of ours makes the call (its Origin says so), which is how /doc tries calls. Credentials are looked at
for each member of a batch anew. An error has the code of its class in `models.orm.errors`, and the data key, model,
field, ids as far as they apply; -32603 has nothing but an error_id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from models.base.idempotency import LONGEST_KEY
from models.orm.env import User
from models.orm.errors import InputError, SessionError
from server.deployment import VERSION, Deployment
from server.exchange import begin, check_content_type, reply
from server.execute import Call
from server.large_bodies import read_call
from server.protocols.jsonrpc import Methods, dispatch, exposed
from server.protocols.odoo_cookie import token_of_own_page
from server.protocols.openrpc import Discovery
from server.transaction import calls_of, execute_all

SCHEME = "bearer "
LOGIN_REQUIRED = "Log in first: no bearer token or API key was given."


@dataclass(slots=True)
class Exchange:
    """One HTTP request on its way through the methods."""

    deployment: Deployment
    request: web.Request
    discovery: Discovery
    executed: int = 0

    def next_key(self) -> str:
        """The idempotency key of the next call, empty when there is none; members of a batch are numbered."""
        key = self.request.headers.get("Idempotency-Key")
        if key is None:
            return ""
        if not key or len(key) > LONGEST_KEY - 4 or not (key.isascii() and key.isprintable()):
            raise InputError("Idempotency-Key must be 1 to 251 printable characters of ASCII.")
        self.executed += 1
        return key if self.executed == 1 else f"{key}#{self.executed}"

    @property
    def token_shown(self) -> str:
        """The bearer token or API key, empty when there is none."""
        given = self.request.headers.get("Authorization", "")
        return given[len(SCHEME) :].strip() if given[: len(SCHEME)].lower() == SCHEME else ""

    @property
    def shows_credentials(self) -> bool:
        """Whether there are any, be they good or not."""
        return "Authorization" in self.request.headers or bool(token_of_own_page(self.deployment, self.request))

    @property
    def token(self) -> str:
        """The bearer token or API key, else the session of a page of ours. Raises `SessionError` when there is none."""
        if "Authorization" in self.request.headers:
            shown = self.token_shown
        else:
            shown = token_of_own_page(self.deployment, self.request)
        if not shown:
            raise SessionError(LOGIN_REQUIRED)
        return shown

    async def user(self) -> User:
        """Whose credentials these are."""
        return await self.deployment.authenticator.by_token(self.token)


class NativeEndpoint:
    """Answers POST /rpc. `methods` may be extended before the server starts."""

    def __init__(self, deployment: Deployment, methods: Methods | None = None) -> None:
        self._deployment = deployment
        self._discovery = Discovery()
        self.methods = dict(METHODS if methods is None else methods)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""
        begin(request)
        check_content_type(request)
        body = await read_call(self._deployment, request)
        answer = await dispatch(self.methods, Exchange(self._deployment, request, self._discovery), body)
        return web.Response(status=204) if answer is None else reply(answer)


async def execute(exchange: Exchange, /, *given: Any, **named: Any) -> Any:
    """Call a method of a model."""
    model, method, args, context, kwargs = _arguments(
        given, named, ("model", "method", "args", "context", "kwargs"), required=2
    )
    if not isinstance(model, str) or not isinstance(method, str):
        raise InputError("model and method must be text.")
    _check(args, list, "args", "a list")
    _check(kwargs, dict, "kwargs", "an object")
    call = Call(model, method, args or (), kwargs or {}, context, key=exchange.next_key())
    return await exchange.deployment.executor.execute(call, await exchange.user())


async def transaction(exchange: Exchange, /, *given: Any, **named: Any) -> list[Any]:
    """Call several methods in their order in one transaction, all or nothing; answers what each of them answered.

    An argument `{"$result": 0}` of a later call is what call 0 answered, `{"$result": [0, "id"]}` a part of it. A
    refusal takes everything back and names its call by place in `data.call`.
    """
    calls, context = _arguments(given, named, ("calls", "context"), required=1)
    described = calls_of(calls, context)
    return await execute_all(exchange.deployment.executor, described, await exchange.user(), exchange.next_key())


async def login(exchange: Exchange, /, *given: Any, **named: Any) -> Any:
    """Open a session."""
    database, name, password = _arguments(given, named, ("database", "login", "password"))
    if not isinstance(name, str) or not isinstance(password, str):
        raise InputError("login and password must be text.")
    _check(database, str, "database", "text")
    deployment = exchange.deployment
    address = deployment.address_of(exchange.request)
    opened = await deployment.authenticator.login(
        name, password, address=address, database=database or None, replaces=exchange.token_shown
    )
    who = await _described(deployment, opened.user)
    return {"token": opened.token, **who, "expires_at": opened.expires_at.isoformat(timespec="seconds")}


async def logout(exchange: Exchange, /, *given: Any, **named: Any) -> bool:
    """End the session."""
    _arguments(given, named, ())
    await exchange.deployment.authenticator.logout(exchange.token)
    return True


async def whoami(exchange: Exchange, /, *given: Any, **named: Any) -> dict[str, Any]:
    """Tell whose credentials these are."""
    _arguments(given, named, ())
    return await _described(exchange.deployment, await exchange.user())


async def version(exchange: Exchange, /, *given: Any, **named: Any) -> dict[str, Any]:
    """Tell who answers; no credentials are needed."""
    _arguments(given, named, ())
    return {"server": "tandem", "version": VERSION, "role": exchange.deployment.settings.role}


async def discover(exchange: Exchange, /, *given: Any, **named: Any) -> dict[str, Any]:
    """Describe the endpoint and what the caller may use; without credentials the endpoint alone."""
    _arguments(given, named, ())
    deployment = exchange.deployment
    groups = (await exchange.user()).groups if exchange.shows_credentials else None
    url = deployment.origin_of(exchange.request) + exchange.request.path
    return exchange.discovery.document(deployment.registry, groups, url)


METHODS: Methods = {
    "execute": exposed(execute),
    "transaction": exposed(transaction),
    "login": exposed(login),
    "logout": exposed(logout),
    "whoami": exposed(whoami),
    "version": exposed(version),
    "rpc.discover": exposed(discover),
}


async def _described(deployment: Deployment, user: User) -> dict[str, Any]:
    return {
        "user_id": user.id,
        "user_name": user.name,
        "company_id": user.company_id,
        "companies": await deployment.authenticator.companies(user),
    }


def _arguments(given: Sequence[Any], named: Mapping[str, Any], names: Sequence[str], *, required: int = 0) -> list[Any]:
    """The arguments in the order of their names, None for those left out."""
    if not named and required <= len(given) <= len(names):
        return [*given, *[None] * (len(names) - len(given))]
    if len(given) > len(names):
        raise InputError(f"At most {len(names)} parameters are taken.")
    found = {**dict(zip(names, given, strict=False)), **named}
    if not found.keys() <= set(names):
        unknown = min(found.keys() - set(names))[:64]
        raise InputError(f"There is no parameter {unknown}.", argument=unknown)
    for name in names[:required]:
        if name not in found:
            raise InputError(f"The parameter {name} is missing.", argument=name)
    return [found.get(name) for name in names]


def _check(value: Any, kind: type, name: str, described: str) -> None:
    if value is not None and type(value) is not kind:
        raise InputError(f"{name} must be {described}.", argument=name)
