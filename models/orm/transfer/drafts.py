"""Rows cut into records to be: what each column means, and which rows belong together.

A row with nothing but cells of one2many lists continues the record above it. Rows without any cell are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.orm.errors import InputError, ReadonlyError
from models.orm.fields import Boolean, Many2One, One2Many, ToMany
from models.orm.transfer.cells import is_empty
from models.orm.transfer.paths import KEYS, Steps
from models.orm.values import STAMPS

if TYPE_CHECKING:
    from models.orm.access import Profile
    from models.orm.meta import Meta

LABEL = "display_name"  # the kind of a link that is given by what people call the record
Row = Sequence[Any]
Column = tuple[int, Steps]


@dataclass(slots=True)
class Plan:
    """What the columns of one model's records mean; places are those of the cells in a row."""

    meta: Meta
    path: Steps = ()
    keys: dict[str, int] = field(default_factory=dict)  # "id" (external) and ".id"
    plain: dict[str, int] = field(default_factory=dict)
    links: dict[str, tuple[int, str]] = field(default_factory=dict)  # the place, and what the cell holds
    lists: dict[str, Plan] = field(default_factory=dict)
    flags: set[int] = field(default_factory=set)

    @property
    def own(self) -> list[int]:
        """The places of all cells but those of lists."""
        return [*self.keys.values(), *self.plain.values(), *(place for place, _ in self.links.values())]

    @property
    def places(self) -> list[int]:
        """The places of all cells."""
        return [*self.own, *(place for below in self.lists.values() for place in below.places)]

    def holds(self, row: Row, places: Sequence[int]) -> bool:
        """Return whether some of the cells hold something."""
        return any(not is_empty(row[place]) or (row[place] is False and place in self.flags) for place in places)


@dataclass(eq=False, slots=True)
class Draft:
    """One record to be: the rows it comes from (counted from 0) and its cells."""

    plan: Plan
    first: int
    last: int
    row: Row
    lines: dict[str, list[Draft]]
    name: str = ""  # its external id, when it has one in the rows
    record_id: int | None = None  # the record it changes
    made: list[int] = field(default_factory=list)  # the record it became, when it is a line
    values: dict[str, Any] = field(default_factory=dict)
    waits: set[str] = field(default_factory=set)  # external ids that other drafts are to become first

    def cell(self, place: int) -> Any:
        """Return one of its own cells."""
        return self.row[place]


class Planner:
    """Plans the columns of an import for a caller's rights: only what the caller may write is a column."""

    def __init__(self, profile: Profile, *, skip_stamps: bool) -> None:
        """`skip_stamps`: who made a record and when is passed over, else refused, as by `write`."""
        self.profile = profile
        self.skip_stamps = skip_stamps

    def plan(self, meta: Meta, columns: Sequence[Column], path: Steps = ()) -> Plan:
        """Return what the columns mean. Raises for those that do not exist for the caller or cannot be written."""
        plan = Plan(meta, path)
        below: dict[str, list[Column]] = {}
        for place, steps in columns:
            if len(steps) == 1 and steps[0] in KEYS:
                _once(plan, plan.keys, steps[0])[steps[0]] = place
                continue
            one = self.profile.writable(meta, steps[0])
            if one.name in STAMPS and self.skip_stamps:
                continue
            if one.readonly or one.name in STAMPS:
                raise ReadonlyError(f"{one.name} ({one.label}) cannot be written.", model=meta.name, field=one.name)
            if isinstance(one, One2Many):
                below.setdefault(one.name, []).append((place, steps[1:]))
            elif isinstance(one, Many2One | ToMany):
                _once(plan, plan.links, one.name)[one.name] = (place, self._kind(meta, one, steps[1:]))
            else:
                self._add_plain(plan, place, steps, one.name)
        plan.lists = {name: self._below(plan, name, found) for name, found in below.items()}
        return plan

    def _add_plain(self, plan: Plan, place: int, steps: Steps, name: str) -> None:
        if len(steps) > 1:
            raise InputError(f"{name} is no relation: a path cannot go through it.", model=plan.meta.name, field=name)
        _once(plan, plan.plain, name)[name] = place
        if isinstance(plan.meta.fields[name], Boolean):
            plan.flags.add(place)

    def _kind(self, meta: Meta, field: Many2One | ToMany, rest: Steps) -> str:
        target = self.profile.metas[field.target]
        self.profile.check(target, "read")
        if rest in ((), (LABEL,), (target.label_field,)):
            return LABEL
        if len(rest) != 1 or rest[0] not in KEYS:
            raise InputError(
                f"{field.name} is given by {field.name}, {field.name}/id or {field.name}/.id.",
                model=meta.name,
                field=field.name,
            )
        return rest[0]

    def _below(self, plan: Plan, name: str, columns: Sequence[Column]) -> Plan:
        one = plan.meta.fields[name]
        assert isinstance(one, One2Many)  # noqa: S101 as `plan` found it
        if not all(steps for _, steps in columns):
            raise InputError(
                f"{name} needs a column for what its lines hold, such as {name}/id.", model=plan.meta.name, field=name
            )
        target = self.profile.metas[one.target]
        self.profile.check(target, "read")
        return self.plan(target, columns, (*plan.path, name))


def _once(plan: Plan, known: dict[str, Any], name: str) -> dict[str, Any]:
    if name in known:
        raise InputError(f"{name} is given by several columns.", model=plan.meta.name, field=name)
    return known


def drafts_of(plan: Plan, rows: Sequence[tuple[int, Row]]) -> list[Draft]:
    """Cut numbered rows into the records that they hold, lines below them."""
    spans: list[list[tuple[int, Row]]] = []
    for number, row in rows:
        if plan.holds(row, plan.own) or not spans:
            spans.append([(number, row)])
        else:
            spans[-1].append((number, row))
    return [_draft(plan, span) for span in spans]


def _draft(plan: Plan, span: Sequence[tuple[int, Row]]) -> Draft:
    lines = {
        name: drafts_of(below, [(number, row) for number, row in span if _anywhere(below, row)])
        for name, below in plan.lists.items()
    }
    return Draft(plan, span[0][0], span[-1][0], span[0][1], lines)


def filled(plan: Plan, rows: Sequence[Row]) -> list[tuple[int, Row]]:
    """Number the rows and leave out those that hold nothing."""
    return [(number, row) for number, row in enumerate(rows) if _anywhere(plan, row)]


def _anywhere(plan: Plan, row: Row) -> bool:
    return plan.holds(row, plan.own) or any(_anywhere(below, row) for below in plan.lists.values())
