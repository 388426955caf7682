"""Releases side by side, and the first start."""

from typing import Any

import pytest

from models.orm.schema import schema_of
from server.database.migrate import check_schema
from tests.database.migrate.migrating import dump, step, to
from tests.database.migrate.releases import ADDITIONS, FIRST, RENAMED


async def test_an_older_release_leaves_a_newer_database_as_it_is(old):
    await to(old, ADDITIONS["check"])
    before = await dump(old)

    report = await to(old, FIRST)

    assert report.newer
    assert await check_schema(old, "both", FIRST)
    assert await dump(old) == before


async def test_a_step_of_a_later_release_is_left_alone(old, tmp_path):
    step(tmp_path, "0001_note_title", "alter table lib_note rename column name to title")
    await to(old, RENAMED, directory=tmp_path)

    report = await to(old, ADDITIONS["field"])

    assert report.newer
    assert not await check_schema(old, "both", ADDITIONS["field"])


async def test_a_database_without_the_schema_is_not_ready(connection):
    assert not await check_schema(connection, "both", FIRST)


async def test_a_database_made_from_schema_sql_is_taken_as_it_is(connection):
    await connection.execute(schema_of(FIRST).sql)

    report = await to(connection, FIRST)

    assert (report.created, report.changes) == (False, [])
    assert await check_schema(connection, "both", FIRST)


async def test_the_first_start_happens_once(connection):
    started = []

    async def first_start(env: Any) -> None:
        started.append(await env["res.users"].insert(env, [{"name": "Administrator"}]))

    for registry in (FIRST, FIRST, ADDITIONS["field"]):
        await to(connection, registry, first_start=first_start)

    assert started == [[2]]


async def test_a_first_start_that_fails_is_tried_again_as_a_whole(connection):
    async def fails(env: Any) -> None:
        await env["res.users"].insert(env, [{"name": "Half"}])
        raise LookupError("no password")

    async def works(env: Any) -> None:
        await env["res.users"].insert(env, [{"name": "Whole"}])

    with pytest.raises(LookupError):
        await to(connection, FIRST, first_start=fails)
    await to(connection, FIRST, first_start=works)

    assert await connection.fetchval("select string_agg(name, ',') from res_users") == "System,Whole"


async def test_the_session_is_as_it_was(connection):
    await to(connection, FIRST)

    assert await connection.fetchval("show statement_timeout") == "30s"
    assert await connection.fetchval("show lock_timeout") == "5s"
