"""The JSON envelope of Odoo's web and external API: like JSON-RPC 2.0, but not it.

The method is ignored, as is the version. An answer is HTTP 200 whatever it says, and has no `result` when that is
None. A body that is no JSON object, a batch among them, is answered with HTTP 400 and a line of HTML. There are no
notifications: without an id the answer's is null.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from server.exchange import begin, check_content_type, read_body, reply
from server.internal_error import reported
from server.json_text import JsonError, decode, encode
from server.protocols.odoo_errors import EXPIRED, NOT_FOUND, Kind, OdooError, OdooFault, odoo_error

JSON = frozenset({"application/json", "application/json-rpc"})
SESSION_EXPIRED = 100
HTTP_NOT_FOUND = 404
FIRST_SERIE_WITH_ZERO = 19

ReadBody = Callable[[web.Request], Awaitable[bytes]]
Act = Callable[[dict[str, Any]], Awaitable[Any]]


async def answer(request: web.Request, serie: str, act: Act, read: ReadBody = read_body) -> web.Response:
    """Read the envelope (by `read`), let `act` have the params, and put its value or exception into the answer."""
    begin(request)
    check_content_type(request, JSON)
    try:
        message = decode(await read(request))
    except JsonError:
        raise _bad_request("Invalid JSON data") from None
    if not isinstance(message, dict):
        raise _bad_request("Invalid JSON-RPC data")
    number = message.get("id")
    try:
        result = await act(_params(message))
    except Exception as error:  # noqa: BLE001 worded for the caller, logged when it is not expected
        return _failed(number, odoo_error(error), serie)
    return _encoded(number, result, serie)


def missing_arguments(*names: str) -> OdooFault:
    """The error for parameters that are not there, in the words of Python."""
    quoted = [repr(name) for name in names]
    listed = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    plural = "" if len(names) == 1 else "s"
    text = f"missing {len(names)} required positional argument{plural}: {listed}"
    return OdooFault(text, Kind("builtins.TypeError", 422, 1))


def _params(message: dict[str, Any]) -> dict[str, Any]:
    params = message.get("params") or {}
    if not isinstance(params, dict):
        raise OdooFault("params must be an object", Kind("builtins.TypeError", 422, 1))
    return params


def _encoded(number: Any, result: Any, serie: str) -> web.Response:
    envelope = {"jsonrpc": "2.0", "id": number}
    if result is not None:
        envelope["result"] = result
    try:
        return reply(encode(envelope))
    except TypeError as error:
        return _failed(number, odoo_error(reported(error)), serie)


def _failed(number: Any, error: OdooError, serie: str) -> web.Response:
    code, message = (0 if int(serie.partition(".")[0]) >= FIRST_SERIE_WITH_ZERO else 200), "Odoo Server Error"
    if error.kind is EXPIRED:
        code, message = SESSION_EXPIRED, "Odoo Session Expired"
    elif error.kind is NOT_FOUND:
        code, message = HTTP_NOT_FOUND, "404: Not Found"
    told = {"code": code, "message": message, "data": error.data}
    return reply(encode({"jsonrpc": "2.0", "id": number, "error": told}))


def _bad_request(text: str) -> web.HTTPBadRequest:
    page = f"<!doctype html>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n<p>{text}</p>\n"
    return web.HTTPBadRequest(text=page, content_type="text/html")
