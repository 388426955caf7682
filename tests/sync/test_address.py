"""Where credentials may be sent: public addresses over https, and what the operator lists."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from models.sync.address import AddressPolicy, AddressRefusedError, RemoteUrlError, remote_of
from models.sync.handler import RemoteAccount
from models.sync.outcome import Verdict, outcome_of
from rpc_client import RpcError
from server.remotes import RemoteClients
from tests.sync.peer import running_peer
from tests.sync.world import PASSWORD

NOTHING = AddressPolicy.of([])
PUBLIC = "93.184.215.14"


def account(url):
    return RemoteAccount(url, "db", "ada", PASSWORD, protocol="tandem")


@asynccontextmanager
async def clients(*allowed):
    made = RemoteClients(AddressPolicy.of(allowed), call_seconds=5.0)
    try:
        yield made
    finally:
        await made.close()


async def refusal(url, *allowed):
    """How a call to the URL is refused."""
    async with clients(*allowed) as made:
        try:
            await made.client(account(url)).execute("a", "b")
        except (RpcError, RemoteUrlError) as error:
            return outcome_of(error)
    return None


@pytest.fixture
def names(monkeypatch):
    """Names as the system's resolver would know them: {name: addresses}, one list after the other."""
    known: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def look_up(host, port, *rest, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if name not in known:
            return real(host, port, *rest, **options)
        address = known[name].pop(0) if len(known[name]) > 1 else known[name][0]
        return real(address, port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


@pytest.mark.statement("X21")
@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://203.0.113.1/",
        "http://127.0.0.1:{port}/peer",
        "https://127.0.0.1:{port}/peer",
        "https://[::1]:{port}/peer",
        "https://[::ffff:127.0.0.1]:{port}/peer",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3/",
        "https://192.168.0.1/",
        "https://2130706433:{port}/peer",
        "https://0177.0.0.1:{port}/peer",
        "https://0x7f000001:{port}/peer",
        "https://user@127.0.0.1:{port}/peer",
        "https://localhost:{port}/peer",
        "https://0.0.0.0:{port}/peer",
        "https://[fe80::1%25eth0]:{port}/peer",
        "https://100.64.0.1/",
    ],
)
async def test_inside_addresses_are_refused_in_every_spelling(url):
    async with running_peer() as peer:
        outcome = await refusal(url.format(port=peer.port))

        assert outcome is not None
        assert (peer.logins, peer.versions, peer.received) == (0, 0, [])
    if "://user@" not in url and "://" in url and url.startswith("http"):
        assert outcome.verdict in (Verdict.REFUSED, Verdict.FAILED)


@pytest.mark.statement("X21")
async def test_the_address_of_the_socket_counts_not_an_earlier_answer_for_the_name(names):
    async with running_peer() as peer:
        names["rebound.example"] = [PUBLIC, "127.0.0.1"]
        socket.getaddrinfo("rebound.example", peer.port)  # a check beforehand would have been content

        outcome = await refusal(f"https://rebound.example:{peer.port}/peer")

        assert outcome.verdict is Verdict.REFUSED
        assert "not public" in outcome.error
        assert peer.logins == 0


@pytest.mark.statement("X21", "X22")
async def test_redirects_to_the_inside_are_not_followed():
    async with running_peer() as inside, clients("127.0.0.1") as made:
        app = web.Application()

        async def send_on(_request):
            return web.Response(status=307, headers={"Location": inside.url() + "/rpc"})

        app.router.add_route("*", "/{path:.*}", send_on)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            with pytest.raises(Exception, match="HTTP status 307"):
                await made.client(account(f"http://127.0.0.1:{runner.addresses[0][1]}")).execute("a", "b")
        finally:
            await runner.cleanup()

        assert (inside.logins, inside.received) == (0, [])


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.0/8", "localhost"])
async def test_what_the_operator_lists_is_called_also_without_encryption(allowed):
    async with running_peer() as peer, clients(allowed) as made:
        host = "localhost" if allowed == "localhost" else "127.0.0.1"
        payload = {"event_id": "e1", "lead": 1}

        answer = await made.client(account(f"http://{host}:{peer.port}/peer")).execute("a", "receive", [payload])

        assert answer == {"created": True}


async def test_a_public_host_is_not_called_without_encryption(names):
    async with running_peer() as peer:
        names["dealer.example"] = [PUBLIC]

        outcome = await refusal(f"http://dealer.example:{peer.port}/peer")

        assert outcome.verdict is Verdict.REFUSED
        assert "use https" in outcome.error


async def test_a_listed_name_does_not_reach_the_metadata_of_a_cloud(names):
    names["bpo.internal"] = ["169.254.169.254"]

    outcome = await refusal("http://bpo.internal/peer", "bpo.internal")

    assert outcome.verdict is Verdict.REFUSED


@pytest.mark.statement("X22")
async def test_a_server_without_a_trusted_certificate_gets_nothing():
    received = bytearray()

    async def take(reader, writer):
        received.extend(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        outcome = await refusal(f"https://127.0.0.1:{port}/peer", "127.0.0.1")

    assert outcome.verdict is Verdict.UNREACHED
    assert received[:1] == b"\x16"  # a TLS handshake, nothing in the clear
    assert PASSWORD.encode() not in received


@pytest.mark.parametrize(
    ("url", "spelling"),
    [
        ("HTTPS://Dealer.Example/", "https://dealer.example"),
        ("https://dealer.example:443", "https://dealer.example"),
        ("http://dealer.example:8018/odoo/", "http://dealer.example:8018/odoo"),
        ("https://dealer.example.", "https://dealer.example"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443"),
    ],
)
def test_a_url_has_one_spelling(url, spelling):
    assert remote_of(url).url == spelling


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dealer.example",
        "//dealer.example",
        "https://",
        "https://ada:hush@dealer.example",
        "https://dealer.example?database=x",
        "https://dealer.example#x",
        "https://dealer.example:port",
        "https://dealer.example\n.evil.example",
        "https://dealer.example\\@evil.example",
        "https://127.1",
        "https://[::1",
        "https://" + "a" * 3000,
    ],
)
def test_no_remote_has_such_a_url(url):
    with pytest.raises(RemoteUrlError) as caught:
        remote_of(url)

    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "172.16.5.5",
        "224.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fc00::1",
        "nonsense",
    ],
)
def test_the_policy_refuses(address):
    assert not is_allowed(address)


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_the_policy_allows_public_addresses(address):
    assert is_allowed(address)


def is_allowed(address):
    try:
        NOTHING.check(remote_of("https://dealer.example"), address)
    except AddressRefusedError:
        return False
    return True
