"""What the registry knows of one model: everything its classes declare, put together and looked up by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from models.orm.declare import Access, Check, Constraint, Index, Key, Parts, Rule
from models.orm.dialect import Vocabulary
from models.orm.fields import Field
from models.orm.methods import Method


class Metas(dict[str, "Meta"]):
    """The models of a deployment by their own names, in the order of their areas."""

    def __init__(self, metas: Iterable[Meta] = ()) -> None:
        """Take the models and note every word for them."""
        super().__init__((meta.name, meta) for meta in metas)
        self.by_word = dict(self)
        for meta in self.values():
            self.by_word |= {word: meta for words in meta.words.values() for word in words}


@dataclass
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
    feed: bool = False
    document: tuple[str, str] | None = None
    any_document: bool = False
    outlives_document: bool = False
    loose_rules: tuple[Rule, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    transient: bool = False
    parts: Parts | None = None
    help: str = ""

    def word(self, vocabulary: Vocabulary) -> str:
        """Return the model's name in a vocabulary."""
        words = self.words.get(vocabulary)
        return words[0] if words else self.name

    @cached_property
    def source(self) -> str:
        """What a FROM has to name to get the rows."""
        return f"({self.parts.sql})" if self.parts else f'"{self.table}"'

    @cached_property
    def columns(self) -> dict[str, Field[Any]]:
        """The fields with a column, the id left out."""
        return {field.name: field for field in self.fields.values() if field.has_column and field.name != "id"}

    @cached_property
    def tracked(self) -> tuple[Field[Any], ...]:
        """The fields whose changes go to the chatter."""
        return tuple(field for field in self.fields.values() if field.tracked)

    @cached_property
    def defaulted(self) -> tuple[Field[Any], ...]:
        """The fields with a default value."""
        return tuple(field for field in self.fields.values() if field.default is not None)

    @cached_property
    def computed(self) -> tuple[Field[Any], ...]:
        """The stored fields that Python computes, in the order of their declaration."""
        return tuple(field for field in self.fields.values() if field.compute and field.stored)

    def dependents(self, changed: Iterable[str]) -> list[Field[Any]]:
        """Return the stored Python-computed fields that the changed fields feed, in the order to compute them."""
        dirty = set(changed)
        found: list[Field[Any]] = []
        for candidate in self.computed:
            if not dirty.isdisjoint(candidate.depends):
                found.append(candidate)
                dirty.add(candidate.name)
        return found
