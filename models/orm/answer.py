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
