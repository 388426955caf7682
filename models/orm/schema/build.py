"""From the models to the schema: which tables, columns, constraints and indexes they need.

id             bigint identity, primary key
required field not null; with its default in SQL when that is a constant, so that a running older release can go on
               inserting after the column came
many2one       foreign key, and an index unless the field says no
decimal        a check against NaN, which PostgreSQL would take for a number
many2many      a table of two columns that are its primary key, and an index for the way back
create_uid ... who and when, on every table; the users are not foreign keys: what they wrote outlives them
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from models.orm.declared import DeclarationError
from models.orm.fields import Field, Many2Many, Many2One, Number, One2Many
from models.orm.meta import Meta
from models.orm.registry import Registry
from models.orm.schema import names
from models.orm.schema.objects import Column, Constraint, Schema, SqlFunction, Table, TableIndex, quoted

if TYPE_CHECKING:
    from models.orm.kind import Kind

AUTOMATIC = {
    "create_uid": Column("create_uid", "bigint"),
    "create_date": Column("create_date", "timestamptz", not_null=True, default="now()"),
    "write_uid": Column("write_uid", "bigint"),
    "write_date": Column("write_date", "timestamptz", not_null=True, default="now()"),
}
# The number of the transaction that wrote a row last, for `changes_since`. Writers say `set change_xid = default`.
CHANGE_XID = Column("change_xid", "bigint", not_null=True, default="((pg_current_xact_id())::text)::bigint")
CHANGE_STORAGE = "pages_per_range = 8, autosummarize = on"
LONGEST_COMMENT = 116


def schema_of(registry: Registry) -> Schema:
    """Return what a deployment with these models needs, its own bookkeeping included. Raises `DeclarationError`."""
    tables = {table.name: table for table in BOOKKEEPING}
    for model in registry.models.values():
        if model.meta.parts is None:
            _add(tables, _model_table(registry, model.meta), model.meta.name)
    for model in registry.models.values():
        for field in model.meta.fields.values():
            if isinstance(field, Many2Many) and not field.path and field.table not in _own_tables(registry):
                _add_links(tables, _link_table(registry, model.meta, field), model.meta.name)
    _check_names(tables)
    return Schema(tables, {function.name: function for function in _functions(registry)})


# Not a model: read and written before there are any.
BOOKKEEPING = (
    Table(
        "migration",
        (
            Column("id", "bigint", identity=True),
            Column("kind", "text", not_null=True, note="step: a numbered file; schema, data, start: of a role"),
            Column("name", "text", not_null=True),
            Column("hash", "text", not_null=True),
            Column("applied_at", "timestamptz", not_null=True, default="now()"),
        ),
        (Constraint("migration_pkey", "primary key (id)"),),
        (TableIndex("migration_kind_name_index", "migration", ("kind", "name")),),
        "Migrations: what was done to this database, in order.",
    ),
)


def _model_table(registry: Registry, meta: Meta) -> Table:
    fields = [field for field in meta.columns.values() if field.name not in {"id", *AUTOMATIC}]
    fed = (CHANGE_XID,) if meta.feed else ()
    columns = (Column("id", "bigint", identity=True), *map(_column, fields), *AUTOMATIC.values(), *fed)
    return Table(
        meta.table,
        columns,
        (
            Constraint(names.primary_key_name(meta.table), "primary key (id)"),
            *(_foreign_key(registry, meta.table, field) for field in fields if isinstance(field, Many2One)),
            *(_number_check(meta.table, field) for field in fields if isinstance(field, Number)),
            *(Constraint(names.check_name(check), f"check ({check.sql})") for check in meta.checks),
        ),
        tuple(_indexes(registry, meta, fields)),
        _comment(meta),
    )


def _column(field: Field[Any]) -> Column:
    default = _literal(field.default) if field.required else ""
    return Column(field.name, field.column_type, field.required, default)


def _literal(value: Any) -> str:
    """A constant in SQL; nothing for what is worked out at the call."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return ""


def _foreign_key(registry: Registry, table: str, field: Many2One) -> Constraint:
    target = registry.models[field.target].meta
    if target.parts:
        raise DeclarationError(f"{table}.{field.name} points at {target.name}, whose rows are in no table")
    return _reference(table, field.name, target.table, field.on_delete)


def _reference(table: str, column: str, target: str, on_delete: str) -> Constraint:
    definition = f"foreign key ({quoted(column)}) references {quoted(target)} (id) on delete {on_delete}"
    return Constraint(names.foreign_key_name(table, column), definition, target)


