"""Fields that hold one value: text, numbers, dates, choices, JSON and bytes."""

import base64
import binascii
import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, ClassVar

from models.orm.dialect import Dialect, Vocabulary
from models.orm.errors import LimitError, TypeMismatchError, ValidationError
from models.orm.fields.base import Field
from models.orm.json_text import json_text
from models.orm.limits import LIMITS


class Text(Field[str]):
    """Text of any length up to the house limit. NUL and lone surrogates are refused, all else is kept as given."""

    kind: ClassVar[str] = "text"
    column_type = "text"

    def parse(self, value: Any, dialect: Dialect) -> str:
        """Accept a string that PostgreSQL can store."""
        if not isinstance(value, str):
            raise self.mismatch(value, "text")
        return storable(self, value)


def storable(field: Field[Any], value: str) -> str:
    """Return the text. What UTF-8 or PostgreSQL cannot hold, and what passes the limit, is refused."""
    if "\0" in value:
        raise TypeMismatchError(f"{field.name} ({field.label}) must not contain the character NUL.", field=field.name)
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise TypeMismatchError(f"{field.name} ({field.label}) is not valid Unicode.", field=field.name) from None
    if size > LIMITS.text_bytes:
        raise LimitError("text_bytes", LIMITS.text_bytes, field=field.name)
    return value


class Char(Text):
    """One line of text of at most `size` characters; longer ones are refused, never cut."""

    kind: ClassVar[str] = "char"

    def __init__(self, label: str, *, size: int = 256, **options: Any) -> None:
        """Declare the text and its largest size in characters."""
        super().__init__(label, **options)
        self.size = size

    def parse(self, value: Any, dialect: Dialect) -> str:
        """Accept a string of at most `size` characters."""
        text = super().parse(value, dialect)
        if len(text) > self.size:
            raise ValidationError(
                f"{self.name} ({self.label}) has more than {self.size} characters.", field=self.name, size=self.size
            )
        return text


class Html(Text):
    """Text with markup. It is stored and answered as given: whoever shows it must clean it."""

    odoo_kind: ClassVar[str] = "html"


class Integer(Field[int]):
    """A whole number of 32 bits, or 64 with `big`.

    The rule for other forms: a JSON number without a fraction (1e0) is one; a boolean, a text or a fraction is not.
    """

    kind: ClassVar[str] = "integer"

    def __init__(self, label: str, *, big: bool = False, minimum: int | None = None, **options: Any) -> None:
        """Declare the number and its smallest allowed value."""
        super().__init__(label, aggregate=options.pop("aggregate", "sum"), **options)
        self.column_type = "bigint" if big else "integer"
        self.bits = 64 if big else 32
        self.minimum = minimum

    def decode(self, value: Any, dialect: Dialect) -> int | None:
        """Read Odoo's false as zero, as Odoo does."""
        return 0 if value is False and dialect.empty_is_false else super().decode(value, dialect)

    def parse(self, value: Any, dialect: Dialect) -> int:
        """Accept a whole number within the column's width."""
        number = whole_number(value)
        if number is None:
            raise self.mismatch(value, "a whole number")
        if not -(1 << (self.bits - 1)) <= number < 1 << (self.bits - 1):
            raise self.mismatch(value, f"a whole number of {self.bits} bits")
        if self.minimum is not None and number < self.minimum:
            raise ValidationError(f"{self.label} must not be below {self.minimum}.", field=self.name)
        return number

    @property
    def empty(self) -> Any:
        """Odoo shows an unset number as zero."""
        return 0


LONGEST_INTEGER = 20  # digits; to make an int of 1e999999 would take seconds


