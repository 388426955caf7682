"""The data set: a database as the product migrates it, filled by COPY.

    python -m bench.dataset [--rows 1000000]

It is made once for a schema and a number of leads, and copied for each run, so that every run meets the same tables.
It lies below the data directory that `tandem` uses by default, in `bench`: 0.1 GB for 100,000 leads, 1 GB for a
million, twice that while a run lasts.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import inspect
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench import records
from bench.dialects import Login
from bench.world import FIRST, World
from models import deployment
from models.base import installation
from models.base.api_keys import ApiKey
from models.orm import Env
from models.orm.schema import schema_of
from server.database import databases
from server.database.address import DatabaseAddress
from server.database.connection import Connection, connect
from server.database.embedded import EmbeddedPostgres
from server.database.migrate import migrate
from server.settings import default_data_dir

ROLE = "both"
PREFIX = "bench"
ROWS = 100_000
COMPANY = 1
PASSWORD = "for measurements alone"  # noqa: S105 of a database that holds nothing
GROUPS = ("bpo.manager", "sale.manager", "stock.manager")


@asynccontextmanager
async def server(home: Path | None = None) -> AsyncIterator[EmbeddedPostgres]:
    """The PostgreSQL of the measurements, in a place of its own; durable as in production."""
    place = home or default_data_dir() / "bench"
    place.mkdir(parents=True, exist_ok=True)
    async with EmbeddedPostgres(place / "postgres") as postgres:
        yield postgres


async def template(address: DatabaseAddress, rows: int = ROWS) -> str:
    """The name of the data set of this size; it is made if this schema never had one."""
    name = f"{PREFIX}_{rows}_{_fingerprint()}"
    if not await databases.database_exists(address, name):
        await _drop_older(address, rows, name)
        await _make(address, rows, name)
    return name


@asynccontextmanager
async def scratch(address: DatabaseAddress, rows: int = ROWS) -> AsyncIterator[str]:
    """A copy of the data set for one run; dropped at the end."""
    source, name = await template(address, rows), f"{PREFIX}_run_{rows}"
    await databases.drop_database(address, name)
    await databases.copy_database(address, source, name)
    try:
        yield name
    finally:
        await databases.drop_database(address, name)


async def fill(connection: Connection, rows: int, database: str) -> World:
    """Bring an empty database to the product's schema and copy so many leads, and what they point at, into it."""
    await migrate(connection, ROLE, first_start=_first_administrator)
    world = await world_of(connection, rows, database)
    unit = await connection.fetchval(
        "select res_id from ir_model_data where module = 'uom' and name = 'product_uom_unit'"
    )
    shelf = await connection.fetchval("select lot_stock_id from stock_warehouse where company_id = $1", COMPANY)
    for copied in records.tables(world, unit, shelf):
        await connection.copy_records_to_table(copied.table, records=copied.records, columns=copied.columns)
        await connection.execute(f"vacuum analyze {copied.table}")
    for table in ("res_users", "res_partner", "product_product", "account_tax", "crm_lead"):
        await connection.execute(f"select setval(pg_get_serial_sequence('{table}', 'id'), max(id)) from {table}")  # noqa: S608
    return world


async def world_of(connection: Connection, rows: int, database: str) -> World:
    """The ids in a data set of this size."""
    countries = await connection.fetch("select id from res_country order by code")
    stages = await connection.fetch("select id from crm_stage order by sequence, id")
    return records.size_of(
        rows,
        company=COMPANY,
        countries=[row[0] for row in countries],
        stages=[row[0] for row in stages],
        database=database,
    )


async def admit(connection: Connection, database: str, groups: Sequence[str] = GROUPS) -> Login:
    """Give the first salesperson these groups, a password and a key."""
    registry = deployment.registry_for(ROLE)
    env = deployment.system_env(registry, connection, "measurements")
    async with connection.transaction():
        await connection.execute(
            "insert into res_groups_users_rel (user_id, group_id) select $1, id from res_groups where code = any($2)",
            FIRST,
            list(groups),
        )
        await installation.set_password(env, FIRST, PASSWORD)
        keys: type[ApiKey] = env[ApiKey]
        key = await keys.issue(env, FIRST, name="load generator")
    login = await connection.fetchval("select login from res_users where id = $1", FIRST)
    return Login(database=database, login=login, password=PASSWORD, token=key)


async def _make(address: DatabaseAddress, rows: int, name: str) -> None:
    """Fill under another name first, so that a half-made data set is never taken for one."""
    making = f"{PREFIX}_making_{rows}"
    started = time.monotonic()
    await databases.drop_database(address, making)
    await databases.create_database_if_missing(address, making)
    connection = await connect(address, making, statement_timeout="0")
    try:
        await fill(connection, rows, name)
    finally:
        await connection.close()
    maintenance = await connect(address, databases.MAINTENANCE)
    try:
        await maintenance.execute(f"alter database {databases.quoted(making)} rename to {databases.quoted(name)}")
    finally:
        await maintenance.close()
    print(f"{rows:,} leads made in {time.monotonic() - started:.0f} s")


async def _drop_older(address: DatabaseAddress, rows: int, name: str) -> None:
    maintenance = await connect(address, databases.MAINTENANCE)
    try:
        pattern = f"{PREFIX}\\_{rows}\\_%"
        older = await maintenance.fetch("select datname from pg_database where datname like $1", pattern)
    finally:
        await maintenance.close()
    for row in older:
        if row[0] != name:
            await databases.drop_database(address, row[0])


def _fingerprint() -> str:
    """What a data set depends on: the schema, the records that come along, and the rows made up here."""
    registry = deployment.registry_for(ROLE)
    parts = (schema_of(registry).fingerprint, repr(deployment.data_for(ROLE)), inspect.getsource(records))
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:8]


async def _first_administrator(env: Env) -> None:
    await installation.create_administrator(env, PASSWORD)


async def _run(rows: int) -> None:
    async with server() as postgres:
        print(await template(postgres.address, rows))


def main() -> None:
    """Make the data set."""
    parser = argparse.ArgumentParser(description="make the data set")
    parser.add_argument("--rows", type=int, default=ROWS)
    asyncio.run(_run(parser.parse_args().rows))


if __name__ == "__main__":
    main()
