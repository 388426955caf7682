"""API keys in the header Authorization, as Odoo 19 takes them, and refusals in its form: status and five members."""

from aiohttp import web

from models.orm.env import User
from models.orm.errors import AppError, BusyError, RateError, SessionError, UnknownModelError
from server.deployment import Deployment
from server.exchange import reply
from server.json_text import encode
from server.protocols.odoo_errors import NOT_FOUND, Kind, OdooError, odoo_error

SCHEME = "bearer "
NO_KEY = "User not authenticated, use an API Key with a Bearer Authorization header."
UNAUTHORISED = Kind("werkzeug.exceptions.Unauthorized", 401)
# What Odoo has no exception for gets the status that HTTP has for it.
STATUS: dict[type[AppError], int] = {RateError: 429, BusyError: 503, UnknownModelError: 404}


class UnauthorisedError(Exception):
    """There is no key, or none that opens."""


async def bearer_user(deployment: Deployment, request: web.Request) -> User:
    """Whose key a request shows. Raises `UnauthorisedError`."""
    given = request.headers.get("Authorization", "")
    if given[: len(SCHEME)].lower() != SCHEME:
        raise UnauthorisedError(NO_KEY)
    try:
        return await deployment.authenticator.by_token(given[len(SCHEME) :].strip())
    except SessionError:
        raise UnauthorisedError("Invalid apikey") from None


def check_database(deployment: Deployment, request: web.Request) -> None:
    """Answer 404 to who wants another database."""
    wanted = request.headers.get("X-Odoo-Database")
    if wanted and wanted != deployment.settings.database:
        raise web.HTTPNotFound(text="There is no such database.")


def refused(error: Exception) -> web.Response:
    """The answer to a call that went wrong."""
    if isinstance(error, UnauthorisedError):
        response = _told(OdooError(UNAUTHORISED, str(error)), UNAUTHORISED.status)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    told = odoo_error(error)
    status = next((code for cls, code in STATUS.items() if isinstance(error, cls)), told.kind.status)
    if isinstance(error, UnknownModelError):
        told = OdooError(NOT_FOUND, f"The model {error.model!r} does not exist")
    return _told(told, status)


def _told(error: OdooError, status: int) -> web.Response:
    return reply(encode(error.data), status)
