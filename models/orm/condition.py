"""Conditions to SQL.

Meaning of the operators (one meaning for every dialect): a comparison with an unset value never holds, while `!=`,
`not in` and `not like` also hold for unset ones; `=` with null or false asks for unset. A path through x2many fields
holds when some record at its end does. Each expression built here is true, false or null; NOT treats null as false.
What compares relations is in `linkage.py`, how text is matched in `matching.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from models.orm import matching
from models.orm.declare import COMPANIES, ONLY_COMPANY, Placeholder
from models.orm.dialect import NATIVE, Vocabulary
from models.orm.domain import HIERARCHY, NEGATED, TRUE, AllOf, Node, Not, Term, mentions
from models.orm.errors import InputError, OperatorError, UnknownFieldError
from models.orm.fields import Boolean, Field, Json, Many2One, Number, Selection, ToMany
from models.orm.fields.number import Integer
from models.orm.linkage import Linkage
from models.orm.matching import PATTERNS, is_set, many
from models.orm.query import Query, Scope

if TYPE_CHECKING:
    from models.orm.env import Env

ORDERED = frozenset({"<", ">", "<=", ">="})


class SearchQuery(Query):
    """A statement whose conditions are compiled as this module says."""

    @classmethod
    def of(cls, env: Env) -> SearchQuery:
        """Start a search in a call's surroundings."""
        return cls(env.profile, env.dialect, active_test=env.context.active_test, one_company=env.has_one_company)

    def compile(self, scope: Scope, node: Node, *, trusted: bool) -> str:
        """Return the SQL of a condition on a scope."""
        return Compiler(scope, trusted=trusted).compile(node)


