"""JSON in and out, strictly.

In: UTF-8 alone, no duplicate key, no NaN or infinity in any spelling (1e400 is one), no lone surrogate, at most
`LIMITS.json_depth` levels. Whole numbers are int, numbers with a point or an exponent Decimal with exactly their
digits: money is never a float. Out: a Decimal leaves with exactly its digits, a `JsonText` as it is.

msgspec parses, because it is the fastest one that keeps the digits. It lets the last of two equal keys win, so
members are counted: a text cannot have more of them than colons, hence equal counts prove that no key came twice.
Otherwise a slower parser looks.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import orjson

from models.orm.answer import JsonText
from models.orm.limits import LIMITS

LARGEST_INTEGER = 2**63 - 1
LARGEST_EXPONENT = 308  # what a double can hold; beyond it other parsers read infinity


class JsonError(ValueError):
    """The text is not JSON."""


class DuplicateKeyError(JsonError):
    """An object holds one key twice."""


class JsonDepthError(JsonError):
    """Arrays and objects are nested deeper than `LIMITS.json_depth`."""


def decode(text: bytes) -> Any:
    """The value of a JSON text. Raises `JsonError` or one of its kinds."""
    try:
        value = _decoder.decode(text)
    except RecursionError:
        raise JsonDepthError from None
    except (msgspec.DecodeError, ValueError) as error:
        raise JsonError from error
    if type(value) in CONTAINERS and _members(value, 1) != text.count(b":"):
        _refuse_duplicates(text)
    return value


def encode(value: Any) -> bytes:
    """JSON text of an answer. Raises TypeError for what has no JSON form, dates among it (models answer strings)."""
    try:
        return orjson.dumps(value, _fragment, orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:
        return orjson.dumps(_widened(value), _fragment, orjson.OPT_PASSTHROUGH_DATETIME)


def ids_of(text: bytes) -> list[str]:
    """The member `id` of each object, as it is written, of a text that was decoded: one object or a list of values.

    Empty where there is none. This reads the whole text once more.
    """
    values = _split.decode(text) if text.lstrip()[:1] == b"[" else [msgspec.Raw(text)]
    return [bytes(_identified.decode(one).id).decode() if bytes(one)[:1] == b"{" else "" for one in values]


def _widened(value: Any) -> Any:
    """The value with whole numbers beyond 64 bits, which orjson refuses, as text that it takes."""
    if isinstance(value, dict):
        return {key: _widened(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_widened(item) for item in value]
    if isinstance(value, int) and not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        return orjson.Fragment(str(value))
    return value


def _exact(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation as error:
        raise JsonError from error
    if number.adjusted() > LARGEST_EXPONENT:
        raise JsonError("number out of range")
    return number


def _members(value: Any, depth: int) -> int:
    """How many object members there are, nested ones included."""
    if depth > LIMITS.json_depth:
        raise JsonDepthError
    if type(value) is dict:
        count = len(value)
        value = value.values()
    else:
        count = 0
    for item in value:
        if type(item) in CONTAINERS:
            count += _members(item, depth + 1)
    return count


def _refuse_duplicates(text: bytes) -> None:
    json.loads(text, object_pairs_hook=_unique, parse_float=str, parse_int=str)


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise DuplicateKeyError


def _fragment(value: Any) -> orjson.Fragment:
    if isinstance(value, JsonText):
        return orjson.Fragment(value.text)
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} has no JSON form")


class _Identified(msgspec.Struct):
    id: msgspec.Raw = msgspec.Raw()


CONTAINERS = frozenset({dict, list})
_decoder = msgspec.json.Decoder(float_hook=_exact)
_split = msgspec.json.Decoder(list[msgspec.Raw])
_identified = msgspec.json.Decoder(_Identified)
