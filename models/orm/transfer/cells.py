"""One value as a cell, and a cell as a value.

Out: an unset value is an empty text, a choice its label, a day or an instant what the wire shows (UTC), bytes base64,
JSON its text; numbers and flags stay what they are. In: all of these, and texts for numbers and flags.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from models.orm.errors import InputError
from models.orm.fields import Boolean, Field, Json, Selection, Text
from models.orm.fields.number import LONGEST_INTEGER, Integer
from models.orm.json_text import json_text

TRUE = frozenset({"true", "yes", "1", "t", "y"})
FALSE = frozenset({"false", "no", "0", "f", "n"})
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


def shown(field: Field[Any], value: Any) -> Any:
    """Return the cell that shows a record's value."""
    if value is None:
        return ""
    if isinstance(field, Selection):
        return field.label_of(value)
    if isinstance(field, Json):
        return json_text(value)
    return field.dump(value)


def is_empty(cell: Any) -> bool:
    """Return whether a cell holds nothing; false is how Odoo's clients say so, where it is no flag."""
    return cell is None or cell is False or (isinstance(cell, str) and not cell)


def value_of(field: Field[Any], cell: Any) -> Any:
    """Return what a cell stands for, as a caller of our own dialect would write it. Raises `InputError`."""
    if isinstance(field, Boolean):
        return _flag(field, cell)
    if is_empty(cell):
        return None
    if isinstance(cell, bool | list | dict):
        raise field.mismatch(cell, "a text or a number")
    if isinstance(field, Selection):
        return _choice(field, str(cell).strip())
    if isinstance(field, Json):
        return _json(field, cell)
    if isinstance(field, Text):  # sheets take texts such as phone numbers for numbers
        return cell if isinstance(cell, str) else json_text(cell)
    text = cell.strip() if isinstance(cell, str) else cell
    return _whole(text) if isinstance(field, Integer) else text


def _flag(field: Field[Any], cell: Any) -> Any:
    if is_empty(cell):
        return False
    word = cell.strip().lower() if isinstance(cell, str) else cell
    if isinstance(word, str) and word not in TRUE | FALSE:
        raise field.mismatch(cell, "yes or no, true or false, 1 or 0")
    return word in TRUE if isinstance(word, str) else word


def _choice(field: Selection, text: str) -> str:
    """Accept a value in any vocabulary or a label, whatever its case."""
    if any(text == value for value, _ in field.choices):
        return text
    labels = [value for value, label in field.choices if label.lower() == text.lower()]
    return labels[0] if labels else field.meanings.get(text, text)


def _whole(text: Any) -> Any:
    is_digits = isinstance(text, str) and _WHOLE.fullmatch(text) and len(text) <= LONGEST_INTEGER
    return int(text) if is_digits else text


def _json(field: Json, cell: Any) -> Any:
    try:
        return json.loads(cell, parse_float=Decimal) if isinstance(cell, str) else cell
    except (ValueError, RecursionError):
        raise InputError(f"{field.name} ({field.label}) takes JSON.", field=field.name) from None
