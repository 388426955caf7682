"""Conditions to SQL.

Meaning of the operators (one meaning for every dialect): a comparison with an unset value never holds, while `!=`,
`not in` and `not like` also hold for unset ones; `=` with null or false asks for unset. A path through x2many fields
holds when some record at its end does. Each expression built here is true, false or null; NOT treats null as false.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from models.orm.declare import Placeholder
from models.orm.domain import NEGATED, All, Node, Not, Term, mentions, parse_domain
from models.orm.errors import InputError, OperatorError, UnknownFieldError
from models.orm.fields import Boolean, Field, Json, Many2One, Number, Text, ToMany
from models.orm.fields.relation import record_id
from models.orm.fields.scalar import Integer, decimal_number, whole_number
from models.orm.query import Query, Scope

ORDERED = {"<": "<", ">": ">", "<=": "<=", ">=": ">="}
PATTERNS = {"like": "like", "ilike": "ilike", "=like": "like", "=ilike": "ilike"}
HIERARCHY = frozenset({"child_of", "not child_of", "child_of<", "parent_of"})


class SearchQuery(Query):
    """A statement whose conditions are compiled as this module says."""

    def compile(self, scope: Scope, node: Node, *, trusted: bool) -> str:
        """Return the SQL of a condition on a scope."""
        return Compiler(scope, trusted=trusted).compile(node)


class Compiler:
    """Compiles conditions on one scope. `trusted` conditions are our own declarations: no field rights are asked."""

    def __init__(self, scope: Scope, *, trusted: bool = False) -> None:
        """Compile for the rows of a scope."""
        self.scope = scope
        self.query = scope.query
        self.trusted = trusted

    def compile(self, node: Node) -> str:
        """Return the SQL of a condition."""
        if isinstance(node, Term):
            return self.term(self.scope, node.path, node.operator, node.value)
        if isinstance(node, Not):
            return f"({self.compile(node.part)}) is not true"
        if not node.parts:
            return "true" if isinstance(node, All) else "false"
        glue = " and " if isinstance(node, All) else " or "
        return "(" + glue.join(self.compile(part) for part in node.parts) + ")"

    def field(self, scope: Scope, name: str) -> Field[Any]:
        """Return the field a caller names, or that a declaration does."""
        if self.trusted:
            return scope.meta.names[name]
        return self.query.profile.field(scope.meta, name)

    def term(self, scope: Scope, path: tuple[str, ...], operator: str, value: Any) -> str:
        """Walk the path, compare at its end."""
        field = self.field(scope, path[0])
        if len(path) == 1:
            return self.leaf(scope, field, operator, value)
        if isinstance(field, Many2One):
            if path[1:] == ("id",):
                return self.leaf(scope, field, operator, value)
            self.readable(scope, field)
            return self.term(scope.hop(field), path[1:], operator, value)
        if isinstance(field, ToMany):
            self.readable(scope, field)
            return self.exists(scope, field, lambda child: self.term(child, path[1:], operator, value))
        raise InputError(f"{field.name} is no relation: a path cannot go through it.", field=field.name)

    def readable(self, scope: Scope, field: Field[Any]) -> None:
        """Refuse a path into a model that the caller may not read."""
        if not self.trusted and not self.query.profile.can(scope.target(field), "read"):
            raise UnknownFieldError(f"There is no path through {field.name}.", model=scope.meta.name, field=field.name)

    def exists(self, scope: Scope, field: ToMany, inner: Callable[[Scope], str], *, archived: bool = False) -> str:
        """Ask for some record of a relation."""
        child, tie = scope.children(field)
        condition = inner(child)
        active = child.meta.fields.get("active")
        shown = ""
        if active is not None and active.has_column and self.query.active_test and not archived:
            shown = f" and {child.alias}.active"
        return f"exists (select 1 from {child.from_sql} where {tie}{shown} and {condition})"

    def leaf(self, scope: Scope, field: Field[Any], operator: str, value: Any) -> str:
        """Compare a field of the scope's own row."""
        if isinstance(field, ToMany):
            return self.to_many(scope, field, operator, value)
        if operator == "=?":
            return "true" if value is None or value is False else self.leaf(scope, field, "=", value)
        if operator in ("any", "not any"):
            return self.sub_condition(scope, field, operator, value)
        if operator in HIERARCHY:
            return self.hierarchy(scope, field, operator, value)
        if isinstance(field, Many2One):
            return self.many2one(scope, field, operator, value)
        return self.scalar(scope, field, operator, value)

    # scalars

    def scalar(self, scope: Scope, field: Field[Any], operator: str, value: Any) -> str:
        """Compare a plain value."""
        column = scope.value(field)
        if operator in ORDERED:
            return f"{column} {ORDERED[operator]} {self.value(field, value)}" if _is_set(value) else "false"
        base = NEGATED.get(operator, operator)
        if base in PATTERNS:
            return self.pattern(column, field, base, value, negated=base != operator)
        if isinstance(field, Json) and _is_set(value):
            raise OperatorError(f"{field.name} can only be compared with null.", field=field.name, operator=operator)
        values = _many(value)
        return self.member(column, field, values, negated=base != operator)

    def member(self, column: str, field: Field[Any], values: list[Any], *, negated: bool) -> str:
        """Ask whether the value is one of several, unset being one of them when null or false is listed."""
        if len(values) == 1 and isinstance(values[0], Placeholder):
            return self.placeholder(column, values[0], negated=negated)
        wanted = [value for value in values if _is_set(value) or isinstance(field, Boolean)]
        unset = len(wanted) != len(values)
        if isinstance(field, Boolean):
            unset = False
            column = f"coalesce({column}, false)" if field.sql else column
        if not wanted:
            return self.presence(column, field, unset=unset, negated=negated)
        if len(wanted) == 1:
            equal = f"{column} = {self.value(field, wanted[0])}"
        else:
            equal = f"{column} = any({self.query.param([self.decoded(field, one) for one in wanted])})"
        if not negated:
            return f"({equal} or {column} is null)" if unset else equal
        if isinstance(field, Boolean) or unset:
            return f"not {equal}"
        return f"({equal}) is not true"

    def presence(self, column: str, field: Field[Any], *, unset: bool, negated: bool) -> str:
        """Ask for set or unset; an empty list holds nothing."""
        if unset:
            return f"{column} is {'not ' if negated else ''}null"
        return "true" if negated else "false"

    def placeholder(self, column: str, value: Placeholder, *, negated: bool) -> str:
        """Compare with what a rule knows only at the call; a list is a list of ids."""
        place = self.query.param(value)
        equal = f"{column} = any({place}::bigint[])" if value.name == "COMPANIES" else f"{column} = {place}"
        return f"({equal}) is not true" if negated else equal

    def value(self, field: Field[Any], value: Any) -> str:
        """Add a value as a parameter of the field's type."""
        return self.query.param(value if isinstance(value, Placeholder) else self.decoded(field, value))

    def decoded(self, field: Field[Any], value: Any) -> Any:
        """Read a caller's value as the field does; a search may ask for numbers that the field could not hold."""
        return search_value(field, value, self.query.dialect)

    def pattern(self, column: str, field: Field[Any], operator: str, value: Any, *, negated: bool) -> str:
        """Compare text; our own dialect takes the value literally, the others know the wildcards."""
        if not _is_set(value) or value == "":
            return self.presence(column, field, unset=True, negated=not negated)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise field.mismatch(value, "text to search for")
        place = self.query.param(like_pattern(str(value), operator, wildcards=self.query.dialect.wildcards))
        text = column if isinstance(field, Text) else f"{column}::text"
        found = f"{text} {PATTERNS[operator]} {place}"
        return f"({found}) is not true" if negated else found

    # relations

    def many2one(self, scope: Scope, field: Many2One, operator: str, value: Any) -> str:
        """Compare a many2one by id, or by label when a text is given."""
        base = NEGATED.get(operator, operator)
        column = scope.value(field)
        if base in PATTERNS or (isinstance(value, str) and base in ("=", "in") and value != ""):
            self.readable(scope, field)
            target = scope.hop(field)
            if base in PATTERNS:
                return self.pattern(target.label, _LABEL, base, value, negated=base != operator)
            return self.member(target.label, _LABEL, [value], negated=base != operator)
        if operator in ORDERED:
            return f"{column} {operator} {self.query.param(record_id(field, value))}"
        return self.member(column, field, _many(value), negated=base != operator)

    def to_many(self, scope: Scope, field: ToMany, operator: str, value: Any) -> str:
        """Ask for links: to these ids, to records with this label, to any, to none."""
        self.readable(scope, field)
        base = NEGATED.get(operator, operator)
        negated = base != operator
        if base == "any":
            found = self.exists(scope, field, lambda child: self.nested(child, value))
        elif base in PATTERNS:
            found = self.exists(scope, field, lambda c: self.pattern(c.label, _LABEL, base, value, negated=False))
        elif base in HIERARCHY:
            found = self.exists(scope, field, lambda c: self.hierarchy(c, c.meta.fields["id"], base, value))
        elif base in ("=", "in"):
            return self.linked(scope, field, _many(value), negated=negated)
        else:
            raise OperatorError(f"{operator} does not compare {field.name}.", field=field.name, operator=operator)
        return f"not {found}" if negated else found

    def linked(self, scope: Scope, field: ToMany, values: list[Any], *, negated: bool) -> str:
        """Ask whether some of the ids is linked; null or false asks for no link at all."""
        ids = [value for value in values if _is_set(value)]
        parts = []
        if ids:
            text = isinstance(ids[0], str)
            wanted = ids if text else [record_id(field, one) for one in ids]
            key = _LABEL if text else field
            parts.append(
                self.exists(
                    scope,
                    field,
                    lambda c: f"{c.label if key is _LABEL else c.alias + '.id'} = any({self.query.param(wanted)})",
                )
            )
        if len(ids) != len(values):
            parts.append("not " + self.exists(scope, field, lambda child: "true"))
        found = "(" + " or ".join(parts) + ")" if parts else "false"
        return f"not {found}" if negated else found

    def sub_condition(self, scope: Scope, field: Field[Any], operator: str, value: Any) -> str:
        """Compare a many2one's record with a condition of its own."""
        if not isinstance(field, Many2One):
            raise OperatorError(f"{operator} needs a relation, not {field.name}.", field=field.name, operator=operator)
        self.readable(scope, field)
        target = scope.hop(field)
        found = f"({target.alias}.id is not null and {self.nested(target, value)})"
        return f"not {found}" if operator == "not any" else found

    def nested(self, scope: Scope, domain: Any) -> str:
        """Compile a condition given as a value."""
        return Compiler(scope, trusted=self.trusted).compile(parse_domain(domain))

    def hierarchy(self, scope: Scope, field: Field[Any], operator: str, value: Any) -> str:
        """Walk the tree of parent_id, of the target of a many2one or of the model itself for `id`."""
        meta = scope.target(field) if isinstance(field, Many2One) else scope.meta
        if "parent_id" not in meta.fields or not (isinstance(field, Many2One) or field.name == "id"):
            raise OperatorError(f"{field.name} has no hierarchy.", field=field.name, operator=operator)
        column = scope.value(field)
        found = f"{column} in ({self.tree(meta, field, NEGATED.get(operator, operator), value)})"
        return f"({found}) is not true" if operator in NEGATED else found

    def tree(self, meta: Any, field: Field[Any], operator: str, value: Any) -> str:
        """Return a subselect of the ids below (or above) the given records."""
        roots = [one for one in _many(value) if _is_set(one)]
        if roots and isinstance(roots[0], str):
            start = self.query.scope(meta)
            text = self.pattern(start.label, _LABEL, "ilike", roots[0], negated=False)
            guard = start.guard("read")
            seed = f"select {start.alias}.id, 0 from {start.from_sql} where {text}" + (f" and {guard}" if guard else "")
        else:
            ids = self.query.param([record_id(field, one) for one in roots])
            seed = f'select id, 0 from "{meta.table}" where id = any({ids})'
        step = "c.parent_id = tree.id" if operator != "parent_of" else "c.id = p.parent_id and p.id = tree.id"
        extra = f', "{meta.table}" p' if operator == "parent_of" else ""
        below = " where depth > 0" if operator == "child_of<" else ""
        return (
            f"with recursive tree(id, depth) as ({seed} union "
            f'select c.id, 1 from "{meta.table}" c{extra}, tree where {step}) select id from tree{below}'
        )


