"""What PostgreSQL refuses, said in the words of the models.

What a write violates is told by `models.orm.violations`. No text of PostgreSQL is passed on: it holds values, perhaps
of records that the caller may not see. An error that is not listed here is a fault of ours.

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

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import structlog

from models.orm.access import Profile
from models.orm.errors import AppError, BusyError, ConflictError, UserError
from models.orm.limits import LIMITS
from models.orm.registry import Registry
from models.orm.violations import Violations
from server.database.errors import is_lost

log = structlog.get_logger(__name__)

RETRIED = frozenset({"40001", "40P01", "55P03", "0A000"})
MISSING_SEQUENCE = "TN001"  # raised by tandem_next_number with a text of our own


class OutcomeUnknownError(BusyError):
    """The connection broke during the commit: the call may have happened or not. Look, or repeat it with its key."""

    key = "outcome_unknown"


class DatabaseErrors:
    """Translates for one registry."""

    def __init__(self, registry: Registry) -> None:
        self._violations = Violations.of(registry)

    def translate(self, error: Exception, profile: Profile) -> AppError | None:
        """The error that a caller with these rights gets, None when it is a fault of ours."""
        if refused := self._violations.translate(error, profile):
            return refused
        if isinstance(error, asyncpg.QueryCanceledError):
            return BusyError(f"It took longer than {LIMITS.statement_seconds:g} seconds.", limit="statement_seconds")
        return unavailable(error) or _by_state(error)


def unavailable(error: Exception) -> BusyError | None:
    """Return what a caller gets when the database is away or has no room, which the operator hears of; else None."""
    if isinstance(error, asyncpg.InsufficientResourcesError):
        log.error("the database has no room", reason=type(error).__name__)
    elif not is_lost(error):
        return None
    return BusyError("The database cannot be reached or has no room. Try again in a moment.")


@contextmanager
def busy_when_unavailable() -> Iterator[None]:
    """Raise `BusyError` for a database that is away or has no room, where no call is run that could be run again."""
    try:
        yield
    except Exception as error:
        if busy := unavailable(error):
            raise busy from error
        raise


def _by_state(error: Exception) -> AppError | None:
    state = getattr(error, "sqlstate", None)
    if state == MISSING_SEQUENCE:
        return UserError(str(error), model="ir.sequence")
    if state in RETRIED:
        return ConflictError("Others kept changing the same records. Try again in a moment.")
    return None
