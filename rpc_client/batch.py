"""Records that are read together: the memory behind a list of lazy records.

All records of a list, and all that are reached through them, share what is read: the first touch of a field reads
it for the whole list. Plain fields come together in one call; an x2many, bulky or computed field in one call of its
own; the targets of a relation form a batch again. So the number of calls grows with the fields a script touches,
never with the number of records.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from rpc_client.errors import AccessError, AnswerTooLarge, MissingError
from rpc_client.fields import FieldInfo

IDS_PER_CALL = 1000  # keeps an answer of ordinary rows well below its size limit


class RecordSource(Protocol):
    """What a batch needs of a connection."""

    def call(self, model: str, method: str, args: Sequence[Any], context: Mapping[str, Any] | None) -> Any:
        """Call a method and return its result."""

    def fields_of(self, model: str) -> Mapping[str, FieldInfo]:
        """All fields of a model."""

    def field_called(self, model: str, name: str) -> FieldInfo | None:
        """The field of that name; the other side may know it by another one. None when there is none."""

    def labels_of(self, model: str, ids: Sequence[int]) -> Mapping[int, str]:
        """The labels of records."""


class Batch:
    """The values of some records of one model, read when they are asked for."""

    def __init__(
        self, source: RecordSource, model: str, ids: Iterable[int], context: Mapping[str, Any] | None = None
    ) -> None:
        self.source = source
        self.model = model
        self.context = context
        self._ids = tuple(dict.fromkeys(ids))
        self._set_by_hand: dict[tuple[int, str], Any] = {}
        self.forget()

    def forget(self) -> None:
        """Drop all that was read or set, because it may have changed."""
        self._rows: dict[int, dict[str, Any]] = {number: {} for number in self._ids}
        self._loaded: set[str] = set()
        self._related: dict[tuple[str, str], Batch] = {}
        self._labels: Mapping[int, str] = {}
        self._set_by_hand.clear()

    def field(self, name: str) -> FieldInfo | None:
        """The field of that name, None when the model has none."""
        return self.source.fields_of(self.model).get(name) or self.source.field_called(self.model, name)

    def raw(self, number: int, field: FieldInfo) -> Any:
        """The value of a field as it came over the wire. MissingError for a record that may not be read or is gone."""
        if field.name not in self._loaded:
            self._load(self._read_with(field))
        row = self._rows[number]
        if not row:
            raise MissingError("", {"model": self.model, "ids": [number]})
        return row.get(field.name)

    def related(self, field: FieldInfo, model: str) -> "Batch":
        """The batch of all records of `model` that this field of this batch leads to."""
        key = (field.name, model)
        if key not in self._related:
            self._related[key] = Batch(self.source, model, self._targets(field, model), self.context)
        return self._related[key]

    def label(self, number: int) -> str:
        """The label of a record, asked for the whole batch at once."""
        if not self._labels:
            self._labels = self.source.labels_of(self.model, self._ids)
        return self._labels[number]

    def set_by_hand(self, number: int, name: str, value: Any) -> None:
        """Remember a value that a script assigned. It is never saved."""
        self._set_by_hand[number, name] = value

    def value_by_hand(self, number: int, name: str) -> tuple[Any, ...]:
        """The assigned value as the only item, empty when there is none."""
        key = (number, name)
        return (self._set_by_hand[key],) if key in self._set_by_hand else ()

    def _targets(self, field: FieldInfo, model: str) -> list[int]:
        found: list[int] = []
        for row in self._rows.values():
            raw = row.get(field.name)
            if field.to_many:
                found.extend(raw or ())
            elif (target := field.target(raw)) is not None and target[0] == model:
                found.append(target[1])
        return found

    def _read_with(self, field: FieldInfo) -> list[str]:
        """The fields that one call reads when this one is asked for."""
        known = self.source.fields_of(self.model)
        if not field.plain or field.name not in known:
            return [field.name]
        return [other.name for other in known.values() if other.plain]

    def _load(self, names: list[str]) -> None:
        for start in range(0, len(self._ids), IDS_PER_CALL):
            for row in self._read(list(self._ids[start : start + IDS_PER_CALL]), names):
                self._rows.get(row["id"], {}).update(row)
        self._loaded.update(names)

    def _read(self, ids: list[int], names: list[str]) -> list[dict[str, Any]]:
        try:
            return self._rows_of("read", ids, names)
        except AnswerTooLarge:
            if len(ids) == 1:
                raise
            half = len(ids) // 2
            return self._read(ids[:half], names) + self._read(ids[half:], names)
        except (AccessError, MissingError):
            # One record that may not be read refuses the whole read; a search leaves it out and gives the others.
            return self._rows_of("search_read", [["id", "in", ids]], names, {"active_test": False})

    def _rows_of(
        self, method: str, which: list[Any], names: list[str], extra: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        context = {**(self.context or {}), **(extra or {})}
        rows: list[dict[str, Any]] = self.source.call(self.model, method, [which, names], context or None)
        return rows
