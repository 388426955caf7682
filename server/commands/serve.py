"""`tandem serve`: bind the port, bring the database up to date, serve until told to stop."""

import argparse
import asyncio
import gc
import socket
import sys
from typing import cast

import structlog

from server import log, settings
from server.app import create_app
from server.connections import serving
from server.database.embedded import database_server
from server.event_loop import run_loop
from server.listening import allow_connections, bind, url_of
from server.processes import Child, serve_in_processes
from server.settings import Settings
from server.signals import Stop
from server.startup import Prepared, prepare_database

logger = structlog.get_logger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """All settings, and what the parent process tells a child."""
    settings.add_options(parser)
    parser.add_argument("--child", type=int, metavar="FD", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Serve. The exit status is 0 after an orderly stop."""
    chosen = settings.load(vars(options))
    log.configure(chosen.log_level)
    allow_connections()
    if options.child is not None:
        run_loop(_serve_as_child(chosen, Child(options.child)))
    elif chosen.workers > 1:
        run_loop(_supervise(chosen))
    else:
        run_loop(_serve_alone(chosen))
    return 0


async def _serve_alone(chosen: Settings) -> None:
    stop = _listen_for_signals()
    with bind(chosen) as bound:
        async with database_server(chosen) as address:
            _tell(await prepare_database(chosen, address))
            async with serving(create_app(chosen, address), bound):
                announce(chosen, bound)
                await stop.wait()
    logger.info("stopped")


async def _serve_as_child(chosen: Settings, child: Child) -> None:
    stop = _listen_for_signals()
    with bind(chosen, shared=True) as bound:
        async with database_server(chosen) as address, serving(create_app(chosen, address), bound):
            settle()
            child.ready()
            await child.parent_gone_or(stop)


async def _supervise(chosen: Settings) -> None:
    """Hold the port and the database for child processes that do the serving."""
    stop = _listen_for_signals()
    bind(chosen).close()  # another server's port may be shared as well: only an unshared try tells
    with bind(chosen, shared=True) as bound:
        async with database_server(chosen) as address:
            _tell(await prepare_database(chosen, address))
            port = bound.getsockname()[1]
            await serve_in_processes(chosen, port, stop, lambda: announce(chosen, bound))
    logger.info("stopped")


def announce(chosen: Settings, bound: socket.socket) -> None:
    """Say on standard output that calls are answered from now on."""
    settle()
    logger.info("serving", role=chosen.role, url=url_of(bound), database=chosen.database)
    sys.stdout.write(f"tandem: {chosen.role} ready on {url_of(bound)} database {chosen.database}\n")
    sys.stdout.flush()


def settle() -> None:
    """Take what was built at the start out of the garbage collector's rounds: it stays."""
    gc.collect()
    gc.freeze()


def _tell(prepared: Prepared) -> None:
    if prepared.password:
        sys.stdout.write(f"tandem: administrator admin, password {prepared.password} (shown this once)\n")
        sys.stdout.flush()


def _listen_for_signals() -> Stop:
    return Stop(cast("asyncio.Task[object]", asyncio.current_task()))
