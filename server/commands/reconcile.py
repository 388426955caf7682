"""`tandem reconcile`: compare every hand-over with the other side; with `--repair` send again what has not arrived.

Nothing is changed without `--repair`, and nothing is sent by the command itself: a running server or worker does that.
The exit status is 1 when something differs that was not resent, or when another side could not be asked.
"""

import argparse
import asyncio
import sys
from typing import Any

from models import deployment
from models.crm.reconciling import RESENT, Reconciliation
from models.orm.env import Env
from models.orm.errors import AppError
from models.orm.registry import Registry
from models.sync.outcome import error_text
from rpc_client import RpcError
from server import log, settings
from server.database.connection import Connection, connect
from server.database.embedded import database_server
from server.event_loop import run_loop
from server.operator import OPTIONS, check_database
from server.outgoing import equip, policy_of
from server.remotes import RemoteClients
from server.settings import Settings

PAGE_SECONDS = 15.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the database is, which private addresses are allowed as the other side, and whether to repair."""
    settings.add_options(parser, *OPTIONS, "remote_allow")
    parser.add_argument("--repair", action="store_true", help="send again, as the same events, what has not arrived")


def run(options: argparse.Namespace) -> int:
    """Compare, tell, and say in the exit status whether both sides agree or soon will."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    chosen = settings.load({"log_level": "error", **given})
    log.configure(chosen.log_level)
    agreed: list[bool] = []
    run_loop(_reconcile(chosen, agreed, repair=options.repair))
    return 0 if all(agreed) else 1


async def _reconcile(chosen: Settings, agreed: list[bool], *, repair: bool) -> None:
    registry = deployment.registry_for(chosen.role)
    equip(registry, chosen)
    async with database_server(chosen) as address:
        await check_database(chosen, address, registry)
        connection = await connect(address, chosen.database, name="tandem reconcile")
        remotes = RemoteClients(policy_of(chosen))
        try:
            for comparison in _comparisons(registry, connection, remotes):
                agreed += await comparison.with_all(repair=repair)
        finally:
            await remotes.close()
            await connection.close()


def _comparisons(registry: Registry, connection: Connection, remotes: RemoteClients) -> list["Comparison"]:
    env = deployment.system_env(registry, connection, "reconcile")
    found = [model for model in registry.models.values() if issubclass(model, Reconciliation)]
    return [Comparison(env, model, remotes) for model in found]


class Comparison:
    """The comparisons that one model stands for, page by page, each page in a transaction of its own."""

    def __init__(self, env: Env, model: type[Any], remotes: RemoteClients) -> None:
        self._env = env
        self._model = model
        self._remotes = remotes

    async def with_all(self, *, repair: bool) -> list[bool]:
        """Compare with every other side, and print what differs; return for each whether all is well."""
        agreed = []
        for company_id, other in await self._model.targets(self._env):
            async with self._env.connection.transaction():
                run_id = await self._model.start(self._env, company_id, other, repair=repair)
            await self._compare(run_id)
            agreed.append(await self._told(run_id))
        if not agreed:
            sys.stdout.write(f"ok       {self._model.meta.label}: nobody to compare with\n")
        return agreed

    async def _compare(self, run_id: int) -> None:
        after, more = 0, True
        try:
            while more:
                async with self._env.connection.transaction():
                    call = await self._model.question(self._env, run_id, after)
                async with asyncio.timeout(PAGE_SECONDS):
                    told = await self._model.ask(call, self._remotes.client(call.account))
                async with self._env.connection.transaction():
                    await self._model.judge(self._env, run_id, after, told)
                after, more = told.upto, told.more
        except (RpcError, AppError, TimeoutError) as error:
            text = error_text(error) if not isinstance(error, TimeoutError) else "no answer in time"
            async with self._env.connection.transaction():
                await self._model.broken_off(self._env, run_id, text)

    async def _told(self, run_id: int) -> bool:
        fields = ["remote_name", "state", "compared", "different", "resent", "differences", "not_compared", "error"]
        [run] = await self._model.browse(self._env, [run_id], fields)
        well = run["state"] == "done" and run["different"] == run["resent"]
        figures = f"{run['compared']} leads compared, {run['different']} differences, {run['resent']} resent"
        what = figures if run["state"] == "done" else f"could not be asked: {run['error']}"
        sys.stdout.write(f"{'ok     ' if well else 'PROBLEM'}  {run['remote_name']}: {what}\n")
        for one in run["differences"] or ():
            mark = "ok     " if one["repair"] == RESENT else "PROBLEM"
            sys.stdout.write(f"{mark}  {one['lead']}: {one['text']} ({one['repair']})\n")
        if run["not_compared"]:
            sys.stdout.write(f"ok       not compared: {run['not_compared']}\n")
        return bool(well)
