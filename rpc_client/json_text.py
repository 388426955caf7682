"""JSON in and out, with money that stays exact.

In: a number with a point or an exponent becomes `Decimal`, never float. Out: a `Decimal` is written as the JSON
number that its digits say, so `Decimal("1.10")` is `1.10`; dates and instants in the form that all three protocols
share. NaN and infinities are refused both ways: they are not JSON.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NoReturn

import orjson

from rpc_client.errors import UsageError

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME


def encode(value: object) -> bytes:
    """`value` as JSON text. Tuples become lists, enumerations their values. UsageError names what has no JSON form."""
    try:
        _refuse_not_finite(value)
        return orjson.dumps(value, default=_encode_special, option=_OPTIONS)
    except (TypeError, RecursionError) as error:
        raise UsageError(f"This cannot be sent as JSON: {error}") from None


def decode(text: bytes) -> Any:
    """The value of a JSON text. ValueError for anything but strict UTF-8 JSON, and for nesting too deep to read."""
    try:
        return json.loads(text.decode(), parse_float=Decimal, parse_constant=_refuse_constant)
    except (ArithmeticError, RecursionError) as error:
        # Decimal raises for an exponent beyond its own range, the scanner for depth beyond Python's.
        raise ValueError(f"not a usable JSON text: {type(error).__name__}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse_not_finite(value: object) -> None:
    """Look first: orjson would silently write null for a float that is not finite."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TypeError(f"{value} is not a number")
    elif isinstance(value, Mapping):
        for item in value.values():
            _refuse_not_finite(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_not_finite(item)


def _encode_special(value: object) -> object:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError(f"{value} is not a number")
        return orjson.Fragment(str(value).encode())
    if isinstance(value, datetime):
        instant = value if value.tzinfo is None else value.astimezone(UTC)
        return instant.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
