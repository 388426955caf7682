"""A record inside the server: a typed snapshot of the fields that were read, nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from models.orm.fields import FieldNotReadError, Integer

if TYPE_CHECKING:
    from models.orm.meta import Meta


class Record:
    """The values of one row as they were when it was read.

    Touching a field that was not read raises `FieldNotReadError`.
    """

    __slots__ = ("values",)

    meta: ClassVar[Meta]

    id = Integer("ID", big=True, readonly=True, copied=False, aggregate="")

    def __init__(self, values: dict[str, Any]) -> None:
        """Take the values read, by field name (or dotted path)."""
        self.values = values

    def __getitem__(self, path: str) -> Any:
        """Return a value read by name or by dotted path, such as record["partner_id.name"]."""
        try:
            return self.values[path]
        except KeyError:
            raise FieldNotReadError(f"{type(self).__name__}.{path} was not read") from None

    def __contains__(self, path: str) -> bool:
        """Return whether the field or path was read."""
        return path in self.values

    def __repr__(self) -> str:
        """Name model and id."""
        return f"{self.meta.name}({self.values.get('id')})"
