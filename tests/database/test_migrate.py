"""Migration: an older database becomes what a new one is, what takes away needs a step, and it may die at any point."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from models.orm import Check, Datum, Index, Key, NumberSequence, Registry, fields
from models.orm.schema import schema_of
from server.database import migrate as migration
from server.database.binaries import find_binaries
from server.database.catalog import SCRATCH, read_catalog
from server.database.connection import Connection, connect
from server.database.databases import create_database_if_missing
from server.database.migrate import Report, check_schema, migrate
from server.database.steps import MigrationError
from tests.cluster import drop_database, new_name, scratch_database, shared_cluster
from tests.database.releases import FIRST, ROOT, model, note, release


@pytest.fixture
async def connection(database) -> AsyncIterator[Connection]:
    opened = await connect(shared_cluster(), database)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def first() -> Any:
    """The name of a database of the first release with one note; to be copied."""

    async def fill(name: str) -> None:
        await create_database_if_missing(shared_cluster(), name)
        opened = await connect(shared_cluster(), name)
        await to(opened, FIRST)
        await opened.execute("insert into lib_note (name) values ('kept')")
        await opened.close()

    name = new_name("first")
    asyncio.run(fill(name))
    yield name
    asyncio.run(drop_database(name))


@pytest.fixture
async def old(first) -> AsyncIterator[Connection]:
    """A connection to a database of the first release that holds one note."""
    async with scratch_database(first) as name:
        opened = await connect(shared_cluster(), name)
        yield opened
        await opened.close()


async def to(connection: Connection, registry: Registry, **options: Any) -> Report:
    return await migrate(connection, registry=registry, **{"data": ROOT, **options})


async def dump(connection: Connection) -> list[str]:
    """The whole schema as pg_dump writes it, line by line; the order of columns and the ids of rows do not count."""
    name = await connection.fetchval("select current_database()")
    arguments = [find_binaries() / "pg_dump", "--schema-only", "--no-owner", "--dbname", shared_cluster().url_of(name)]
    written = await asyncio.to_thread(subprocess.run, arguments, capture_output=True, text=True, check=True)
    lines = re.sub(r"(ir_sequence_number_)\d+", r"\1N", written.stdout).splitlines()
    return sorted(line.rstrip(",") for line in lines if not line.startswith(("--", "\\")))


TAG = model("lib.tag", name=fields.Char("Name"), keys=(Key(("name",), "There is such a tag."),))
TAGS = fields.Many2Many("Tags", "lib.tag", table="lib_note_tag", column="note_id", other="tag_id")
CHECK = Check("lib_note_named", "name <> ''", "A note has a name.")

ADDITIONS = {
    "field": release(note(text=fields.Text("Text"))),
    "required field with a default": release(note(rank=fields.Integer("Rank", required=True, default=3))),
    "flag": release(note(done=fields.Boolean("Done"))),
    "amount": release(note(amount=fields.Decimal("Amount", required=True, default=Decimal("0.50")))),
    "relation": release(note(user_id=fields.Many2One("User", "res.users", on_delete="cascade"))),
    "relation to itself": release(note(parent_id=fields.Many2One("Above", "lib.note"))),
    "index on a field": release(note(name=fields.Char("Name", required=True, index=True))),
    "declared index": release(note(indexes=(Index(("name desc", "id"), where="name <> ''"),))),
    "key": release(note(keys=(Key(("name",), "There is such a note."),))),
    "check": release(note(checks=(CHECK,))),
    "model": release(note(), TAG),
    "links to a new model": release(note(tag_ids=TAGS), TAG),
    "models in a circle": release(
        note(),
        model("lib.hen", name=fields.Char("Name"), egg_id=fields.Many2One("Egg", "lib.egg")),
        model("lib.egg", name=fields.Char("Name"), hen_id=fields.Many2One("Hen", "lib.hen")),
    ),
    "numbered model": release(
        note(), model("lib.bill", name=fields.Char("Number", sequence=NumberSequence("lib.bill", prefix="B")))
    ),
    "no longer required": release(note(name=fields.Char("Name"))),
}


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


NARROWING = {
    "another type": (release(note(name=fields.Integer("Name", required=True))), "lib_note.name is text"),
    "required without default": (
        release(note(text=fields.Text("Text", required=True))),
        "lib_note.text is new and required",
    ),
    "required column gone": (
        release(model("lib.note", title=fields.Char("Title"), label_field="title")),
        "lib_note.name is required in the database",
    ),
}


@pytest.mark.parametrize(("registry", "reason"), NARROWING.values(), ids=NARROWING)
async def test_what_takes_away_needs_a_step(old, registry, reason):
    before = await dump(old)

    with pytest.raises(MigrationError, match=f"needs a numbered step: {re.escape(reason)}"):
        await to(old, registry)

    assert await dump(old) == before
    assert not await check_schema(old, "both", registry)


async def test_becoming_required_needs_a_step(old):
    await to(old, ADDITIONS["no longer required"])
    registry = release(note(text=fields.Text("Text")))

    with pytest.raises(MigrationError, match=re.escape("lib_note.name is to become required")):
        await to(old, registry)


async def test_an_empty_table_takes_a_required_column(connection):
    await to(connection, FIRST)

    await to(connection, NARROWING["required without default"][0])

    assert (await read_catalog(connection)).tables["lib_note"].columns["text"].not_null


async def test_what_no_model_declares_is_left_and_told(old):
    await to(old, ADDITIONS["links to a new model"])
    await old.execute("create index by_hand on lib_note (id, name)")

    report = await to(old, FIRST, verify=True)
    other = await to(old, release(note(), model("lib.other", name=fields.Char("Name"))))

    assert report.newer
    assert other.left == ["table lib_note_tag", "table lib_tag", "index by_hand"]
    assert await old.fetchval("select to_regclass('lib_note_tag') is not null")


async def test_rows_that_break_a_new_check_stop_the_migration_with_its_name(old):
    await old.execute("insert into lib_note (name) values ('')")

    with pytest.raises(MigrationError, match="lib_note_named"):
        await to(old, ADDITIONS["check"])

    assert not await check_schema(old, "both", ADDITIONS["check"])
    await old.execute("delete from lib_note where name = ''")
    await to(old, ADDITIONS["check"])
    assert (await read_catalog(old)).tables["lib_note"].constraints["lib_note_named"].valid


async def test_an_index_that_could_not_be_built_is_built_again(old):
    await old.execute("insert into lib_note (name) values ('kept')")
    with pytest.raises(MigrationError, match="lib_note_name_key"):
        await to(old, ADDITIONS["key"])

    await old.execute("delete from lib_note where id > 1")
    await to(old, ADDITIONS["key"])

    assert (await read_catalog(old)).tables["lib_note"].indexes["lib_note_name_key"].valid


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


# steps


def step(directory: Path, name: str, sql: str) -> None:
    (directory / f"{name}.sql").write_text(sql)


RENAMED = release(model("lib.note", title=fields.Char("Title", required=True), label_field="title"))


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


# releases side by side


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


# several servers, and death at any point


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


NEXT = release(
    note(
        text=fields.Text("Text", index=True),
        done=fields.Boolean("Done"),
        amount=fields.Decimal("Amount"),
        user_id=fields.Many2One("User", "res.users"),
        tag_ids=TAGS,
        keys=(Key(("name",), "There is such a note."),),
        checks=(CHECK,),
    ),
    TAG,
    model("lib.bill", name=fields.Char("Number", sequence=NumberSequence("lib.bill", prefix="B"))),
)
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


# the first start


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
