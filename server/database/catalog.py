"""What a database really has, read from PostgreSQL's own catalog.

Definitions are compared as PostgreSQL words them, never as text of ours: the wanted schema is created in a place of its
own inside a transaction that is rolled back, and read in the same way. So each release of PostgreSQL is compared with
itself, and nothing of the live tables is locked.
"""

from dataclasses import dataclass, field

from models.orm.schema import Schema
from server.database.connection import Connection
from server.database.databases import quoted

LIVE = "public"
SCRATCH = "tandem_wanted"


@dataclass(frozen=True, slots=True)
class ColumnState:
    """A column as it is. `default` is SQL, empty when there is none."""

    type: str
    not_null: bool
    default: str
    identity: bool


@dataclass(frozen=True, slots=True)
class ConstraintState:
    """A constraint as it is; one that is not `valid` has not looked at the older rows yet."""

    definition: str
    valid: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class IndexState:
    """An index as it is; one that is not `valid` was left behind by a build that did not end."""

    definition: str
    valid: bool = True


@dataclass(frozen=True, slots=True)
class TableState:
    """A table as it is."""

    columns: dict[str, ColumnState] = field(default_factory=dict)
    constraints: dict[str, ConstraintState] = field(default_factory=dict)
    indexes: dict[str, IndexState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalog:
    """All tables of one schema, and a hash of each function's definition."""

    tables: dict[str, TableState] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)


async def read_catalog(connection: Connection, schema: str = LIVE) -> Catalog:
    """Read one schema, in a transaction of its own or inside the caller's."""
    async with connection.transaction():
        await connection.execute(f"set local search_path = {quoted(schema)}")
        catalog = Catalog()
        for row in await connection.fetch(COLUMNS, schema):
            table = catalog.tables.setdefault(row["table"], TableState())
            if row["name"] is not None:
                table.columns[row["name"]] = ColumnState(row["type"], row["not_null"], row["default"], row["identity"])
        for row in await connection.fetch(CONSTRAINTS, schema):
            catalog.tables[row["table"]].constraints[row["name"]] = ConstraintState(row["definition"], row["valid"])
        for row in await connection.fetch(INDEXES, schema):
            catalog.tables[row["table"]].indexes[row["name"]] = IndexState(row["definition"], row["valid"])
        for row in await connection.fetch(FUNCTIONS, schema):
            catalog.functions[row["name"]] = row["hash"]
    return catalog


async def wanted_catalog(connection: Connection, schema: Schema) -> Catalog:
    """Return the catalog that a new database with this schema would have. Leaves nothing behind."""
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute(f"create schema {SCRATCH}; set local search_path = {SCRATCH}")
        await connection.execute(schema.sql)
        return await read_catalog(connection, SCRATCH)
    finally:
        await attempt.rollback()


async def empty_tables(connection: Connection, catalog: Catalog) -> frozenset[str]:
    """Return the tables that have no row."""
    if not catalog.tables:
        return frozenset()
    questions = [f"not exists (select from {quoted(LIVE)}.{quoted(table)})" for table in catalog.tables]
    answers: list[bool] = await connection.fetchval(f"select array[{', '.join(questions)}]")
    return frozenset(table for table, is_empty in zip(catalog.tables, answers, strict=True) if is_empty)


COLUMNS = """
select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as not_null,
       coalesce(pg_get_expr(d.adbin, d.adrelid), '') as default, a.attidentity <> '' as identity
from pg_class c
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = (select oid from pg_namespace where nspname = $1) and c.relkind in ('r', 'p')
order by c.relname, a.attnum
"""

# NOT NULL is compared with the columns: PostgreSQL 18 made it a constraint with a name, the others did not.
CONSTRAINTS = """
select c.relname as table, o.conname as name, o.convalidated as valid,
       regexp_replace(pg_get_constraintdef(o.oid), ' NOT VALID$', '') as definition
from pg_constraint o
join pg_class c on c.oid = o.conrelid
where c.relnamespace = (select oid from pg_namespace where nspname = $1) and c.relkind in ('r', 'p')
  and o.contype in ('p', 'f', 'u', 'c', 'x')
order by c.relname, o.conname
"""

INDEXES = """
select c.relname as table, i.relname as name, x.indisvalid and x.indisready as valid,
       replace(pg_get_indexdef(x.indexrelid), ' ON ' || quote_ident($1) || '.', ' ON ') as definition
from pg_index x
join pg_class i on i.oid = x.indexrelid
join pg_class c on c.oid = x.indrelid
where c.relnamespace = (select oid from pg_namespace where nspname = $1) and c.relkind in ('r', 'p')
  and not exists (select from pg_constraint o where o.conindid = i.oid and o.contype in ('p', 'u', 'x'))
order by c.relname, i.relname
"""

FUNCTIONS = """
select p.proname as name,
       md5(concat_ws('|', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), l.lanname, p.provolatile,
                     p.proisstrict, p.prosecdef, p.proparallel, array_to_string(p.proconfig, ','), p.prosrc)) as hash
from pg_proc p
join pg_language l on l.oid = p.prolang
where p.pronamespace = (select oid from pg_namespace where nspname = $1)
  and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
order by p.proname
"""
