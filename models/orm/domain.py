"""Search conditions of both conventions, read into one small tree.

Odoo writes a list of terms with prefix operators: `["|", ["a", "=", 1], ["b", "=", 2], ["c", "=", 3]]`. Netforce nests
lists that may begin with a word: `["or", ["a", "=", 1], [["b", "=", 2], ["c", "=", 3]]]`. Both are accepted
everywhere, also a bare clause, and `[]` matches all. Terms are looked up and compiled in `condition.py`; here nothing
is known of models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.orm.errors import InputError, LimitError, OperatorError
from models.orm.limits import LIMITS

OPERATORS = frozenset(
    {
        "=", "!=", "<", ">", "<=", ">=", "=?", "in", "not in",
        "like", "not like", "ilike", "not ilike", "=like", "=ilike", "not =like", "not =ilike",
        "child_of", "not child_of", "child_of<", "parent_of", "any", "not any",
    }
)  # fmt: skip
KNOWN_OPERATORS = ", ".join(sorted(OPERATORS))
HIERARCHY = frozenset({"child_of", "not child_of", "child_of<", "parent_of"})
SYNONYMS = {"<>": "!=", "==": "="}
NEGATED = {
    "!=": "=",
    "not in": "in",
    "not like": "like",
    "not ilike": "ilike",
    "not =like": "=like",
    "not =ilike": "=ilike",
    "not child_of": "child_of",
    "not any": "any",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison: a dotted path of field names, an operator, a value. That of `any` is a condition."""

    path: tuple[str, ...]
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every part is; without parts it is true."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when some part is; without parts it is false."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is not."""

    part: Node


Node = Term | AllOf | AnyOf | Not

TRUE = AllOf(())
FALSE = AnyOf(())


def all_of(parts: Sequence[Node]) -> Node:
    """Join by AND; a single part stands for itself."""
    kept = [part for part in parts if part != TRUE]
    return kept[0] if len(kept) == 1 else AllOf(tuple(kept))


def some_of(parts: Sequence[Node]) -> Node:
    """Join by OR as a caller wrote it: every part is looked at, whatever the others say."""
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def any_of(parts: Sequence[Node]) -> Node:
    """Join rules by OR; a part that is always true makes the whole true."""
    return TRUE if any(part == TRUE for part in parts) else some_of(parts)


def parse_domain(domain: Any) -> Node:
    """Read a condition of either convention. None, false and "" match all.

    Raises `InputError`, `OperatorError`, `LimitError`.
    """
    return _Reader().condition(domain, 0)


def mentions(node: Node, name: str) -> bool:
    """Return whether some term's path begins with the name."""
    if isinstance(node, Term):
        return node.path[0] == name
    if isinstance(node, Not):
        return mentions(node.part, name)
    return any(mentions(part, name) for part in node.parts)


