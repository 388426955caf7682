"""HTTP: limits on what comes back, times, and what is never followed or reused."""

import asyncio
import gzip
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rpc_client import AnswerTooLarge, AsyncClient, BadAnswer, ConnectionLost, RetryPolicy, Timeout, Unreachable
from rpc_client.answer_body import AnswerBody
from rpc_client.exchange import seconds_to_wait
from tests.rpc_client.conftest import QUICK, client_of
from tests.rpc_client.stand_in import StandIn, answering, waiting

ANSWER = b'{"jsonrpc":"2.0","id":1,"result":{"padding":"%s"}}'


async def test_a_packed_answer_is_unpacked(tandem: StandIn, client: AsyncClient) -> None:
    tandem.faults.append(answering(gzip.compress(ANSWER % (b"x" * 10_000)), headers={"Content-Encoding": "gzip"}))

    assert len((await client.version())["padding"]) == 10_000


@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_over_the_limit_is_refused(tandem: StandIn, *, packed: bool) -> None:
    body = ANSWER % (b"x" * 10_000)
    fault = answering(gzip.compress(body), headers={"Content-Encoding": "gzip"}) if packed else answering(body)
    tandem.faults.append(fault)
    async with client_of(tandem, protocol="tandem", max_answer_bytes=5_000) as erp:
        with pytest.raises(AnswerTooLarge) as refused:
            await erp.version()

    assert refused.value.limit == 5_000


async def test_an_endless_answer_is_cut_at_the_limit(tandem: StandIn) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65_536)

    tandem.faults.append(endless)
    async with client_of(tandem, protocol="tandem", max_answer_bytes=1 << 20) as erp:
        with pytest.raises(AnswerTooLarge):
            await erp.version()


def test_a_packed_bomb_costs_no_more_memory_than_the_limit() -> None:
    bomb = gzip.compress(b"\0" * (32 << 20), compresslevel=9)
    body = AnswerBody("gzip", 1000)

    with pytest.raises(AnswerTooLarge):
        body.feed(bomb)

    assert body._size == 1001


@pytest.mark.parametrize(
    "damage", [lambda packed: packed[:-9], lambda packed: packed[5:], lambda packed: packed + b"more"]
)
async def test_a_damaged_packed_answer_is_a_bad_answer(tandem: StandIn, client: AsyncClient, damage: Any) -> None:
    body = damage(gzip.compress(ANSWER % b"x"))
    tandem.faults.append(answering(body, headers={"Content-Encoding": "gzip"}))

    with pytest.raises(BadAnswer):
        await client.version()


async def test_a_packing_that_was_not_asked_for_is_a_bad_answer(tandem: StandIn, client: AsyncClient) -> None:
    tandem.faults.append(answering(b"", headers={"Content-Encoding": "br"}))

    with pytest.raises(BadAnswer, match="packed"):
        await client.version()


async def test_an_answer_cut_in_the_middle_is_a_lost_connection(tandem: StandIn) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"jsonrpc"')
        assert request.transport is not None
        request.transport.abort()
        return response

    tandem.faults.append(half)
    async with client_of(tandem, protocol="tandem", retry=RetryPolicy(tries=1)) as erp:
        with pytest.raises(ConnectionLost):
            await erp.version()


async def test_a_server_that_drips_is_cut_off_by_the_deadline(tandem: StandIn) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)

    tandem.faults.append(drip)
    start = time.monotonic()
    async with client_of(tandem, protocol="tandem", timeout=0.3) as erp:
        with pytest.raises(Timeout) as late:
            await erp.execute("m", "create")

    assert late.value.may_have_run is True
    assert time.monotonic() - start < 1.0


async def test_a_server_that_does_not_accept_is_a_timeout_before_sending() -> None:
    # A full backlog: connections to it stay in the kernel and are never established.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with AsyncClient(url, protocol="tandem", connect_timeout=0.1, retry=RetryPolicy(tries=1)) as erp:
            with pytest.raises(Timeout) as late:
                await erp.version()
        for filler in fillers:
            filler.close()

    assert late.value.may_have_run is False


async def test_a_redirect_is_not_followed(tandem: StandIn, client: AsyncClient) -> None:
    with StandIn("tandem") as elsewhere:
        tandem.faults.append(answering("", 307, {"Location": f"{elsewhere.url}/rpc"}))

        with pytest.raises(BadAnswer):
            await client.version()

        assert elsewhere.received == []


