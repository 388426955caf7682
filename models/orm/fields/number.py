"""Fields that hold numbers: whole ones of a width, decimals and money with exactly their digits."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, ClassVar

from models.orm.dialect import Dialect
from models.orm.errors import ValidationError
from models.orm.fields.base import Field


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
        """Read Odoo's false as zero and true as one, as Odoo does."""
        return int(value) if isinstance(value, bool) and dialect.empty_is_false else super().decode(value, dialect)

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
