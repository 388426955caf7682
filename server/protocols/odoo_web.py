"""Odoo's web session: POST /web/session/*, /web/dataset/*, /web/webclient/version_info, /web/database/list.

A login sets a cookie, every later call shows it. All routes speak the envelope of `odoo_envelope`; a session that is
missing or over is error code 100.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web

from models.orm.answer import JsonText
from models.orm.dialect import ODOO
from models.orm.env import User
from models.orm.errors import InputError, LoginError, UnknownModelError
from models.orm.limits import LIMITS
from server.auth import Login
from server.deployment import Deployment
from server.execute import Call
from server.large_bodies import read_call
from server.protocols.odoo_cookie import check_origin, drop_session, session_user, set_session, token_of
from server.protocols.odoo_envelope import answer, missing_arguments
from server.protocols.odoo_errors import NOT_FOUND, OdooFault
from server.protocols.odoo_services import OdooServices, call_model, check_database, version_info

Handler = Callable[[web.Request], Awaitable[web.Response]]


class OdooWeb:
    """Answers the JSON routes below /web."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._services = OdooServices(deployment)

    @property
    def routes(self) -> dict[str, Handler]:
        """Every path and what answers a POST to it."""
        return {
            "/web/session/authenticate": self.authenticate,
            "/web/session/get_session_info": self.get_session_info,
            "/web/session/check": self.check,
            "/web/session/destroy": self.destroy,
            "/web/session/modules": self.modules,
            "/web/session/get_lang_list": self.list_languages,
            "/web/dataset/call_kw": self.call_kw,
            "/web/dataset/call_kw/{path:.+}": self.call_kw,
            "/web/dataset/call_button": self.call_button,
            "/web/dataset/call_button/{path:.+}": self.call_button,
            "/web/webclient/version_info": self.version_info,
            "/web/database/list": self.list_databases,
        }

    async def authenticate(self, request: web.Request) -> web.Response:
        """Check database, login and password; answer the session info and set the cookie."""
        opened: list[Login] = []

        async def act(params: dict[str, Any]) -> Any:
            check_origin(self._deployment, request)
            if missing := [name for name in ("db", "login", "password") if name not in params]:
                raise missing_arguments(*missing)
            found = await self._login(request, params["db"], params["login"], params["password"])
            info = await session_info(self._deployment, request, found.user)
            opened.append(found)
            return info

        response = await self._answer(request, act)
        for found in opened:
            set_session(self._deployment, request, response, found)
        return response

    async def get_session_info(self, request: web.Request) -> web.Response:
        """Answer what the login answered."""
        return await self._as_user(request, lambda user, _: session_info(self._deployment, request, user))

    async def check(self, request: web.Request) -> web.Response:
        """Answer nothing while the session holds."""

        async def act(_user: User, _params: dict[str, Any]) -> None:
            return None

        return await self._as_user(request, act)

    async def destroy(self, request: web.Request) -> web.Response:
        """End the session."""

        async def act(_params: dict[str, Any]) -> None:
            check_origin(self._deployment, request)
            await self._deployment.authenticator.logout(token_of(request))

        response = await self._answer(request, act)
        drop_session(self._deployment, request, response)
        return response

    async def modules(self, request: web.Request) -> web.Response:
        """Answer the names of the modules that are installed."""
        call = Call("ir.module.module", "search_read", ([["state", "=", "installed"]], ["name"]), dialect=ODOO)

        async def act(user: User, _params: dict[str, Any]) -> Any:
            found = await self._deployment.executor.execute(call, user)
            return [module["name"] for module in (found.value() if isinstance(found, JsonText) else found)]

        return await self._as_user(request, act)

    async def call_kw(self, request: web.Request) -> web.Response:
        """Call a method of a model. What follows in the path is for people who read logs."""
        return await self._as_user(request, self._call)

    async def call_button(self, request: web.Request) -> web.Response:
        """Call a method behind a button: only an action comes back, else false."""

        async def act(user: User, params: dict[str, Any]) -> Any:
            result = await self._call(user, params)
            return result if isinstance(result, dict) else False

        return await self._as_user(request, act)

    async def version_info(self, request: web.Request) -> web.Response:
        """Answer the serie that clients adapt to."""
        return await self._answer(request, lambda _: self._services.version(""))

    async def list_databases(self, request: web.Request) -> web.Response:
        """Answer the one database there is."""
        return await self._answer(request, lambda _: self._services.list_databases(""))

    async def list_languages(self, request: web.Request) -> web.Response:
        """Answer the languages that answers come in."""
        return await self._answer(request, lambda _: self._services.list_languages(""))

    async def _answer(self, request: web.Request, act: Callable[[dict[str, Any]], Awaitable[Any]]) -> web.Response:
        return await answer(request, self._deployment.settings.odoo_serie, act, partial(read_call, self._deployment))

    async def _as_user(
        self, request: web.Request, act: Callable[[User, dict[str, Any]], Awaitable[Any]]
    ) -> web.Response:
        async def signed_in(params: dict[str, Any]) -> Any:
            return await act(await session_user(self._deployment, request), params)

        return await self._answer(request, signed_in)

    async def _call(self, user: User, params: dict[str, Any]) -> Any:
        if missing := [name for name in ("model", "method") if name not in params]:
            raise missing_arguments(*missing)
        args, kwargs = params.get("args") or [], params.get("kwargs") or {}
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise InputError("args must be a list and kwargs an object.")
        model, method = params["model"], params["method"]
        try:
            return await call_model(self._deployment, user, model=model, method=method, args=args, kwargs=kwargs)
        except UnknownModelError as error:
            if error.model != model:
                raise
            raise OdooFault(f"404 Not Found: {error.message}", NOT_FOUND) from None

    async def _login(self, request: web.Request, database: Any, login: Any, password: Any) -> Login:
        deployment = self._deployment
        check_database(deployment, database)
        if not isinstance(login, str) or not isinstance(password, str):
            raise LoginError
        address = deployment.address_of(request)
        return await deployment.authenticator.login(login, password, address=address, replaces=token_of(request))


async def session_info(deployment: Deployment, request: web.Request, user: User) -> dict[str, Any]:
    """What clients of the web session want to know after a login."""
    settings = deployment.settings
    try:
        who = await deployment.executor.execute(Call("res.users", "session_info", dialect=ODOO), user)
    except UnknownModelError:
        who = _bare(user)
    version = version_info(settings.odoo_serie)
    return {
        **who,
        "db": settings.database,
        "server_version": version["server_version"],
        "server_version_info": version["server_version_info"],
        "web.base.url": deployment.origin_of(request),
        "max_file_upload_size": LIMITS.attachment_body_bytes,
        "active_ids_limit": LIMITS.ids_per_call,
    }


def _bare(user: User) -> dict[str, Any]:
    """Of a service user, who may call one method and read nothing: who it is. Its session is as good as any."""
    names = {"uid": user.id, "username": user.login, "name": user.name, "is_internal_user": False}
    roles = dict.fromkeys(("is_admin", "is_system", "is_public"), False)
    return {**names, **roles, "user_context": {"lang": user.lang, "tz": user.tz, "uid": user.id}}
