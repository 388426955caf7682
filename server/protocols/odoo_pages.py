"""The few pages below /web: a form to log in, what it leads to, and the serie for who asks with GET.

They hold no script of ours. What looks like one is data for clients which read pages: `csrf_token` of the form and the
session info after it (odooly does when it knows no database, or for two-factor logins elsewhere).
"""

import hmac
import html
import re
import secrets
from urllib.parse import parse_qs, quote

from aiohttp import web

from models.orm.errors import AppError, LoginError, RateError
from server.deployment import Deployment
from server.exchange import begin, check_content_type, read_body, reply
from server.json_text import encode
from server.protocols.odoo_cookie import check_origin, drop_session, session_user, set_session, token_of
from server.protocols.odoo_services import version_info
from server.protocols.odoo_web import session_info

FORM = frozenset({"application/x-www-form-urlencoded"})
FORM_COOKIE = "login_form"
FORM_SECONDS = 3600
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/pages/page.css">
<script>
{data}
</script>
<main>
<h1>{title}</h1>
{body}
</main>
</html>
"""
LOGIN = """<p>{message}</p>
<form method="post" action="/web/login">
<input type="hidden" name="csrf_token" value="{token}">
<input type="hidden" name="redirect" value="{after}">
<label><span>Login</span><input name="login" autocomplete="username" required autofocus></label>
<label><span>Password</span><input name="password" type="password" autocomplete="current-password" required></label>
<p><button>Log in</button></p>
</form>"""
HOME = """<p>You are logged in as {name}.</p>
<p><a href="/doc">What can be called</a></p>
<p><a href="/web/session/logout">Log out</a></p>"""
LOGIN_PATH = "/web/login"
# Pages that a login may lead to: nothing that a link from elsewhere could choose.
AFTER_LOGIN = re.compile(r"/doc(/[A-Za-z0-9_.]{1,128})?", re.ASCII)


class OdooPages:
    """Answers the pages."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    async def root(self, request: web.Request) -> web.Response:
        """Lead whoever begins at the address itself to the pages."""
        begin(request)
        return _elsewhere("/web")

    async def home(self, request: web.Request) -> web.Response:
        """Show who is logged in, or the form."""
        begin(request)
        try:
            user = await session_user(self._deployment, request)
        except AppError:
            return _elsewhere("/web/login")
        info = await session_info(self._deployment, request, user)
        token = secrets.token_hex(32)
        data = f'odoo = {{ csrf_token: "{token}" }};\nodoo.__session_info__ = {_inline(info)};'
        return self._with_token(request, token, _page("Tandem", data, HOME.format(name=html.escape(user.name))))

    async def login_form(self, request: web.Request) -> web.Response:
        """Show the form."""
        begin(request)
        return self._form(request, after=request.query.get("redirect", ""))

    async def log_in(self, request: web.Request) -> web.Response:
        """Take the form: on to the pages with a session, or the form again with what was wrong."""
        begin(request)
        check_content_type(request, FORM)
        given = _fields(await read_body(request))
        after = given.get("redirect", "")
        shown = request.cookies.get(FORM_COOKIE, "")
        if not shown or not hmac.compare_digest(shown.encode(), given.get("csrf_token", "").encode()):
            return self._form(request, "The form has expired. Please try again.", 400, after)
        deployment = self._deployment
        try:
            check_origin(deployment, request)
            opened = await deployment.authenticator.login(
                given.get("login", ""),
                given.get("password", ""),
                address=deployment.address_of(request),
                database=given.get("db") or None,
                replaces=token_of(request),
            )
        except LoginError:
            return self._form(request, "Wrong login or password.", after=after)
        except RateError as error:
            return self._form(request, error.message, 429, after)
        response = _elsewhere(_page_after(after) or "/web")
        set_session(deployment, request, response, opened)
        response.del_cookie(FORM_COOKIE, path="/web/login")
        return response

    async def log_out(self, request: web.Request) -> web.Response:
        """End the session."""
        begin(request)
        await self._deployment.authenticator.logout(token_of(request))
        response = _elsewhere("/web/login")
        drop_session(self._deployment, request, response)
        return response

    async def version(self, request: web.Request) -> web.Response:
        """Answer the serie as newer clients ask for it."""
        begin(request)
        info = version_info(self._deployment.settings.odoo_serie)
        return reply(encode({"version": info["server_version"], "version_info": info["server_version_info"]}))

    def _form(self, request: web.Request, message: str = "", status: int = 200, after: str = "") -> web.Response:
        token = secrets.token_hex(32)
        data = f'odoo = {{ csrf_token: "{token}" }};'
        page = LOGIN.format(message=html.escape(message), token=token, after=_page_after(after))
        return self._with_token(request, token, _page("Log in", data, page, status))

    def _with_token(self, request: web.Request, token: str, response: web.Response) -> web.Response:
        """Let the browser show the form's token beside the form: whoever cannot read the page cannot send it."""
        response.set_cookie(
            FORM_COOKIE,
            token,
            max_age=FORM_SECONDS,
            path="/web/login",
            httponly=True,
            samesite="Strict",
            secure=self._deployment.origin_of(request).startswith("https://"),
        )
        return response


def _page(title: str, data: str, body: str, status: int = 200) -> web.Response:
    text = PAGE.format(title=title, data=data, body=body)
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def to_login(path: str) -> web.Response:
    """Ask whoever wants a page to log in first, and lead back to it."""
    after = _page_after(path)
    return _elsewhere(f"{LOGIN_PATH}?redirect={quote(after, safe='')}" if after else LOGIN_PATH)


def _page_after(path: str) -> str:
    """The page to show after a login, empty where it is none of those that may be asked for."""
    return path if AFTER_LOGIN.fullmatch(path) else ""


def _elsewhere(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})


def _inline(value: object) -> str:
    """JSON that cannot end the script it stands in."""
    text = encode(value).decode()
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _fields(body: bytes) -> dict[str, str]:
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise web.HTTPBadRequest(text="The form cannot be read.") from None
    return {name: values[0] for name, values in found.items()}
