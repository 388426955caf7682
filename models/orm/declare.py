"""What a model class declares beside its fields: who may do what, which rows, which keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Operation = Literal["read", "create", "write", "delete"]
Groups = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value in a rule that is known only when the call runs, such as the caller's id."""

    name: str
    resolve: Callable[[Any], Any]  # of the surroundings of the call, an Env
    is_list: bool = False


USER = Placeholder("USER", lambda env: env.user.id)
COMPANY = Placeholder("COMPANY", lambda env: env.company_id)
COMPANIES = Placeholder("COMPANIES", lambda env: list(env.company_ids), is_list=True)
ONLY_COMPANY = Placeholder("ONLY_COMPANY", lambda env: env.company_ids[0])
TODAY = Placeholder("TODAY", lambda env: env.today)
NOW = Placeholder("NOW", lambda env: env.now)


def _groups(groups: Groups | None) -> frozenset[str]:
    if groups is None:
        return frozenset()
    return frozenset((groups,) if isinstance(groups, str) else groups)


class Access:
    """Which groups may read, create, write and delete records of a model.

    Deny by default: an operation that is not named is allowed to nobody; `create` follows `write`. Several
    declarations on one model add up. A group stands for itself and for every group that implies it.
    """

    __slots__ = ("groups",)

    def __init__(
        self,
        read: Groups | None = None,
        write: Groups | None = None,
        create: Groups | None = None,
        delete: Groups | None = None,
    ) -> None:
        """Name the groups for each operation."""
        self.groups: dict[Operation, frozenset[str]] = {
            "read": _groups(read),
            "write": _groups(write),
            "create": _groups(write if create is None else create),
            "delete": _groups(delete),
        }

    def allows(self, operation: Operation, groups: frozenset[str]) -> bool:
        """Return whether one of the caller's effective groups is named for the operation."""
        return not self.groups[operation].isdisjoint(groups)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which rows a group reaches.

    Rules of several groups of one caller add up; a rule without a group narrows everybody. `domain` may hold
    placeholders (USER, COMPANIES ...). It becomes part of WHERE on every path, and is checked again on the row that a
    write leaves behind.
    """

    label: str
    group: str | None
    domain: Sequence[Any]
    operations: tuple[Operation, ...] = ("read", "create", "write", "delete")


@dataclass(frozen=True, slots=True)
class Group:
    """A set of rights. `implies` names the groups whose rights it includes."""

    code: str
    label: str
    implies: tuple[str, ...] = ()
    area: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A unique index with a readable error. `where` makes it partial (SQL over own columns)."""

    columns: tuple[str, ...]
    message: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """An index. `columns` are SQL terms over own columns ("amount desc"); `method` and `where` as in SQL."""

    columns: tuple[str, ...]
    method: str = "btree"
    where: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A named CHECK constraint and the message its violation gives."""

    name: str
    sql: str
    message: str


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the rows of a model without a table of its own come from: each is a part of another model's row.

    `sql` is a SELECT of the columns that the fields are, the automatic ones included. `whole` is the many2one that
    leads to the row it is a part of; its reach is the part's, by the same `document`. An id is that row's times `most`,
    and the part's place, which must be less.
    """

    sql: str
    whole: str
    most: int


@dataclass(frozen=True, slots=True)
class NumberSequence:
    """How records are numbered.

    The counter itself is a row of `ir.sequence` with this code, made on first installation. `gap_free` numbers come
    from a locked counter row, so that a rolled-back call leaves no hole; others from a PostgreSQL sequence. The prefix
    may hold `%(year)s`, `%(month)s` and `%(day)s`, taken from the transaction's day in UTC.
    """

    code: str
    prefix: str = ""
    padding: int = 5
    gap_free: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A check over named fields, run on every record that a write left with one of them changed."""

    fields: tuple[str, ...]
    check: Callable[[Any], None]
