"""ORDER BY, from a caller's text such as "stage_id, amount desc nulls last": names are looked up, nothing is pasted.

A many2one sorts by its target's own default order, by its id where the caller may not read the target. The id is always
the last term, so that pages neither overlap nor miss a row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from models.orm.errors import InputError, LimitError
from models.orm.fields import Field, Json, Many2One, ToMany
from models.orm.limits import LIMITS
from models.orm.query import Scope

_TERM = re.compile(r"\s*([A-Za-z_][\w.]*)(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?\s*", re.IGNORECASE | re.ASCII)
MAX_TERMS = 20
MAX_HOPS = 2  # a default order that leads on to other models' default orders


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One term of ORDER BY. `nulls`: "first", "last" or PostgreSQL's own rule."""

    sql: str
    descending: bool = False
    nulls: str = ""

    @property
    def text(self) -> str:
        """The term as SQL."""
        return self.sql + (" desc" if self.descending else "") + (f" nulls {self.nulls}" if self.nulls else "")

    def within(self, outer: OrderTerm) -> OrderTerm:
        """Return the term as it sorts for a relation: `desc` turns it round, a rule for nulls holds for it."""
        descending = self.descending != outer.descending
        return replace(self, descending=descending, nulls=outer.nulls or ("" if outer.descending else self.nulls))


def order_sql(scope: Scope, order: Any) -> str:
    """Return the terms of ORDER BY for a caller's order, or for the model's own when none is given."""
    if order is None or order is False or order == "":
        return declared_order_sql(scope, scope.meta.order)
    if not isinstance(order, str):
        raise _malformed()
    return _joined(scope, _Reader(trusted=False).read(scope, order))


def declared_order_sql(scope: Scope, order: str) -> str:
    """Return the terms of ORDER BY for an order that a model declares."""
    return _joined(scope, _Reader(trusted=True).read(scope, order))


def declared_terms(scope: Scope) -> list[OrderTerm]:
    """Return the terms of the order that a scope's model declares."""
    return _Reader(trusted=True).read(scope, scope.meta.order)


def _joined(scope: Scope, terms: list[OrderTerm]) -> str:
    own = scope.value(scope.meta.fields["id"])
    if all(term.sql != own for term in terms):
        terms = [*terms, OrderTerm(own, bool(terms) and terms[0].descending)]
    return ", ".join(term.text for term in terms)


class _Reader:
    """Reads orders. Those of `trusted` declarations ask for no rights on fields."""

    def __init__(self, *, trusted: bool) -> None:
        self.trusted = trusted

    def read(self, scope: Scope, order: str, depth: int = 0) -> list[OrderTerm]:
        parts = order.split(",")
        if len(parts) > MAX_TERMS:
            raise InputError(f"order has more than {MAX_TERMS} terms.", argument="order")
        return [term for part in parts for term in self.term(scope, part, depth)]

    def term(self, scope: Scope, part: str, depth: int) -> list[OrderTerm]:
        match = _TERM.fullmatch(part)
        if match is None:
            raise _malformed()
        words, direction, nulls = match.groups()
        path = words.split(".")
        if len(path) > LIMITS.path_depth:
            raise LimitError("path_depth", LIMITS.path_depth)
        for name in path[:-1]:
            scope = self.hop(scope, self.field(scope, name))
        field = self.field(scope, path[-1])
        found = OrderTerm("", (direction or "").lower() == "desc", (nulls or "").lower())
        return self.terms_of(scope, field, found, depth)

    def terms_of(self, scope: Scope, field: Field[Any], outer: OrderTerm, depth: int) -> list[OrderTerm]:
        if isinstance(field, ToMany | Json):
            raise InputError(f"{field.name} cannot be sorted by.", model=scope.meta.name, field=field.name)
        if isinstance(field, Many2One) and depth < MAX_HOPS and scope.query.profile.can(scope.target(field), "read"):
            target = scope.hop(field)
            inner = _Reader(trusted=True).read(target, target.meta.order, depth + 1)
            return [term.within(outer) for term in inner]
        return [replace(outer, sql=scope.value(field))]

    def field(self, scope: Scope, name: str) -> Field[Any]:
        if self.trusted:
            return scope.meta.names[name]
        return scope.query.profile.field(scope.meta, name)

    def hop(self, scope: Scope, field: Field[Any]) -> Scope:
        if not isinstance(field, Many2One):
            raise InputError(f"{field.name} is no relation: a path cannot go through it.", field=field.name)
        if not self.trusted and not scope.query.profile.can(scope.target(field), "read"):
            raise InputError(f"There is no path through {field.name}.", model=scope.meta.name, field=field.name)
        return scope.hop(field)


def _malformed() -> InputError:
    return InputError("order must be a text such as 'name desc, id'.", argument="order")
