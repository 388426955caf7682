"""What writers leave behind for those who ask what changed: see `models.orm.feeding` for the asking.

A row of a model with `feed = True` carries the number of the transaction that wrote it last, set by the statement that
writes. A deletion leaves a row in the table of `base.deletion`, which the base area declares, written by the DELETE
itself: the columns by which rules tell who reached the record, and nothing else of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from models.orm.access import company_rules
from models.orm.domain import Node, Not, Term, parse_domain
from models.orm.fields import Many2One

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.meta import Meta
    from models.orm.registry import Registry

STAMP = "change_xid = default"
NOTE = (
    "insert into base_deletion (model, res_id, kept, change_xid)"
    " select '{model}', id, kept, pg_current_xact_id()::text::bigint from gone"
)


def kept(meta: Meta, alias: str) -> str:
    """Return what a DELETE has to return beside the id for `noting`; nothing where there is no feed."""
    if not meta.feed:
        return ""
    pairs = ", ".join(f"'{name}', {alias}.\"{name}\"" for name in kept_columns(meta))
    return f", jsonb_build_object({pairs}) as kept"


def noting(meta: Meta) -> list[str]:
    """Return the part of a WITH that notes what another part of it, `gone`, deletes."""
    return [f"noted as ({NOTE.replace('{model}', meta.name)})"] if meta.feed else []


def kept_columns(meta: Meta) -> list[str]:
    """Return the columns that rules on reading begin with."""
    rules = [parse_domain(rule.domain) for rule in meta.rules if "read" in rule.operations]
    names = {name for node in [*company_rules(meta), *rules] for name in _names(node)}
    return ["id", *sorted(name for name in names if name in meta.columns)]


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, Term):
        yield node.path[0]
    elif isinstance(node, Not):
        yield from _names(node.part)
    else:
        for part in node.parts:
            yield from _names(part)


async def mark_linked(env: Env, meta: Meta, ids: Sequence[int]) -> None:
    """Mark records of feeds that link to what is about to be deleted: PostgreSQL empties the link, and tells nobody.

    The records go first under a lock that no new link gets past.
    """
    linking = _linking(env.registry, meta.name)
    if not linking:
        return
    await env.execute(f'select id from "{meta.table}" where id = any($1::bigint[]) order by id for update', list(ids))
    marks = [
        f'update "{table}" set {STAMP} where ' + " or ".join(f'"{column}" = any($1::bigint[])' for column in columns)
        for table, columns in linking.items()
    ]
    first = ", ".join(f"m{place} as ({mark})" for place, mark in enumerate(marks[1:]))
    await env.execute(f"with {first} {marks[0]}" if first else marks[0], list(ids))


@cache
def _linking(registry: Registry, meta_name: str) -> Mapping[str, Sequence[str]]:
    """Return the columns, by their tables, that are emptied in feeds when a record of this model is deleted."""
    found: dict[str, list[str]] = {}
    for model in registry.models.values():
        for field in model.meta.columns.values() if model.meta.feed else ():
            emptied = isinstance(field, Many2One) and field.on_delete == "set null" and field.target == meta_name
            if emptied and field.name not in ("create_uid", "write_uid"):
                found.setdefault(model.meta.table, []).append(field.name)
    return found
