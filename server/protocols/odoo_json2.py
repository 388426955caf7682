"""POST /json/2/<model>/<method>: Odoo 19's API. An API key as bearer, one object of named arguments, a bare result.

`ids` and `context` are among the arguments. The status tells how it went; where Odoo answers 500 to a mistake in the
arguments, we answer 422, because the caller can do something about it.
"""

from typing import Any

from aiohttp import web

from models.orm.env import User
from models.orm.errors import UnknownModelError
from models.orm.methods import Method
from server.deployment import Deployment
from server.exchange import begin, check_content_type, reply
from server.json_text import JsonError, decode, encode
from server.large_bodies import read_call
from server.protocols.odoo_bearer import bearer_user, check_database, refused
from server.protocols.odoo_errors import Kind, OdooFault
from server.protocols.odoo_services import call_model

BAD_REQUEST = Kind("werkzeug.exceptions.BadRequest", 400, 1)
UNPROCESSABLE = Kind("werkzeug.exceptions.UnprocessableEntity", 422, 1)


class Json2Endpoint:
    """Answers the API."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call."""
        begin(request)
        check_content_type(request)
        try:
            user = await bearer_user(self._deployment, request)
            check_database(self._deployment, request)
            given = _arguments(await read_call(self._deployment, request))
            model, method = request.match_info["model"], request.match_info["method"]
            return reply(encode(await self._call(user, model, method, given)))
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 worded for the caller, logged when it is not expected
            return refused(error)

    async def handle_get(self, request: web.Request) -> web.Response:
        """Say what to do instead."""
        begin(request)
        return web.Response(status=404, text="Did you mean POST /json/2/<model>/<method>?")

    async def _call(self, user: User, model: str, method: str, given: dict[str, Any]) -> Any:
        found = self._method(user, model, method)
        if found is not None and not found.takes_ids and not method.startswith("_"):
            if given.pop("ids", None):
                raise OdooFault(f"cannot call {model}.{method} with ids", UNPROCESSABLE)
        else:
            given.setdefault("ids", [])
        result = await call_model(self._deployment, user, model=model, method=method, args=[], kwargs=given)
        return [result] if method == "create" and isinstance(result, int) else result

    def _method(self, user: User, model: str, method: str) -> Method | None:
        """What will be called, as far as the user may know of it: service users know their one method of a model."""
        registry = self._deployment.registry
        found = registry.names.get(model)
        called = found.meta.methods.get(method) if found is not None else None
        is_for_user = called is not None and not user.groups.isdisjoint(called.exposure.groups)
        if found is None or not (is_for_user or registry.profile(user.groups).operations(found.meta)):
            raise UnknownModelError(f"There is no model {model[:64]}.", model=model[:64])
        return called


def _arguments(body: bytes) -> dict[str, Any]:
    """The named arguments. No body, and what is no object, means none."""
    if not body.strip():
        return {}
    try:
        given = decode(body)
    except JsonError as error:
        raise OdooFault(f"could not parse the body as json: {error}", BAD_REQUEST) from None
    return given if isinstance(given, dict) else {}
