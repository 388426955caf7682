"""Lazy records of the sync client: fields as attributes, relations as records, read in batches when touched.

    for opportunity in get_model("sale.opportunity").search_browse([["state", "=", "open"]]):
        print(opportunity.number, opportunity.contact_id.name, opportunity.amount)

An empty many2one or reference is a record too, but a false one whose id and every other attribute are None, so that
a chain of relations needs no tests in between. What was read is kept for the list it was read for, until something
is written through it; browse again to see what others have changed.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from rpc_client.batch import Batch


class BrowseRecord:
    """One record, or the empty record.

    Fields are read by attribute or by item. Assigning one is remembered here and never saved: that is what `write`
    is for. AttributeError (KeyError by item) for a name that is no field; MissingError for a record that is gone or
    may not be read.
    """

    __slots__ = ("_batch", "id")

    _batch: Batch
    id: int | None

    def __init__(self, batch: Batch, number: int | None) -> None:
        object.__setattr__(self, "_batch", batch)
        object.__setattr__(self, "id", number)

    def write(self, vals: dict[str, Any]) -> Any:
        """Change the record on the other side."""
        return self._list().write(vals)

    def delete(self) -> Any:
        """Delete the record on the other side."""
        return self._list().delete()

    def name_get(self) -> list[tuple[int, str]]:
        """Id and label in a list of one."""
        return self._list().name_get()

    def browse(self) -> "BrowseList":
        """This record alone, to be read anew."""
        return self._list().browse()

    @property
    def _model(self) -> str:
        return self._batch.model

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self.id is None:
            return None
        for value in self._batch.value_by_hand(self.id, name):
            return value
        field = self._batch.field(name)
        if field is None:
            raise AttributeError(f"{self._batch.model} has no field {name!r}", name=name, obj=self)
        raw = self._batch.raw(self.id, field)
        if field.to_many:
            return BrowseList(self._batch.related(field, field.relation or ""), raw or ())
        if field.type in {"many2one", "reference"}:
            model, number = field.target(raw) or (field.relation or "", None)
            return BrowseRecord(self._batch.related(field, model), number)
        return field.scalar(raw)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "id" or name.startswith("_") or self.id is None:
            raise AttributeError(f"{name} of this record cannot be set", name=name, obj=self)
        self._batch.set_by_hand(self.id, name, value)

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None

    def __bool__(self) -> bool:
        return self.id is not None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BrowseRecord):
            return NotImplemented
        return (self._batch.model, self.id) == (other._batch.model, other.id)

    def __hash__(self) -> int:
        return hash((self._batch.model, self.id))

    def __repr__(self) -> str:
        return f"<BrowseRecord {self._batch.model},{self.id}>"

    def _list(self) -> "BrowseList":
        return BrowseList(self._batch, () if self.id is None else (self.id,))


class BrowseList(Sequence[BrowseRecord]):
    """Records in the order they were found. A slice shares what is read with the list it comes from."""

    __slots__ = ("_batch", "ids")

    def __init__(self, batch: Batch, ids: Iterable[int]) -> None:
        self._batch = batch
        self.ids = list(ids)

    def write(self, vals: dict[str, Any]) -> Any:
        """Change all records with one call. What was read is forgotten, since it may have changed."""
        return self._change("write", [self.ids, vals])

    def delete(self) -> Any:
        """Delete all records with one call."""
        return self._change("delete", [self.ids])

    def name_get(self) -> list[tuple[int, str]]:
        """Id and label of each record."""
        return [(number, self._batch.label(number)) for number in self.ids]

    def browse(self) -> "BrowseList":
        """The same records, to be read anew."""
        return BrowseList(Batch(self._batch.source, self._batch.model, self.ids, self._batch.context), self.ids)

    @overload
    def __getitem__(self, place: int) -> BrowseRecord: ...

    @overload
    def __getitem__(self, place: slice) -> "BrowseList": ...

    def __getitem__(self, place: int | slice) -> "BrowseRecord | BrowseList":
        if isinstance(place, slice):
            return BrowseList(self._batch, self.ids[place])
        return BrowseRecord(self._batch, self.ids[place])

    def __iter__(self) -> Iterator[BrowseRecord]:
        return (BrowseRecord(self._batch, number) for number in self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"<BrowseList {self._batch.model} {self.ids}>"

    def _change(self, method: str, args: list[Any]) -> Any:
        if not self.ids:
            return None
        result = self._batch.source.call(self._batch.model, method, args, self._batch.context)
        self._batch.forget()
        return result
