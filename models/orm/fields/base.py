"""What every field is: a typed descriptor on a model class.

On the class it is the declaration, on a record (a snapshot) it is the value that was read; a field that was not read
raises.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar, overload

from models.orm.dialect import NATIVE, Dialect, Vocabulary
from models.orm.errors import TypeMismatchError

if TYPE_CHECKING:
    from models.orm.declare import NumberSequence

T = TypeVar("T")

Default = Any | Callable[[Any], Any]  # a value, or a function of the surroundings of the call, an Env


class Holder(Protocol):
    """What a field reads its value from: a record, by field name."""

    values: dict[str, Any]


class FieldNotReadError(LookupError):
    """Code touched a field that it had not read: a programming error, never a hidden query."""


class Field(Generic[T]):
    """One field of a model. The type argument is its Python value when set; an unset one is None.

    Storage: a column of `column_type`, unless `path` leads over many2ones to another field ("partner_id.email", with
    the rights and rules of every record on the way), `sql` gives an expression over `{t}` (the row's alias), `{model}`
    (the model's name), `{user}` and `{today}` (the caller's id and day; it is on its own to show nothing that is
    hidden: `{reached alias model}` narrows rows of another table to those the caller may read, `{seen model id}` asks
    it of the record that two of the row's columns name) or `compute` a pure function of `depends`. `stored` keeps a
    computed one in a column, right inside every writing transaction.
    """

    kind: ClassVar[str] = ""
    odoo_kind: ClassVar[str] = ""
    column_type: str = ""
    groupable: ClassVar[bool] = True
    relational: ClassVar[bool] = False

    def __init__(
        self,
        label: str,
        *,
        required: bool = False,
        readonly: bool = False,
        write_only: bool = False,
        default: Default = None,
        help: str = "",
        index: bool = False,
        groups: str | Sequence[str] = (),
        write_groups: str | Sequence[str] = (),
        tracked: bool = False,
        copied: bool | None = None,
        searched: bool = False,
        odoo: str | Sequence[str] = (),
        netforce: str | Sequence[str] = (),
        sql: str = "",
        path: str = "",
        compute: Callable[[Any], Any] | None = None,
        depends: Sequence[str] = (),
        stored: bool = False,
        sequence: NumberSequence | None = None,
        aggregate: str = "",
        settable: bool = False,
    ) -> None:
        """Declare the field, its label first.

        `readonly`: clients may not write it. `write_only`: nobody reads it back, by any path. `groups`: only these
        groups see it, to all others it does not exist; `write_groups`: only these may write it. `tracked`: changes go
        to the chatter. `searched`: content search looks into it. `odoo`, `netforce`: its other names, the first one
        answers. `sequence`: numbered when the caller gives no value. `aggregate`: the default of groups. `copied`:
        whether a copy of the record takes the value; readonly and numbered fields are not unless told so.
        `settable`: an expression that clients may write; `prepare_create` and `prepare_write` take it out of the row.
        """
        self.label = label
        self.required = required
        self.readonly = readonly or (not settable and (bool(sql or path) or compute is not None))
        self.write_only = write_only
        self.default = default
        self.help = help
        self.index = index
        self.groups = _names(groups)
        self.write_groups = _names(write_groups)
        self.tracked = tracked
        self.searched = searched
        self.words = {Vocabulary.ODOO: _names(odoo), Vocabulary.NETFORCE: _names(netforce)}
        self.sql = sql
        self.path = tuple(path.split(".")) if path else ()
        self.compute = compute
        self.depends = tuple(depends)
        self.stored = stored or (not sql and not path and compute is None)
        self.sequence = sequence
        self.aggregate = aggregate
        self.copied = not self.readonly and sequence is None and not write_only if copied is None else copied
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the attribute's name."""
        self.name = name

    @overload
    def __get__(self, record: None, owner: type) -> Self: ...
    @overload
    def __get__(self, record: Holder, owner: type) -> T: ...
    def __get__(self, record: Holder | None, owner: type) -> Self | T:
        """Return the declaration on a class, the value read on a record."""
        if record is None:
            return self
        try:
            value: T = record.values[self.name]
        except KeyError:
            raise FieldNotReadError(f"{owner.__name__}.{self.name} was not read") from None
        return value

    def __set__(self, record: Holder, value: T) -> None:
        """Records are snapshots: nothing is assigned to them."""
        raise AttributeError(f"{self.name} cannot be assigned: records are snapshots, use write")

    def __repr__(self) -> str:
        """Name the field for logs and failing tests."""
        return f"<{type(self).__name__} {self.name}>"

    def lent(self, way: str) -> Self:
        """Return the field as a model has it that borrows it along its many2one `way`, see `orm/borrowing.py`."""
        found = copy.copy(self)
        found.path = (way, self.name)
        found.sql, found.compute, found.depends, found.sequence, found.default = "", None, (), None, None
        found.stored = found.required = found.index = found.tracked = found.searched = found.copied = False
        return found

    @property
    def is_lent(self) -> bool:
        """True when what is written goes to the record at the end of the path."""
        return bool(self.path) and not self.readonly

    @property
    def has_column(self) -> bool:
        """True when the field is a column of the model's own table."""
        return self.stored and bool(self.column_type)

    @property
    def in_sql(self) -> bool:
        """True when PostgreSQL has the value: the field can be searched, sorted and grouped by."""
        return self.has_column or bool(self.sql or self.path)

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every other name the field is known by."""
        return tuple(word for words in self.words.values() for word in words)

    def word(self, vocabulary: Vocabulary) -> str:
        """Return the field's name in a vocabulary."""
        words = self.words.get(vocabulary)
        return words[0] if words else self.name

    def decode(self, value: Any, dialect: Dialect) -> Any:
        """Turn a value off the wire into the parameter for the column. Raises `TypeMismatchError` naming the field."""
        if value is None or (value is False and dialect.empty_is_false):
            return None
        return self.parse(value, dialect)

    @abstractmethod  # checked with the types; an ABCMeta would make each isinstance of a field ten times as slow
    def parse(self, value: Any, dialect: Dialect) -> Any:
        """Turn a set value off the wire into the column's parameter."""

    def load(self, value: Any) -> T:
        """Turn a column's value into the Python value of a record."""
        loaded: T = value
        return loaded

    def dump(self, value: Any) -> Any:
        """Turn a Python value into what JSON can hold (a Decimal stays one); the reverse of `load` for the wire."""
        return value

    def parse_computed(self, value: Any) -> Any:
        """Turn the result of a stored computation into the column's parameter."""
        return self.decode(value, NATIVE)

    def json_sql(self, column: str, dialect: Dialect) -> str:
        """Return the SQL that shapes a column expression as the value of an answer."""
        return column

    def computed(self, value: Any) -> Any:
        """Shape the result of a computation that is not stored."""
        return value

    @property
    def empty(self) -> Any:
        """What the Odoo dialect shows for an unset value."""
        return False

    def mismatch(self, value: Any, wanted: str) -> TypeMismatchError:
        """Build the error for a value of the wrong type; the value itself is not repeated."""
        return TypeMismatchError(
            f"{self.name} ({self.label}) takes {wanted}.", field=self.name, got=type(value).__name__
        )


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
