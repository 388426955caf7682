"""Several servers that migrate at once, and death at any point."""

import asyncio
from typing import Any

import asyncpg
import pytest

from models.orm import Datum, Registry
from server.database.connection import connect
from server.database.migrate import Report, check_schema
from tests.cluster import scratch_database, shared_cluster
from tests.database.migrate.migrating import dump, to
from tests.database.migrate.releases import ADDITIONS, NEXT, ROOT


async def at_once(name: str, count: int, registry: Registry) -> list[Report]:
    opened = [await connect(shared_cluster(), name) for _ in range(count)]
    try:
        return await asyncio.gather(*(to(one, registry) for one in opened))
    finally:
        for one in opened:
            await one.close()


@pytest.mark.concurrency
async def test_one_of_many_creates_the_schema_and_the_others_wait(database):
    reports = await at_once(database, 4, ADDITIONS["numbered model"])

    assert sorted(report.created for report in reports) == [False, False, False, True]
    assert sum(report.records for report in reports) == 2


@pytest.mark.concurrency
async def test_one_of_many_builds_the_index_and_the_others_wait(old):
    name = await old.fetchval("select current_database()")

    reports = await at_once(name, 4, ADDITIONS["key"])

    assert sum(len(report.changes) for report in reports) == 1


TAGGED = (*ROOT, Datum("lib.red", "lib.tag", {"name": "red"}), Datum("lib.blue", "lib.tag", {"name": "blue"}))


async def die_after(name: str, statements: int) -> bool:
    """Whether the migration ended before its process lost its life after so many statements."""
    opened = await connect(shared_cluster(), name)
    seen = 0

    def count(_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statements:
            opened.terminate()

    opened.add_query_logger(count)
    try:
        await to(opened, NEXT, data=TAGGED)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError):
        return False
    await opened.close()
    return True


@pytest.mark.statement("M2")
async def test_a_migration_killed_at_every_statement_is_completed_by_the_next(first, connection):
    await to(connection, NEXT, data=TAGGED)
    wanted = await dump(connection)
    killed = 0
    for first_point in range(1, 9):  # each of these databases is killed at every eighth statement, going on from there
        async with scratch_database(first) as name:
            point = first_point
            while not await die_after(name, point):
                killed += 1
                point += 8
            opened = await connect(shared_cluster(), name)
            assert await dump(opened) == wanted
            assert await opened.fetchval("select count(*) from lib_tag") == 2
            assert await opened.fetchval("select count(*) from ir_sequence") == 1
            await opened.close()

    assert killed >= 50


async def test_half_a_migration_does_not_count_as_done(first):
    async with scratch_database(first) as name:
        await die_after(name, 25)

        opened = await connect(shared_cluster(), name)
        assert not await check_schema(opened, "both", NEXT)
        await opened.close()
