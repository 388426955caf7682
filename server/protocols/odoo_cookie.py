"""The cookie of Odoo's web session, and who may use it.

A browser sends a cookie whoever makes it, so a call that rests on one is looked at twice: it has to be JSON, which a
form of another site cannot send, and an Origin, where one is given, has to be ours. The cookie itself stays at home
when another site makes the call (SameSite) and is no business of scripts (HttpOnly).
"""

import datetime as dt
import hmac

from aiohttp import web

from models.orm.env import User
from models.orm.errors import AccessError, SessionError
from server.auth import Login
from server.deployment import Deployment

COOKIE = "session_id"
HEADER = "X-Openerp-Session-Id"
SECURE = "https://"


def token_of(request: web.Request) -> str:
    """The session that a request shows, in the header of scripts or in the cookie; empty when there is none."""
    if given := request.headers.get(HEADER):
        return given
    return request.cookies.get(COOKIE, "") if "Cookie" in request.headers else ""


async def session_user(deployment: Deployment, request: web.Request) -> User:
    """Whose session it is. Raises `SessionError`, and `AccessError` for a call that another site made."""
    token = token_of(request)
    if not token:
        raise SessionError
    check_origin(deployment, request)
    return await deployment.authenticator.by_token(token)


def token_of_own_page(deployment: Deployment, request: web.Request) -> str:
    """The session of who looks at a page of ours that makes this request; empty for every other sender.

    A browser names the page's origin in each POST; what carries the cookie without it was not sent by our pages.
    """
    token = request.cookies.get(COOKIE, "") if "Cookie" in request.headers else ""
    return token if token and _is_from_us(deployment, request.headers.get("Origin", ""), request) else ""


def check_origin(deployment: Deployment, request: web.Request) -> None:
    """Refuse what a page of another site sends in the name of whoever looks at it."""
    origin = request.headers.get("Origin")
    if origin is not None and not _is_from_us(deployment, origin, request):
        raise AccessError("Another site may not make calls in your name.")


def _is_from_us(deployment: Deployment, origin: str, request: web.Request) -> bool:
    ours = deployment.origin_of(request).encode("utf-8", "surrogateescape")
    return hmac.compare_digest(origin.lower().encode("utf-8", "surrogateescape"), ours)


def set_session(deployment: Deployment, request: web.Request, response: web.Response, opened: Login) -> None:
    """Hand a new session to the client."""
    seconds = int((opened.expires_at - dt.datetime.now(dt.UTC)).total_seconds())
    _set(deployment, request, response, opened.token, seconds)


def drop_session(deployment: Deployment, request: web.Request, response: web.Response) -> None:
    """Take the session from the client."""
    _set(deployment, request, response, "", 0)


def _set(deployment: Deployment, request: web.Request, response: web.Response, token: str, seconds: int) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=deployment.origin_of(request).startswith(SECURE),
    )
