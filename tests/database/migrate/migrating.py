"""How tests bring a database to a release, and what they compare."""

import asyncio
import re
import subprocess
from pathlib import Path
from typing import Any

from models.orm import Registry
from server.database.binaries import find_binaries
from server.database.connection import Connection
from server.database.migrate import Report, migrate
from tests.cluster import shared_cluster
from tests.database.migrate.releases import ROOT

NO_STEPS = Path(__file__).with_name("no_steps")  # is not there: the steps of the product are for its own models


async def to(connection: Connection, registry: Registry, **options: Any) -> Report:
    return await migrate(connection, registry=registry, **{"data": ROOT, "directory": NO_STEPS, **options})


async def dump(connection: Connection) -> list[str]:
    """The whole schema as pg_dump writes it, line by line; the order of columns and the ids of rows do not count."""
    name = await connection.fetchval("select current_database()")
    arguments = [find_binaries() / "pg_dump", "--schema-only", "--no-owner", "--dbname", shared_cluster().url_of(name)]
    written = await asyncio.to_thread(subprocess.run, arguments, capture_output=True, text=True, check=True)
    lines = re.sub(r"(ir_sequence_number_)\d+", r"\1N", written.stdout).splitlines()
    return sorted(line.rstrip(",") for line in lines if not line.startswith(("--", "\\")))


def step(directory: Path, name: str, sql: str) -> None:
    (directory / f"{name}.sql").write_text(sql)
