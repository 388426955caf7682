"""What the dialects need of the server they are part of."""

from dataclasses import dataclass
from importlib.metadata import version
from ipaddress import ip_address, ip_network

from aiohttp import web

from models.orm.registry import Registry
from server.auth import Authenticator
from server.database.pool import Pool
from server.execute import Executor
from server.metrics import Metrics
from server.settings import Settings

VERSION = version("tandem")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One running deployment: its models, its database, who may call, and how calls are run."""

    settings: Settings
    registry: Registry
    pool: Pool
    authenticator: Authenticator
    executor: Executor
    metrics: Metrics

    def address_of(self, request: web.Request) -> str:
        """Where a request comes from: the peer, or what a trusted proxy says about it in X-Forwarded-For."""
        address = request.remote or ""
        if not self.settings.trusted_proxies:
            return address
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        while hops and self._trusts(address):
            address = hops.pop()
        return address

    def origin_of(self, request: web.Request) -> str:
        """The scheme and host that the sender sees, `https://host:port`: a trusted proxy's words, else ours."""
        scheme, host = request.scheme, request.host
        if self.settings.trusted_proxies and self._trusts(request.remote or ""):
            scheme = _last(request, "X-Forwarded-Proto") or scheme
            host = _last(request, "X-Forwarded-Host") or host
        return f"{scheme}://{host}".lower()

    def _trusts(self, address: str) -> bool:
        try:
            host = ip_address(address)
        except ValueError:
            return False
        return any(host in ip_network(proxy, strict=False) for proxy in self.settings.trusted_proxies)


def _last(request: web.Request, header: str) -> str:
    return request.headers.get(header, "").rpartition(",")[2].strip()
