"""GET /doc/<model>.json, /doc/index.json and the same below /doc-bearer: what there is, as Odoo 19 tells it.

Clients read from it in which order the arguments of a method come, and whether it is one of records. A caller hears of
the models, fields and methods that the caller may use, and of no other.
"""

import inspect
from typing import Any

from aiohttp import web

from models.orm.access import Profile
from models.orm.describing import describe
from models.orm.dialect import ODOO
from models.orm.env import User
from models.orm.errors import AppError, UnknownModelError
from models.orm.meta import Meta
from models.orm.methods import Method
from server.deployment import Deployment
from server.exchange import begin, reply
from server.json_text import encode
from server.protocols.odoo_bearer import UnauthorisedError, bearer_user, check_database, refused
from server.protocols.odoo_cookie import session_user


class OdooDoc:
    """Answers what there is, to holders of a key and to who is logged in."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    async def index(self, request: web.Request) -> web.Response:
        """List the models with the names of their fields and methods."""
        return await self._answer(request, self._index)

    async def model(self, request: web.Request) -> web.Response:
        """Tell all about one model."""
        return await self._answer(request, lambda profile: self._model(profile, request.match_info["model"]))

    async def _answer(self, request: web.Request, tell: Any) -> web.Response:
        begin(request)
        try:
            user = await reader(self._deployment, request)
            check_database(self._deployment, request)
            return reply(encode(tell(self._deployment.registry.profile(user.groups))))
        except (AppError, UnauthorisedError) as error:
            return refused(error)

    def _index(self, profile: Profile) -> dict[str, Any]:
        models = [m.meta for m in self._deployment.registry.models.values() if profile.operations(m.meta)]
        return {"modules": [], "models": [_summary(profile, meta) for meta in models]}

    def _model(self, profile: Profile, name: str) -> dict[str, Any]:
        found = self._deployment.registry.names.get(name)
        if found is None or not profile.operations(found.meta):
            raise UnknownModelError(f"There is no model {name[:64]}.", model=name[:64])
        meta = found.meta
        methods = _methods(profile, meta)
        return {
            "model": meta.word(ODOO.vocabulary),
            "name": meta.label,
            "doc": meta.help,
            "fields": {
                field.word(ODOO.vocabulary): describe(profile, field, ODOO) for field in profile.visible_fields(meta)
            },
            "methods": {word: _method(meta, method) for word, method in methods.items()},
        }


async def reader(deployment: Deployment, request: web.Request) -> User:
    """Who reads: whose key the request shows, else whose session it is.

    Raises `UnauthorisedError`, `SessionError`, `AccessError`.
    """
    if "Authorization" in request.headers or request.path.startswith("/doc-bearer/"):
        return await bearer_user(deployment, request)
    return await session_user(deployment, request)


def _summary(profile: Profile, meta: Meta) -> dict[str, Any]:
    fields = {f.word(ODOO.vocabulary): {"string": f.label} for f in profile.visible_fields(meta)}
    methods = sorted(_methods(profile, meta))
    return {"model": meta.word(ODOO.vocabulary), "name": meta.label, "fields": fields, "methods": methods}


def _methods(profile: Profile, meta: Meta) -> dict[str, Method]:
    groups = profile.groups or frozenset()
    return {
        name: method
        for name, method in meta.methods.items()
        if not method.exposure.groups or not groups.isdisjoint(method.exposure.groups)
    }


def _method(meta: Meta, method: Method) -> dict[str, Any]:
    names = [name for name in method.parameters if name != "ids"] + sorted(method.keyword_only)
    signature = method.signature.parameters
    return {
        "signature": f"({', '.join(names)})",
        "parameters": {name: _parameter(method, name, signature[name]) for name in names},
        "doc": method.help,
        "api": [] if method.takes_ids else ["model"],
        "readonly": method.exposure.readonly,
        "model": meta.word(ODOO.vocabulary),
        "return": {},
        "raise": {},
    }


def _parameter(method: Method, name: str, given: inspect.Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "kind": given.kind.name}
    if given.default is not given.empty and name not in method.exposure.odoo_needs:
        found["default"] = given.default if isinstance(given.default, str | int | bool | None) else None
    return found
