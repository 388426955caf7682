"""Names of columns: a field, or a path to one, in either convention.

Odoo                      Netforce            what it is
name, partner_id/name     name, contact.name  a field of the record, or of one that it points at
id, partner_id/id                             an external id
.id, partner_id/.id       id, contact_id.id   the id in the database
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.orm.dialect import Dialect, Vocabulary
from models.orm.errors import InputError, LimitError
from models.orm.limits import LIMITS

EXTERNAL_ID = "id"
DATABASE_ID = ".id"
KEYS = frozenset({EXTERNAL_ID, DATABASE_ID})

Steps = tuple[str, ...]


def columns_of(value: Any, dialect: Dialect) -> list[Steps]:
    """Read the names of all columns. Raises `InputError`."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise InputError("fields must be a list of field names.", argument="fields")
    if len(value) > LIMITS.fields_per_call:
        raise LimitError("fields_per_call", LIMITS.fields_per_call)
    return [steps_of(word, dialect) for word in value]


def steps_of(word: Any, dialect: Dialect) -> Steps:
    """Read the name of one column into the names along its path."""
    if not isinstance(word, str):
        raise InputError("fields must be a list of field names.", argument="fields")
    chunks = word.removesuffix(":id").split("/") + (["id"] if word.endswith(":id") else [])
    steps = [name for chunk in chunks for name in _dotted(chunk)]
    if not all(steps) or any(name == DATABASE_ID for name in steps[:-1]):
        raise InputError(f"{word[:64]} is no path of field names.", argument="fields")
    if sum(1 for name in steps if name not in KEYS) > LIMITS.path_depth:
        raise LimitError("path_depth", LIMITS.path_depth)
    if steps[-1] == EXTERNAL_ID and dialect.vocabulary is Vocabulary.NETFORCE:
        steps[-1] = DATABASE_ID
    return tuple(steps)


def _dotted(chunk: str) -> list[str]:
    if chunk == DATABASE_ID:
        return [chunk]
    names = chunk.split(".")
    return [*names[:-1], DATABASE_ID] if len(names) > 1 and names[-1] == "id" else names
