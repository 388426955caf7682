"""Checking the plain arguments that reading and writing methods take, in every convention's forms.

"None" may be said as null, false, "" or by leaving the argument out; ids may be one or a list; field lists may be
empty, meaning all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.orm.errors import InputError, LimitError, MissingError
from models.orm.fields.number import whole_number
from models.orm.limits import LIMITS


def ids_of(value: Any, *, model: str = "") -> list[int]:
    """Return the ids named, each once, in the order given. An id that can belong to no record is refused."""
    if isinstance(value, str) or (not isinstance(value, list | tuple) and whole_number(value) is None):
        raise InputError("ids must be an id or a list of ids.", argument="ids", model=model or None)
    given = value if isinstance(value, list | tuple) else [value]
    if len(given) > LIMITS.ids_per_call:
        raise LimitError("ids_per_call", LIMITS.ids_per_call)
    ids: dict[int, None] = {}
    for one in given:
        number = whole_number(one)
        if number is None:
            raise InputError("ids must be an id or a list of ids.", argument="ids", model=model or None)
        if not 0 < number < 1 << 63:
            raise MissingError(model=model or None, ids=[number] if abs(number) < 1 << 53 else None)
        ids[number] = None
    return list(ids)


def is_unset(value: Any) -> bool:
    """Return whether an optional argument was left out, in any way to say so."""
    return value is None or value is False or (isinstance(value, str) and value == "")


def field_names(value: Any) -> list[str] | None:
    """Return the field names asked for, None for all."""
    if is_unset(value) or (isinstance(value, list | tuple) and not value):
        return None
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise InputError("fields must be a list of field names.", argument="fields")
    if len(names) > LIMITS.fields_per_call:
        raise LimitError("fields_per_call", LIMITS.fields_per_call)
    return list(dict.fromkeys(names))


def count_of(value: Any, argument: str) -> int | None:
    """Return an offset or limit, None when none is given; 0 means none, as Odoo's clients say it."""
    if is_unset(value):
        return None
    number = whole_number(value)
    if number is None or not 0 <= number < 1 << 31:
        raise InputError(f"{argument} must be a whole number from 0.", argument=argument)
    return number or None


def rows_wanted(limit: Any) -> int:
    """Return how many rows a search may give: the caller's limit within the house's. Asking for more is refused."""
    wanted = count_of(limit, "limit")
    if wanted is None:
        return LIMITS.reply_rows
    if wanted > LIMITS.reply_rows:
        raise LimitError("reply_rows", LIMITS.reply_rows)
    return wanted


def rows_of(values: Any, argument: str = "vals") -> tuple[list[dict[str, Any]], bool]:
    """Return the value sets to create and whether one alone was given."""
    if isinstance(values, dict):
        return [values], True
    if not isinstance(values, Sequence) or isinstance(values, str) or not all(isinstance(v, dict) for v in values):
        raise InputError(f"{argument} must be an object or a list of objects.", argument=argument)
    if len(values) > LIMITS.ids_per_call:
        raise LimitError("ids_per_call", LIMITS.ids_per_call)
    return list(values), False
