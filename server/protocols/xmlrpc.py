"""POST /xmlrpc/2/<service> and /xmlrpc/<service>: Odoo's services common, object and db in XML-RPC.

The two differ in their faults. Version 2 has numbers: 1 for what went wrong, 2 for what the rules refuse, 3 for wrong
credentials, 4 for missing rights. The older one has texts. An answer is HTTP 200 whatever it says; a body that is no
call at all is HTTP 400.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from server.deployment import Deployment
from server.exchange import begin
from server.internal_error import reported
from server.large_bodies import Secrets, read_call, secrets_in_xml
from server.protocols.odoo_errors import ACCESS, DENIED, MISSING, OdooError, odoo_error
from server.protocols.odoo_services import OdooServices
from server.protocols.xmlrpc_text import XmlRpcError, decode, encode, encode_fault

OTHER_FAULT = 1
WARNINGS = {MISSING: "MissingError", ACCESS: "AccessError"}

Fault = tuple[int | str, str]


class XmlRpcEndpoint:
    """Answers both versions of the protocol."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._services = OdooServices(deployment)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a request of version 2."""
        return await self._handle(request, _numbered)

    async def handle_old(self, request: web.Request) -> web.Response:
        """Answer a request of version 1."""
        return await self._handle(request, _worded)

    async def _handle(self, request: web.Request, fault: Callable[[OdooError], Fault]) -> web.Response:
        begin(request)
        address = self._deployment.address_of(request)

        async def check(secrets: Secrets) -> Any:
            return await self._services.user(*secrets, address)

        body = await read_call(self._deployment, request, finds=secrets_in_xml, checks=check)
        try:
            method, arguments = decode(body)
        except XmlRpcError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        service = request.match_info["service"]
        try:
            result = await self._services.call(service, method, arguments, address)
            answer = encode(result)
        except TypeError as error:
            answer = encode_fault(*fault(odoo_error(reported(error))))
        except Exception as error:  # noqa: BLE001 worded for the caller, logged when it is not expected
            answer = encode_fault(*fault(odoo_error(error)))
        return web.Response(body=answer, content_type="text/xml")


def _numbered(error: OdooError) -> Fault:
    code = error.kind.fault
    return code, f"{error.kind.name}: {error.message}" if code == OTHER_FAULT else error.message


def _worded(error: OdooError) -> Fault:
    if error.kind is DENIED:
        return "AccessDenied", error.message
    if error.kind.fault == OTHER_FAULT:
        return error.message, f"{error.kind.name}: {error.message}"
    return f"warning -- {WARNINGS.get(error.kind, 'UserError')}\n\n{error.message}", ""