def whole_number(value: Any) -> int | None:
    """Return the integer a JSON number stands for, None when it is none (or beyond every column)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float | Decimal):
        number = Decimal(value)
        if number.is_finite() and number.adjusted() < LONGEST_INTEGER and number == number.to_integral_value():
            return int(number)
    return None


EXACT = Context(prec=200)


class Number(Field[Decimal]):
    """A decimal number with exactly `digits` (all, after the point).

    Rounded half up to the scale; what does not fit is refused.
    """

    kind: ClassVar[str] = "decimal"
    odoo_kind: ClassVar[str] = "float"

    def __init__(
        self,
        label: str,
        *,
        digits: tuple[int, int] = (16, 2),
        minimum: Decimal | int | None = None,
        maximum: Decimal | int | None = None,
        **options: Any,
    ) -> None:
        """Declare the number, its digits and its range."""
        super().__init__(label, aggregate=options.pop("aggregate", "sum"), **options)
        self.digits = digits
        self.column_type = f"numeric({digits[0]},{digits[1]})"
        self.step = Decimal(1).scaleb(-digits[1])
        self.largest = Decimal(10) ** (digits[0] - digits[1])
        self.minimum = minimum
        self.maximum = maximum

    def decode(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Read Odoo's false as zero, as Odoo does."""
        return Decimal(0) if value is False and dialect.empty_is_false else super().decode(value, dialect)

    def parse(self, value: Any, dialect: Dialect) -> Decimal:
        """Accept a JSON number or a text that is one."""
        number = decimal_number(value)
        if number is None:
            raise self.mismatch(value, "a decimal number")
        return self.fit(number)

    def computed(self, value: Decimal | None) -> Decimal | None:
        """Give a computed number the field's digits."""
        return None if value is None else self.rounded(value)

    def rounded(self, number: Decimal) -> Decimal:
        """Round half up to the scale, exactly however many digits there are."""
        return number.quantize(self.step, ROUND_HALF_UP, EXACT)

    def fit(self, number: Decimal) -> Decimal:
        """Round half up to the scale; refuse what the column cannot hold or the range forbids."""
        number = self.rounded(number) if abs(number) < self.largest else number
        if abs(number) >= self.largest:
            raise self.mismatch(number, f"at most {self.digits[0] - self.digits[1]} digits before the point")
        if self.minimum is not None and number < self.minimum:
            raise ValidationError(f"{self.label} must not be below {self.minimum}.", field=self.name)
        if self.maximum is not None and number > self.maximum:
            raise ValidationError(f"{self.label} must not be above {self.maximum}.", field=self.name)
        return number

    @property
    def empty(self) -> Any:
        """Odoo shows an unset number as zero, with the field's digits."""
        return self.rounded(Decimal(0))


_DECIMAL_TEXT = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)


def decimal_number(value: Any) -> Decimal | None:
    """Return the exact decimal a JSON number or numeric text stands for.

    None for booleans, NaN, infinities and other text.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int) and abs(value).bit_length() > 256:
        return Decimal("1e78")
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, str):
        if not _DECIMAL_TEXT.fullmatch(value):
            return None
        try:
            value = Decimal(value)
        except InvalidOperation:
            return None
    return value if isinstance(value, Decimal) and value.is_finite() else None


class Monetary(Number):
    """Money in the currency that the field named by `currency` holds."""

    odoo_kind: ClassVar[str] = "monetary"

    def __init__(self, label: str, *, currency: str = "currency_id", **options: Any) -> None:
        """Declare the amount and the field of its currency."""
        super().__init__(label, **options)
        self.currency = currency


class Boolean(Field[bool]):
    """True or false; unset counts as false."""

    kind: ClassVar[str] = "boolean"
    column_type = "boolean"

    def __init__(self, label: str, *, default: Any = False, **options: Any) -> None:
        """Declare the flag, false unless said otherwise."""
        super().__init__(label, default=default, **options)
        self.required = self.stored

    def decode(self, value: Any, dialect: Dialect) -> bool:
        """Accept true and false, null as false."""
        if value is None:
            return False
        if not isinstance(value, bool):
            if whole_number(value) in (0, 1):
                return bool(value)
            raise self.mismatch(value, "true or false")
        return value


class Date(Field[dt.date]):
    """A day, `YYYY-MM-DD` on the wire."""

    kind: ClassVar[str] = "date"
    column_type = "date"

    def parse(self, value: Any, dialect: Dialect) -> dt.date:
        """Accept a day; of a date and time the day counts."""
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        instant = instant_of(value)
        if instant is None:
            raise self.mismatch(value, "a date, YYYY-MM-DD")
        return instant.date()

    def dump(self, value: dt.date | None) -> str | None:
        """Write the day as the wire does."""
        return None if value is None else value.isoformat()


class DateTime(Field[dt.datetime]):
    """An instant, `YYYY-MM-DD HH:MM:SS` in UTC on the wire; kept to the microsecond, aware in Python.

    Also accepted: a `T` between, fractions, `Z` or an offset (converted to UTC), and a bare day (midnight UTC).
    """

    kind: ClassVar[str] = "datetime"
    column_type = "timestamptz"

    def parse(self, value: Any, dialect: Dialect) -> dt.datetime:
        """Accept an instant; one without a zone is in UTC."""
        instant = value if isinstance(value, dt.datetime) else instant_of(value)
        if instant is None:
            raise self.mismatch(value, "a date and time, YYYY-MM-DD HH:MM:SS")
        return instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)

    def dump(self, value: dt.datetime | None) -> str | None:
        """Write the instant as the wire does."""
        return None if value is None else value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "seconds")

    def json_sql(self, column: str, dialect: Dialect) -> str:
        """Shape the instant; connections run in UTC."""
        return f"to_char({column}, 'YYYY-MM-DD HH24:MI:SS')"


_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]([01]\d|2[0-3]):\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)


# The driver writes the very first and the very last day as infinities, which no reader of dates expects.
EARLIEST = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
LATEST = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)


def instant_of(value: Any) -> dt.datetime | None:
    """Read an instant or a day that a column can hold, None when it is none. Offsets are converted to UTC."""
    instant = calendar_instant(value)
    return instant if instant is not None and EARLIEST <= instant < LATEST else None


def calendar_instant(value: Any) -> dt.datetime | None:
    """Read any instant of the calendar off the wire: a search may compare with the first and last day of it."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        instant = dt.datetime.fromisoformat(value)
        return instant.astimezone(dt.UTC) if instant.tzinfo else instant.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None


