"""ORDER BY, from a caller's text such as "stage_id, amount desc nulls last": names are looked up, nothing is pasted.

A many2one sorts by its target's own default order. The id is always the last term, so that pages neither overlap nor
miss a row.
"""

from __future__ import annotations

import re
from typing import Any

from models.orm.errors import InputError, LimitError
from models.orm.fields import Field, Json, Many2One, ToMany
from models.orm.limits import LIMITS
from models.orm.query import Scope

_TERM = re.compile(r"\s*([A-Za-z_][\w.]*)(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?\s*", re.IGNORECASE | re.ASCII)
MAX_TERMS = 20


def order_sql(scope: Scope, order: Any) -> str:
    """Return the terms of ORDER BY for a caller's order, or for the model's own when none is given."""
    if order is None or order is False or order == "":
        terms = _terms(scope, scope.meta.order, trusted=True)
    elif isinstance(order, str):
        terms = _terms(scope, order, trusted=False)
    else:
        raise InputError("order must be a text such as 'name desc, id'.", argument="order")
    own = f"{scope.alias}.id"
    if not any(term == own or term.startswith(own + " ") for term in terms):
        terms.append(own + (" desc" if terms and " desc" in terms[0] else ""))
    return ", ".join(terms)


def _terms(scope: Scope, order: str, *, trusted: bool, depth: int = 0) -> list[str]:
    parts = order.split(",")
    if len(parts) > MAX_TERMS:
        raise InputError(f"order has more than {MAX_TERMS} terms.", argument="order")
    found: list[str] = []
    for part in parts:
        match = _TERM.fullmatch(part)
        if match is None:
            raise InputError("order must be a text such as 'name desc, id'.", argument="order")
        path, direction, nulls = match.groups()
        suffix = (" desc" if (direction or "").lower() == "desc" else "") + (f" nulls {nulls.lower()}" if nulls else "")
        found.extend(_path_terms(scope, path.split("."), suffix, trusted=trusted, depth=depth))
    return found


def _path_terms(scope: Scope, path: list[str], suffix: str, *, trusted: bool, depth: int) -> list[str]:
    if len(path) > LIMITS.path_depth:
        raise LimitError("path_depth", LIMITS.path_depth)
    for name in path[:-1]:
        scope = _hop(scope, _field(scope, name, trusted=trusted), trusted=trusted)
    field = _field(scope, path[-1], trusted=trusted)
    if isinstance(field, ToMany | Json):
        raise InputError(f"{field.name} cannot be sorted by.", model=scope.meta.name, field=field.name)
    if isinstance(field, Many2One) and depth < 2:
        return _target_terms(_hop(scope, field, trusted=trusted), suffix, depth)
    return [scope.value(field) + suffix]


def _target_terms(target: Scope, suffix: str, depth: int) -> list[str]:
    """Sort by the target's own order; `desc` turns each of its terms round."""
    terms = _terms(target, target.meta.order, trusted=True, depth=depth + 1)
    return [_turned(term) for term in terms] if suffix.startswith(" desc") else terms


def _turned(term: str) -> str:
    return term.removesuffix(" desc") if term.endswith(" desc") else term + " desc"


def _field(scope: Scope, name: str, *, trusted: bool) -> Field[Any]:
    return scope.meta.names[name] if trusted else scope.query.profile.field(scope.meta, name)


def _hop(scope: Scope, field: Field[Any], *, trusted: bool) -> Scope:
    if not isinstance(field, Many2One):
        raise InputError(f"{field.name} is no relation: a path cannot go through it.", field=field.name)
    if not trusted and not scope.query.profile.can(scope.target(field), "read"):
        raise InputError(f"There is no path through {field.name}.", model=scope.meta.name, field=field.name)
    return scope.hop(field)
