"""What goes with records that are deleted: the files that hang on them, and on what PostgreSQL deletes along with them.

A row that a foreign key's cascade takes away passes none of our code, so the statement that deletes its parent looks
for it first, down every cascade, trees included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from models.orm.fields import Many2One
from models.orm.fields.scalar import quoted
from models.orm.query import documents

if TYPE_CHECKING:
    from models.orm.registry import Registry

Links = Mapping[str, Sequence[tuple[str, str, str]]]  # model -> (model, table, column) that go with its records


@cache
def deleting(registry: Registry, model: str) -> Sequence[str]:
    """Return the parts of a WITH RECURSIVE that delete the files of what another part of it, `gone`, deletes."""
    links = _cascades(registry, model)
    going = {model, *(child for below in links.values() for child, _, _ in below)}
    parts = [
        _part(one.meta.table, one.meta.document, "" if links else model)
        for one in registry.models.values()
        if one.meta.any_document
        and one.meta.document
        and not one.meta.outlives_document
        and not going.isdisjoint(other.name for other in documents(registry.metas, one.meta))
    ]
    return [_along(model, links), *parts] if parts and links else parts


def _part(table: str, document: tuple[str, str], only: str) -> str:
    """Return the part for one model of files: of records of `only`, else of all that go along."""
    model, res_id = (f'h."{column}"' for column in document)
    if only:
        found = f"where {model} = {quoted(only)} and {res_id} in (select id from gone)"
    else:
        found = f"using along a where {model} = a.model and {res_id} = a.id"
    return f'{table}_gone as (delete from "{table}" h {found})'


def _along(model: str, links: Links) -> str:
    """Return the part that finds the records that go, each once: those deleted, and down from them."""
    steps = [
        f'select {quoted(child)}, t.id from "{table}" t where a.model = {quoted(parent)} and t."{column}" = a.id'
        for parent, below in links.items()
        for child, table, column in below
    ]
    return (
        f"along(model, id) as (select {quoted(model)}, id from gone"
        f" union select c.model, c.id from along a cross join lateral ({' union all '.join(steps)}) c(model, id))"
    )


def _cascades(registry: Registry, model: str) -> Links:
    """Return the links by which records go with one of this model, from there downwards."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    ahead = [model]
    while ahead:
        parent = ahead.pop()
        if parent not in found and (below := _below(registry, parent)):
            found[parent] = below
            ahead += [child for child, _, _ in below]
    return found


def _below(registry: Registry, parent: str) -> list[tuple[str, str, str]]:
    return [
        (model.meta.name, model.meta.table, field.name)
        for model in registry.models.values()
        for field in model.meta.columns.values()
        if isinstance(field, Many2One) and field.on_delete == "cascade" and field.target == parent
    ]
