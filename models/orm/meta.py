"""What the registry knows of one model: everything its classes declare, put together and looked up by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.orm.declare import Access, Check, Index, Key, Rule
from models.orm.dialect import Vocabulary
from models.orm.fields import Field
from models.orm.methods import Method

if TYPE_CHECKING:
    from models.orm.workflow import Constraint


@dataclass(slots=True)
class Meta:
    """One model as declared. `names` maps every name of a field, in any vocabulary, to the field."""

    name: str
    label: str
    table: str
    words: dict[Vocabulary, tuple[str, ...]]
    fields: dict[str, Field[Any]]
    names: dict[str, Field[Any]]
    methods: dict[str, Method]
    order: str
    label_field: str
    label_sql: str
    access: tuple[Access, ...]
    rules: tuple[Rule, ...]
    keys: tuple[Key, ...]
    indexes: tuple[Index, ...]
    checks: tuple[Check, ...]
    company: str | None
    chatter: bool
    audit: bool
    document: tuple[str, str] | None = None
    constraints: tuple[Constraint, ...] = ()
    transient: bool = False
    help: str = ""
    columns: dict[str, Field[Any]] = field(default_factory=dict)

    def word(self, vocabulary: Vocabulary) -> str:
        """Return the model's name in a vocabulary."""
        words = self.words.get(vocabulary)
        return words[0] if words else self.name

    @property
    def tracked(self) -> tuple[Field[Any], ...]:
        """The fields whose changes go to the chatter."""
        return tuple(f for f in self.fields.values() if f.tracked)

    def dependents(self, changed: Iterable[str]) -> list[Field[Any]]:
        """Return the stored Python-computed fields that the changed fields feed, in the order to compute them."""
        dirty = set(changed)
        found: list[Field[Any]] = []
        for candidate in self.fields.values():
            if candidate.compute and candidate.stored and not dirty.isdisjoint(candidate.depends):
                found.append(candidate)
                dirty.add(candidate.name)
        return found
