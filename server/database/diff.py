"""The difference between a database and the schema it should have, as statements in the order to run them.

What only adds is a change; what is there too much is left; what takes away or narrows is refused, because it breaks the
release that still runs or loses data: it needs a numbered step.

    change   new table, column (nullable, with a constant default, or in an empty table), index, key, check, foreign
             key, function; another definition of one of them; a column no longer required; another default
    left     tables, columns, constraints and indexes that no model declares
    refused  another type; a column that becomes required, or is required and gone or new without a default
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from models.orm.schema import Column, Constraint, Schema, Table, TableIndex, add_constraint
from server.database.catalog import Catalog, ColumnState, TableState
from server.database.databases import quoted


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do. `alone` is what PostgreSQL refuses to run inside a transaction."""

    title: str
    sql: str
    alone: bool = False


@dataclass(slots=True)
class Difference:
    """What to do, what cannot be done without a step, and what is not looked after by any model."""

    changes: list[Change] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def difference(live: Catalog, wanted: Catalog, schema: Schema, empty: frozenset[str]) -> Difference:
    """Compare. `empty` are the live tables without a row."""
    found = Difference()
    _tables(found, live, schema)
    for table in schema.tables.values():
        if table.name in live.tables:
            _columns(found, table, live.tables[table.name], wanted.tables[table.name], table.name in empty)
    for table in schema.tables.values():
        there = live.tables.get(table.name)
        if there:
            found.changes += _indexes(table, there, wanted.tables[table.name])
            found.changes += _constraints(table, there, wanted.tables[table.name])
            found.left += _left(table.name, there, wanted.tables[table.name])
    _functions(found, live, wanted, schema)
    return found


def _tables(found: Difference, live: Catalog, schema: Schema) -> None:
    """New tables come whole, and what they point at in each other last."""
    new = [(table, now, later) for table, now, later in schema.in_order() if table.name not in live.tables]
    for table, now, _ in new:
        statements = [table.create(now), *(index.sql for index in table.indexes)]
        found.changes.append(Change(f"create table {table.name}", ";\n".join(statements)))
    for table, _, later in new:
        for constraint in later:
            found.changes.append(_added(table, constraint))
    found.left += [f"table {name}" for name in live.tables if name not in schema.tables]


def _added(table: Table, constraint: Constraint, *, valid: bool = True) -> Change:
    return Change(f"add {table.name}.{constraint.name}", add_constraint(table.name, constraint, valid=valid))


def _columns(found: Difference, table: Table, live: TableState, wanted: TableState, empty: bool) -> None:
    for column in table.columns:
        there = live.columns.get(column.name)
        where = f"{table.name}.{column.name}"
        if there is None:
            _new_column(found, table, column, empty)
        elif there.type != wanted.columns[column.name].type or there.identity != column.identity:
            found.refused.append(f"{where} is {there.type} and should be {wanted.columns[column.name].type}")
        else:
            found.changes += _adjusted(found, table, column, there, wanted.columns[column.name])
    for name in live.columns.keys() - wanted.columns.keys():
        state = live.columns[name]
        if state.not_null and not state.default and not state.identity:
            found.refused.append(f"{table.name}.{name} is required in the database, but no model fills it")
        else:
            found.left.append(f"column {table.name}.{name}")


def _new_column(found: Difference, table: Table, column: Column, empty: bool) -> None:
    if column.not_null and not column.default and not empty:
        found.refused.append(f"{table.name}.{column.name} is new and required, but has no constant default")
        return
    sql = f"alter table {quoted(table.name)} add column {column.sql}"
    found.changes.append(Change(f"add column {table.name}.{column.name}", sql))


def _adjusted(
    found: Difference, table: Table, column: Column, live: ColumnState, wanted: ColumnState
) -> Iterator[Change]:
    where = f"{table.name}.{column.name}"
    alter = f"alter table {quoted(table.name)} alter column {quoted(column.name)}"
    if live.default != wanted.default:
        action = f"set default {column.default}" if column.default else "drop default"
        yield Change(f"{action} of {where}", f"{alter} {action}")
    if wanted.not_null and not live.not_null:
        found.refused.append(f"{where} is to become required")
    elif live.not_null and not wanted.not_null:
        yield Change(f"{where} is no longer required", f"{alter} drop not null")


def _indexes(table: Table, live: TableState, wanted: TableState) -> Iterator[Change]:
    """Build beside the running calls, then put a new definition in the place of an old one."""
    for index in table.indexes:
        there = live.indexes.get(index.name)
        if there == wanted.indexes[index.name]:
            continue
        if there is not None and there.valid:
            yield from _replaced(index)
            continue
        if there is not None:
            yield Change(f"drop unfinished index {index.name}", f"drop index {quoted(index.name)}")
        yield Change(f"create index {index.name}", index.create(concurrently=True), alone=True)


def _replaced(index: TableIndex) -> Iterator[Change]:
    new = TableIndex(
        f"{index.name[:59]}_new", index.table, index.terms, index.unique, index.method, index.where, index.storage
    )
    yield Change(f"drop unfinished index {new.name}", f"drop index if exists {quoted(new.name)}")
    yield Change(f"create index {new.name}", new.create(concurrently=True), alone=True)
    swap = f"drop index {quoted(index.name)}; alter index {quoted(new.name)} rename to {quoted(index.name)}"
    yield Change(f"replace index {index.name}", swap)


def _constraints(table: Table, live: TableState, wanted: TableState) -> Iterator[Change]:
    """Hold new rows to a constraint at once, look at the old ones later: the table is locked for a moment only."""
    for constraint in table.constraints:
        there = live.constraints.get(constraint.name)
        if there is None:
            yield _added(table, constraint, valid=False)
        elif there != wanted.constraints[constraint.name]:
            drop = f"alter table {quoted(table.name)} drop constraint {quoted(constraint.name)}"
            new = add_constraint(table.name, constraint, valid=False)
            yield Change(f"replace {table.name}.{constraint.name}", f"{drop}; {new}")
        elif there.valid:
            continue
        validate = f"alter table {quoted(table.name)} validate constraint {quoted(constraint.name)}"
        yield Change(f"check the rows of {table.name} for {constraint.name}", validate)


def _left(table: str, live: TableState, wanted: TableState) -> Iterator[str]:
    yield from (f"index {name}" for name in live.indexes.keys() - wanted.indexes.keys() if not name.endswith("_new"))
    yield from (f"constraint {table}.{name}" for name in live.constraints.keys() - wanted.constraints.keys())


def _functions(found: Difference, live: Catalog, wanted: Catalog, schema: Schema) -> None:
    for name, function in schema.functions.items():
        if live.functions.get(name) != wanted.functions[name]:
            found.changes.append(Change(f"function {name}", function.sql))