class _Reader:
    """Reads one condition and counts its terms against the limits."""

    def __init__(self) -> None:
        self.terms = 0

    def read(self, items: Sequence[Any], depth: int) -> Node:
        if depth > LIMITS.domain_nesting:
            raise LimitError("domain_nesting", LIMITS.domain_nesting)
        if not items:
            return TRUE
        first = items[0]
        if first in ("or", "and"):
            parts = [self.item(item, depth) for item in items[1:]]
            return some_of(parts) if first == "or" else all_of(parts)
        if is_clause(items):
            return self.clause(items, depth)
        return self.prefix(items, depth)

    def prefix(self, items: Sequence[Any], depth: int) -> Node:
        """Read Odoo's prefix form from its end: each operator takes the parts already read."""
        stack: list[Node] = []
        nested: list[int] = []
        for item in reversed(items):
            if item in ("!", "&", "|"):
                self.apply(item, stack, nested)
            else:
                stack.append(self.item(item, depth))
                nested.append(0)
        stack.reverse()
        return all_of(stack)

    def apply(self, operator: str, stack: list[Node], nested: list[int]) -> None:
        wanted = 1 if operator == "!" else 2
        if len(stack) < wanted:
            raise InputError(f"The search condition is malformed: {operator} lacks an operand.", argument="domain")
        parts = [stack.pop() for _ in range(wanted)]
        deeper = operator == "!" or any(_is_other_kind(part, operator) for part in parts)
        level = max(nested.pop() for _ in range(wanted)) + deeper
        if level > LIMITS.domain_nesting:
            raise LimitError("domain_nesting", LIMITS.domain_nesting)
        nested.append(level)
        if operator == "!":
            stack.append(Not(parts[0]))
        else:
            stack.append(_joined(operator, parts))

    def item(self, item: Any, depth: int) -> Node:
        if not isinstance(item, list | tuple):
            raise InputError("The search condition is malformed: a term is a list of three.", argument="domain")
        if is_clause(item):
            return self.clause(item, depth)
        return self.read(item, depth + 1)

    def clause(self, clause: Sequence[Any], depth: int) -> Node:
        self.terms += 1
        if self.terms > LIMITS.domain_terms:
            raise LimitError("domain_terms", LIMITS.domain_terms)
        path, operator, value = clause
        operator = _operator(operator)
        if not isinstance(path, str):
            return _constant(path, operator, value)
        names = tuple(path.split("."))
        if len(names) > LIMITS.path_depth:
            raise LimitError("path_depth", LIMITS.path_depth)
        if operator in ("any", "not any"):
            return Term(names, operator, self.condition(value, depth + 1))
        if isinstance(value, list | tuple):
            _check_list(value)
        return Term(names, operator, value)

    def condition(self, domain: Any, depth: int) -> Node:
        """Read a whole condition, the caller's or one given as a value of `any`."""
        if domain is None or domain is False or domain in ("", [], ()):
            return TRUE
        if isinstance(domain, str) or not isinstance(domain, list | tuple):
            raise InputError("A search condition must be a list.", argument="domain")
        return self.read(domain, depth)


def _joined(operator: str, parts: Sequence[Node]) -> Node:
    """Join two parts, flattening a chain of one operator so that depth counts nesting, not length."""
    kind = AllOf if operator == "&" else AnyOf
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) and part.parts else [part])
    return all_of(flat) if kind is AllOf else some_of(flat)


def _is_other_kind(part: Node, operator: str) -> bool:
    """Return whether joining the part by the operator nests deeper instead of lengthening a chain."""
    return isinstance(part, AnyOf if operator == "&" else AllOf)


def is_clause(item: Sequence[Any]) -> bool:
    """Return whether a list is one term and not a list of them."""
    if len(item) != 3 or not isinstance(item[1], str):
        return False
    if isinstance(item[0], str):
        return item[0] not in ("or", "and", "|", "&", "!")
    return isinstance(item[0], int) and item[1] in ("=", "!=")


def _operator(operator: Any) -> str:
    if isinstance(operator, str):
        operator = SYNONYMS.get(operator, operator)
        if operator in OPERATORS:
            return str(operator)
        lowered = operator.lower()
        if lowered in OPERATORS:
            return str(lowered)
    shown = operator[:32] if isinstance(operator, str) else type(operator).__name__
    raise OperatorError(f"There is no search operator {shown}; there are {KNOWN_OPERATORS}.", operator=shown)


def _constant(left: Any, operator: str, right: Any) -> Node:
    """Read Odoo's [1, '=', 1] and [0, '=', 1]."""
    if left in (0, 1) and right in (0, 1) and operator in ("=", "!="):
        return TRUE if (left == right) == (operator == "=") else FALSE
    raise InputError("The search condition is malformed: a term starts with a field name.", argument="domain")


def _check_list(values: Sequence[Any]) -> None:
    if len(values) > LIMITS.value_list_items:
        raise LimitError("value_list_items", LIMITS.value_list_items)
    if any(isinstance(value, list | tuple | dict) for value in values):
        raise InputError("The search condition is malformed: a list of values holds single values.", argument="domain")
