"""Who may do what: deny by default, decided by the caller's groups, the same on every path.

A `Profile` is what one set of groups may do in one registry. A model without any right does not exist for it, nor does
a field that its groups hide: the error is that of an unknown name.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from models.orm.declare import COMPANIES, Operation
from models.orm.domain import TRUE, Node, all_of, any_of, parse_domain
from models.orm.errors import AccessError, UnknownFieldError, UnknownModelError
from models.orm.fields import Field, Many2One
from models.orm.spelling import did_you_mean

if TYPE_CHECKING:
    from models.orm.meta import Meta, Metas

VERBS: dict[Operation, str] = {"read": "access", "create": "create", "write": "modify", "delete": "delete"}
OPERATIONS: tuple[Operation, ...] = ("read", "create", "write", "delete")


class Profile:
    """What one set of effective groups may do with these models. `groups` None means the system: everything."""

    def __init__(self, metas: Metas, groups: frozenset[str] | None) -> None:
        """Start with nothing worked out; answers are kept as they are asked for."""
        self.metas = metas
        self.groups = groups
        self._operations: dict[str, frozenset[Operation]] = {}
        self._rules: dict[tuple[str, Operation], Node] = {}
        self.plans: dict[Any, Any] = {}

    @cached_property
    def tracked(self) -> tuple[Meta, ...]:
        """The models that tracked fields lead to: of their records chatter keeps what they were called."""
        names = {f.target for meta in self.metas.values() for f in meta.tracked if isinstance(f, Many2One)}
        return tuple(self.metas[name] for name in sorted(names))

    @property
    def is_system(self) -> bool:
        """Whether nothing is denied."""
        return self.groups is None

    def operations(self, meta: Meta) -> frozenset[Operation]:
        """Return the operations allowed on a model."""
        found = self._operations.get(meta.name)
        if found is None:
            groups = self.groups
            found = frozenset(
                op for op in OPERATIONS if groups is None or any(access.allows(op, groups) for access in meta.access)
            )
            self._operations[meta.name] = found
        return found

    def can(self, meta: Meta, operation: Operation) -> bool:
        """Return whether the operation is allowed on the model."""
        return operation in self.operations(meta)

    def check(self, meta: Meta, operation: Operation) -> None:
        """Refuse what is not allowed; a model without any right is as unknown as one that does not exist."""
        allowed = self.operations(meta)
        if operation in allowed:
            return
        if not allowed:
            raise UnknownModelError(f"There is no model {meta.name}.", model=meta.name)
        raise AccessError(
            f"You are not allowed to {VERBS[operation]} {meta.label} ({meta.name}) records.", model=meta.name
        )

    def field(self, meta: Meta, name: Any) -> Field[Any]:
        """Return a field by any of its names if the caller may see it."""
        return self._visible(meta, name, writing=False)

    def writable(self, meta: Meta, name: Any) -> Field[Any]:
        """Return a field by any of its names if the caller may see and write it."""
        field = self._visible(meta, name, writing=True)
        if not self.may_write(field):
            raise AccessError(
                f"You are not allowed to modify {field.label} ({field.name}).", model=meta.name, field=field.name
            )
        return field

    def may_write(self, field: Field[Any]) -> bool:
        """Return whether the caller's groups may write the field, given that they see it."""
        return self.groups is None or not field.write_groups or not self.groups.isdisjoint(field.write_groups)

    def _visible(self, meta: Meta, name: Any, *, writing: bool) -> Field[Any]:
        field = meta.names.get(name) if isinstance(name, str) else None
        if field is None or not self.sees(meta, field, writing=writing):
            shown = name[:64] if isinstance(name, str) else repr(name)[:64]
            visible = (known for known, other in meta.names.items() if self.sees(meta, other, writing=writing))
            raise UnknownFieldError(
                f"There is no field {shown} on {meta.name}.{did_you_mean(shown, visible)}", model=meta.name, field=shown
            )
        return field

    def sees(self, meta: Meta, field: Field[Any], *, writing: bool = False) -> bool:
        """Return whether the caller may see the field and all that it is computed from.

        A write-only one exists for writing.
        """
        if field.write_only and not writing:
            return False
        if self.groups is None:
            return True
        if field.groups and self.groups.isdisjoint(field.groups):
            return False
        inputs = (meta.fields[name] for name in field.depends if name != field.name and name in meta.fields)
        return all(self.sees(meta, one) for one in inputs) and self._sees_along(meta, field.path)

    def _sees_along(self, meta: Meta, path: Sequence[str]) -> bool:
        """Return whether the caller may see each field of a path, and read the models that it leads through."""
        for name in path:
            field = meta.fields[name]
            if not self.sees(meta, field):
                return False
            if isinstance(field, Many2One) and name != path[-1]:
                meta = self.metas[field.target]
                if not self.can(meta, "read"):
                    return False
        return True

    def visible_fields(self, meta: Meta) -> list[Field[Any]]:
        """Return the fields the caller may see, in the order of their declaration."""
        return [field for field in meta.fields.values() if self.sees(meta, field)]

    def rule(self, meta: Meta, operation: Operation) -> Node:
        """Return the condition on rows for an operation; TRUE where the caller reaches all."""
        key = (meta.name, operation)
        found = self._rules.get(key)
        if found is None:
            found = self._rules[key] = TRUE if self.groups is None else self._combined(meta, operation)
        return found

    def loose_rule(self, meta: Meta, operation: Operation) -> Node:
        """Return the condition on rows that are reached whatever record they hang on."""
        groups = self.groups or frozenset()
        rules = [rule for rule in meta.loose_rules if operation in rule.operations and rule.group in groups]
        return any_of([parse_domain(rule.domain) for rule in rules])

    def _combined(self, meta: Meta, operation: Operation) -> Node:
        groups = self.groups or frozenset()
        rules = [rule for rule in meta.rules if operation in rule.operations]
        narrowing = [parse_domain(rule.domain) for rule in rules if rule.group is None]
        granting = [parse_domain(rule.domain) for rule in rules if rule.group in groups]
        if granting:
            narrowing.append(any_of(granting))
        elif any(rule.group is not None for rule in rules):
            narrowing.append(any_of([]))
        return all_of([*company_rules(meta), *narrowing])


def company_rules(meta: Meta) -> Sequence[Node]:
    """Return the condition that keeps a company's records to its users.

    `shared` models also show rows of no company.
    """
    if meta.company is None:
        return ()
    own: list[Any] = ["company_id", "in", COMPANIES]
    return (parse_domain(["|", ["company_id", "=", None], own] if meta.company == "shared" else [own]),)
