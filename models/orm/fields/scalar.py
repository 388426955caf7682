"""Fields that hold one value of other kinds: flags, choices and JSON."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from models.orm.dialect import Dialect, Vocabulary
from models.orm.errors import TypeMismatchError
from models.orm.fields.base import Field
from models.orm.fields.number import whole_number
from models.orm.json_text import json_text


class Boolean(Field[bool]):
    """True or false; unset counts as false."""

    kind: ClassVar[str] = "boolean"
    column_type = "boolean"

    def __init__(self, label: str, *, default: Any = False, **options: Any) -> None:
        """Declare the flag, false unless said otherwise."""
        super().__init__(label, default=default, **options)
        self.required = self.stored

    def decode(self, value: Any, dialect: Dialect) -> bool:
        """Read null as false."""
        return False if value is None else self.parse(value, dialect)

    def parse(self, value: Any, dialect: Dialect) -> bool:
        """Accept true and false, also as 1 and 0."""
        if not isinstance(value, bool):
            if whole_number(value) in (0, 1):
                return bool(value)
            raise self.mismatch(value, "true or false")
        return value


class Selection(Field[str]):
    """One of a fixed list of values.

    `choices` is a `StrEnum` whose members carry labels made from their names, or pairs (value, label). `values_odoo`
    and `values_netforce` name values that another vocabulary words differently; several own values may share a foreign
    word.
    """

    kind: ClassVar[str] = "selection"
    column_type = "text"

    def __init__(
        self,
        label: str,
        choices: type[StrEnum] | Sequence[tuple[str, str]],
        *,
        values_odoo: Mapping[str, str] | None = None,
        values_netforce: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        """Declare the choices: {own value: other word} where a vocabulary words one differently."""
        super().__init__(label, **options)
        if isinstance(choices, type):
            self.choices = tuple((str(c.value), c.name.replace("_", " ").capitalize()) for c in choices)
        else:
            self.choices = tuple((str(value), text) for value, text in choices)
        self.value_words = {Vocabulary.ODOO: dict(values_odoo or {}), Vocabulary.NETFORCE: dict(values_netforce or {})}
        self.meanings = {value: value for value, _ in self.choices}
        for words in self.value_words.values():
            for own, word in words.items():
                self.meanings.setdefault(word, own)

    def parse(self, value: Any, dialect: Dialect) -> str:
        """Accept a value in any vocabulary."""
        own = self.own_values(value, dialect.vocabulary)
        return own[own.index(value) if value in own else 0]

    def own_values(self, value: Any, vocabulary: Vocabulary) -> list[str]:
        """Return the own values that a word stands for: what the vocabulary shows so, else what any means by it."""
        found = self._meant(value, vocabulary)
        if not found:
            raise TypeMismatchError(
                f"{self.name} ({self.label}) is none of: {', '.join(key for key, _ in self.choices)}.", field=self.name
            )
        return found

    def knows(self, value: str, vocabulary: Vocabulary) -> bool:
        """Return whether a word stands for anything."""
        return bool(self._meant(value, vocabulary))

    def _meant(self, value: Any, vocabulary: Vocabulary) -> list[str]:
        words = self.value_words.get(vocabulary, {})
        found = [own for own, _ in self.choices if words.get(own, own) == value]
        return found or ([self.meanings[value]] if isinstance(value, str) and value in self.meanings else [])

    def word_of(self, value: str | None, vocabulary: Vocabulary) -> str | None:
        """Return a value as a vocabulary words it."""
        return None if value is None else self.value_words.get(vocabulary, {}).get(value, value)

    def label_of(self, value: str | None) -> str | None:
        """Return the text people read for a value."""
        return dict(self.choices).get(value, value) if value is not None else None

    def json_sql(self, column: str, dialect: Dialect) -> str:
        """Word the value as the dialect does."""
        words = self.value_words.get(dialect.vocabulary)
        if not words:
            return column
        cases = " ".join(f"when {quoted(own)} then {quoted(word)}" for own, word in words.items())
        return f"case {column} {cases} else {column} end"


def quoted(text: str) -> str:
    """Quote a literal that comes from a declaration (never from a caller)."""
    return "'" + text.replace("'", "''") + "'"


class Json(Field[Any]):
    """Any JSON value."""

    kind: ClassVar[str] = "json"
    column_type = "jsonb"
    groupable: ClassVar[bool] = False

    def parse(self, value: Any, dialect: Dialect) -> str:
        """Accept any JSON value and write it as text for the column, numbers with exactly their digits."""
        try:
            text = json_text(value)
            text.encode()
        except (TypeError, ValueError, RecursionError):
            raise self.mismatch(value, "a JSON value without the character NUL") from None
        return text

    def load(self, value: Any) -> Any:
        """Read the column's text; numbers with a point stay exact."""
        return json.loads(value, parse_float=Decimal) if isinstance(value, str) else value


class Changes(Json):
    """What the chatter keeps of tracked changes. Labels of records that a reader may not see are left out for it."""
