"""What Python works out of a row: stored computed fields, and the rules that hold after every write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm.fields import Field, Json, ToMany

if TYPE_CHECKING:
    from models.orm.snapshots import Snapshots
    from models.orm.values import Row


def compute(model: type[Snapshots], row: Row, computed: Sequence[Field[Any]]) -> None:
    """Fill stored computed fields from the other values of the row, in place."""
    for field in computed:
        if field.compute:
            record = model(as_read(model, {name: row.get(name) for name in field.depends}))
            row[field.name] = field.parse_computed(field.compute(record))


def as_read(model: type[Snapshots], row: Mapping[str, Any]) -> Row:
    """Return column parameters as the values a record holds; columns that are not given are unset."""
    values: Row = dict.fromkeys(model.meta.columns)
    for name, value in row.items():
        field = model.meta.fields.get(name)
        if field is not None and not isinstance(field, ToMany):
            values[name] = field.load(value) if isinstance(field, Json) else value
    return values


def check_constraints(model: type[Snapshots], records: Iterable[Snapshots]) -> None:
    """Run every check whose fields the records hold. Raises what the checks raise."""
    for record in records:
        for constraint in model.meta.constraints:
            if all(name in record for name in constraint.fields):
                constraint.check(record)


def watched(model: type[Snapshots], changed: Iterable[str]) -> list[str]:
    """Return the columns whose values tracking or checks need after a change of these fields."""
    meta, names = model.meta, set(changed)
    wanted = {field.name: None for field in meta.tracked if meta.chatter and field.has_column and field.name in names}
    for constraint in meta.constraints:
        if not names.isdisjoint(constraint.fields):
            wanted.update(dict.fromkeys(constraint.fields))
    return list(wanted)
