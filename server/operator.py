"""What operators do from the command line: as the system, in one transaction, on a database that exists already."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from models import deployment
from models.orm.env import Env
from models.orm.registry import Registry
from server.database.address import DatabaseAddress
from server.database.connection import connect
from server.database.databases import database_exists
from server.database.embedded import database_server
from server.database.migrate import check_schema
from server.outgoing import equip
from server.settings import Settings, SettingsError

OPTIONS = ("role", "database_url", "database_name", "data_dir", "pg_bin", "log_level")


@asynccontextmanager
async def operating(chosen: Settings) -> AsyncIterator[Env]:
    """Give the surroundings of an operator's work; what it did is committed when it ends well."""
    registry = deployment.registry_for(chosen.role)
    equip(registry, chosen)
    async with database_server(chosen) as address:
        await check_database(chosen, address, registry)
        connection = await connect(address, chosen.database, name="tandem operator")
        try:
            async with connection.transaction():
                yield deployment.system_env(registry, connection, "operator")
        finally:
            await connection.close()


async def check_database(chosen: Settings, address: DatabaseAddress, registry: Registry) -> None:
    """Refuse to work on a database that is missing, or of another release or role. Raises `SettingsError`."""
    if not await database_exists(address, chosen.database):
        raise SettingsError(f"there is no database {chosen.database}: start the server or run tandem migrate first")
    connection = await connect(address, chosen.database, name="tandem operator")
    try:
        if not await check_schema(connection, chosen.role, registry):
            raise SettingsError(f"database {chosen.database} is of another release or role: run tandem migrate")
    finally:
        await connection.close()
