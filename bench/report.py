"""Both servers in turns, on the same tables, and the report of it.

    python -m bench [--workloads read,create] [--secs 3] [--rounds 3] [--rows 100000] [--large 1000000] [--profile]

PostgreSQL and the server under load share core 0, the load generator has core 1. Without options everything is measured
and docs/performance.md is written; a run that measures less only prints.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import pstats
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from bench import cpu, dataset, machine, servers
from bench.dialects import DIALECTS, Login
from bench.rounds import Plan, Result, Side, compare
from bench.table import BARE, Report, growth, markdown, missed, table
from bench.workloads import CALLS_A_UNIT
from bench.world import World
from server.database.address import DatabaseAddress
from server.database.connection import connect
from server.database.databases import MAINTENANCE

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
KEPT = ROOT / "bench" / "results"
ALL = tuple(CALLS_A_UNIT)
BY_HAND = frozenset(ALL) - {"cycle"}
AMONG_MORE = ("search_few", "search_read", "first_page")
SERVERS_CORE, LOAD_CORE = 0, 1
SHOWN = 45  # lines of a profile
NATIVE = "native"
WARM = "select pg_prewarm(oid) from pg_class where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace"


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    secs: float = 3.0
    rounds: int = 3
    rows: int = dataset.ROWS
    large: int = 1_000_000
    concurrency: int = 16
    workloads: tuple[str, ...] = ALL
    dialects: tuple[str, ...] = (NATIVE, "jsonrpc", "web")
    profile: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether this run measures all that the page tells."""
        return msgspec.structs.replace(self, secs=3.0, rounds=3) == Wishes()


async def measured(wishes: Wishes) -> Report:
    """Do everything that is wished. Being told to stop ends the servers, too."""
    _stop_when_told()
    load = os.getloadavg()[0]
    async with dataset.server() as postgres:
        address = postgres.address
        results, memory = await _results(address, wishes.rows, wishes.workloads, wishes)
        among = tuple(name for name in AMONG_MORE if name in wishes.workloads) if wishes.large else ()
        large, _ = await _results(address, wishes.large, among, wishes) if among else ([], {})
        connection = await connect(address, MAINTENANCE)
        try:
            database = await machine.database(connection)
        finally:
            await connection.close()
    return Report(
        date=dt.datetime.now(dt.UTC).date().isoformat(),
        machine=machine.machine(),
        software=machine.software(),
        database=database,
        load=load,
        rows=wishes.rows,
        seconds=wishes.secs,
        rounds=wishes.rounds,
        concurrency=wishes.concurrency,
        results=results,
        memory=memory,
        large_rows=wishes.large,
        large=large,
    )


async def _results(
    address: DatabaseAddress, rows: int, workloads: Sequence[str], wishes: Wishes
) -> tuple[list[Result], dict[str, float]]:
    """Figures of all workloads, and the memory of each side's server (MiB) after them."""
    found: list[Result] = []
    async with dataset.scratch(address, rows) as name:
        world, login, postmaster = await _prepared(address, name, rows)
        plan = Plan(wishes.secs, wishes.rounds, wishes.concurrency, _load_core(), postmaster)
        async with _sides(address, name, login, wishes) as sides:
            for workload in workloads:
                await _settle(address)
                results = await compare(workload, sides, world, plan)
                found += results
                for result in results:
                    print(_said(result, results[0]), flush=True)
            return found, {side.name: cpu.memory_mib(side.process_id) for side in sides}


async def _prepared(address: DatabaseAddress, name: str, rows: int) -> tuple[World, Login, int]:
    """What is in the database, who may call, and the process id of the PostgreSQL behind it."""
    connection = await connect(address, name)
    try:
        backend = await connection.fetchval("select pg_backend_pid()")
        world = await dataset.world_of(connection, rows, name)
        await connection.execute("create extension pg_prewarm")
        await connection.fetch(WARM)
        return world, await dataset.admit(connection, name), cpu.parent_of(backend)
    finally:
        await connection.close()


@asynccontextmanager
async def _sides(address: DatabaseAddress, name: str, login: Login, wishes: Wishes) -> AsyncIterator[list[Side]]:
    """Both servers running."""
    url = address.url_of(name)
    profile = KEPT / "profile" if wishes.profile else None
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        async with AsyncExitStack() as stack:
            bare = await stack.enter_async_context(servers.bare(url, log=place / "bare.log"))
            product = await stack.enter_async_context(
                servers.tandem(url, log=place / "tandem.log", data=place, profile=profile)
            )
            sides = [Side(BARE, bare.url, bare.process_id, NATIVE, Login(database=name), BY_HAND)]
            sides += [Side(one, product.url, product.process_id, one, login, frozenset(ALL)) for one in wishes.dialects]
            yield sides
    if profile:
        pstats.Stats(str(profile)).sort_stats("tottime").print_stats(SHOWN)


async def _settle(address: DatabaseAddress) -> None:
    """Write out what earlier workloads left, so that none pays for another."""
    connection = await connect(address, MAINTENANCE, statement_timeout="0")
    try:
        await connection.execute("checkpoint")
    finally:
        await connection.close()


def _stop_when_told() -> None:
    work = asyncio.current_task()
    if work:
        for wish in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(wish, work.cancel)


def _said(result: Result, base: Result) -> str:
    ratio = f"{result.cpu / base.cpu:5.2f} x" if result is not base else " " * 7
    return (
        f"{result.workload:14} {result.side:8} {result.server:8.0f} + {result.postgresql:7.0f} µs {ratio}"
        f" {result.per_second:8.0f}/s  p50 {result.p50:7.2f}  p99 {result.p99:7.2f} ms"
        f"  {result.bytes_a_call:6} B  generator {result.generator_busy:4.0%}"
    )


def _load_core() -> int | None:
    return LOAD_CORE if (os.cpu_count() or 1) > 1 else None


def _wishes() -> Wishes:
    parser = argparse.ArgumentParser(prog="python -m bench", description="what a call costs")
    usual = Wishes()
    parser.add_argument("--secs", type=float, default=usual.secs, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--rows", type=int, default=usual.rows, help="leads")
    parser.add_argument(
        "--large", type=int, default=usual.large, help="leads for the searches among more; 0: leave out"
    )
    parser.add_argument("--concurrency", type=int, default=usual.concurrency)
    parser.add_argument("--workloads", default=",".join(ALL), help=", ".join(ALL))
    parser.add_argument("--dialects", default=",".join(usual.dialects), help=", ".join(DIALECTS))
    parser.add_argument("--profile", action="store_true", help="run the product under cProfile and show what it saw")
    given = vars(parser.parse_args())
    for name, known in (("workloads", ALL), ("dialects", tuple(DIALECTS))):
        given[name] = tuple(given[name].split(","))
        if unknown := set(given[name]) - set(known):
            parser.error(f"--{name}: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return Wishes(**given)


def main() -> None:
    """Measure, print, and write the page when all was measured."""
    wishes = _wishes()
    if _load_core() is not None:
        os.sched_setaffinity(0, {SERVERS_CORE})  # inherited by PostgreSQL and both servers
    KEPT.mkdir(exist_ok=True)
    try:
        report = asyncio.run(measured(wishes))
    except asyncio.CancelledError:
        sys.exit("bench: stopped")
    (KEPT / "last.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    print("", *table(report.results), *(growth(report) if report.large else ()), sep="\n")
    print("", *(missed(report) or ["every target is met"]), sep="\n")
    if wishes.is_whole:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(markdown(report))


if __name__ == "__main__":
    main()
