"""Groups of records that nothing is in: a board shows all its columns, in their own order (Odoo's `group_expand`).

Whether a many2one is grouped so is declared with it (`expanded=True`). The groups are joined with all records of its
target that the caller would find there, in the statement that forms the groups: archived ones only with something in
them, as the target's own searches leave them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.orm import arguments
from models.orm.aggregates import Aggregate
from models.orm.fields import Boolean, Many2One
from models.orm.ordering import OrderTerm, declared_terms
from models.orm.projection import HIDDEN_LABEL

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.query import Query, Scope

ASKED = "read_group_expand"


@dataclass(frozen=True, slots=True)
class Frame:
    """SQL over formed groups `g`: what is shown of each, what is joined for it, and how keys are sorted."""

    keys: Sequence[str]
    labels: Sequence[str]
    sorted_by: Sequence[Sequence[OrderTerm]]
    figures: Sequence[str]
    joins: Sequence[str]
    count: str = "g.n"
    fold: str = "null::boolean"
    shown: str = ""


def asking(env: Env) -> Env:
    """Return the surroundings of a call whose groups are expanded unless its caller says otherwise."""
    return env if ASKED in env.context.values else env.with_context(**{ASKED: True})


def is_expanded(env: Env, target: Many2One, *, usual: bool) -> bool:
    """Say whether groups by this field are expanded: the caller may tell, and must be able to read the target."""
    if not target.expanded or not env.profile.can(env.profile.metas[target.target], "read"):
        return False
    asked = env.context.values.get(ASKED)
    return usual if asked is None else not arguments.is_unset(asked)


def expanded(query: Query, field: Many2One, figures: Sequence[Aggregate]) -> Frame:
    """Return the frame of groups by one field, with the records that have no group."""
    scope = query.scope(query.profile.metas[field.target])
    table, alias, guard = scope.meta.table, scope.alias, scope.guard("read")
    rows = f'(select {alias}.* from "{table}" {alias} where {guard})' if guard else f'"{table}"'
    order = declared_terms(scope)
    return Frame(
        keys=[f"coalesce(g.k0, {alias}.id)"],
        labels=[f"case when coalesce(g.k0, {alias}.id) is not null then coalesce({scope.label}, {HIDDEN_LABEL}) end"],
        sorted_by=[order],
        figures=[f"case when g.n is null then {figure.of_nothing} else g.f{i} end" for i, figure in enumerate(figures)],
        joins=[f"full join {rows} {alias} on {alias}.id = g.k0", *scope.tables[1:]],
        count="coalesce(g.n, 0)",
        fold=f"coalesce({alias}.fold, false)" if _has(scope, "fold") else "null::boolean",
        shown=f"(g.n is not null or {alias}.active)" if query.active_test and _has(scope, "active") else "",
    )


def _has(scope: Scope, name: str) -> bool:
    field = scope.meta.fields.get(name)
    return isinstance(field, Boolean) and field.has_column
