"""Building one SQL statement over the models: tables, joins and parameters.

Every identifier comes from the registry, every value becomes a parameter. A scope is one table in a FROM; a many2one
hop joins its target under the target's own read rule, so that what the caller may not see is as if it were not there.

Rules themselves are looked up in free scopes, where no rule holds: a rule says which rows its groups reach, by what is
in the database and not by what the caller sees of it, and rules that lead through each other's models come to an end.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from models.orm.declare import TODAY, USER
from models.orm.dialect import Dialect
from models.orm.domain import HIERARCHY, TRUE, Node, Not, Term
from models.orm.errors import UnknownFieldError
from models.orm.fields import Field, Many2Many, Many2One, Number, One2Many, ToMany
from models.orm.fields.relation import Reference
from models.orm.fields.scalar import quoted

if TYPE_CHECKING:
    from models.orm.access import Profile
    from models.orm.declare import Operation, Parts
    from models.orm.meta import Meta, Metas


# What an SQL expression of a field may ask for, beside its row: the caller and the caller's day.
ASKED = {"{user}": (USER, "bigint"), "{today}": (TODAY, "date")}
# {seen model id}: whether the caller may read the record that these two columns name, or they name none.
SEEN = re.compile(r"\{seen (\w+) (\w+)\}", re.ASCII)
# {reached alias model}: whether the caller may read the row that the expression calls so; for counts and sums of rows.
REACHED = re.compile(r"\{reached (\w+) ([\w.]+)\}", re.ASCII)
EVERYTHING = "true"
PLAIN = frozenset({"=", "!=", "<", ">", "<=", ">=", "=?", "in", "not in"})


class Query(ABC):
    """The parameters and aliases that all parts of one statement share; used through `condition.SearchQuery`."""

    def __init__(
        self,
        profile: Profile,
        dialect: Dialect,
        *,
        active_test: bool = True,
        one_company: bool = False,
        sizes: bool = False,
    ) -> None:
        """Start a statement for a caller's rights and dialect.

        `one_company`: the caller's companies are one. `sizes`: of bytes only the size is shown.
        """
        self.profile = profile
        self.dialect = dialect
        self.active_test = active_test
        self.one_company = one_company
        self.sizes = sizes
        self.params: list[Any] = []
        self._aliases = 0

    def param(self, value: Any) -> str:
        """Add a parameter, return its place."""
        self.params.append(value)
        return f"${len(self.params)}"

    def alias(self) -> str:
        """Return a new table alias."""
        self._aliases += 1
        return f"a{self._aliases}"

    @abstractmethod
    def compile(self, scope: Scope, node: Node, *, trusted: bool) -> str:
        """Return the SQL of a condition on a scope; `condition.py` says how."""

    def scope(self, meta: Meta, *, free: bool = False) -> Scope:
        """Begin a FROM with a model's table; in a free one no rule holds."""
        name = self.alias()
        return Scope(self, meta, name, [f"{meta.source} {name}"], {}, free=free)