def _number_check(table: str, field: Number) -> Constraint:
    return Constraint(names.number_check_name(table, field.name), f"check ({quoted(field.name)} <> 'NaN')")


def _indexes(registry: Registry, meta: Meta, fields: list[Field[Any]]) -> Iterator[TableIndex]:
    """Keys first, then declared indexes and those of fields; none that begins like another without a condition."""
    table = meta.table
    found = [
        TableIndex(names.key_name(table, key), table, key.columns, unique=True, where=key.where) for key in meta.keys
    ]
    found += [
        TableIndex(names.index_name(table, index), table, index.columns, False, index.method, index.where)
        for index in meta.indexes
    ]
    if meta.feed:  # a block range index lets PostgreSQL update a row in place though this column always changes
        name = names.fitting(f"{table}_change_xid_index")
        found.append(TableIndex(name, table, ("change_xid",), method="brin", storage=CHANGE_STORAGE))
    led = {index.terms[0] for index in found if not index.where and index.method == "btree"}
    yield from found
    plain = [(field.name,) for field in fields if field.index and field.name not in led]
    for terms in [*plain, *_backward_references(registry, meta)]:
        yield TableIndex(f"{table}_{'_'.join(terms)}_index", table, terms)


def _backward_references(registry: Registry, meta: Meta) -> Iterator[tuple[str, ...]]:
    """The columns by which records of any model find what hangs on them, such as messages."""
    led = {index.columns[:2] for index in meta.indexes} | {key.columns[:2] for key in meta.keys if not key.where}
    pairs = {
        (field.inverse_model, field.inverse): None
        for model in registry.models.values()
        for field in model.meta.fields.values()
        if isinstance(field, One2Many) and not field.path and field.inverse_model and field.target == meta.name
    }
    yield from (pair for pair in pairs if pair not in led)


def _link_table(registry: Registry, meta: Meta, field: Many2Many) -> Table:
    table, target = field.table, registry.models[field.target].meta
    columns = ((field.column, meta.table), (field.other, target.table))
    return Table(
        table,
        tuple(Column(name, "bigint", not_null=True) for name, _ in columns),
        (
            Constraint(names.primary_key_name(table), f"primary key ({quoted(field.column)}, {quoted(field.other)})"),
            *(_reference(table, name, points_at, "cascade") for name, points_at in columns),
        ),
        (TableIndex(names.fitting(f"{table}_back_index"), table, (quoted(field.other), quoted(field.column))),),
        f"{meta.label}: {field.label}",
    )


def _own_tables(registry: Registry) -> set[str]:
    return {model.meta.table for model in registry.models.values()}


def _add(tables: dict[str, Table], table: Table, model: str) -> None:
    if tables.setdefault(table.name, table) is not table:
        raise DeclarationError(f"{model} has the table {table.name}, which is taken")


def _add_links(tables: dict[str, Table], table: Table, model: str) -> None:
    """A link table may be declared from both sides; they must mean the same."""
    other = tables.setdefault(table.name, table)
    if _sides(other) != _sides(table):
        raise DeclarationError(f"{model} and another model declare the link table {table.name} differently")


def _sides(table: Table) -> set[Constraint]:
    return {constraint for constraint in table.constraints if constraint.target}


def _functions(registry: Registry) -> Iterator[SqlFunction]:
    """The functions that models bring along as `sql_functions`."""
    for model in registry.models.values():
        yield from _brought(model)


def _brought(model: "type[Kind]") -> tuple[SqlFunction, ...]:
    functions: tuple[SqlFunction, ...] = getattr(model, "sql_functions", ())
    return functions


def _check_names(tables: dict[str, Table]) -> None:
    """Indexes share one space of names with tables; constraints share one within their table."""
    taken = set(tables)
    for table in tables.values():
        for index in table.indexes:
            if index.name in taken:
                raise DeclarationError(f"two indexes or tables are called {index.name}")
            taken.add(index.name)
        constraints = [constraint.name for constraint in table.constraints]
        if len(set(constraints)) < len(constraints):
            raise DeclarationError(f"{table.name} has two constraints of one name: {sorted(constraints)}")


def _comment(meta: Meta) -> str:
    text = f"{meta.label}: {meta.help}" if meta.help else meta.label
    return text if len(text) <= LONGEST_COMMENT else text[: LONGEST_COMMENT - 1].rsplit(" ", 1)[0] + " …"
