"""Bringing a database to the schema of this release, whatever release it comes from.

    1  nothing to do when the database has seen this release's schema, data and first administrator
    2  else one process takes the lock, the others wait and then find nothing to do
    3  a new database gets the whole schema at once
    4  an older one first the numbered steps it has not seen, then the difference, change by change
    5  company, system's user and groups, the records that come with the models, the number sequences, and once the
       first administrator

Every change is a transaction of its own with a short wait for locks, tried again when calls hold them; a killed
migration is simply run again and does what is left. Which schemas a database has had is recorded, so that an older
release which comes back leaves a newer database as it is.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import asyncpg
import structlog

from models import deployment
from models.base.reflection import reflect
from models.orm.data import Datum
from models.orm.env import Env
from models.orm.registry import Registry
from models.orm.schema import Schema, schema_of
from server.database.catalog import empty_tables, read_catalog, wanted_catalog
from server.database.connection import Connection
from server.database.diff import Change, Difference, difference
from server.database.errors import CONNECTION_LOST
from server.database.steps import DIRECTORY, MigrationError, Step, missing_steps, read_steps

log = structlog.get_logger(__name__)

LOCK = int.from_bytes(hashlib.sha256(b"tandem migrate").digest()[:8], "big", signed=True)
LOCK_POLL_SECONDS = 0.1
LOCK_WAIT_SECONDS = 600.0
LOCK_TIMEOUT = "2s"  # so long may a change hold up the calls that queue behind it
ATTEMPTS = 30
PAUSE_SECONDS = 0.5

FirstStart = Callable[[Env], Awaitable[None]]


@dataclass(slots=True)
class Report:
    """What a migration did. `left` is what no model declares; `newer` means that a later release was here."""

    created: bool = False
    newer: bool = False
    steps: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    records: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a database of one role should have."""

    role: str
    registry: Registry
    data: Sequence[Datum]
    steps: Sequence[Step]

    @property
    def schema(self) -> Schema:
        """The schema of the role's models."""
        return _schema(self.registry)

    @property
    def fingerprint(self) -> str:
        """What the schema is recognised by."""
        return _fingerprint(self.registry)

    @property
    def data_hash(self) -> str:
        """A hash of the records that come along, of the groups, of the numbering, and of what is told of the models."""
        sequences = [f.sequence for m in self.registry.models.values() for f in m.meta.fields.values() if f.sequence]
        groups = list(self.registry.groups.values())
        told = reflect(self.registry).text
        return hashlib.sha256(repr((list(self.data), groups, sequences, told)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class History:
    """What the database says was done to it: hashes by kind and name, oldest first."""

    rows: tuple[tuple[str, str, str], ...] = ()

    def hashes(self, kind: str, name: str) -> list[str]:
        """Return the hashes recorded for one thing, oldest first."""
        return [row[2] for row in self.rows if row[:2] == (kind, name)]

    @property
    def steps(self) -> dict[str, str]:
        """The applied steps and their hashes."""
        return {name: value for kind, name, value in self.rows if kind == "step"}

    def has_unknown_steps(self, steps: Sequence[Step]) -> bool:
        """Whether a later release left steps here that this one does not have."""
        return not self.steps.keys() <= {step.name for step in steps}

    def is_newer(self, wanted: Wanted) -> bool:
        """Whether a later release was here: it left steps that are unknown, or its schema came after this one."""
        return self.has_unknown_steps(wanted.steps) or (self.has_schema(wanted) and not self._is_latest(wanted))

    def has_schema(self, wanted: Wanted) -> bool:
        """Whether the database had this schema at some time; what came later only added to it."""
        return wanted.fingerprint in self.hashes("schema", wanted.role)

    def has_data(self, wanted: Wanted) -> bool:
        """Whether the records that come along are there."""
        return wanted.data_hash in self.hashes("data", wanted.role)

    @property
    def has_started(self) -> bool:
        """Whether the first administrator was made."""
        return bool(self.hashes("start", "first"))

    def _is_latest(self, wanted: Wanted) -> bool:
        return self.hashes("schema", wanted.role)[-1] == wanted.fingerprint


async def migrate(
    connection: Connection,
    role: str = "both",
    *,
    registry: Registry | None = None,
    data: Sequence[Datum] | None = None,
    first_start: FirstStart | None = None,
    verify: bool = False,
    directory: Path = DIRECTORY,
) -> Report:
    """Bring the database to this release. The connection is the owner's, direct (no pooler), not in a transaction.

    `first_start` makes the first administrator; it is called once in the life of a database, in the transaction of the
    first data. `verify` compares the database even when it is known to be right. Raises `MigrationError` with what an
    operator has to do.
    """
    started = time.monotonic()
    wanted = Wanted(
        role,
        deployment.registry_for(role) if registry is None else registry,
        deployment.data_for(role) if data is None else data,
        read_steps(directory),
    )
    report = Report()
    async with _session(connection):
        history = await _history(connection)
        if verify or not _is_done(history, wanted, first_start):
            async with _lock(connection):
                await _bring_up(connection, wanted, first_start, verify, report)
        report.newer = (await _history(connection)).is_newer(wanted)
    report.seconds = time.monotonic() - started
    return report


async def check_schema(connection: Connection, role: str, registry: Registry | None = None) -> bool:
    """Whether the database has what this release needs: it had this schema at some time, and later ones only add."""
    wanted = Wanted(role, deployment.registry_for(role) if registry is None else registry, (), ())
    return (await _history(connection)).has_schema(wanted)


async def roles_of(connection: Connection) -> list[str]:
    """Return the roles that the database has served, the first one first; none for a new database."""
    return list(dict.fromkeys(name for kind, name, _ in (await _history(connection)).rows if kind == "schema"))


def _is_done(history: History, wanted: Wanted, first_start: FirstStart | None) -> bool:
    started = history.has_started or first_start is None
    return history.has_schema(wanted) and history.has_data(wanted) and started and not _steps_left(history, wanted)


def _steps_left(history: History, wanted: Wanted) -> list[Step]:
    return missing_steps(list(wanted.steps), history.steps)


@lru_cache(maxsize=8)
def _schema(registry: Registry) -> Schema:
    return schema_of(registry)


@lru_cache(maxsize=8)
def _fingerprint(registry: Registry) -> str:
    return _schema(registry).fingerprint


async def _bring_up(
    connection: Connection, wanted: Wanted, first_start: FirstStart | None, verify: bool, report: Report
) -> None:
    """The migration itself, by the one process that holds the lock."""
    history = await _history(connection)
    if history.is_newer(wanted):
        return
    if not history.rows and not (await read_catalog(connection)).tables:
        await _create(connection, wanted)
        report.created = True
    elif verify or not history.has_schema(wanted) or _steps_left(history, wanted):
        await _change(connection, wanted, history, report)
    history = await _history(connection)
    if not history.has_data(wanted) or (first_start and not history.has_started):
        await _fill(connection, wanted, history, first_start, report)


async def _create(connection: Connection, wanted: Wanted) -> None:
    """Create everything in one transaction."""
    async with connection.transaction():
        await connection.execute(wanted.schema.sql)
        for step in wanted.steps:
            await _record(connection, "step", step.name, step.hash)
        await _record(connection, "schema", wanted.role, wanted.fingerprint)


async def _change(connection: Connection, wanted: Wanted, history: History, report: Report) -> None:
    """Run the steps, then the difference; what is refused is refused before anything of the difference is done."""
    # A database without history was made from schema.sql: it has nothing to catch up with.
    for step in _steps_left(history, wanted) if history.rows else ():
        await _run(connection, Change(f"step {step.name}", step.sql), step)
        report.steps.append(step.name)
    found = await compare(connection, wanted.schema)
    report.left = found.left
    if found.refused:
        raise MigrationError("the database needs a numbered step: " + "; ".join(found.refused))
    for change in found.changes:
        await _run(connection, change)
        report.changes.append(change.title)
    history = await _history(connection)
    if history.hashes("schema", wanted.role)[-1:] != [wanted.fingerprint]:
        await _record(connection, "schema", wanted.role, wanted.fingerprint)


async def compare(connection: Connection, schema: Schema) -> Difference:
    """Return what the database lacks of a schema and what it has beyond it."""
    live = await read_catalog(connection)
    wanted = await wanted_catalog(connection, schema)
    return difference(live, wanted, schema, await empty_tables(connection, live))


async def _run(connection: Connection, change: Change, step: Step | None = None) -> None:
    """Make one change, giving way to running calls and coming back while they hold what it needs."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            log.info("migrate", change=change.title)
            await _try(connection, change, step)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            if attempt == ATTEMPTS:
                raise MigrationError(f"{change.title}: running calls hold the table, try again later") from error
            await asyncio.sleep(PAUSE_SECONDS)
        except CONNECTION_LOST:
            raise
        except asyncpg.PostgresError as error:
            raise MigrationError(f"{change.title}: {error}") from error
        else:
            return


async def _try(connection: Connection, change: Change, step: Step | None) -> None:
    if change.alone:  # locks out nobody, but waits for every call that began before
        await connection.execute("set lock_timeout = 0")
        await connection.execute(change.sql)
        await connection.execute(f"set lock_timeout = '{LOCK_TIMEOUT}'")
        return
    async with connection.transaction():
        await connection.execute(change.sql)
        if step:
            await _record(connection, "step", step.name, step.hash)


async def _fill(
    connection: Connection, wanted: Wanted, history: History, first_start: FirstStart | None, report: Report
) -> None:
    """Load the records that come with the models and make the first administrator, all or nothing."""
    async with connection.transaction():
        env = deployment.system_env(wanted.registry, connection, "migration")
        report.records = await deployment.install(env, wanted.data)
        await _record(connection, "data", wanted.role, wanted.data_hash)
        if first_start and not history.has_started:
            await first_start(env)
            await _record(connection, "start", "first", "")


async def _history(connection: Connection) -> History:
    try:
        rows = await connection.fetch("select kind, name, hash from migration order by id")
    except asyncpg.UndefinedTableError:
        return History()
    return History(tuple((row["kind"], row["name"], row["hash"]) for row in rows))


async def _record(connection: Connection, kind: str, name: str, value: str) -> None:
    await connection.execute("insert into migration (kind, name, hash) values ($1, $2, $3)", kind, name, value)


@asynccontextmanager
async def _session(connection: Connection) -> AsyncIterator[None]:
    """Give the work the time it needs and its locks little; afterwards the session is as it was."""
    await connection.execute(f"set statement_timeout = 0; set lock_timeout = '{LOCK_TIMEOUT}'")
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("reset statement_timeout; reset lock_timeout")


@asynccontextmanager
async def _lock(connection: Connection) -> AsyncIterator[None]:
    """Be the only one that migrates. Who waits inside the database makes an index build wait for him: so we ask."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
        if time.monotonic() > deadline:
            raise MigrationError(f"another process has been migrating for {LOCK_WAIT_SECONDS:.0f} seconds")
        await asyncio.sleep(LOCK_POLL_SECONDS)
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("select pg_advisory_unlock($1)", LOCK)
