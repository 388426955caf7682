"""Fields that hold bytes: in a column of the record, or apart from it."""

import base64
import binascii
from typing import Any, ClassVar

from models.orm.dialect import Dialect
from models.orm.errors import LimitError
from models.orm.fields.base import Field
from models.orm.limits import LIMITS

UNITS = ("bytes", "Kb", "Mb", "Gb")


class Binary(Field[bytes]):
    """Bytes in the record's own row, base64 text on the wire."""

    kind: ClassVar[str] = "binary"
    column_type = "bytea"
    groupable: ClassVar[bool] = False

    def parse(self, value: Any, dialect: Dialect) -> Any:
        """Accept base64 text (line breaks allowed) of at most `LIMITS.binary_bytes` bytes."""
        found = self.bytes_of(value)
        if len(found) > LIMITS.binary_bytes:
            raise LimitError("binary_bytes", LIMITS.binary_bytes, field=self.name)
        return found

    def bytes_of(self, value: Any) -> bytes:
        """Return the bytes of base64 text."""
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


class Content(Binary):
    """Bytes that are kept apart from the record's row, answered only when the field is named.

    `content` and `size` are SQL over `{t}`. There is no column: the model takes the value out of what is written and
    keeps it, and nobody can search by it.
    """

    column_type = ""

    def __init__(self, label: str, *, content: str, size: str, **options: Any) -> None:
        """Declare where the bytes are; a copy of the record does not take them by value."""
        super().__init__(label, copied=False, **options)
        self.content = content
        self.size = size

    def parse(self, value: Any, dialect: Dialect) -> Any:
        """Accept base64 text; the model bounds the size."""
        return self.bytes_of(value)

    def content_sql(self, alias: str) -> str:
        """Return the SQL of the bytes."""
        return self.content.replace("{t}", alias)

    def size_sql(self, alias: str) -> str:
        """Return the SQL of how many bytes there are."""
        return self.size.replace("{t}", alias)


def size_text_sql(size: str) -> str:
    """Return the SQL of a size as people read it: "5.00 Mb" (Odoo's form under the context key bin_size)."""
    steps = " ".join(
        f"when {size} < {1024 ** (place + 1)} then {_in_unit(size, place)}" for place in range(len(UNITS) - 1)
    )
    return f"case when {size} is null then null {steps} else {_in_unit(size, len(UNITS) - 1)} end"


def _in_unit(size: str, place: int) -> str:
    return f"round({size}::numeric / {1024**place}, 2) || ' {UNITS[place]}'"
