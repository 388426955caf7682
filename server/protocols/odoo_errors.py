"""Our errors in the words of Odoo's: the exception class its clients know, its status on JSON-2, its fault on XML-RPC.

One table for every Odoo dialect. What clients look at is the dotted class name and the message. `debug`, where Odoo
puts a traceback, repeats the message: clients print it, and nobody should read our paths there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.orm.errors import (
    AccessError,
    AppError,
    ArgumentError,
    ConflictError,
    DuplicateError,
    InputError,
    LimitError,
    LoginError,
    MissingError,
    RateError,
    SessionError,
    UnknownMethodError,
    UnknownModelError,
    ValidationError,
)
from server.internal_error import InternalError, reported


@dataclass(frozen=True, slots=True)
class Kind:
    """One of Odoo's exception classes: dotted name, HTTP status on JSON-2, fault code on XML-RPC."""

    name: str
    status: int = 422
    fault: int = 2


USER = Kind("odoo.exceptions.UserError")
VALIDATION = Kind("odoo.exceptions.ValidationError")
ACCESS = Kind("odoo.exceptions.AccessError", 403, 4)
DENIED = Kind("odoo.exceptions.AccessDenied", 403, 3)
MISSING = Kind("odoo.exceptions.MissingError", 404)
LOCKED = Kind("odoo.exceptions.LockError", 409)
EXPIRED = Kind("odoo.http.SessionExpiredException", 403, 1)
NOT_FOUND = Kind("werkzeug.exceptions.NotFound", 404, 1)
NO_METHOD = Kind("builtins.AttributeError", 404, 1)
VALUE = Kind("builtins.ValueError", 422, 1)
TYPE = Kind("builtins.TypeError", 422, 1)
OTHER = Kind("builtins.Exception", 500, 1)

# The nearest class in an error's ancestry decides.
KINDS: Mapping[type[BaseException], Kind] = {
    AppError: USER,
    LoginError: DENIED,
    SessionError: EXPIRED,
    AccessError: ACCESS,
    MissingError: MISSING,
    ConflictError: USER,
    DuplicateError: VALIDATION,
    ValidationError: VALIDATION,
    RateError: DENIED,
    InputError: VALUE,
    ArgumentError: TYPE,
    LimitError: USER,
    UnknownModelError: USER,
    UnknownMethodError: NO_METHOD,
}


class OdooFault(Exception):  # noqa: N818  a fault is what the protocol calls it
    """An error that only Odoo's own protocol has, such as a missing parameter."""

    def __init__(self, message: str, kind: Kind = OTHER) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind


@dataclass(frozen=True, slots=True)
class OdooError:
    """An error ready to be worded by an Odoo dialect."""

    kind: Kind
    message: str
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, Any]:
        """The `data` of a JSON-RPC error."""
        return {
            "name": self.kind.name,
            "message": self.message,
            "arguments": [self.message],
            "context": dict(self.context),
            "debug": f"{self.kind.name}: {self.message}",
        }


def odoo_error(error: Exception) -> OdooError:
    """Word an error for Odoo's clients; an unexpected one is logged and told as an id."""
    if isinstance(error, OdooFault):
        return OdooError(error.kind, error.message)
    if isinstance(error, AppError):
        return OdooError(_kind(error), _message(error), {"key": error.key, **error.data})
    internal = error if isinstance(error, InternalError) else reported(error)
    return OdooError(OTHER, f"Internal error {internal.error_id}")


def _kind(error: AppError) -> Kind:
    return next(KINDS[cls] for cls in type(error).__mro__ if cls in KINDS)


def _message(error: AppError) -> str:
    """Clients compare these texts."""
    if isinstance(error, SessionError):
        return "Session expired"
    if isinstance(error, LoginError):
        return "Access Denied"
    if isinstance(error, UnknownModelError):
        return f"Object {error.model} doesn't exist"
    return error.message
