"""POST /jsonrpc: Odoo's external API in its JSON envelope, with params {service, method, args}."""

from functools import partial
from typing import Any

from aiohttp import web

from server.deployment import Deployment
from server.large_bodies import Secrets, read_call, secrets_in_json
from server.protocols.odoo_envelope import answer, missing_arguments
from server.protocols.odoo_services import OdooServices

PARAMETERS = ("service", "method", "args")


class OdooEndpoint:
    """Answers POST /jsonrpc."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._services = OdooServices(deployment)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""

        async def act(params: dict[str, Any]) -> Any:
            if missing := [name for name in PARAMETERS if name not in params]:
                raise missing_arguments(*missing)
            service, method, args = (params[name] for name in PARAMETERS)
            return await self._services.call(service, method, args, self._deployment.address_of(request))

        async def check(secrets: Secrets) -> Any:
            return await self._services.user(*secrets, self._deployment.address_of(request))

        read = partial(read_call, self._deployment, finds=secrets_in_json, checks=check)
        return await answer(request, self._deployment.settings.odoo_serie, act, read)
