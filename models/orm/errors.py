"""What can go wrong, one class for each meaning.

    AppError
    ├── UserError            400  user           the business says no
    ├── LoginError           401  login          wrong or missing credentials
    │   └── SessionError     401  session        the session or key is over
    ├── AccessError          403  access         known, but not allowed
    ├── MissingError         404  missing        no such record, or not for this user
    ├── ConflictError        409  conflict       somebody else was first
    │   ├── DuplicateError   409  duplicate      a unique key is taken
    │   ├── TransitionError  409  transition     not from this state
    │   └── StaleTokenError  409  stale_token    changes since then are no longer known
    ├── ValidationError      422  validation     values that break a rule of the model
    │   ├── RequiredError    422  required       a required value is missing
    │   └── ReadonlyError    422  readonly       the field is not for callers to write
    ├── RateError            429  rate           too many tries, wait
    ├── BusyError            503  busy           no room right now, try again
    └── InputError        -32602  input          the call itself is malformed
        ├── ArgumentError, UnknownModelError, UnknownMethodError, UnknownFieldError, OperatorError, TypeMismatchError
        └── LimitError    -32602  limit          a limit of `models.orm.limits` is passed

`code` is a number that no dialect changes in meaning, `key` a stable word for programs, the message is for people.
`data` holds only what the caller may know: model, field, ids, limit. Anything that is not an AppError is an internal
error: the caller gets an id to quote, never a text.
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class AppError(Exception):
    """The call was refused."""

    code: ClassVar[int] = 400
    key: ClassVar[str] = "error"

    def __init__(
        self,
        message: str = "",
        *,
        model: str | None = None,
        field: str | None = None,
        ids: Sequence[int] | None = None,
        **details: Any,
    ) -> None:
        """Keep the message (default: the class docstring's first line) and the details the caller may see."""
        self.message = message or (self.__doc__ or "").partition("\n")[0]
        super().__init__(self.message)
        given = {"model": model, "field": field, "ids": list(ids) if ids is not None else None, **details}
        self.data: dict[str, Any] = {name: value for name, value in given.items() if value is not None}

    @property
    def model(self) -> str | None:
        """The model the error speaks of, in its own name."""
        return self.data.get("model")

    @property
    def field(self) -> str | None:
        """The field the error speaks of, in its own name."""
        return self.data.get("field")


class UserError(AppError):
    """The business rules do not allow this."""

    key = "user"


class LoginError(AppError):
    """Access denied: wrong login or password."""

    code = 401
    key = "login"


class SessionError(LoginError):
    """The session has expired. Log in again."""

    key = "session"


class AccessError(AppError):
    """You are not allowed to do this."""

    code = 403
    key = "access"


class MissingError(AppError):
    """The record does not exist or is not accessible."""

    code = 404
    key = "missing"


class ConflictError(AppError):
    """Somebody else changed this at the same time. Read it again and retry."""

    code = 409
    key = "conflict"


class DuplicateError(ConflictError):
    """A record with this key already exists."""

    key = "duplicate"


class TransitionError(ConflictError):
    """This move is not allowed from the present state."""

    key = "transition"


class StaleTokenError(ConflictError):
    """What changed since then can no longer be told. Read everything anew, from a call without a token on."""

    key = "stale_token"


class ValidationError(AppError):
    """The values are not valid."""

    code = 422
    key = "validation"


class RequiredError(ValidationError):
    """A required value is missing."""

    key = "required"


class ReadonlyError(ValidationError):
    """The field cannot be written."""

    key = "readonly"


class RateError(AppError):
    """Too many tries. Wait a minute."""

    code = 429
    key = "rate"


class BusyError(AppError):
    """The server is busy. Try again in a moment."""

    code = 503
    key = "busy"


class InputError(AppError):
    """The call is not well formed."""

    code = -32602
    key = "input"


class ArgumentError(InputError):
    """An argument is missing, unknown, too much or given twice."""


class UnknownModelError(InputError):
    """There is no such model."""

    key = "unknown_model"


class UnknownMethodError(InputError):
    """There is no such method."""

    key = "unknown_method"


class UnknownFieldError(InputError):
    """There is no such field."""

    key = "unknown_field"


class OperatorError(InputError):
    """There is no such operator."""

    key = "unknown_operator"


class TypeMismatchError(InputError):
    """The value has the wrong type."""

    key = "wrong_type"


class LimitError(InputError):
    """A limit is passed."""

    key = "limit"

    def __init__(self, limit: str, allowed: float, *, model: str | None = None, field: str | None = None) -> None:
        """Name the attribute of `Limits` that was passed and what it allows."""
        super().__init__(
            f"Too much: the limit {limit} is {allowed}.", model=model, field=field, limit=limit, allowed=allowed
        )
