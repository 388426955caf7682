"""Migration: an older database becomes what a new one is."""

import asyncio

import pytest

from models.orm import Check, fields
from models.orm.schema import schema_of
from server.database import migrate as migration
from server.database.catalog import SCRATCH, read_catalog
from server.database.connection import connect
from tests.cluster import shared_cluster
from tests.database.migrate.migrating import dump, to
from tests.database.migrate.releases import ADDITIONS, CHECK, NEXT, note, release


@pytest.mark.parametrize("registry", ADDITIONS.values(), ids=ADDITIONS)
async def test_migrated_is_like_new(old, connection, registry):
    await connection.execute(schema_of(registry).sql)

    await to(old, registry)

    assert await read_catalog(old) == await read_catalog(connection)
    assert await old.fetchval("select name from lib_note") == "kept"


@pytest.mark.statement("M6")
async def test_a_dump_of_a_migrated_database_is_that_of_a_new_one(old, connection):
    await to(connection, NEXT)

    for registry in (ADDITIONS["field"], ADDITIONS["links to a new model"], ADDITIONS["flag"], NEXT):
        await to(old, registry)

    assert await dump(old) == await dump(connection)


CHANGES = {
    "check": (
        release(note(checks=(CHECK,))),
        release(note(checks=(Check(CHECK.name, "length(name) > 2", "Longer."),))),
    ),
    "relation": (
        release(note(user_id=fields.Many2One("User", "res.users"))),
        release(note(user_id=fields.Many2One("User", "res.users", on_delete="cascade"))),
    ),
    "default": (
        release(note(rank=fields.Integer("Rank", required=True, default=3))),
        release(note(rank=fields.Integer("Rank", required=True, default=4))),
    ),
}


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES)
async def test_another_definition_takes_the_place_of_the_old_one(old, connection, before, after):
    await to(old, before)
    await to(connection, after)

    await to(old, after)

    assert await dump(old) == await dump(connection)


async def test_another_index_definition_takes_the_place_of_the_old_one(old):
    await to(old, ADDITIONS["index on a field"])
    await old.execute("drop index lib_note_name_index; create index lib_note_name_index on lib_note (name desc)")
    await old.execute("create index lib_note_name_index_new on lib_note (id)")  # left by an attempt that was cut off

    await to(old, ADDITIONS["index on a field"], verify=True)

    assert (await read_catalog(old)).tables["lib_note"].indexes["lib_note_name_index"].definition.endswith("(name)")
    assert not await old.fetchval("select to_regclass('lib_note_name_index_new')")


@pytest.mark.parametrize("verify", [False, True], ids=["known", "looked at again"])
async def test_a_second_migration_changes_nothing(connection, verify):
    await to(connection, ADDITIONS["numbered model"])
    before = await dump(connection)

    report = await to(connection, ADDITIONS["numbered model"], verify=verify)

    assert (report.created, report.changes, report.left, report.records) == (False, [], [], 0)
    assert await dump(connection) == before


async def test_the_comparison_leaves_no_trace(old):
    await to(old, ADDITIONS["model"])

    assert not await old.fetchval("select exists (select from pg_namespace where nspname = $1)", SCRATCH)


async def test_a_running_older_release_can_go_on_inserting(old):
    await to(old, ADDITIONS["required field with a default"])

    await old.execute("insert into lib_note (name) values ('of the older release')")

    assert [row[0] for row in await old.fetch("select rank from lib_note")] == [3, 3]


async def test_a_change_gives_way_to_calls_and_comes_back(old, monkeypatch):
    monkeypatch.setattr(migration, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(migration, "PAUSE_SECONDS", 0.02)
    name = await old.fetchval("select current_database()")
    caller = await connect(shared_cluster(), name)
    call = caller.transaction()
    await call.start()
    await caller.execute("update lib_note set name = 'busy'")

    work = asyncio.create_task(to(old, ADDITIONS["field"]))
    await asyncio.sleep(0.3)
    assert not work.done()
    await call.commit()
    report = await work

    await caller.close()
    assert report.changes == ["add column lib_note.text"]
