"""Plain values as JSON text, a Decimal with exactly its digits."""

import json
from decimal import Decimal
from typing import Any

LARGEST_EXPONENT = 308
PLAIN_DIGITS = 40


def json_text(value: Any) -> str:
    """Write a value as JSON. Raises `TypeError` for what has no JSON form, `ValueError` for NaN, infinities and NUL."""
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{_key(key)}:{json_text(item)}" for key, item in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([json_text(item) for item in value]) + "]"
    if isinstance(value, str) and "\0" in value:
        raise ValueError("NUL has no place in a column")
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError("a key of an object is a text")
    return json_text(key)


def _number(value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > LARGEST_EXPONENT:
        raise ValueError("not a number that readers of JSON can hold")
    return str(value) if abs(value.adjusted()) > PLAIN_DIGITS else format(value, "f")
