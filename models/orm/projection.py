"""What an answer shows: the SELECT list that lets PostgreSQL write the JSON of each row in the caller's dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.orm.dialect import Dialect, Reference, Vocabulary
from models.orm.fields import Binary, Boolean, Changes, Content, Field, Many2One, ToMany
from models.orm.fields import Reference as OneOfMany
from models.orm.fields.content import size_text_sql
from models.orm.fields.number import Integer, Number
from models.orm.fields.scalar import quoted
from models.orm.ordering import declared_order_sql
from models.orm.query import EVERYTHING, Scope

if TYPE_CHECKING:
    from models.orm.meta import Meta

HIDDEN_LABEL = "'Permission Denied'"


def item(scope: Scope, field: Field[Any], reference: Reference) -> str:
    """Return the SQL of one field as the dialect shows it."""
    dialect = scope.query.dialect
    if isinstance(field, ToMany):
        return ids_of(scope, field)
    if isinstance(field, Many2One):
        return pointer(scope, field, reference)
    if isinstance(field, Binary):
        return or_empty(field, contents(scope, field), dialect)
    column = scope.value(field)
    if isinstance(field, Changes):
        return or_empty(field, changes(scope, column), dialect)
    if isinstance(field, OneOfMany):
        return or_empty(field, one_of_many(scope, field, reference), dialect)
    return or_empty(field, field.json_sql(column, dialect), dialect)


def contents(scope: Scope, field: Binary) -> str:
    """Show bytes as base64, or only how many there are where the caller's context says so."""
    if scope.query.sizes:
        return size_text_sql(_size(scope, field))
    column = field.content_sql(scope.alias) if isinstance(field, Content) else scope.value(field)
    return field.json_sql(column, scope.query.dialect)


def _size(scope: Scope, field: Binary) -> str:
    return field.size_sql(scope.alias) if isinstance(field, Content) else f"octet_length({scope.value(field)})"


def or_empty(field: Field[Any], shaped: str, dialect: Dialect) -> str:
    """Show an unset value as the dialect does."""
    if isinstance(field, Boolean):
        return shaped if field.has_column else f"coalesce({shaped}, false)"
    if not dialect.empty_is_false or (field.required and field.has_column):
        return shaped
    if isinstance(field, Number):
        return f"coalesce({shaped}, {field.empty})"
    if isinstance(field, Integer):
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


def changes(scope: Scope, column: str) -> str:
    """Show tracked changes, without the labels of records that the caller may not read now."""
    seen = {end: scope.sees("c ->> 'target'", f"(c ->> '{end}')::bigint") for end in ("old", "new")}
    if set(seen.values()) == {EVERYTHING}:
        return column
    pairs = ", ".join(f"'{end}_label', case when {told} then c -> '{end}_label' end" for end, told in seen.items())
    shown = f"case when c ? 'target' then c || jsonb_build_object({pairs}) else c end"
    return f"(select jsonb_agg({shown} order by n) from jsonb_array_elements({column}) with ordinality e(c, n))"


def one_of_many(scope: Scope, field: OneOfMany, reference: Reference) -> str:
    """Show a "model,id", in Netforce's form with the label: the model in the dialect's word, the label if readable."""
    column, known = scope.value(field), scope.query.profile.metas
    vocabulary = scope.query.dialect.vocabulary
    metas = [known[name] for name in field.targets or known]
    number = f"split_part({column}, ',', 2)"
    other = [meta for meta in metas if meta.word(vocabulary) != meta.name]
    words = " ".join(f"when {quoted(meta.name)} then {quoted(meta.word(vocabulary))}" for meta in other)
    name = f"split_part({column}, ',', 1)"
    shown = f"(case {name} {words} else {name} end) || ',' || {number}" if words else column
    if vocabulary is not Vocabulary.NETFORCE or reference is Reference.ID:
        return shown
    labels = " ".join(
        f"when {quoted(meta.name)} then {_label_by_id(scope, meta, number + '::bigint')}"
        for meta in metas
        if scope.query.profile.can(meta, "read")
    )
    label = f"coalesce(case {name} {labels} end, {HIDDEN_LABEL})" if labels else HIDDEN_LABEL
    return f"case when {column} is null then null else json_build_array({shown}, {label}) end"


def _label_by_id(scope: Scope, meta: Meta, number: str) -> str:
    target = scope.query.scope(meta)
    guard = target.guard("read")
    rule = f" and {guard}" if guard else ""
    return f"(select {target.label} from {target.from_sql} where {target.alias}.id = {number}{rule})"


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
    order = declared_order_sql(child, getattr(field, "order", "") or child.meta.order)
    active = child.meta.fields.get("active")
    shown = f" and {child.alias}.active" if active is not None and scope.query.active_test and active.has_column else ""
    return f"(select {aggregate}({child.alias}.id order by {order}) from {child.from_sql} where {tie}{shown})"
