"""`tandem migrate`: bring the database to this release and say what was done. Can be run again at any time."""

import argparse
import sys

from server import log, settings
from server.database.embedded import database_server
from server.database.migrate import Report
from server.event_loop import run_loop
from server.settings import Settings
from server.startup import prepare_database

OPTIONS = ("role", "database_url", "database_name", "data_dir", "pg_bin", "company_name", "log_level")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the database is, and what it is for."""
    settings.add_options(parser, *OPTIONS)
    parser.add_argument("--verify", action="store_true", help="compare the database even when it is known to be right")
    parser.add_argument("--change-role", action="store_true", help="give a database of another role this one as well")


def run(options: argparse.Namespace) -> int:
    """Migrate."""
    chosen = settings.load(vars(options))
    log.configure(chosen.log_level)
    run_loop(_migrate(chosen, verify=options.verify, change_role=options.change_role))
    return 0


async def _migrate(chosen: Settings, *, verify: bool, change_role: bool) -> None:
    async with database_server(chosen) as address:
        prepared = await prepare_database(chosen, address, verify=verify, change_role=change_role)
    for line in _lines(chosen, prepared.report):
        sys.stdout.write(f"tandem: {line}\n")
    if prepared.password:
        sys.stdout.write(f"tandem: administrator admin, password {prepared.password} (shown this once)\n")


def _lines(chosen: Settings, report: Report) -> list[str]:
    lines = [f"step {step}" for step in report.steps] + report.changes
    lines += [f"not of this release, left as it is: {thing}" for thing in report.left]
    if report.newer:
        lines.append("a later release was here, its database is left as it is")
    state = "created" if report.created else f"{len(report.steps) + len(report.changes)} changes"
    return [*lines, f"database {chosen.database}: {state}, {report.records} records, {report.seconds:.1f} s"]
