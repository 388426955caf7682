"""Migration: what takes away needs a step, and what does not fit stops it with a name."""

import re

import pytest

from models.orm import fields
from server.database.catalog import read_catalog
from server.database.migrate import check_schema
from server.database.steps import MigrationError
from tests.database.migrate.migrating import dump, to
from tests.database.migrate.releases import ADDITIONS, FIRST, model, note, release

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
