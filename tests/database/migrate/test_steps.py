"""Numbered steps: each runs once and in order, and an edited one is refused."""

import pytest

from server.database.catalog import read_catalog
from server.database.steps import MigrationError
from tests.database.migrate.migrating import dump, step, to
from tests.database.migrate.releases import FIRST, RENAMED


async def test_a_step_renames_and_keeps_the_rows(old, connection, tmp_path):
    step(tmp_path, "0001_note_title", "alter table lib_note rename column name to title")

    report = await to(old, RENAMED, directory=tmp_path)
    await to(connection, RENAMED, directory=tmp_path)

    assert (report.steps, report.changes, report.left) == (["0001_note_title"], [], [])
    assert await old.fetchval("select title from lib_note") == "kept"
    assert await read_catalog(old) == await read_catalog(connection)


async def test_a_step_runs_once_and_never_on_a_new_database(old, connection, tmp_path):
    step(tmp_path, "0001_count", "insert into lib_note (name) values ('by a step')")

    for database in (old, old, connection):
        await to(database, FIRST, directory=tmp_path)

    assert await old.fetchval("select count(*) from lib_note") == 2
    assert await connection.fetchval("select count(*) from lib_note") == 0


async def test_an_edited_step_is_refused(old, tmp_path):
    step(tmp_path, "0001_count", "select 1")
    await to(old, FIRST, directory=tmp_path)
    step(tmp_path, "0001_count", "select 2")

    with pytest.raises(MigrationError, match=r"changed after it was applied.*0001_count"):
        await to(old, FIRST, directory=tmp_path)


async def test_a_failing_step_leaves_nothing(old, tmp_path):
    before = await dump(old)
    step(tmp_path, "0001_fails", "alter table lib_note add column half text; select 1/0")

    with pytest.raises(MigrationError, match="step 0001_fails: division by zero"):
        await to(old, RENAMED, directory=tmp_path)

    assert await dump(old) == before
    assert not await old.fetchval("select exists (select from migration where kind = 'step')")


@pytest.mark.parametrize("names", [("1_short",), ("0001_one", "0001_two")], ids=["no number", "one number twice"])
async def test_steps_have_a_number_of_their_own(old, tmp_path, names):
    for name in names:
        step(tmp_path, name, "select 1")

    with pytest.raises(MigrationError, match="a number of its own"):
        await to(old, FIRST, directory=tmp_path)
