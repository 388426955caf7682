"""schema.sql: the schema as people read it."""

from collections.abc import Iterator

from models.orm.schema.objects import Schema, Table, add_constraint

HEAD = """\
-- The database of a deployment that is BPO and dealer in one, as a new one gets it on PostgreSQL 15 to 18.
-- Written from the models by `make schema`; change those. `tandem migrate` brings an older database to this.
--
-- Every decimal is kept from being NaN by a check. In a unique index null never clashes with null. Constraints are
-- named: the name is what an error message is found by. Lengths, choices and defaults are the models' work."""


def schema_text(schema: Schema) -> str:
    """Return the whole file."""
    return "\n\n".join(_paragraphs(schema)) + "\n"


def _paragraphs(schema: Schema) -> Iterator[str]:
    yield HEAD
    waiting = []
    for table, now, later in schema.in_order():
        yield _table(table, table.create(now))
        waiting += [add_constraint(table.name, constraint) + ";" for constraint in later]
    if waiting:
        yield "-- What points at a table that came later.\n" + "\n".join(waiting)
    yield from (function.sql + ";" for function in schema.functions.values())


def _table(table: Table, create: str) -> str:
    comment = [f"-- {table.comment}"] if table.comment else []
    return "\n".join([*comment, create + ";", *(index.sql + ";" for index in table.indexes)])