async def test_one_connection_is_reused(tandem: StandIn, client: AsyncClient) -> None:
    peers = set()

    async def note(request: web.Request) -> None:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))

    tandem.faults.extend([note] * 5)
    for _ in range(5):
        await client.version()

    assert len(peers) == 1


async def test_cookies_are_not_kept(tandem: StandIn, client: AsyncClient) -> None:
    tandem.faults.append(answering(ANSWER % b"", headers={"Set-Cookie": "session_id=1"}))
    await client.version()
    await client.version()

    assert "Cookie" not in tandem.received[-1].headers


async def test_other_calls_go_on_while_one_waits(tandem: StandIn, client: AsyncClient) -> None:
    await client.login()
    tandem.faults.append(waiting(1.0))
    slow = asyncio.create_task(client.version())
    await asyncio.sleep(0.05)
    start = time.monotonic()

    await client.version()

    assert time.monotonic() - start < 0.5
    slow.cancel()


class Policy(AbstractResolver):
    """A resolver that refuses some hosts, and sends all others to one port's address."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.asked: list[str] = []
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host in self.refused:
            raise OSError("not allowed by policy")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=port,
                family=family or socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_resolver_decides_for_names_and_numbers_alike(tandem: StandIn, host: str) -> None:
    policy = Policy(host)
    url = tandem.url.replace("127.0.0.1", host)
    async with AsyncClient(url, protocol="tandem", resolver_factory=lambda: policy, retry=QUICK) as erp:
        with pytest.raises(Unreachable) as refused:
            await erp.version()

    assert tandem.received == []
    assert refused.value.may_have_run is False


async def test_a_resolver_that_agrees_is_used_and_closed(tandem: StandIn) -> None:
    policy = Policy()
    url = tandem.url.replace("127.0.0.1", "erp.test")
    async with AsyncClient(url, protocol="tandem", resolver_factory=lambda: policy) as erp:
        await erp.version()

    assert (policy.asked, policy.closed) == (["erp.test"], True)


async def test_a_connector_can_be_given(tandem: StandIn) -> None:
    connectors: list[aiohttp.TCPConnector] = []

    def make() -> aiohttp.TCPConnector:
        connectors.append(aiohttp.TCPConnector(limit=1))
        return connectors[0]

    async with AsyncClient(tandem.url, protocol="tandem", connector_factory=make) as erp:
        await erp.version()

    assert [connector.closed for connector in connectors] == [True]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("7", 7.0), ("-1", None), ("soon", None), ("9" * 50, None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header) == seconds


def test_retry_after_may_name_a_moment() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=90)

    assert 80 < (seconds_to_wait(format_datetime(moment, usegmt=True)) or 0) <= 90


def certificate(tmp_path: Path, name: str) -> ssl.SSLContext:
    """A server's TLS context with a certificate for `name` that only itself vouches for, and its file for a client."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    unlocked = serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unlocked)
    )
    (tmp_path / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    return context


@pytest.mark.parametrize(
    ("name", "trusted", "accepted"),
    [("localhost", True, True), ("localhost", False, False), ("other.test", True, False)],
)
async def test_the_chain_and_the_name_of_a_certificate_are_checked(
    tmp_path: Path, name: str, *, trusted: bool, accepted: bool
) -> None:
    with StandIn("tandem", tls=certificate(tmp_path, name)) as server:
        ours = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem") if trusted else None)
        url = server.url.replace("127.0.0.1", "localhost")
        connector = partial(aiohttp.TCPConnector, ssl=ours, family=socket.AF_INET)
        async with AsyncClient(url, protocol="tandem", connector_factory=connector, retry=QUICK) as erp:
            if accepted:
                assert await erp.version()
            else:
                with pytest.raises(Unreachable, match="certificate"):
                    await erp.version()

    assert bool(server.received) is accepted


async def test_certificates_are_checked_without_being_asked_to(tmp_path: Path) -> None:
    with StandIn("tandem", tls=certificate(tmp_path, "localhost")) as server:
        async with client_of(server, protocol="tandem") as erp:
            with pytest.raises(Unreachable):
                await erp.login()

    assert server.received == []
