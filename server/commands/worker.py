"""`tandem worker`: do the jobs of the outbox without answering calls. Any number may run beside the servers."""

import argparse
import asyncio
import sys
from functools import partial
from typing import cast

from models import deployment
from server import log, settings
from server.database.connection import connect
from server.database.embedded import database_server
from server.event_loop import run_loop
from server.operator import OPTIONS, check_database
from server.outgoing import equip, working
from server.settings import Settings
from server.signals import Stop


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the database is, and which private addresses are allowed as the other side."""
    settings.add_options(parser, *OPTIONS, "remote_allow")


def run(options: argparse.Namespace) -> int:
    """Work until told to stop."""
    chosen = settings.load(vars(options))
    log.configure(chosen.log_level)
    run_loop(_work(chosen))
    return 0


async def _work(chosen: Settings) -> None:
    stop = Stop(cast("asyncio.Task[object]", asyncio.current_task()))
    registry = deployment.registry_for(chosen.role)
    equip(registry, chosen)
    async with database_server(chosen) as address:
        await check_database(chosen, address, registry)
        open_one = partial(connect, address, chosen.database, application=True, name="tandem worker")
        async with working(registry, chosen, open_one):
            sys.stdout.write(f"tandem: worker ready on database {chosen.database}\n")
            sys.stdout.flush()
            await stop.wait()
