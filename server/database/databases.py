"""The databases of a server: creating, copying and dropping them."""

import asyncpg

from server.database.address import DatabaseAddress
from server.database.connection import Connection, connect

MAINTENANCE = "postgres"
LONGEST_NAME = 63  # bytes; PostgreSQL would cut a longer one in silence


async def create_database_if_missing(address: DatabaseAddress, name: str) -> bool:
    """Whether it had to be created. Two processes may try at once; the user of the address needs CREATEDB only then."""
    if await database_exists(address, name):
        return False
    maintenance = await connect(address, MAINTENANCE, statement_timeout="0")
    try:
        await maintenance.execute(f"create database {quoted(name)} template template0 encoding 'UTF8'")
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        return False
    finally:
        await maintenance.close()
    if address.application_user:
        await _admit_application(address, name)
    return True


async def database_exists(address: DatabaseAddress, name: str) -> bool:
    """Whether a connection to it can be opened; every other trouble is raised."""
    try:
        connection = await connect(address, name)
    except asyncpg.InvalidCatalogNameError:
        return False
    await connection.close()
    return True


async def copy_database(address: DatabaseAddress, template: str, name: str) -> None:
    """A new database with all that the template holds; nobody may be connected to the template."""
    maintenance = await connect(address, MAINTENANCE, statement_timeout="0")
    try:
        await maintenance.execute(f"create database {quoted(name)} template {quoted(template)} strategy file_copy")
    finally:
        await maintenance.close()


async def drop_database(address: DatabaseAddress, name: str) -> None:
    """Remove it, cutting off whoever is connected; no error when there is none."""
    maintenance = await connect(address, MAINTENANCE, statement_timeout="0")
    try:
        await maintenance.execute(f"drop database if exists {quoted(name)} with (force)")
    finally:
        await maintenance.close()


def quoted(name: str) -> str:
    """The name as an SQL identifier; ValueError when PostgreSQL would cut or refuse it."""
    if not name or "\0" in name or len(name.encode()) > LONGEST_NAME:
        raise ValueError(f"a name has 1 to {LONGEST_NAME} bytes: {name!r}")
    return '"' + name.replace('"', '""') + '"'


async def _admit_application(address: DatabaseAddress, name: str) -> None:
    """Let the application's account use what the owner creates from now on, and nothing else."""
    owner = await connect(address, name)
    try:
        await _create_role(owner, address.application_user or "")
        role = quoted(address.application_user or "")
        await owner.execute(
            f"revoke temporary on database {quoted(name)} from public;"
            f"alter default privileges grant select, insert, update, delete on tables to {role};"
            f"alter default privileges grant usage, select on sequences to {role}"
        )
    finally:
        await owner.close()


async def _create_role(owner: Connection, role: str) -> None:
    try:
        await owner.execute(f"create role {quoted(role)} login")
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        return