class Compiler(Linkage):
    """Compiles conditions on one scope.

    `trusted` conditions are our own: no field rights are asked, and they mean the same whatever dialect the caller
    speaks.
    """

    def __init__(self, scope: Scope, *, trusted: bool = False) -> None:
        """Compile for the rows of a scope."""
        self.scope = scope
        self.query = scope.query
        self.trusted = trusted
        self.dialect = NATIVE if trusted else scope.query.dialect

    def compile(self, node: Node) -> str:
        """Return the SQL of a condition."""
        if isinstance(node, Term):
            return self.term(self.scope, node.path, node.operator, node.value)
        if isinstance(node, Not):
            return f"({self.compile(node.part)}) is not true"
        if not node.parts:
            return "true" if isinstance(node, AllOf) else "false"
        glue = " and " if isinstance(node, AllOf) else " or "
        return "(" + glue.join(self.compile(part) for part in node.parts) + ")"

    def nested(self, scope: Scope, node: Node) -> str:
        """Compile a condition on another scope, as given to `any`."""
        return Compiler(scope, trusted=self.trusted).compile(node)

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
            inner: Callable[[Scope], str] = lambda child: self.term(child, path[1:], operator, value)  # noqa: E731
            return self.exists(scope, field, inner, archived=path[1] == "active")
        raise InputError(f"{field.name} is no relation: a path cannot go through it.", field=field.name)

    def readable(self, scope: Scope, field: Field[Any]) -> None:
        """Refuse a path into a model that the caller may not read."""
        if not self.trusted and not self.query.profile.can(scope.target(field), "read"):
            raise UnknownFieldError(f"There is no path through {field.name}.", model=scope.meta.name, field=field.name)

    def leaf(self, scope: Scope, field: Field[Any], operator: str, value: Any) -> str:
        """Compare a field of the scope's own row."""
        if isinstance(field, ToMany):
            return self.to_many(scope, field, operator, value)
        if operator == "=?":
            return self.leaf(scope, field, "=", value) if is_set(value) else "true"
        if operator in ("any", "not any"):
            return self.sub_condition(scope, field, operator, value)
        if operator in HIERARCHY:
            return self.hierarchy(scope, field, operator, value)
        if isinstance(field, Many2One):
            return self.many2one(scope, field, operator, value)
        return self.scalar(scope, field, operator, value)

    def scalar(self, scope: Scope, field: Field[Any], operator: str, value: Any) -> str:
        """Compare a plain value."""
        column = scope.value(field)
        base = NEGATED.get(operator, operator)
        if isinstance(field, Json) and (is_set(value) or base not in ("=", "in")):
            raise OperatorError(f"{field.name} can only be compared with null.", field=field.name, operator=operator)
        if base in PATTERNS:
            return self.pattern(column, field, base, value, negated=base != operator)
        if operator in ORDERED:
            return f"{column} {operator} {self.value(field, value)}" if is_set(value) else "false"
        found = self.member(column, field, self.alternatives(field, value), negated=base != operator)
        if scope.meta.parts and field.name == "id" and base == operator:
            ids = [self.decoded(field, one) for one in many(value) if is_set(one)]
            return f"({found} and {scope.in_whole_of(self.query.param(ids))})"
        return found

    def alternatives(self, field: Field[Any], value: Any) -> list[Any]:
        """Return the values to compare with: a foreign word of a selection may stand for several own ones."""
        values = many(value)
        if isinstance(field, Selection):
            return [own for one in values for own in (self.meant(field, one) if is_set(one) else [one])]
        if self.dialect.empty_is_false and isinstance(field, Integer | Number):
            return [one for given in values for one in ([0, None] if _is_zero(given) else [given])]
        return values

    def meant(self, field: Selection, value: Any) -> list[str]:
        """Return the own values that a word stands for.

        Odoo's and Netforce's clients list the values of any version: a word that is none matches nothing. In our own
        dialect it is refused.
        """
        vocabulary = self.dialect.vocabulary
        if isinstance(value, str) and vocabulary is not Vocabulary.OWN and not field.knows(value, vocabulary):
            return []
        return field.own_values(value, vocabulary)

    def member(self, column: str, field: Field[Any], values: list[Any], *, negated: bool) -> str:
        """Ask whether the value is one of several, unset being one of them when null or false is listed."""
        if len(values) == 1 and isinstance(values[0], Placeholder):
            return self.placeholder(column, values[0], negated=negated)
        wanted = [value for value in values if is_set(value) or isinstance(field, Boolean)]
        unset = len(wanted) != len(values)
        if isinstance(field, Boolean):
            unset = False
            column = column if field.has_column else f"coalesce({column}, false)"
        if not wanted:
            return matching.presence(column, unset=unset, negated=negated)
        equal = self.one_of(column, field, wanted)
        if not negated:
            return f"({equal} or {column} is null)" if unset else equal
        return f"not {equal}" if unset else f"({equal}) is not true"

    def one_of(self, column: str, field: Field[Any], wanted: list[Any]) -> str:
        """Compare with one value or an array of them."""
        if len(wanted) == 1:
            return f"{column} = {self.value(field, wanted[0])}"
        return f"{column} = any({self.query.param([self.decoded(field, one) for one in wanted])})"

    def placeholder(self, column: str, value: Placeholder, *, negated: bool) -> str:
        """Compare with what a rule knows only at the call; a list is one of the column's type.

        One company is compared by `=`: rows then come in the order of an index that begins with the company, and the
        first page of a list does not have to sort them all.
        """
        if value is COMPANIES and self.query.one_company:
            value = ONLY_COMPANY
        place = self.query.param(value)
        equal = f"{column} = any({place})" if value.is_list else f"{column} = {place}"
        return f"({equal}) is not true" if negated else equal

    def value(self, field: Field[Any], value: Any) -> str:
        """Add a value as a parameter of the field's type."""
        return self.query.param(value if isinstance(value, Placeholder) else self.decoded(field, value))

    def decoded(self, field: Field[Any], value: Any) -> Any:
        """Read a caller's value as the field does; a search may ask for numbers that the field could not hold."""
        return matching.search_value(field, value, self.dialect, self.query.profile.metas)

    def pattern(self, column: str, field: Field[Any], operator: str, value: Any, *, negated: bool) -> str:
        """Compare text; our own dialect takes the value literally, the others know the wildcards."""
        if not is_set(value) or value == "":
            return matching.presence(column, unset=True, negated=not negated)
        text = matching.like_pattern(field, value, operator, wildcards=self.dialect.wildcards)
        found = f"{matching.as_text(column, field)} {PATTERNS[operator]} {self.query.param(text)}"
        return f"({found}) is not true" if negated else found


def _is_zero(value: Any) -> bool:
    """Odoo shows an unset number as zero, so who asks for one asks for the other."""
    return not is_set(value) or (isinstance(value, int | float | Decimal) and value == 0)


def own_condition(scope: Scope, domain: Node, *, trusted: bool = False) -> list[str]:
    """Return the parts of WHERE for a search.

    The condition, the caller's rule, and active records only unless asked otherwise.
    """
    parts = []
    if domain != TRUE:
        parts.append(Compiler(scope, trusted=trusted).compile(domain))
    guard = scope.guard("read")
    if guard:
        parts.append(guard)
    active = scope.meta.fields.get("active")
    if active is not None and active.has_column and scope.query.active_test and not mentions(domain, "active"):
        parts.append(f"{scope.alias}.active")
    return parts
