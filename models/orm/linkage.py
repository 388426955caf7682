"""Conditions on relations: links, the records at their end, trees of parents.

What the caller may not read is as if it were not there: no label of it matches, no tree leads through it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from models.orm.declare import Placeholder
from models.orm.dialect import Dialect
from models.orm.domain import NEGATED, Node, mentions
from models.orm.errors import OperatorError
from models.orm.fields import Field, Many2One, Text, ToMany
from models.orm.matching import PATTERNS, is_set, like_pattern, many, searched_id
from models.orm.query import Query, Scope

if TYPE_CHECKING:
    from models.orm.meta import Meta

ORDERED = frozenset({"<", ">", "<=", ">="})
LABEL = Text("Label")
LABEL.name = "display_name"


class Linkage(ABC):
    """The part of a compiler of conditions that looks at relations."""

    query: Query
    dialect: Dialect
    trusted: bool

    @abstractmethod
    def member(self, column: str, field: Field[Any], values: list[Any], *, negated: bool) -> str:
        """Ask whether a value is one of several."""

    @abstractmethod
    def pattern(self, column: str, field: Field[Any], operator: str, value: Any, *, negated: bool) -> str:
        """Compare text."""

    @abstractmethod
    def nested(self, scope: Scope, node: Node) -> str:
        """Compile a condition on another scope."""

    @abstractmethod
    def readable(self, scope: Scope, field: Field[Any]) -> None:
        """Refuse a path into a model that the caller may not read."""

    def exists(self, scope: Scope, field: ToMany, inner: Callable[[Scope], str], *, archived: bool = False) -> str:
        """Ask for some record of a relation, an active one unless archived ones are asked for. Rules look at all."""
        child, tie = scope.children(field)
        condition = inner(child)
        active = child.meta.fields.get("active")
        shown = ""
        if active is not None and active.has_column and self.query.active_test and not (archived or scope.free):
            shown = f" and {child.alias}.active"
        return f"exists (select 1 from {child.from_sql} where {tie}{shown} and {condition})"

    def many2one(self, scope: Scope, field: Many2One, operator: str, value: Any) -> str:
        """Compare a many2one by id, or by label when a text is given."""
        base = NEGATED.get(operator, operator)
        if base in PATTERNS or _is_text(value):
            self.readable(scope, field)
            label = scope.hop(field).label
            if base in PATTERNS:
                return self.pattern(label, LABEL, base, value, negated=base != operator)
            return self.member(label, LABEL, many(value), negated=base != operator)
        column = scope.value(field)
        if operator in ORDERED:
            return f"{column} {operator} {self.query.param(searched_id(field, value))}" if is_set(value) else "false"
        return self.member(column, field, many(value), negated=base != operator)

    def to_many(self, scope: Scope, field: ToMany, operator: str, value: Any) -> str:
        """Ask for links: to these ids, to records with this label, to any, to none."""
        self.readable(scope, field)
        base = NEGATED.get(operator, operator)
        if base == "any":
            found = self.exists(scope, field, lambda c: self.nested(c, value), archived=mentions(value, "active"))
        elif base in PATTERNS:
            found = self.exists(scope, field, lambda c: self.pattern(c.label, LABEL, base, value, negated=False))
        elif base in ("child_of", "child_of<", "parent_of"):
            found = self.exists(scope, field, lambda c: self.hierarchy(c, c.meta.fields["id"], base, value))
        elif base in ("=", "in"):
            found = self.linked(scope, field, many(value))
        else:
            raise OperatorError(f"{operator} does not compare {field.name}.", field=field.name, operator=operator)
        return f"not {found}" if base != operator else found

    def linked(self, scope: Scope, field: ToMany, values: list[Any]) -> str:
        """Ask whether some of the ids (or labels) is linked; null or false asks for no link at all."""
        ids = [searched_id(field, one) for one in values if is_set(one) and not isinstance(one, str)]
        labels = [one for one in values if isinstance(one, str)]
        parts = []
        if ids:
            parts.append(self.exists(scope, field, lambda child: child.is_row_of(self.query.param(ids))))
        if labels:
            parts.append(self.exists(scope, field, lambda c: self.member(c.label, LABEL, labels, negated=False)))
        if not all(is_set(one) for one in values):
            parts.append("not " + self.exists(scope, field, lambda _: "true"))
        return "(" + " or ".join(parts) + ")" if parts else "false"

    def sub_condition(self, scope: Scope, field: Field[Any], operator: str, value: Any) -> str:
        """Compare a many2one's record with a condition of its own."""
        if not isinstance(field, Many2One):
            raise OperatorError(f"{operator} needs a relation, not {field.name}.", field=field.name, operator=operator)
        self.readable(scope, field)
        target = scope.hop(field)
        found = f"({target.alias}.id is not null and {self.nested(target, value)})"
        return f"{found} is not true" if operator == "not any" else found

    def hierarchy(self, scope: Scope, field: Field[Any], operator: str, value: Any) -> str:
        """Walk the tree of parent_id, of the target of a many2one or of the model itself for `id`."""
        meta = scope.target(field) if isinstance(field, Many2One) else scope.meta
        if "parent_id" not in meta.fields or not (isinstance(field, Many2One) or field.name == "id"):
            raise OperatorError(f"{field.name} has no hierarchy.", field=field.name, operator=operator)
        if isinstance(field, Many2One):
            self.readable(scope, field)
        below = self.tree(meta, field, NEGATED.get(operator, operator), value, free=scope.free)
        found = f"{scope.value(field)} in ({below})"
        return f"({found}) is not true" if operator in NEGATED else found

    def tree(self, meta: Meta, field: Field[Any], operator: str, value: Any, *, free: bool) -> str:
        """Return a subselect of the ids below (or above) the given records, roots included but for `child_of<`."""
        root = self.query.scope(meta, free=free)
        roots = _and_guard(root, self.roots(root, field, many(value)))
        step = self.query.scope(meta, free=free)
        parent = self.query.alias()
        if operator == "parent_of":
            tie = f'tree join "{meta.table}" {parent} on {parent}.id = tree.id'
            climb = f"{step.alias}.id = {parent}.parent_id"
        else:
            tie, climb = "tree", f"{step.alias}.parent_id = tree.id"
        below = " where depth > 0" if operator == "child_of<" else ""
        return (
            f"with recursive tree(id, depth) as (select {root.alias}.id, 0 from {root.from_sql} where {roots} union "
            f"select {step.alias}.id, 1 from {step.from_sql} join {tie} on {_and_guard(step, climb)}) "
            f"select id from tree{below}"
        )

    def roots(self, scope: Scope, field: Field[Any], values: list[Any]) -> str:
        """Return the condition on the records to start from: by id or by a part of their label."""
        parts = [f"{scope.alias}.id = any({self.query.param(one)}::bigint[])" for one in values if _is_list(one)]
        parts += [f"{scope.alias}.id = {self.query.param(one)}" for one in values if _is_single(one)]
        for word in (one for one in values if isinstance(one, str) and one):
            pattern = like_pattern(LABEL, word, "ilike", wildcards=self.dialect.wildcards)
            parts.append(f"{scope.label} ilike {self.query.param(pattern)}")
        plain = [one for one in values if is_set(one) and not isinstance(one, str | Placeholder)]
        if plain:
            ids = self.query.param([searched_id(field, one) for one in plain])
            parts.append(f"{scope.alias}.id = any({ids}::bigint[])")
        return "(" + " or ".join(parts) + ")" if parts else "false"


def _is_text(value: Any) -> bool:
    """Return whether labels are meant and not ids."""
    return any(isinstance(one, str) and one != "" for one in many(value))


def _is_list(value: Any) -> bool:
    return isinstance(value, Placeholder) and value.is_list


def _is_single(value: Any) -> bool:
    return isinstance(value, Placeholder) and not value.is_list


def _and_guard(scope: Scope, condition: str) -> str:
    guard = scope.guard("read")
    return f"{condition} and {guard}" if guard else condition
