"""What PostgreSQL refuses, said in the words of the models.

Constraints are recognised by their names, which the schema gives them, columns by theirs. No text of PostgreSQL is
passed on: it holds values, perhaps of records that the caller may not see. An error that is not listed here is a
fault of ours.

    SQLSTATE                        answer
    23505 unique                    DuplicateError with the message of the Key
    23503 23001 foreign key         ValidationError: points at nothing, or is still referenced
    23502 not null                  RequiredError naming the field
    23514 check                     ValidationError with the message of the Check
    22xxx values                    TypeMismatchError
    TN001 no sequence for a number  UserError naming its code
    40001 40P01 55P03 0A000         the call is run again; at last ConflictError
    57014 statement timeout         BusyError
    08xxx 57Pxx connection lost     the call is run again; at last BusyError, after a commit OutcomeUnknownError
    53xxx out of room               BusyError
"""

from collections.abc import Iterable

import asyncpg

from models.orm.declare import Check
from models.orm.errors import (
    AppError,
    BusyError,
    ConflictError,
    DuplicateError,
    RequiredError,
    TypeMismatchError,
    UserError,
    ValidationError,
)
from models.orm.limits import LIMITS
from models.orm.meta import Meta
from models.orm.registry import Registry
from models.orm.schema import names
from server.database.errors import CONNECTION_LOST

RETRIED = frozenset({"40001", "40P01", "55P03", "0A000"})
MISSING_SEQUENCE = "TN001"  # raised by tandem_next_number with a text of our own
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


class OutcomeUnknownError(BusyError):
    """The connection broke during the commit: the call may have happened or not. Look, or repeat it with its key."""

    key = "outcome_unknown"


class DatabaseErrors:
    """Translates for one registry."""

    def __init__(self, registry: Registry) -> None:
        metas = [model.meta for model in registry.models.values()]
        self._tables = {meta.table: meta for meta in metas}
        self._keys = {names.key_name(meta.table, key): (meta, key) for meta in metas for key in meta.keys}
        self._checks = {(meta.table, names.check_name(check)): (meta, check) for meta in metas for check in meta.checks}
        self._references = dict(_references(metas))

    def translate(self, error: Exception) -> AppError | None:
        """The error a caller gets, None when it is a fault of ours."""
        if isinstance(error, asyncpg.IntegrityConstraintViolationError):
            return self._violation(error)
        if isinstance(error, VALUE_ERRORS) or type(error) is asyncpg.DataError:
            return TypeMismatchError("A value does not fit its field.")
        if isinstance(error, asyncpg.QueryCanceledError):
            return BusyError(f"It took longer than {LIMITS.statement_seconds:g} seconds.", limit="statement_seconds")
        if isinstance(error, (*CONNECTION_LOST, asyncpg.InsufficientResourcesError)):
            return BusyError("The database cannot be reached or has no room. Try again in a moment.")
        return _by_state(error)

    def _violation(self, error: asyncpg.PostgresError) -> AppError | None:
        table, constraint, column = (getattr(error, f"{part}_name", None) for part in ("table", "constraint", "column"))
        meta = self._tables.get(table or "")
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


def _by_state(error: Exception) -> AppError | None:
    state = getattr(error, "sqlstate", None)
    if state == MISSING_SEQUENCE:
        return UserError(str(error), model="ir.sequence")
    if state in RETRIED:
        return ConflictError("Others kept changing the same records. Try again in a moment.")
    return None


def _references(metas: Iterable[Meta]) -> Iterable[tuple[str, str]]:
    for meta in metas:
        for name in meta.columns:
            yield names.foreign_key_name(meta.table, name), name
