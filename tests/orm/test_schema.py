"""The schema: what each declaration becomes in the database, and schema.sql as people read it."""

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import new_class
from typing import Any

import asyncpg
import pytest

from models import deployment
from models.orm import Access, Check, Index, Key, Model, Registry, fields
from models.orm.declared import DeclarationError
from models.orm.schema import Schema, Table, names, schema_of, schema_text
from server.database.catalog import read_catalog
from tests.orm import library

ROOT = Path(__file__).parents[2]


def model(name: str, /, **members: Any) -> type[Model]:
    access = {"access": Access(read="lib.reader")}
    return new_class(name, (Model,), {"name": name}, lambda space: space.update(access | members))


def schema_with(*models: type[Model]) -> Schema:
    return schema_of(Registry([library.Company, library.User, *models], library.GROUPS))


def table_with(**members: Any) -> Table:
    return schema_with(model("lib.thing", name=fields.Char("Name"), **members)).tables["lib_thing"]


def column(field: fields.Field[Any]) -> str:
    [found] = [column for column in table_with(it=field).columns if column.name == "it"]
    return found.sql


COLUMNS = {
    "it text": fields.Char("It"),
    "it text not null": fields.Text("It", required=True),
    "it integer not null default 10": fields.Integer("It", required=True, default=10),
    "it bigint": fields.Integer("It", big=True, default=10),
    "it numeric(12,4) not null default 0.50": fields.Decimal(
        "It", digits=(12, 4), required=True, default=Decimal("0.50")
    ),
    "it boolean not null default false": fields.Boolean("It"),
    "it date not null": fields.Date("It", required=True, default=lambda env: env.today),
    "it timestamptz": fields.DateTime("It"),
    "it text not null default 'it''s'": fields.Selection("It", [("it's", "Its")], required=True, default="it's"),
    "it jsonb": fields.Json("It"),
    "it bytea": fields.Binary("It"),
    "it bigint not null": fields.Many2One("It", "res.users", required=True),
}


@pytest.mark.parametrize(("sql", "field"), COLUMNS.items(), ids=COLUMNS)
def test_a_field_becomes_a_column(sql, field):
    assert column(field) == sql


def test_what_is_worked_out_has_no_column():
    table = table_with(
        shown=fields.Char("Shown", sql="upper({t}.name)"),
        counted=fields.Integer("Counted", compute=lambda thing: len(thing.name), depends=("name",)),
        kept=fields.Integer("Kept", compute=lambda thing: len(thing.name), depends=("name",), stored=True),
    )

    own = [column.name for column in table.columns][1:-4]
    assert own == ["name", "kept"]


def test_every_table_says_who_and_when():
    assert [column.sql for column in table_with().columns if column.name.startswith(("create_", "write_"))] == [
        "create_uid bigint",
        "create_date timestamptz not null default now()",
        "write_uid bigint",
        "write_date timestamptz not null default now()",
    ]


FOREIGN_KEYS = {
    "set null": {},
    "restrict": {"required": True},
    "cascade": {"required": True, "on_delete": "cascade"},
}


@pytest.mark.parametrize(("rule", "options"), FOREIGN_KEYS.items(), ids=FOREIGN_KEYS)
def test_a_many2one_is_a_foreign_key_with_an_index(rule, options):
    table = table_with(user_id=fields.Many2One("User", "res.users", **options))

    [key] = [one for one in table.constraints if one.target]
    assert key.name == "lib_thing_user_id_fkey"
    assert key.definition == f"foreign key (user_id) references res_users (id) on delete {rule}"
    assert [index.name for index in table.indexes] == ["lib_thing_user_id_index"]


def test_a_field_that_leads_a_declared_index_has_no_other():
    table = table_with(
        user_id=fields.Many2One("User", "res.users"),
        company_id=fields.Many2One("Company", "res.company"),
        keys=(Key(("company_id", "name"), "Taken."),),
        indexes=(Index(("user_id", "name desc")),),
    )

    assert [index.sql for index in table.indexes] == [
        "create unique index lib_thing_company_id_name_key on lib_thing (company_id, name)",
        "create index lib_thing_user_id_name_desc_index on lib_thing (user_id, name desc)",
    ]


def test_a_partial_key_has_a_name_of_its_own():
    table = table_with(keys=(Key(("name",), "Taken."), Key(("name",), "Taken.", where="name <> ''")))

    first, second = table.indexes
    assert first.name == "lib_thing_name_key"
    assert second.name.startswith("lib_thing_name_")
    assert second.sql.endswith("(name) where name <> ''")