class Time(Field[dt.time]):
    """A time of day, `HH:MM:SS` on the wire."""

    kind: ClassVar[str] = "time"
    odoo_kind: ClassVar[str] = "char"
    column_type = "time"

    def parse(self, value: Any, dialect: Dialect) -> dt.time:
        """Accept `HH:MM` and `HH:MM:SS`."""
        if isinstance(value, dt.time):
            return value
        if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):\d{2}(:\d{2})?", value, re.ASCII):
            raise self.mismatch(value, "a time, HH:MM:SS")
        try:
            return dt.time.fromisoformat(value)
        except ValueError:
            raise self.mismatch(value, "a time, HH:MM:SS") from None

    def dump(self, value: dt.time | None) -> str | None:
        """Write the time as the wire does."""
        return None if value is None else value.isoformat("seconds")

    def json_sql(self, column: str, dialect: Dialect) -> str:
        """Shape the time without fractions."""
        return f"to_char({column}, 'HH24:MI:SS')"


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
        words = self.value_words.get(vocabulary, {})
        found = [own for own, _ in self.choices if words.get(own, own) == value]
        if not found and isinstance(value, str) and value in self.meanings:
            found = [self.meanings[value]]
        if not found:
            raise TypeMismatchError(
                f"{self.name} ({self.label}) is none of: {', '.join(key for key, _ in self.choices)}.", field=self.name
            )
        return found

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


class Binary(Field[bytes]):
    """Bytes, base64 text on the wire."""

    kind: ClassVar[str] = "binary"
    column_type = "bytea"
    groupable: ClassVar[bool] = False

    def parse(self, value: Any, dialect: Dialect) -> bytes:
        """Accept base64 text (line breaks allowed)."""
        if isinstance(value, bytes):
            return value
        if not isinstance(value, str):
            raise self.mismatch(value, "base64 text")
        try:
            return base64.b64decode("".join(value.split()), validate=True)
        except (binascii.Error, ValueError):
            raise self.mismatch(value, "base64 text") from None

    def dump(self, value: bytes | None) -> str | None:
        """Write the bytes as base64."""
        return None if value is None else base64.b64encode(value).decode()

    def json_sql(self, column: str, dialect: Dialect) -> str:
        """Shape the bytes as base64 without line breaks."""
        return f"translate(encode({column}, 'base64'), E'\\n', '')"
