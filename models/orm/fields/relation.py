"""Fields that point at other records."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NoReturn

from models.orm.dialect import Dialect
from models.orm.fields.base import Field
from models.orm.fields.number import whole_number

OnDelete = Literal["set null", "cascade", "restrict"]


class Many2One(Field[int]):
    """One record of another model; its id in Python, `[id, label]` in answers."""

    kind: ClassVar[str] = "many2one"
    column_type = "bigint"
    relational: ClassVar[bool] = True

    def __init__(
        self,
        label: str,
        target: str,
        *,
        on_delete: OnDelete | None = None,
        index: bool = True,
        expanded: bool = False,
        **options: Any,
    ) -> None:
        """Declare the target by its own name. A required one restricts deletion of its target unless told otherwise.

        `expanded`: groups by it also show the target's records that nothing is in, see `orm/expanding.py`.
        """
        super().__init__(label, index=index, **options)
        self.target = target
        self.expanded = expanded
        self.on_delete: OnDelete = on_delete or ("restrict" if self.required else "set null")

    def parse(self, value: Any, dialect: Dialect) -> int:
        """Accept an id."""
        return record_id(self, value)


def record_id(field: Field[Any], value: Any) -> int:
    """Accept a positive id of 63 bits."""
    number = whole_number(value)
    if number is None or not 0 < number < 1 << 63:
        raise field.mismatch(value, "the id of a record")
    return number


class Reference(Field[str]):
    """One record of one of several models, "model,id" on the wire and in the column. No `targets` means any model."""

    kind: ClassVar[str] = "reference"
    column_type = "text"

    def __init__(self, label: str, targets: Sequence[str] = (), **options: Any) -> None:
        """Declare the models, by their own names, that may be referred to."""
        super().__init__(label, **options)
        self.targets = tuple(targets)

    def parse(self, value: Any, dialect: Dialect) -> str:
        """Accept "model,id"; whether the model and record exist is checked by the write."""
        model, comma, number = value.rpartition(",") if isinstance(value, str) else ("", "", "")
        if not comma or not model or not number.isascii() or not number.isdigit() or len(number) > 18:
            raise self.mismatch(value, 'a reference, "model,id"')
        return f"{model},{int(number)}"


class ToMany(Field[tuple[int, ...]]):
    """Several records of another model; their ids in Python and in answers, commands when written."""

    relational: ClassVar[bool] = True
    groupable: ClassVar[bool] = False

    def __init__(self, label: str, target: str, **options: Any) -> None:
        """Declare the target by its own name."""
        super().__init__(label, **options)
        self.target = target

    @property
    def has_column(self) -> bool:
        """The ids live in another table."""
        return False

    def parse(self, value: Any, dialect: Dialect) -> NoReturn:
        """Refuse it: there is no column, what is written are commands, see `orm/commands.py`."""
        raise self.mismatch(value, "commands")

    def load(self, value: Any) -> tuple[int, ...]:
        """Read the array of ids."""
        return tuple(value or ())

    @property
    def empty(self) -> Any:
        """No records is an empty list in every dialect."""
        return []


class One2Many(ToMany):
    """The records of `target` whose field `inverse` points here.

    The inverse is a many2one, a `Reference`, or a plain id column together with `inverse_model`, the target's field
    that holds the model's name.
    """

    kind: ClassVar[str] = "one2many"

    def __init__(
        self, label: str, target: str, inverse: str, *, inverse_model: str = "", order: str = "", **options: Any
    ) -> None:
        """Declare the target and its field that points back."""
        super().__init__(label, target, copied=options.pop("copied", False), **options)
        self.inverse = inverse
        self.inverse_model = inverse_model
        self.order = order


class Many2Many(ToMany):
    """Links in a table of their own, unique, both sides cascading.

    With `column_model`, which holds the name of this model, the table is that of a model whose records link records of
    any model; such a field is for reading.
    """

    kind: ClassVar[str] = "many2many"

    def __init__(
        self, label: str, target: str, *, table: str, column: str, other: str, column_model: str = "", **options: Any
    ) -> None:
        """Declare the link table, its column for this model and the one for the target."""
        super().__init__(label, target, readonly=bool(column_model) or options.pop("readonly", False), **options)
        self.table = table
        self.column = column
        self.other = other
        self.column_model = column_model
