"""The figures of groups: which functions there are, over which fields, and conditions on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.orm.answer import JsonText
from models.orm.domain import AllOf, Node, Not, Term
from models.orm.errors import InputError
from models.orm.fields import Binary, Boolean, Field, Json, Many2One, Number
from models.orm.fields.number import Integer, decimal_number

if TYPE_CHECKING:
    from models.orm.access import Profile
    from models.orm.dialect import Dialect
    from models.orm.meta import Meta
    from models.orm.query import Query, Scope

_TEXT = re.compile(r"(\w+)(?::(\w+)(?:\((\w+)\))?)?", re.ASCII)
COMPARISONS = frozenset({"=", "!=", "<", ">", "<=", ">="})
COUNT = "__count"


def _numeric(field: Field[Any]) -> bool:
    return isinstance(field, Integer | Number)


def _sortable(field: Field[Any]) -> bool:
    return not isinstance(field, Json | Binary | Boolean | Many2One)


def _comparable(field: Field[Any]) -> bool:
    return not isinstance(field, Json | Binary)


def _boolean(field: Field[Any]) -> bool:
    return isinstance(field, Boolean)


def _any(_: Field[Any]) -> bool:
    return True


# SQL over {c} (the column), {j} (the same as the wire shows it) and {z} (a sum over nothing); for which fields.
FUNCTIONS: Mapping[str, tuple[str, Callable[[Field[Any]], bool]]] = {
    "sum": ("coalesce(sum({c}), {z})", _numeric),
    "avg": ("avg({c})", _numeric),
    "min": ("min({c})", _sortable),
    "max": ("max({c})", _sortable),
    "count": ("count({c})", _any),
    "count_distinct": ("count(distinct {c})", _comparable),
    "bool_and": ("bool_and({c})", _boolean),
    "bool_or": ("bool_or({c})", _boolean),
    "array_agg": ("json_agg({j})::text", _comparable),
}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One figure of each group. `name` is the key it is answered under."""

    name: str
    function: str
    field: Field[Any]

    @property
    def words(self) -> tuple[str, ...]:
        """The names that order and having may call it by."""
        return (self.name, f"{self.field.name}:{self.function}")

    @property
    def is_number(self) -> bool:
        """Whether the figure can be compared with a number."""
        return self.function.startswith("count") or (_numeric(self.field) and self.function != "array_agg")

    @property
    def of_nothing(self) -> str:
        """The figure over no rows, as SQL."""
        if self.function.startswith("count"):
            return "0"
        return str(self.field.empty) if self.function == "sum" else "null"

    def sql(self, scope: Scope) -> str:
        """Return the figure over the rows of a scope."""
        column = scope.value(self.field)
        shown = self.field.json_sql(column, scope.query.dialect)
        text = FUNCTIONS[self.function][0]
        return text.replace("{c}", column).replace("{j}", shown).replace("{z}", str(self.field.empty))

    def shown(self, value: Any, dialect: Dialect) -> Any:
        """Return a figure as the dialect answers it."""
        if self.function == "array_agg":
            return [] if value is None else JsonText(value)
        if value is None:
            return False if dialect.empty_is_false else None
        return self.field.dump(value) if self.function in ("min", "max") else value


def aggregate_of(profile: Profile, meta: Meta, text: str, *, verbatim: bool) -> Aggregate | None:
    """Read "field", "field:function" or "name:function(field)"; None for a field that has no sum.

    Odoo's clients list such fields, and they are left out. `verbatim`: answered under the text itself.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise InputError("An aggregate is a field, field:function or name:function(field).", argument="fields")
    name, function, inner = match.groups()
    if name == COUNT:
        return None
    field = profile.field(meta, inner or name)
    function = function or field.aggregate
    if not function:
        return None
    if function not in FUNCTIONS or not field.in_sql or not FUNCTIONS[function][1](field):
        raise InputError(f"There is no aggregate {function[:32]} of {field.name}.", field=field.name)
    return Aggregate(text if verbatim else name, function, field)


def having_sql(query: Query, node: Node, figures: Mapping[str, str]) -> str:
    """Return a condition on figures, which are given by name as SQL, and compared with numbers."""
    if isinstance(node, Not):
        return f"({having_sql(query, node.part, figures)}) is not true"
    if isinstance(node, Term):
        name, number = ".".join(node.path), decimal_number(node.value)
        if name not in figures or node.operator not in COMPARISONS or number is None:
            raise InputError("having compares figures of the groups with numbers.", argument="having")
        return f"{figures[name]} {node.operator} {query.param(number)}::numeric"
    if not node.parts:
        return "true" if isinstance(node, AllOf) else "false"
    glue = " and " if isinstance(node, AllOf) else " or "
    return "(" + glue.join(having_sql(query, part, figures) for part in node.parts) + ")"
