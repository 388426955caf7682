"""What an answer shows: the SELECT list that lets PostgreSQL write the JSON of each row in the caller's dialect."""

from __future__ import annotations

from typing import Any

from models.orm.dialect import Dialect, Reference
from models.orm.fields import Boolean, Field, Many2One, ToMany
from models.orm.fields.scalar import Integer, Number, quoted
from models.orm.ordering import order_sql
from models.orm.query import Scope

HIDDEN_LABEL = "'Permission Denied'"


def item(scope: Scope, field: Field[Any], reference: Reference) -> str:
    """Return the SQL of one field as the dialect shows it."""
    dialect = scope.query.dialect
    if isinstance(field, ToMany):
        return ids_of(scope, field)
    if isinstance(field, Many2One):
        return pointer(scope, field, reference)
    column = scope.value(field)
    shaped = field.json_sql(column, dialect)
    return or_empty(field, shaped, dialect)


def or_empty(field: Field[Any], shaped: str, dialect: Dialect) -> str:
    """Show an unset value as the dialect does."""
    if not dialect.empty_is_false or isinstance(field, Boolean) or (field.required and field.has_column):
        return shaped
    if isinstance(field, Integer | Number):
        return f"coalesce({shaped}, 0)"
    return f"coalesce(to_json({shaped}), 'false'::json)"


def pointer(scope: Scope, field: Many2One, reference: Reference) -> str:
    """Show a many2one: its id, or id and label. The label of a record that the caller may not read is withheld."""
    column = scope.value(field)
    empty = "'false'::json" if scope.query.dialect.empty_is_false else "null"
    if reference is Reference.ID:
        return f"coalesce(to_json({column}), {empty})" if scope.query.dialect.empty_is_false else column
    image = ", null" if reference is Reference.TRIPLE else ""
    pair = f"json_build_array({column}, {label_of(scope, field)}{image})"
    if field.required and field.has_column:
        return pair
    return f"case when {column} is null then {empty} else {pair} end"


def label_of(scope: Scope, field: Many2One) -> str:
    """Return the SQL of the label of a many2one's record, withheld when it is hidden."""
    target = scope.target(field)
    if not scope.query.profile.can(target, "read"):
        return HIDDEN_LABEL
    hop = scope.hop(field)
    hidden = HIDDEN_LABEL if hop.is_guarded("read") else quoted("")
    return f"coalesce({hop.label}, {hidden})"


def ids_of(scope: Scope, field: ToMany) -> str:
    """Show the ids of a relation's readable, active records in their order."""
    return f"coalesce({_ids(scope, field, 'json_agg')}, '[]'::json)"


def id_array(scope: Scope, field: ToMany) -> str:
    """Return the same ids as an array, for records inside the server."""
    return _ids(scope, field, "array_agg")


def _ids(scope: Scope, field: ToMany, aggregate: str) -> str:
    if not scope.query.profile.can(scope.target(field), "read"):
        return f"(select {aggregate}(x) from (select null::bigint) n(x) where false)"
    child, tie = scope.children(field)
    order = order_sql(child, getattr(field, "order", "") or None)
    active = child.meta.fields.get("active")
    shown = f" and {child.alias}.active" if active is not None and scope.query.active_test and active.has_column else ""
    return f"(select {aggregate}({child.alias}.id order by {order}) from {child.from_sql} where {tie}{shown})"
