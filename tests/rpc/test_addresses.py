"""Where a request comes from: the peer, unless a trusted proxy says otherwise."""

import msgspec
import pytest
from aiohttp import web

from server.deployment import Deployment
from tests.rpc.conftest import Running

LOOPBACK, PROXIES = ("127.0.0.1",), ("127.0.0.0/8", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("trusted", "forwarded", "wanted"),
    [
        ((), "203.0.113.7", "127.0.0.1"),
        (("10.0.0.1",), "203.0.113.7", "127.0.0.1"),
        (LOOPBACK, "", "127.0.0.1"),
        (LOOPBACK, "203.0.113.7", "203.0.113.7"),
        (LOOPBACK, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (PROXIES, "198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        (PROXIES, "not an address, 10.1.2.3", "not an address"),
    ],
)
async def test_a_forwarded_address_counts_from_a_trusted_proxy_alone(
    running: Running, trusted: tuple[str, ...], forwarded: str, wanted: str
) -> None:
    given = running.deployment
    settings = msgspec.structs.replace(given.settings, trusted_proxies=trusted)
    deployment = Deployment(settings, given.registry, given.pool, given.authenticator, given.executor, given.metrics)

    async def tell(request: web.Request) -> web.Response:
        return web.Response(text=deployment.address_of(request))

    app = web.Application()
    app.router.add_get("/", tell)
    endpoint = await running.served(app)

    async with endpoint.session.get(endpoint.url, headers={"X-Forwarded-For": forwarded}) as response:
        assert await response.text() == wanted
