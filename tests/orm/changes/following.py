"""Who follows the changes of a deployment, and who makes them: each with connections whose work is committed."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from models import deployment
from models.orm import Env, User
from server.database.connection import Connection, connect
from tests import deployments
from tests.cluster import shared_cluster

PARTNER = "res.partner"


class Office:
    """A deployment of its own, callers in it, and connections whose work is committed."""

    def __init__(self, database: str, stack: AsyncExitStack) -> None:
        self.database = database
        self.registry = deployment.registry_for("both")
        self._stack = stack

    async def connection(self) -> Connection:
        connection = await connect(shared_cluster(), self.database, application=True)
        self._stack.push_async_callback(connection.close)
        return connection

    async def env(self, user: User | None = None) -> Env:
        """A connection of its own in the hands of a user, the system when none is given; each statement commits."""
        connection = await self.connection()
        if user is None:
            return deployments.system_env(connection)
        return Env(self.registry, connection, user)

    @asynccontextmanager
    async def writing(self, user: User | None = None) -> AsyncIterator[Env]:
        env = await self.env(user)
        async with env.connection.transaction():
            yield env

    async def user(self, *groups: str, **values: Any) -> User:
        async with self.writing() as env:
            return await deployments.make_user(env, groups, **values)


class Follower:
    """Somebody who asks what changed and remembers the token."""

    def __init__(self, env: Env, model: str = PARTNER, domain: Any = None) -> None:
        self.env, self.model, self.domain = env, model, domain
        self.token: str | None = None

    async def ask(self, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = await self.env[self.model].changes_since(self.env, self.token, self.domain, **more)
        self.token = found["token"]
        return found

    async def changed(self) -> list[int]:
        return [*(await self.ask())["changed"]]


async def partners(env: Env, *names: str, **values: Any) -> list[int]:
    return await env[PARTNER].insert(env, [{"name": name, **values} for name in names])
