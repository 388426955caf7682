"""From settings to a database that can be served: created if it is missing, migrated, with a first administrator."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from models import deployment
from models.base.installation import create_administrator
from models.demo import ROLES
from models.orm.data import load_data
from models.orm.env import Env
from server.database.address import DatabaseAddress
from server.database.connection import Connection, connect
from server.database.databases import create_database_if_missing
from server.database.migrate import Report, migrate, roles_of
from server.settings import Settings, SettingsError


@dataclass(slots=True)
class Prepared:
    """What was done. `password` is the one invented for the first administrator; it exists nowhere else."""

    report: Report
    password: str | None = field(default=None, repr=False)


async def prepare_database(
    settings: Settings, address: DatabaseAddress, *, verify: bool = False, change_role: bool = False
) -> Prepared:
    """Bring the database to this release; `change_role` when it was another role's so far.

    Raises `MigrationError`, `SettingsError` for the wrong role, and asyncpg's errors when it is out of reach.
    """
    await create_database_if_missing(address, settings.database)
    invented: list[str | None] = [None]

    async def first_start(env: Env) -> None:
        invented[0] = await create_administrator(env, settings.admin_password, settings.company_name)

    connection = await connect(address, settings.database, name="tandem migrate")
    try:
        if not change_role:
            check_role(settings, await roles_of(connection))
        report = await migrate(connection, settings.role, first_start=first_start, verify=verify)
        if settings.demo:
            report.records += await _load_demo(settings, connection)
    finally:
        await connection.close()
    return Prepared(report, invented[0])


def check_role(settings: Settings, roles: Sequence[str]) -> None:
    """Refuse to take the database of another role for ours: its tables would be mixed. Raises `SettingsError`."""
    if roles and settings.role not in roles:
        raise SettingsError(
            f"database {settings.database} is that of a deployment with --role {roles[-1]}, not {settings.role}:"
            f" give --role {roles[-1]} or TANDEM_ROLE={roles[-1]} (tandem migrate --change-role makes it a"
            f" {settings.role} database)"
        )


async def _load_demo(settings: Settings, connection: Connection) -> int:
    """Load what of the demo's records is not there yet; return how many."""
    env = deployment.system_env(deployment.registry_for(settings.role), connection, "demo data")
    async with connection.transaction():
        return await load_data(env, ROLES[settings.role])
