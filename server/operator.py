"""What operators do from the command line: as the system, in one transaction, on a database that exists already."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from models import deployment
from models.orm.env import Env
from models.orm.registry import Registry
from server.database.address import DatabaseAddress
from server.database.connection import connect
from server.database.databases import database_exists
from server.database.embedded import database_server
from server.database.migrate import check_schema, roles_of
from server.database_errors import DatabaseErrors
from server.outgoing import equip
from server.settings import Settings, SettingsError
from server.startup import check_role

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
            with _said_in_words_of_models(registry):
                async with connection.transaction():
                    yield deployment.system_env(registry, connection, "operator")
        finally:
            await connection.close()


@contextmanager
def _said_in_words_of_models(registry: Registry) -> Iterator[None]:
    try:
        yield
    except asyncpg.PostgresError as error:
        raise DatabaseErrors(registry).translate(error, registry.profile(None)) or error from None


async def check_database(chosen: Settings, address: DatabaseAddress, registry: Registry) -> None:
    """Refuse to work on a database that is missing, or of another release or role. Raises `SettingsError`."""
    if not await database_exists(address, chosen.database):
        raise SettingsError(f"there is no database {chosen.database}: start the server or run tandem migrate first")
    connection = await connect(address, chosen.database, name="tandem operator")
    try:
        if not await check_schema(connection, chosen.role, registry):
            check_role(chosen, await roles_of(connection))
            raise SettingsError(f"database {chosen.database} is of another release: run tandem migrate")
    finally:
        await connection.close()