class Scope:
    """One table of a FROM, and the hops from it."""

    __slots__ = ("alias", "free", "hops", "meta", "query", "tables")

    def __init__(
        self,
        query: Query,
        meta: Meta,
        alias: str,
        tables: list[str],
        hops: dict[tuple[str, str], Scope],
        *,
        free: bool = False,
    ) -> None:
        """Share `tables` and `hops` with every scope of the same FROM."""
        self.query = query
        self.meta = meta
        self.alias = alias
        self.tables = tables
        self.hops = hops
        self.free = free

    @property
    def from_sql(self) -> str:
        """The FROM with all joins made so far."""
        return " ".join(self.tables)

    def value(self, field: Field[Any]) -> str:
        """Return the SQL of a field's raw value; a decimal expression has the field's digits like a column."""
        if field.sql:
            expression = "(" + self._filled(field.sql) + ")"
            return f"round({expression}::numeric, {field.digits[1]})" if isinstance(field, Number) else expression
        if field.path:
            scope, end = self.end_of(field.path)
            return scope.value(end)
        if not field.has_column:
            raise UnknownFieldError(
                f"{field.name} is computed and cannot be searched or sorted.", model=self.meta.name, field=field.name
            )
        return f'{self.alias}."{field.name}"'

    def _filled(self, sql: str) -> str:
        """Put this table, its model, the caller and what else is asked for into an expression."""
        filled = sql.replace("{t}", self.alias).replace("{model}", quoted(self.meta.name))
        filled = SEEN.sub(lambda mark: self.sees(*(f'{self.alias}."{name}"' for name in mark.groups())), filled)
        filled = REACHED.sub(lambda mark: self._reached(mark.group(1), self.query.profile.metas[mark.group(2)]), filled)
        for mark, (placeholder, kind) in ASKED.items():
            if mark in filled:
                filled = filled.replace(mark, f"{self.query.param(placeholder)}::{kind}")
        return filled

    def _reached(self, alias: str, meta: Meta) -> str:
        """Return the condition that the caller may read a row of a model under this alias."""
        if self.free or self.query.profile.can(meta, "read"):
            return Scope(self.query, meta, alias, [], {}, free=self.free).guard("read") or EVERYTHING
        return "false"

    def end_of(self, path: Sequence[str]) -> tuple[Scope, Field[Any]]:
        """Return the field at the end of many2ones and its scope, each joined under the read rule of its target."""
        scope = self
        for name in path[:-1]:
            scope = scope.hop(cast("Many2One", scope.meta.fields[name]))
        return scope, scope.meta.fields[path[-1]]

    def sees(self, model: str, number: str) -> str:
        """Return the condition that the caller may read the record that chatter tells of, as one a tracked field named.

        Model and id are given as SQL; without a model there is nothing to hide.
        """
        branches = []
        for meta in self.query.profile.tracked:
            target = self.query.scope(meta)
            guard = target.guard("read") if self.query.profile.can(meta, "read") else "false"
            if guard:
                found = f"exists (select 1 from {target.from_sql} where {target.alias}.id = {number} and {guard})"
                branches.append(f"when {quoted(meta.name)} then {found}")
        return f"case {model} {' '.join(branches)} else true end" if branches else EVERYTHING

    def is_row(self, number: str) -> str:
        """Return the condition that this row has an id, given as SQL."""
        parts = self.meta.parts
        found = f"{self.alias}.id = {number}"
        return f'({found} and {self.alias}."{parts.whole}" = {number} / {parts.most})' if parts else found

    def is_row_of(self, place: str) -> str:
        """Return the condition that this row has one of the ids in an array parameter."""
        found = f"{self.alias}.id = any({place}::bigint[])"
        return f"({found} and {self.in_whole_of(place)})" if self.meta.parts else found

    def in_whole_of(self, place: str) -> str:
        """Return the condition that the row is a part of what the ids in an array are parts of: an index finds those.

        Only for models whose rows are parts.
        """
        parts = cast("Parts", self.meta.parts)
        wholes = f"select i / {parts.most} from unnest({place}::bigint[]) i"
        return f'{self.alias}."{parts.whole}" = any({wholes})'

    @property
    def label(self) -> str:
        """The SQL of what people read for a record of this table."""
        return self.meta.label_sql.replace("{t}", self.alias)

    def target(self, field: Field[Any]) -> Meta:
        """Return the model a relation points at."""
        return self.query.profile.metas[cast("Many2One | ToMany", field).target]

    def hop(self, field: Many2One) -> Scope:
        """Join the target of a many2one under its read rule; the same hop is joined once."""
        key = (self.alias, field.name)
        found = self.hops.get(key)
        if found is None:
            target = self.target(field)
            alias = self.query.alias()
            found = self.hops[key] = Scope(self.query, target, alias, self.tables, self.hops, free=self.free)
            guard = found.guard("read")
            rule = f" and {guard}" if guard else ""
            self.tables.append(f'left join "{target.table}" {alias} on {alias}.id = {self.value(field)}{rule}')
        return found

    def guard(self, operation: Operation) -> str:
        """Return the caller's row rule on this table as SQL, empty when every row is reached.

        A rule that walks through other records becomes a subselect, so that it adds no join to this FROM.
        """
        if self.free:
            return ""
        rule = self.trusted(self.query.profile.rule(self.meta, operation))
        document = self.of_document(operation)
        return f"{rule} and {document}" if rule and document else rule or document

    def is_guarded(self, operation: Operation) -> bool:
        """Return whether `guard` narrows anything, without adding a parameter to the statement."""
        profile = self.query.profile
        if self.free:
            return False
        follows = self.meta.document is not None and not profile.is_system
        return follows or profile.rule(self.meta, operation) != TRUE

    def of_document(self, operation: Operation) -> str:
        """Return the condition that the row's document, if the model declares one, is within the caller's reach.

        Reading a row takes the right to read its document, any other operation the right to write it. Empty when
        nothing has to be asked.
        """
        profile = self.query.profile
        if self.meta.document is None or profile.is_system:
            return ""
        needed: Operation = "read" if operation == "read" else "write"
        reached = [meta for meta in documents(profile.metas, self.meta) if profile.can(meta, needed)]
        scopes = [(meta, self.query.scope(meta)) for meta in reached]
        guards = [(meta, target, target.guard(needed)) for meta, target in scopes]
        parts = [self._open([meta for meta, _, guard in guards if not guard])]
        parts += [self._guarded(meta, target, guard) for meta, target, guard in guards if guard]
        if self.meta.loose_rules:
            parts.append(self.trusted(profile.loose_rule(self.meta, operation)) or "true")
        asked = [part for part in parts if part]
        return "(" + " or ".join(asked) + ")" if asked else "false"

    def _open(self, reached: Sequence[Meta]) -> str:
        """Return the condition that the document is of one of the models of which the caller reaches every record."""
        model, res_id = cast("tuple[str, str]", self.meta.document)
        names = ", ".join(quoted(meta.name) for meta in reached)
        return f'({self.alias}."{model}" in ({names}) and {self.alias}."{res_id}" is not null)' if names else ""

    def _guarded(self, document: Meta, target: Scope, guard: str) -> str:
        model, res_id = cast("tuple[str, str]", self.meta.document)
        tie = f'{target.alias}.id = {self.alias}."{res_id}"'
        named = f'{self.alias}."{model}" = {quoted(document.name)}'
        return f"({named} and exists (select 1 from {target.from_sql} where {tie} and {guard}))"

    def trusted(self, node: Node) -> str:
        """Compile a condition of our own declarations, free of the caller's rights; empty when it is always true."""
        if node == TRUE:
            return ""
        if not walks(self.meta, node):
            return self.query.compile(self, node, trusted=True)
        inner = self.query.scope(self.meta, free=True)
        sql = self.query.compile(inner, node, trusted=True)
        return f"exists (select 1 from {inner.from_sql} where {inner.alias}.id = {self.alias}.id and {sql})"

    def children(self, field: ToMany) -> tuple[Scope, str]:
        """Return a new FROM over a relation's records and the condition that ties them to this row, rules included."""
        if field.path:
            scope, end = self.end_of(field.path)
            return scope.children(cast(ToMany, end))
        target = self.target(field)
        child = self.query.scope(target, free=self.free)
        conditions = [self._tie(field, child)]
        of_this = _is_of_this(self.meta, field, target) and not self.free
        guard = child.trusted(self.query.profile.rule(target, "read")) if of_this else child.guard("read")
        if guard:
            conditions.append(guard)
        return child, " and ".join(conditions)

    def _tie(self, field: ToMany, child: Scope) -> str:
        if isinstance(field, Many2Many):
            link = self.query.alias()
            child.tables.append(f'join "{field.table}" {link} on {link}."{field.other}" = {child.alias}.id')
            tie = f'{link}."{field.column}" = {self.alias}.id'
            if field.column_model:
                tie += f' and {link}."{field.column_model}" = {quoted(self.meta.name)}'
            return tie
        return self._tie_inverse(cast(One2Many, field), child)

    def _tie_inverse(self, field: One2Many, child: Scope) -> str:
        inverse = child.meta.fields[field.inverse]
        column = child.value(inverse)
        if isinstance(inverse, Reference):
            return f"{column} = {quoted(self.meta.name + ',')} || {self.alias}.id"
        tie = f"{column} = {self.alias}.id"
        if field.inverse_model:
            tie += f' and {child.alias}."{field.inverse_model}" = {quoted(self.meta.name)}'
        return tie


