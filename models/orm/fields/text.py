"""Fields that hold text."""

from typing import Any, ClassVar

from models.orm.dialect import Dialect
from models.orm.errors import LimitError, TypeMismatchError, ValidationError
from models.orm.fields.base import Field
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
