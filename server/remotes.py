"""Connections to the other sides of hand-overs, each checked at the address it is really made to.

The policy is asked when the socket is made, with the very address it will connect to: no second look-up of the name can
come between. Redirects are never followed, certificates are checked, no proxy is taken from the environment.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from models.sync.address import AddressPolicy, Remote, remote_of
from models.sync.handler import RemoteAccount
from rpc_client import AsyncClient, RetryPolicy

CALL_SECONDS = 15.0
CONNECT_SECONDS = 5.0
ANSWER_BYTES = 1 << 20
CONNECTIONS = 8
IDLE_SECONDS = 300.0

AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]


@dataclass(slots=True)
class Kept:
    """A client that stays open while it is used now and then."""

    client: AsyncClient
    used_at: float


class RemoteClients:
    """Clients by account, so that sessions and connections last over many calls. Belongs to one event loop."""

    def __init__(self, policy: AddressPolicy, *, call_seconds: float = CALL_SECONDS) -> None:
        self._policy = policy
        self._call_seconds = call_seconds
        self._clients: dict[RemoteAccount, Kept] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def client(self, account: RemoteAccount) -> AsyncClient:
        """The client of an account. Raises `RemoteUrlError` for a URL that no remote can have."""
        now = asyncio.get_running_loop().time()
        kept = self._clients.get(account)
        if kept is None:
            self._close_idle(now)
            kept = self._clients[account] = Kept(self._made(account), now)
        kept.used_at = now
        return kept.client

    async def close(self) -> None:
        """Close all connections."""
        for account in list(self._clients):
            self._let_go(account)
        await asyncio.gather(*self._closing)

    def _made(self, account: RemoteAccount) -> AsyncClient:
        remote = remote_of(account.url)
        return AsyncClient(
            remote.url,
            database=account.database,
            login=account.login,
            password=None if account.is_api_key else account.secret,
            api_key=account.secret if account.is_api_key else None,
            protocol=account.protocol,
            timeout=self._call_seconds,
            connect_timeout=CONNECT_SECONDS,
            retry=RetryPolicy(tries=1),  # the outbox tries again, and remembers
            max_answer_bytes=ANSWER_BYTES,
            connector_factory=connector_factory(remote, self._policy),
        )

    def _close_idle(self, now: float) -> None:
        for account in [account for account, kept in self._clients.items() if now - kept.used_at > IDLE_SECONDS]:
            self._let_go(account)

    def _let_go(self, account: RemoteAccount) -> None:
        task = asyncio.create_task(self._clients.pop(account).client.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def connector_factory(remote: Remote, policy: AddressPolicy) -> Callable[[], aiohttp.BaseConnector]:
    """What makes a connector for one remote, whose every socket has passed the policy."""

    def checked_socket(address: AddressInfo) -> socket.socket:
        family, kind, protocol, _, target = address
        policy.check(remote, str(target[0]))
        return socket.socket(family, kind, protocol)

    def connector() -> aiohttp.BaseConnector:
        return aiohttp.TCPConnector(limit=CONNECTIONS, socket_factory=checked_socket)

    return connector