def test_a_declared_check_keeps_its_name():
    table = table_with(checks=(Check("thing_named", "name <> ''", "It has a name."),))

    assert [one.sql for one in table.constraints][-1] == "constraint thing_named check (name <> '')"


def test_messages_of_a_record_are_found_by_an_index():
    schema = schema_of(Registry(library.MODELS, library.GROUPS))

    assert ("model", "res_id") in [index.terms for index in schema.tables["mail_message"].indexes]


def links(column: str = "thing_id", other: str = "tag_id", name: str = "lib.tag") -> fields.Many2Many:
    return fields.Many2Many("Links", name, table="lib_link", column=column, other=other)


def test_a_link_table_serves_both_sides():
    thing = model("lib.thing", name=fields.Char("Name"), tag_ids=links())
    tag = model("lib.tag", name=fields.Char("Name"), thing_ids=links("tag_id", "thing_id", "lib.thing"))

    table = schema_with(thing, tag).tables["lib_link"]

    assert [column.sql for column in table.columns] == ["thing_id bigint not null", "tag_id bigint not null"]
    assert table.constraints[0].definition == "primary key (thing_id, tag_id)"
    assert [one.definition.rpartition(" on ")[2] for one in table.constraints[1:]] == ["delete cascade"] * 2
    assert [index.terms for index in table.indexes] == [("tag_id", "thing_id")]


def test_sides_that_disagree_are_a_wrong_declaration():
    thing = model("lib.thing", name=fields.Char("Name"), tag_ids=links())
    tag = model("lib.tag", name=fields.Char("Name"), thing_ids=links("word_id", "thing_id", "lib.thing"))

    with pytest.raises(DeclarationError, match="lib_link differently"):
        schema_with(thing, tag)


def test_a_table_belongs_to_one_model():
    other = new_class("Other", (Model,), {"name": "lib.other", "table": "lib_thing"}, lambda _: None)

    with pytest.raises(DeclarationError, match="lib_thing, which is taken"):
        schema_with(model("lib.thing", name=fields.Char("Name")), other)


def test_a_name_that_is_too_long_ends_in_a_hash():
    long = "a_table_whose_name_alone_takes_up_nearly_all_the_room"

    first, second = (names.foreign_key_name(long, f"and_a_column_{place}") for place in (1, 2))

    assert len(first) == len(second) == names.LONGEST_NAME
    assert first != second


def test_equal_declarations_are_equal_schemas():
    first, second = (schema_of(Registry(library.MODELS, library.GROUPS)) for _ in range(2))

    assert schema_text(first) == schema_text(second)
    assert first.fingerprint == second.fingerprint


# in the database


async def test_both_texts_make_the_same_database(connection, registry):
    made = await read_catalog(connection)
    schema = schema_of(registry)

    await connection.execute("create schema again; set local search_path = again")
    await connection.execute(schema.sql)

    assert await read_catalog(connection, "again") == made
    assert made.tables.keys() == schema.tables.keys()


async def test_everything_declared_is_there(connection, registry):
    catalog = await read_catalog(connection)

    for table in schema_of(registry).tables.values():
        there = catalog.tables[table.name]
        assert list(there.columns) == [column.name for column in table.columns]
        assert there.constraints.keys() == {constraint.name for constraint in table.constraints}
        assert there.indexes.keys() == {index.name for index in table.indexes}


async def test_no_decimal_column_takes_nan(connection):
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await connection.execute("insert into lib_author (name, salary) values ('Nobody', 'NaN')")

    assert refused.value.constraint_name == names.number_check_name("lib_author", "salary")


# schema.sql


def test_schema_sql_is_what_the_models_say():
    written = (ROOT / "schema.sql").read_text()

    assert written == schema_text(schema_of(deployment.registry_for("both"))), "run `make schema`"


def test_every_table_of_schema_sql_says_what_it_is():
    lines = (ROOT / "schema.sql").read_text().splitlines()

    bare = [line for before, line in pairwise(lines) if line.startswith("create table") and before[:3] != "-- "]
    assert bare == []


@pytest.mark.parametrize("role", ["dealer", "bpo", "both"])
def test_no_schema_needs_an_extension_or_a_trigger(role):
    text = schema_text(schema_of(deployment.registry_for(role))).lower()

    assert not {"extension", "trigger", "gist", "gin"} & set(text.replace("(", " ").split())