_LABEL = Text("Label")
_LABEL.name = "display_name"


def _is_set(value: Any) -> bool:
    return value is not None and value is not False


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def search_value(field: Field[Any], value: Any, dialect: Any) -> Any:
    """Read a value to compare with. Ranges and sizes are the field's business only when it is written."""
    if isinstance(field, Number):
        return searched_number(field, value)
    if isinstance(field, Integer):
        return searched_integer(field, value)
    if isinstance(field, Text):
        if not isinstance(value, str):
            raise field.mismatch(value, "text")
        return field.storable(value)
    return field.decode(value, dialect)


def searched_number(field: Number, value: Any) -> Decimal:
    """Accept any decimal number up to 40 digits: more can equal or bound nothing that a column holds."""
    number = decimal_number(value)
    if number is None or abs(number.adjusted()) > 40:
        raise field.mismatch(value, "a decimal number")
    return number


def searched_integer(field: Integer, value: Any) -> int:
    """Accept a whole number of the column's width."""
    number = whole_number(value)
    if number is None or not -(1 << (field.bits - 1)) <= number < 1 << (field.bits - 1):
        raise field.mismatch(value, f"a whole number of {field.bits} bits")
    return number


def like_pattern(text: str, operator: str, *, wildcards: bool) -> str:
    """Return the pattern for LIKE: `%text%`, or the text alone for the `=like` forms."""
    if operator.startswith("="):
        return text
    if not wildcards:
        text = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    elif text.endswith("\\") and (len(text) - len(text.rstrip("\\"))) % 2:
        text += "\\"
    return f"%{text}%"


def own_condition(scope: Scope, domain: Node, *, trusted: bool = False) -> list[str]:
    """Return the parts of WHERE for a search.

    The condition, the caller's rule, and active records only unless asked otherwise.
    """
    parts = []
    if domain != All(()):
        parts.append(Compiler(scope, trusted=trusted).compile(domain))
    guard = scope.guard("read")
    if guard:
        parts.append(guard)
    active = scope.meta.fields.get("active")
    if active is not None and active.has_column and scope.query.active_test and not mentions(domain, "active"):
        parts.append(f"{scope.alias}.active")
    return parts