def documents(metas: Metas, meta: Meta) -> list[Meta]:
    """Return the models whose records rows of this model may hang on; never such that hang on something themselves."""
    return [
        one
        for one in metas.values()
        if one.document is None and (one.chatter or (meta.any_document and not one.transient))
    ]


def _is_of_this(meta: Meta, field: ToMany, target: Meta) -> bool:
    """Return whether what hangs on the row, or is a part of it, is reached with the row: that was asked already."""
    if not isinstance(field, One2Many) or target.document is None:
        return False
    if target.parts and target.parts.whole == field.inverse:
        return target.document == meta.document
    return target.document == (field.inverse_model, field.inverse)


def walks(meta: Meta, node: Node) -> bool:
    """Return whether a condition needs other tables than the row's own."""
    if isinstance(node, Term):
        return len(node.path) > 1 or _leaves_row(meta.names[node.path[0]], node)
    if isinstance(node, Not):
        return walks(meta, node.part)
    return any(walks(meta, part) for part in node.parts)


def _leaves_row(field: Field[Any], term: Term) -> bool:
    """Return whether a comparison of one field looks at more than the row: links, labels, a tree."""
    if isinstance(field, ToMany) or field.path or term.operator in HIERARCHY:
        return True
    values = term.value if isinstance(term.value, list | tuple) else [term.value]
    by_label = term.operator not in PLAIN or any(isinstance(value, str) for value in values)
    return isinstance(field, Many2One) and by_label
