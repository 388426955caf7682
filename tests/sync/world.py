"""A small deployment around the outbox: leads that are handed to a peer, and one kind of message for that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from models import base, sync
from models.deployment import system_env
from models.orm import Access, Env, Group, Model, Registry, fields
from models.orm.errors import UserError
from models.sync.assembly import outbox_of
from models.sync.handler import Handler, LocalHandler, RemoteAccount, RemoteCall
from models.sync.outbox import enqueue
from models.sync.queue import Job, Result, State
from models.sync.secrets import Secret, SecretHolder, Vault
from server.database.migrate import migrate
from server.database.pool import Pool
from tests.deployments import made_once

KEY = "dGhlIHNhbWUga2V5IGluIGVhY2ggdGVzdCBwcm9jZXM="  # a worker of its own process needs it too
PASSWORD = "hush hush 4711"


class Peer(SecretHolder, name="handed.peer"):
    """Another server, and our account there."""

    access = (Access(read="handed.user", write="handed.user", delete="handed.user"),)
    company = "own"
    audit = True

    name = fields.Char("Name", required=True)
    url = fields.Char("URL", required=True)
    login = fields.Char("Login")
    password = Secret("Password", bound_to=("url", "login"))


class Lead(Model, name="handed.lead"):
    """What is handed over."""

    access = (Access(read="handed.user", write="handed.user"),)
    company = "own"
    chatter = True

    name = fields.Char("Name", required=True)
    peer_id = fields.Many2One("Peer", "handed.peer")
    state = fields.Char("State", default="none")
    tries = fields.Integer("Tries", default=0)
    error = fields.Text("Error")
    answers = fields.Integer("Answers", default=0)


class Hand(Handler):
    """Sends {event_id, lead, number} and writes on the lead how it went."""

    kind = "handed.over"

    async def prepare(self, env: Env, job: Job) -> RemoteCall | None:
        [lead] = await env[Lead].browse(env, [job.record_id], ["name", "peer_id"])
        if lead.peer_id is None:
            return None
        if job.args.get("broken"):
            raise UserError("This lead cannot be put into words.")
        [peer] = await env[Peer].browse(env, [lead.peer_id], ["url", "login"])
        secret = await env[Peer].reveal(env, peer.id, "password")
        account = RemoteAccount(peer.url, "db", peer.login, secret, protocol="tandem")
        payload = {"event_id": job.event, "lead": lead.id, "number": job.args["number"]}
        return RemoteCall(account, "handed.lead", "receive", payload)

    async def settle(self, env: Env, job: Job, result: Result) -> None:
        values: dict[str, Any] = {"state": result.state.value, "tries": job.attempts, "error": result.outcome.error}
        if result.state is State.DONE:
            values["answers"] = 1 + await env.fetchval("select answers from handed_lead where id = $1", job.record_id)
        await env[Lead].update(env, [job.record_id], values)
        if result.state is State.PARKED:
            await env[Lead].post(env, {job.record_id: f"Not handed over: {result.outcome.error}"})

    async def moved_by_hand(self, env: Env, job: Job, state: State) -> None:
        await env[Lead].update(env, [job.record_id], {"state": f"{state.value} by hand"})


class Count(LocalHandler):
    """Counts its runs on a lead."""

    kind = "handed.count"

    async def run(self, env: Env, job: Job) -> bool:
        await env.execute("update handed_lead set answers = answers + 1 where id = $1", job.args["lead"])
        return False


GROUPS = (Group("handed.user", "User"),)
HANDLERS = (Hand(), Count())


class Area:
    """What a package of an area exposes."""

    HANDLERS = HANDLERS


def new_registry(key: str = KEY) -> Registry:
    """The models of the small deployment, wired with vault and outbox."""
    registry = Registry((*base.MODELS, *sync.MODELS, Peer, Lead), (*base.GROUPS, *sync.GROUPS, *GROUPS))
    registry.provide(Vault(key))
    registry.provide(outbox_of([base, sync, Area]))  # type: ignore[list-item]
    return registry


async def template() -> str:
    """The name of a migrated database of the small deployment."""
    return await made_once(
        "template_sync", lambda connection: migrate(connection, "sync", registry=new_registry(), data=base.DATA)
    )


class World:
    """One database of the small deployment, and its models."""

    def __init__(self, database: str, pool: Pool, registry: Registry) -> None:
        self.database = database
        self.pool = pool
        self.registry = registry

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Env]:
        """A transaction of the system's, as a call would run in; what it left for after the commit is run."""
        async with self.pool.connection() as connection:
            async with connection.transaction():
                env = system_env(self.registry, connection, "test")
                yield env
            for callback in env.after_commit:
                callback()

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        async with self.pool.connection() as connection:
            return await connection.fetch(sql, *values)

    async def value(self, sql: str, *values: Any) -> Any:
        rows = await self.fetch(sql, *values)
        return rows[0][0] if rows else None

    async def states(self) -> list[str]:
        """The states of all jobs, in the order of their coming."""
        return [row[0] for row in await self.fetch("select state from sync_job order by id")]

    async def new_peer(self, url: str, **values: Any) -> int:
        async with self.transaction() as env:
            given = {"name": url, "url": url, "login": "ada", "password": PASSWORD, **values}
            [peer] = await env[Peer].insert(env, [given])
            return peer

    async def new_leads(self, count: int, peer: int | None) -> list[int]:
        async with self.transaction() as env:
            return await env[Lead].insert(env, [{"name": f"Lead {n}", "peer_id": peer} for n in range(count)])

    async def hand_over(self, lead: int, number: int = 1, *, peer: int = 1, **args: Any) -> str:
        """Enqueue one message about a lead, as a transition would: under the lock of the lead's row."""
        async with self.transaction() as env:
            return await handed_over(env, lead, number, peer=peer, **args)


async def handed_over(env: Env, lead: int, number: int = 1, *, peer: int = 1, **args: Any) -> str:
    await env[Lead].lock(env, [lead], ["state"])
    await env[Lead].update(env, [lead], {"state": "pending"})
    remote = f"handed.peer,{peer}"
    return await enqueue(env, Hand.kind, {"number": number, **args}, lane=("handed.lead", lead), remote=remote)
