"""An answer that PostgreSQL has already written as JSON, carried to the edge without being parsed."""

import json
from decimal import Decimal
from typing import Any

from models.orm.errors import LimitError
from models.orm.limits import LIMITS


class JsonText:
    """JSON text as an answer. The protocols splice it into their envelope."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        """Take the text; an answer over the house limit is refused."""
        if len(text) > LIMITS.reply_bytes:
            raise LimitError("reply_bytes", LIMITS.reply_bytes)
        self.text = text

    def value(self) -> Any:
        """Parse the text, numbers with a point exactly.

        For dialects that are not JSON, and for code that must look inside.
        """
        return json.loads(self.text, parse_float=Decimal)

    def __repr__(self) -> str:
        """Show how much there is, not what."""
        return f"<JsonText of {len(self.text)} characters>"


def weight(value: Any, most: int) -> int:
    """Return about how many characters a value takes as JSON. What goes beyond `most` is not counted to its end.

    A value that is in the answer several times counts as often.
    """
    total, left = 0, [value]
    while left and total <= most:
        one = left.pop()
        if isinstance(one, str):
            total += len(one) + 2
        elif isinstance(one, dict):
            total += sum(map(len, one)) + 4 * len(one) + 2
            left.extend(one.values())
        elif isinstance(one, list | tuple):
            total += len(one) + 2
            left.extend(one)
        else:
            total += len(one.text) if isinstance(one, JsonText) else 4
    return total


def weighed(value: Any) -> Any:
    """Return an answer. Raises `LimitError` for one that would be over the house limit as text."""
    if weight(value, LIMITS.reply_bytes) > LIMITS.reply_bytes:
        raise LimitError("reply_bytes", LIMITS.reply_bytes)
    return value
