"""Who asks for a file or brings one, and what a refusal looks like to that client."""

from aiohttp import web

from models.orm.env import User
from models.orm.errors import (
    AccessError,
    AppError,
    BusyError,
    LimitError,
    LoginError,
    MissingError,
    SessionError,
    UnknownFieldError,
    UnknownModelError,
)
from server.deployment import Deployment
from server.internal_error import InternalError, reported
from server.protocols.odoo_cookie import check_origin, token_of

SCHEME = "bearer "
NETFORCE_COOKIE = "token"  # where Netforce's clients keep what a login gave them
NO_CREDENTIALS = "Log in first: no session, bearer token or API key was given."
HIDDEN: tuple[type[AppError], ...] = (MissingError, AccessError, UnknownModelError, UnknownFieldError)


def token_shown(request: web.Request) -> str:
    """The session token or API key of a request: in the header, else in a cookie; empty when there is none."""
    given = request.headers.get("Authorization", "")
    if given:
        return given[len(SCHEME) :].strip() if given[: len(SCHEME)].lower() == SCHEME else "-"
    return token_of(request) or request.cookies.get(NETFORCE_COOKIE, "")


async def caller_of(deployment: Deployment, request: web.Request) -> User:
    """Whose credentials a request shows.

    Raises `SessionError`, and `AccessError` for what a page of another site sends in somebody's name.
    """
    token = token_shown(request)
    if not token:
        raise SessionError(NO_CREDENTIALS)
    if "Authorization" not in request.headers:
        check_origin(deployment, request)
        if request.method == "POST" and not token_of(request) and "Origin" not in request.headers:
            raise AccessError("This cookie counts only where the browser says which page sends it (Origin).")
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise AccessError("Another site may not make calls in your name.")
    return await deployment.authenticator.by_token(token)


def refusal(error: Exception, *, hide: bool = False) -> web.Response:
    """What a client hears of an error. `hide`: what is hidden is not found."""
    if isinstance(error, AppError):
        return web.Response(status=_status(error, hide=hide), text="Not Found" if _hidden(error, hide) else str(error))
    if not isinstance(error, InternalError):
        error = reported(error)
    return web.Response(status=500, text=str(error))


def _hidden(error: AppError, hide: bool) -> bool:
    return hide and isinstance(error, HIDDEN)


def _status(error: AppError, *, hide: bool) -> int:
    if _hidden(error, hide) or isinstance(error, UnknownModelError):
        return 404
    if isinstance(error, LoginError):
        return 401
    if isinstance(error, LimitError):
        return 413
    if isinstance(error, BusyError):
        return 503
    return error.code if 400 <= error.code < 600 else 400
