"""`tandem demo`: a BPO and a dealer on one PostgreSQL, one lead walked through both, then both keep serving."""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from models.demo.people import PASSWORD
from models.demo.walk import Side, Walk, WalkError, walk_with_both_up, walk_with_bpo_down
from server import log, settings
from server.database.embedded import database_server
from server.demo_process import DemoProcess, DemoProcessError
from server.event_loop import run_loop
from server.settings import Settings
from server.signals import Stop

PORTS = {"bpo": 8070, "dealer": 8071}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the database is, and whether to end after the walk."""
    settings.add_options(parser, "data_dir", "database_url", "pg_bin", "log_level")
    parser.add_argument("--once", action="store_true", help="end after the walk, with status 0 when it went well")
    parser.add_argument("--bpo-port", type=int, default=PORTS["bpo"], help="port of the BPO (default: 8070)")
    parser.add_argument("--dealer-port", type=int, default=PORTS["dealer"], help="port of the dealer (default: 8071)")


def run(options: argparse.Namespace) -> int:
    """Run the demo. The exit status is 1 when the walk failed."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    chosen = settings.load({"log_level": "error", **given})
    log.configure(chosen.log_level)
    ports = {"bpo": options.bpo_port, "dealer": options.dealer_port}
    try:
        run_loop(_demo(chosen, ports, once=options.once))
    except (WalkError, DemoProcessError) as error:
        sys.stderr.write(f"tandem: the demo failed: {error}\n")
        return 1
    return 0


async def _demo(chosen: Settings, ports: dict[str, int], *, once: bool) -> None:
    started = time.monotonic()
    _say("Tandem: a call centre (BPO) and a car dealer, each with its own server and database.")
    async with database_server(chosen), _both(chosen, ports) as (bpo, dealer):
        _say(f"BPO on {bpo.url}, dealer on {dealer.url}, ready after {time.monotonic() - started:.1f} s\n")
        await _walks(bpo, dealer)
        if once:
            return
        _say(f"\nServing: BPO on {bpo.url}, dealer on {dealer.url}. Log in as admin, maria.santos (BPO) or juan.cruz")
        _say(f"(dealer), password {PASSWORD}. Ctrl+C ends.")
        task = asyncio.current_task()
        if task is not None:
            await Stop(task).wait()


@asynccontextmanager
async def _both(chosen: Settings, ports: dict[str, int]) -> AsyncIterator[tuple[DemoProcess, DemoProcess]]:
    """Run both servers, started at the same time."""
    bpo, dealer = (DemoProcess(chosen, role, ports[role]) for role in ("bpo", "dealer"))
    try:
        await asyncio.gather(bpo.start(), dealer.start())
        yield bpo, dealer
    finally:
        with suppress(asyncio.CancelledError):
            await asyncio.gather(bpo.stop(), dealer.stop())


async def _walks(bpo: DemoProcess, dealer: DemoProcess) -> None:
    sides = Side(bpo.url, bpo.database), Side(dealer.url, dealer.database)
    async with Walk(*sides, _say) as walk:
        await walk.connect()
        _say("One lead, all the way")
        await walk_with_both_up(walk)
    _say("\nThe same with the BPO away at the moment of Mark Won")
    async with Walk(*sides, _say) as walk:
        await walk_with_bpo_down(walk, bpo.stop, bpo.start)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
