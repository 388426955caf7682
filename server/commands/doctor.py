"""`tandem doctor`: is everything as it should be? One line a finding; the exit status is 1 when something is not."""

import argparse
import shutil
import sys
from pathlib import Path

from models import deployment
from models.orm.registry import Registry
from models.sync.diagnosis import Finding, checks_of
from models.sync.queue import figures
from server import log, settings
from server.database.connection import Connection, connect
from server.database.embedded import database_server
from server.event_loop import run_loop
from server.operator import OPTIONS, check_database
from server.outgoing import equip, policy_of
from server.remotes import RemoteClients
from server.settings import Settings

LATE_SECONDS = 60
LITTLE_SPACE_MIB = 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the database is, and which private addresses are allowed as the other side."""
    settings.add_options(parser, *OPTIONS, "remote_allow")


def run(options: argparse.Namespace) -> int:
    """Look, tell, and say in the exit status whether all is well."""
    chosen = settings.load({"log_level": "error", **{k: v for k, v in vars(options).items() if v is not None}})
    log.configure(chosen.log_level)
    findings: list[Finding] = []
    run_loop(_examine(chosen, findings))
    return 0 if all(finding.is_well for finding in findings) else 1


async def _examine(chosen: Settings, findings: list[Finding]) -> None:
    registry = deployment.registry_for(chosen.role)
    equip(registry, chosen)
    async with database_server(chosen) as address:
        await check_database(chosen, address, registry)
        _tell(findings, Finding(True, f"database {chosen.database}: reached, its schema is this release's"))
        if chosen.address is None:
            _tell(findings, _disk(chosen.data_path))
        connection = await connect(address, chosen.database, name="tandem doctor")
        try:
            for finding in await _outbox(connection):
                _tell(findings, finding)
            await _areas(chosen, registry, connection, findings)
        finally:
            await connection.close()


def _disk(directory: Path) -> Finding:
    free = shutil.disk_usage(directory).free >> 20
    is_enough = free >= LITTLE_SPACE_MIB
    return Finding(
        is_enough, f"disk of {directory}: {free} MiB free" + ("" if is_enough else ": make room before it is full")
    )


async def _outbox(connection: Connection) -> list[Finding]:
    now = await figures(connection)
    late = now.late.total_seconds()
    waiting = f"outbox: {now.ready} waiting, {now.running} being sent, the longest due for {late:.0f} s"
    return [
        Finding(late <= LATE_SECONDS, waiting + ("" if late <= LATE_SECONDS else ": is a worker running?")),
        Finding(
            not now.parked, f"outbox: {now.parked} given up on" + (": look, then resend or skip" if now.parked else "")
        ),
    ]


async def _areas(chosen: Settings, registry: Registry, connection: Connection, findings: list[Finding]) -> None:
    remotes = RemoteClients(policy_of(chosen))
    try:
        for check in checks_of(deployment.areas_of(chosen.role)):
            for finding in await check(deployment.system_env(registry, connection, "doctor"), remotes):
                _tell(findings, finding)
    finally:
        await remotes.close()


def _tell(findings: list[Finding], finding: Finding) -> None:
    findings.append(finding)
    sys.stdout.write(f"{'ok     ' if finding.is_well else 'PROBLEM'}  {finding.text}\n")
