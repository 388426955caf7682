"""What an export reads: columns planned as a tree, one statement for each of its nodes.

Paths through many2ones are joins of their node's statement, under the read rule of every record on the way; each list
is a node of its own. Every field on a path is one that the caller may see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.orm.errors import InputError
from models.orm.fields import Changes, Field, Many2Many, Many2One, ToMany
from models.orm.projection import changes
from models.orm.query import Scope
from models.orm.snapshots import raw_value
from models.orm.transfer.paths import KEYS, Steps

if TYPE_CHECKING:
    from models.orm.access import Profile
    from models.orm.meta import Meta

Hops = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One cell of a line: which column it is, over which many2ones, and what of the record there it shows."""

    place: int
    hops: Hops
    field: Field[Any] | None  # None: the column named by `key`
    key: str = ""


@dataclass(slots=True)
class Branch:
    """A list below a node. `joined`: its records share one cell; else each begins a line."""

    hops: Hops
    field: ToMany
    node: Node
    joined: bool


@dataclass(slots=True)
class Node:
    """The columns of one model's records, and the lists below them."""

    meta: Meta
    leaves: list[Leaf] = field(default_factory=list)
    branches: dict[tuple[Hops, str, bool], Branch] = field(default_factory=dict)
    metas: dict[Hops, Meta] = field(default_factory=dict)

    def keys(self) -> dict[tuple[str, ...], Field[Any]]:
        """What to select, by path: the id of each record on the way, and the values."""
        hops = {leaf.hops for leaf in self.leaves} | {branch.hops for branch in self.branches.values()} | {()}
        found: dict[tuple[str, ...], Field[Any]] = {(*way, "id"): self.end(way).fields["id"] for way in sorted(hops)}
        for leaf in self.leaves:
            found |= {(*leaf.hops, one.name): one for one in self._inputs(leaf)}
        return found | {(*one.hops, one.field.name): one.field for one in self.branches.values()}

    def end(self, hops: Hops) -> Meta:
        """Return the model at the end of many2ones."""
        return self.metas[hops] if hops else self.meta

    def _inputs(self, leaf: Leaf) -> Iterator[Field[Any]]:
        """Yield the fields a leaf is shown from: itself, or what Python computes it from."""
        if leaf.field is None:
            return
        if leaf.field.compute and not leaf.field.stored:
            yield from (self.end(leaf.hops).fields[name] for name in leaf.field.depends)
        else:
            yield leaf.field


class Planner:
    """Plans the columns of an export for a caller's rights."""

    def __init__(self, profile: Profile, *, join_lists: bool) -> None:
        """`join_lists`: a many2many without columns of its own is one cell, as what `load` reads."""
        self.profile = profile
        self.join_lists = join_lists

    def plan(self, meta: Meta, columns: list[Steps]) -> Node:
        """Return the tree. Raises for fields and models that do not exist for the caller."""
        root = Node(meta)
        for place, steps in enumerate(columns):
            self._add(root, place, steps, (), meta)
        return root

    def _add(self, node: Node, place: int, steps: Steps, hops: Hops, meta: Meta) -> None:
        name, rest = steps[0], steps[1:]
        if name in KEYS and not rest:
            node.leaves.append(Leaf(place, hops, None, name))
            return
        field = self.profile.field(meta, name)
        if isinstance(field, Many2One | ToMany):
            self._follow(node, place, rest, hops, field)
        elif rest:
            raise InputError(
                f"{field.name} is no relation: a path cannot go through it.", model=meta.name, field=field.name
            )
        else:
            node.leaves.append(Leaf(place, hops, field))

    def _follow(self, node: Node, place: int, rest: Steps, hops: Hops, field: Many2One | ToMany) -> None:
        target = self.profile.metas[field.target]
        if not rest and not self.profile.can(target, "read"):
            return  # a bare relation to what is hidden stays empty; a path through it does not exist
        self.profile.check(target, "read")
        if isinstance(field, Many2One):
            node.metas[(*hops, field.name)] = target
            self._add(node, place, rest or ("display_name",), (*hops, field.name), target)
            return
        plain = not rest or (len(rest) == 1 and rest[0] in (*KEYS, "display_name", target.label_field))
        joined = self.join_lists and plain and isinstance(field, Many2Many)
        key = (hops, field.name, joined)
        branch = node.branches.setdefault(key, Branch(hops, field, Node(target), joined))
        self._add(branch.node, place, rest or ("display_name",), (), target)


def column(scope: Scope, path: tuple[str, ...], field: Field[Any]) -> str:
    """Return the SQL of a value at the end of many2ones, each joined under the read rule of its target."""
    for name in path[:-1]:
        hop = scope.meta.fields[name]
        assert isinstance(hop, Many2One)  # noqa: S101 a path that the planner made
        scope = scope.hop(hop)
    return changes(scope, scope.value(field)) if isinstance(field, Changes) else raw_value(scope, field)
