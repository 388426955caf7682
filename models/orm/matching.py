"""What a search compares with: values read by their fields, patterns for text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from models.orm.fields import Date, DateTime, Field, Many2One, Number, Reference, Text
from models.orm.fields.moment import calendar_instant
from models.orm.fields.number import Integer, decimal_number, whole_number
from models.orm.fields.text import storable

if TYPE_CHECKING:
    from models.orm.dialect import Dialect
    from models.orm.meta import Metas

PATTERNS = {"like": "like", "ilike": "ilike", "=like": "like", "=ilike": "ilike"}
LARGEST_EXPONENT = 40


def is_set(value: Any) -> bool:
    """Return whether a value of a search stands for something; null and false ask for unset."""
    return value is not None and value is not False


def many(value: Any) -> list[Any]:
    """Return the values of a list, or a single one as a list."""
    return list(value) if isinstance(value, list | tuple) else [value]


def presence(column: str, *, unset: bool, negated: bool) -> str:
    """Ask for set or unset; an empty list holds nothing."""
    if unset:
        return f"{column} is {'not ' if negated else ''}null"
    return "true" if negated else "false"


def search_value(field: Field[Any], value: Any, dialect: Dialect, metas: Metas) -> Any:
    """Read a value to compare with. Ranges and sizes are the field's business only when it is written."""
    for kind, read in READERS:
        if isinstance(field, kind):
            return read(field, value)
    if isinstance(field, Date | DateTime):
        return searched_instant(field, value, dialect)
    found = field.decode(value, dialect)
    return own_reference(metas, found) if isinstance(field, Reference) else found


def own_reference(metas: Metas, value: str) -> str:
    """Bring the model of a "model,id" to its own name; one that does not exist matches nothing."""
    word, _, number = value.rpartition(",")
    meta = metas.by_word.get(word)
    return f"{meta.name if meta else word},{number}"


def searched_text(field: Text, value: Any) -> str:
    """Accept any text that a column can hold, longer ones than the field's included."""
    if not isinstance(value, str):
        raise field.mismatch(value, "text")
    return storable(field, value)


def searched_number(field: Number, value: Any) -> Decimal:
    """Accept any decimal number up to 40 digits: more can equal or bound nothing that a column holds."""
    number = decimal_number(value)
    if number is None or abs(number.adjusted()) > LARGEST_EXPONENT:
        raise field.mismatch(value, "a decimal number")
    return number


def searched_integer(field: Integer, value: Any) -> int:
    """Accept a whole number of the column's width."""
    number = whole_number(value)
    if number is None or not -(1 << (field.bits - 1)) <= number < 1 << (field.bits - 1):
        raise field.mismatch(value, f"a whole number of {field.bits} bits")
    return number


def searched_instant(field: Date | DateTime, value: Any, dialect: Dialect) -> dt.date:
    """Accept every day and instant of the calendar, the driver's infinities at its ends among them."""
    instant = calendar_instant(value)
    if instant is None:
        found: dt.date = field.decode(value, dialect)
        return found
    return instant if isinstance(field, DateTime) else instant.date()


def searched_id(field: Field[Any], value: Any) -> int:
    """Accept any whole number of 64 bits: one that no record can have matches nothing."""
    number = whole_number(value)
    if number is None or not -(1 << 63) <= number < 1 << 63:
        raise field.mismatch(value, "the id of a record")
    return number


READERS: tuple[tuple[type[Field[Any]], Callable[[Any, Any], Any]], ...] = (
    (Number, searched_number),
    (Integer, searched_integer),
    (Text, searched_text),
    (Many2One, searched_id),
)


def as_text(column: str, field: Field[Any]) -> str:
    """Return a column as text to match."""
    return column if isinstance(field, Text) else f"{column}::text"


def like_pattern(field: Field[Any], value: Any, operator: str, *, wildcards: bool) -> str:
    """Return the pattern for LIKE: `%text%`, or the text alone for the `=like` forms."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise field.mismatch(value, "text to search for")
    text = storable(field, str(value))
    if operator.startswith("="):
        return whole_escapes(text)
    return "%" + (whole_escapes(text) if wildcards else literal(text)) + "%"


def literal(text: str) -> str:
    """Return a pattern that only the text itself matches."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def whole_escapes(text: str) -> str:
    r"""Return a pattern that does not end within an escape: a last single `\` stands for itself."""
    return text + "\\" if (len(text) - len(text.rstrip("\\"))) % 2 else text


def pattern_of_words(words: Sequence[str]) -> list[str]:
    """Return a literal pattern for each word."""
    return [f"%{literal(word)}%" for word in words]
