"""Groups as callers see them: keys and labels as the dialect has them, and the search that finds their records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.orm.aggregates import Aggregate
from models.orm.dialect import Vocabulary
from models.orm.domain import is_clause
from models.orm.fields import DateTime, Field, Many2One, Selection
from models.orm.periods import Period

if TYPE_CHECKING:
    from models.orm.env import Env


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What rows are grouped by: a field, for dates with a granularity. `name` is the text the caller used."""

    name: str
    field: Field[Any]
    granularity: str = ""


@dataclass(frozen=True, slots=True)
class Grouped:
    """One group: its keys' values and labels, the figures, whether it is folded where it has a say, the count."""

    values: tuple[Any, ...]
    labels: tuple[Any, ...]
    figures: tuple[Any, ...]
    fold: bool | None
    count: int


def read_group_row(
    env: Env,
    group: Grouped,
    keys: Sequence[GroupKey],
    figures: Sequence[Aggregate],
    domain: Any,
    lazily: bool,
    rest: list[str] | None,
) -> dict[str, Any]:
    """Return a group as `read_group` answers it."""
    netforce = env.dialect.vocabulary is Vocabulary.NETFORCE
    row: dict[str, Any] = {}
    ranges: dict[str, Any] = {}
    terms: list[Any] = []
    for key, value, label in zip(keys, group.values, group.labels, strict=True):
        row[key.name] = _shown(env, key, value, label)
        terms.extend(_terms_of(env, key, value, ranges))
    row |= _figures(env, figures, group)
    if netforce:
        return {**row, "_count": group.count}
    row[f"{keys[0].name.partition(':')[0]}_count" if lazily else "__count"] = group.count
    if ranges:
        row["__range"] = ranges
    row["__domain"] = _joined(terms, domain)
    if rest is not None:
        row["__context"] = {"group_by": rest}
    return row | _fold(group)


def formatted_row(
    env: Env, group: Grouped, keys: Sequence[GroupKey], figures: Sequence[Aggregate], count: bool
) -> dict[str, Any]:
    """Return a group as `formatted_read_group` answers it."""
    row: dict[str, Any] = {}
    terms: list[Any] = []
    for key, value, label in zip(keys, group.values, group.labels, strict=True):
        period = _period(key, value)
        if period is not None and period.is_span:
            row[key.name] = [period.start_text(env.zone, timed=isinstance(key.field, DateTime)), period.label]
        else:
            row[key.name] = _shown(env, key, value, label)
        terms.extend(_terms_of(env, key, value, {}))
    row |= _figures(env, figures, group)
    if count:
        row["__count"] = group.count
    row["__extra_domain"] = _joined(terms, [])
    return row | _fold(group)


def _fold(group: Grouped) -> dict[str, Any]:
    """Return whether a board shows the group folded, for those that say so."""
    return {} if group.fold is None else {"__fold": group.fold}


def _figures(env: Env, figures: Sequence[Aggregate], group: Grouped) -> dict[str, Any]:
    return {figure.name: figure.shown(value, env.dialect) for figure, value in zip(figures, group.figures, strict=True)}


def _period(key: GroupKey, value: Any) -> Period | None:
    return Period(key.granularity, value) if key.granularity and value is not None else None


def _shown(env: Env, key: GroupKey, value: Any, label: Any) -> Any:
    """Return a group key's value as the dialect shows it."""
    if value is None:
        return False if env.dialect.empty_is_false else None
    period = _period(key, value)
    if period is not None:
        return period.label
    if isinstance(key.field, Many2One):
        return [value, label]
    if isinstance(key.field, Selection):
        return key.field.word_of(value, env.dialect.vocabulary)
    return key.field.dump(value)


def _terms_of(env: Env, key: GroupKey, value: Any, ranges: dict[str, Any]) -> list[Any]:
    """Return the search terms that find a group's records; spans of time are also noted in `ranges`."""
    word = key.name.partition(":")[0]
    period = _period(key, value)
    if period is None:
        shown = value if isinstance(key.field, Many2One) else _shown(env, key, value, None)
        return [[word, "=", False if value is None else shown]]
    if not period.is_span:
        return []
    timed = isinstance(key.field, DateTime)
    start, end = period.start_text(env.zone, timed=timed), period.end_text(env.zone, timed=timed)
    ranges[key.name] = {"from": start, "to": end}
    return [[word, ">=", start], [word, "<", end]]


def _joined(terms: list[Any], domain: Any) -> list[Any]:
    """Return the caller's condition and a group's terms as one condition."""
    given = list(domain) if isinstance(domain, list | tuple) else []
    if not given:
        return ["&"] * (len(terms) - 1) + terms
    nested = given[0] in ("or", "and") or is_clause(given)
    return [*terms, given] if nested else [*terms, *given]
