"""Whether models are declared rightly, asked once when the registry is built: never is a call the first to find out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from models.orm.domain import Node, Not, Term, parse_domain
from models.orm.errors import AppError
from models.orm.fields import Field, Many2One, One2Many, ToMany

if TYPE_CHECKING:
    from models.orm.declare import Group
    from models.orm.meta import Meta

_ORDER_NAME = re.compile(r"\s*([\w.]+)(?:\s+(?:asc|desc))?(?:\s+nulls\s+(?:first|last))?\s*", re.IGNORECASE | re.ASCII)


class DeclarationError(Exception):
    """A model is declared wrongly: found when the registry is built, never at a call."""


def check_declarations(metas: Mapping[str, Meta], groups: Mapping[str, Group]) -> None:
    """Raise `DeclarationError` for the first thing that does not meet: relations, groups, rules, orders, keys."""
    for meta in metas.values():
        for field in meta.fields.values():
            _check_field(metas, meta, field)
            _check_groups(groups, meta, {*field.groups, *field.write_groups})
        for access in meta.access:
            _check_groups(groups, meta, {code for codes in access.groups.values() for code in codes})
        _check_label(meta)
        _check_rules(metas, groups, meta)
        _check_order(metas, meta)
        _check_columns(meta)


def _check_groups(groups: Mapping[str, Group], meta: Meta, codes: Collection[str]) -> None:
    unknown = set(codes) - set(groups)
    if unknown:
        raise DeclarationError(f"{meta.name} names unknown groups {sorted(unknown)}")


def _check_field(metas: Mapping[str, Meta], meta: Meta, field: Field[Any]) -> None:
    if isinstance(field, Many2One | ToMany) and field.target not in metas:
        raise DeclarationError(f"{meta.name}.{field.name} points at {field.target}, which is not a model here")
    if isinstance(field, One2Many) and field.inverse not in metas[field.target].fields:
        raise DeclarationError(f"{meta.name}.{field.name} has no inverse {field.inverse}")
    for name in field.depends:
        if name not in meta.fields:
            raise DeclarationError(f"{meta.name}.{field.name} depends on {name}, which is not a field of its own")
    if field.path:
        _check_path(metas, meta, field)
    if field.tracked and (field.groups or field.write_only):
        raise DeclarationError(f"{meta.name}.{field.name} is not for everybody: chatter must not tell of it")


def _check_path(metas: Mapping[str, Meta], meta: Meta, field: Field[Any]) -> None:
    place = f"{meta.name}.{field.name}"
    ways = [_end_of(metas, meta, field.path[:length], place) for length in range(1, len(field.path))]
    end = _end_of(metas, meta, field.path, place)
    known = end.in_sql or isinstance(end, ToMany)
    if not ways or not all(isinstance(way, Many2One) for way in ways) or not known or end.kind != field.kind:
        raise DeclarationError(f"{place} leads over many2ones to a field of its own kind, or nowhere")


def _check_label(meta: Meta) -> None:
    """What a record is called is shown wherever it is linked from, so it cannot be for some only."""
    field = meta.fields.get(meta.label_field)
    if field is not None and (field.groups or field.write_only or field.path):
        raise DeclarationError(f"{meta.name}.{field.name} is the label, and not everybody who may read records sees it")


def _check_rules(metas: Mapping[str, Meta], groups: Mapping[str, Group], meta: Meta) -> None:
    for rule in (*meta.rules, *meta.loose_rules):
        _check_groups(groups, meta, () if rule.group is None else (rule.group,))
        try:
            node = parse_domain(rule.domain)
        except AppError as error:
            raise DeclarationError(f"{meta.name}, rule {rule.label!r}: {error.message}") from error
        for path in _paths(node):
            _end_of(metas, meta, path, f"rule {rule.label!r}")


def _paths(node: Node) -> Iterator[tuple[str, ...]]:
    """The dotted paths of a condition; those within `any` are prefixed with the way to them."""
    if isinstance(node, Term):
        yield node.path
        if node.operator in ("any", "not any"):
            yield from ((*node.path, *path) for path in _paths(node.value))
    elif isinstance(node, Not):
        yield from _paths(node.part)
    else:
        for part in node.parts:
            yield from _paths(part)


def _end_of(metas: Mapping[str, Meta], meta: Meta, path: tuple[str, ...], place: str) -> Field[Any]:
    field = meta.names.get(path[0])
    if field is None:
        raise DeclarationError(f"{meta.name}, {place}: there is no field {path[0]}")
    if len(path) == 1:
        return field
    if not isinstance(field, Many2One | ToMany):
        raise DeclarationError(f"{meta.name}, {place}: {path[0]} leads nowhere")
    return _end_of(metas, metas[field.target], path[1:], place)


def _check_order(metas: Mapping[str, Meta], meta: Meta) -> None:
    orders = [(meta, meta.order)]
    orders += [(metas[f.target], f.order) for f in meta.fields.values() if isinstance(f, One2Many) and f.order]
    for target, order in orders:
        for part in order.split(","):
            match = _ORDER_NAME.fullmatch(part)
            if match is None:
                raise DeclarationError(f"{target.name}: {part!r} is no term of an order")
            field = _end_of(metas, target, tuple(match.group(1).split(".")), f"order {order!r}")
            if not field.in_sql:
                raise DeclarationError(f"{target.name} cannot be sorted by {field.name}")


def _check_columns(meta: Meta) -> None:
    """Checks run on columns alone: the values of a write hold no more."""
    for constraint in meta.constraints:
        unknown = set(constraint.fields) - set(meta.columns)
        if unknown:
            raise DeclarationError(f"{meta.name} checks {sorted(unknown)}, which are no columns")
