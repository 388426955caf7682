"""Records that describe another server and who we are there.

They are a dealer's connection to its BPO, a BPO's to a dealership, and to the distributor of a brand.

A model inherits the behaviour from here and declares the fields itself, because who may see them differs: url,
database, login, password (a `Secret`), is_api_key, protocol, last_test, last_test_result, last_test_date, and
company_id.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from models.orm import arguments
from models.orm.errors import UserError
from models.orm.methods import rpc
from models.sync.address import remote_of
from models.sync.handler import Handler, RemoteAccount, RemoteCall, Remotes
from models.sync.outbox import enqueue, release_remote
from models.sync.outcome import Outcome
from models.sync.retry import Retry
from models.sync.secrets import SecretHolder

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row
    from models.sync.queue import Job, Result

PROTOCOLS = (("auto", "Find out"), ("tandem", "Tandem"), ("odoo", "Odoo"))
TESTS = (("none", "Not tested"), ("running", "Running"), ("passed", "Passed"), ("failed", "Failed"))
ADDRESSED = frozenset({"url", "database", "login", "password", "is_api_key", "protocol", "active"})


class RemoteConnection(SecretHolder):
    """What can be done with such a record."""

    __slots__ = ()

    @rpc
    @classmethod
    async def action_test_connection(cls, env: Env, ids: Any) -> bool:
        """Start a login at the other side; `last_test` and `last_test_result` tell what came of it. Answers true."""
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        for record in await cls.lock(env, wanted, ["url", "company_id"]):
            if not record["url"]:
                raise UserError("Enter the address first.", model=cls.meta.name, ids=[record.id])
            await cls.update(env, [record.id], {"last_test": "running", "last_test_result": None})
            args = {"model": cls.meta.name, "id": record.id}
            remote = f"test {cls.meta.name},{record.id}"
            company_id = record["company_id"] or env.company_id
            await enqueue(env, ConnectionTest.kind, args, remote=remote, company_id=company_id)
        return True

    @classmethod
    def remote_name(cls, record_id: int) -> str:
        """Return the name under which the outbox knows the other side."""
        return f"{cls.meta.name},{record_id}"

    @classmethod
    async def account_of(cls, env: Env, record_id: int) -> RemoteAccount:
        """Return the account with its secret, for code that is about to send as the system."""
        [row] = await cls.browse(env, [record_id], ["url", "database", "login", "is_api_key", "protocol"])
        secret = await cls.reveal(env, record_id, "password")
        protocol = row["protocol"] or "auto"
        return RemoteAccount(row["url"] or "", row["database"], row["login"], secret, row["is_api_key"], protocol)

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Bring each address into one spelling."""
        await super().prepare_create(env, rows)
        for row in rows:
            _spell(row)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Bring the address into one spelling."""
        _spell(row)
        await super().prepare_write(env, ids, row)

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Send at once what waited for a connection."""
        await super().after_create(env, ids, rows)
        connected = [one for one, row in zip(ids, rows, strict=True) if row.get("url")]
        if connected:
            await cls._release(env, connected)

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Send at once what waited for the correction."""
        await super().after_write(env, ids, row)
        if not ADDRESSED.isdisjoint(row):
            await cls._release(env, ids)

    @classmethod
    async def _release(cls, env: Env, ids: list[int]) -> None:
        for record in await cls.browse(env, ids, ["company_id"]):
            await release_remote(env, cls.remote_name(record.id), record["company_id"] or env.company_id)


def _spell(row: Row) -> None:
    if row.get("url"):
        row["url"] = remote_of(row["url"]).url


class ConnectionTest(Handler):
    """Logs in at the other side once and writes what came of it on the record."""

    kind: ClassVar[str] = "crm.connection_test"
    retry: ClassVar[Retry] = dataclasses.replace(Retry(), attempts=1, rejections=1, horizon=timedelta(0))

    async def prepare(self, env: Env, job: Job) -> RemoteCall | None:
        """Read the account."""
        model = _connections(env, job)
        return RemoteCall(await model.account_of(env, job.args["id"]), "res.users", "context_get", {})

    async def send(self, call: RemoteCall, job: Job, remotes: Remotes) -> Outcome:  # noqa: ARG002 the base's form
        """Log in and ask whom the other side takes us for."""
        return Outcome.delivered(await remotes.client(call.account).whoami())

    async def settle(self, env: Env, job: Job, result: Result) -> None:
        """Note the result."""
        passed = result.outcome.succeeded
        text = "Connected." if passed else result.outcome.error
        values = {"last_test": "passed" if passed else "failed", "last_test_result": text, "last_test_date": env.now}
        await _connections(env, job).update(env, [job.args["id"]], values)


def _connections(env: Env, job: Job) -> type[RemoteConnection]:
    model = env.registry.model(job.args["model"])
    if not issubclass(model, RemoteConnection):
        raise TypeError(f"{model.meta.name} is no connection")
    return model
