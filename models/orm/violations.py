"""What PostgreSQL refuses of a write, said in the words of the models.

Constraints are recognised by their names, which the schema gives them, columns by theirs. No text of PostgreSQL is
passed on: it holds values, perhaps of records that the caller may not see. Nor is a model named that does not exist for
the caller (statements Z2, Z12).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import asyncpg

from models.orm.declare import Check
from models.orm.errors import AppError, DuplicateError, RequiredError, TypeMismatchError, ValidationError
from models.orm.meta import Meta
from models.orm.schema import names

if TYPE_CHECKING:
    from models.orm.access import Profile
    from models.orm.registry import Registry

REFERENCE_GONE = "insert or update"
VALUE_ERRORS = (
    asyncpg.NumericValueOutOfRangeError,
    asyncpg.StringDataRightTruncationError,
    asyncpg.CharacterNotInRepertoireError,
    asyncpg.UntranslatableCharacterError,
    asyncpg.DatetimeFieldOverflowError,
    asyncpg.InvalidDatetimeFormatError,
    asyncpg.InvalidTextRepresentationError,
    asyncpg.InvalidRegularExpressionError,
)


class Violations:
    """Translates for one registry."""

    def __init__(self, registry: Registry) -> None:
        """Learn the names of all constraints."""
        metas = [model.meta for model in registry.models.values()]
        self._tables = {meta.table: meta for meta in metas}
        self._keys = {names.key_name(meta.table, key): (meta, key) for meta in metas for key in meta.keys}
        self._checks = {(meta.table, names.check_name(check)): (meta, check) for meta in metas for check in meta.checks}
        self._references = dict(_references(metas))

    @classmethod
    def of(cls, registry: Registry) -> Violations:
        """Return the one of a registry, made when it is first asked for."""
        found = registry.service(cls)
        if found is None:
            found = cls(registry)
            registry.provide(found)
        return found

    def translate(self, error: Exception, profile: Profile) -> AppError | None:
        """Return the error a caller with these rights gets for what the database refuses, None for other errors."""
        if isinstance(error, asyncpg.IntegrityConstraintViolationError):
            return self._violation(error, profile)
        if isinstance(error, VALUE_ERRORS) or type(error) is asyncpg.DataError:
            return TypeMismatchError("A value does not fit its field.")
        return None

    def _violation(self, error: asyncpg.PostgresError, profile: Profile) -> AppError | None:
        table, constraint, column = (getattr(error, f"{part}_name", None) for part in ("table", "constraint", "column"))
        meta = self._tables.get(table or "")
        if meta is not None and not profile.operations(meta):
            return _unnamed(error)
        model = meta.name if meta else None
        if isinstance(error, asyncpg.UniqueViolationError):
            return self._duplicate(constraint, model)
        if isinstance(error, asyncpg.ForeignKeyViolationError | asyncpg.RestrictViolationError):
            return self._broken_reference(constraint, str(error), meta)
        if isinstance(error, asyncpg.NotNullViolationError) and meta is not None and column in meta.fields:
            label = meta.fields[column].label
            return RequiredError(f"{meta.label}: {label} is required.", model=model, field=column)
        if isinstance(error, asyncpg.CheckViolationError):
            return self._failed_check(table, constraint, model)
        return None

    def _duplicate(self, constraint: str | None, model: str | None) -> AppError:
        found = self._keys.get(constraint or "")
        if found is None:
            return DuplicateError(model=model)
        meta, key = found
        return DuplicateError(
            key.message, model=meta.name, fields=[term for term in key.columns if term in meta.fields]
        )

    def _failed_check(self, table: str | None, constraint: str | None, model: str | None) -> AppError:
        found: tuple[Meta, Check] | None = self._checks.get((table or "", constraint or ""))
        message = found[1].message if found else "The values are not valid."
        return ValidationError(message, model=model, constraint=constraint)

    def _broken_reference(self, constraint: str | None, text: str, meta: Meta | None) -> AppError:
        """The table is always that of the reference; only PostgreSQL's text tells which end of it was touched."""
        field = self._references.get(constraint or "")
        label = f"{meta.label}: {meta.fields[field].label}" if meta and field in meta.fields else "A reference"
        model = meta.name if meta else None
        if text.startswith(REFERENCE_GONE):
            return ValidationError(f"{label} points at a record that does not exist.", model=model, field=field)
        holder = f"{meta.label} ({meta.name})" if meta else "other records"
        return ValidationError(f"The record is still referenced by {holder}.", model=model, field=field)


def _unnamed(error: asyncpg.PostgresError) -> AppError:
    """Return the error for what another table refuses, of which the caller knows nothing."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return DuplicateError()
    if isinstance(error, asyncpg.ForeignKeyViolationError | asyncpg.RestrictViolationError):
        return ValidationError("The record is still referenced by other records.")
    return ValidationError("The values are not valid.")


def _references(metas: Iterable[Meta]) -> Iterable[tuple[str, str]]:
    for meta in metas:
        for name in meta.columns:
            yield names.foreign_key_name(meta.table, name), name
