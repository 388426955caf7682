"""Our errors in Netforce's shape: a message for people, and beside it what Netforce itself never tells.

    {"message": "...", "code": 409, "data": {"key": "conflict", "model": "contact", "ids": [7]}}

Netforce's clients read the message, which begins as theirs does where they compare it, `error_fields` (field: text) to
mark the field of a form, and `require_logout` to show the login again. Code and key are those of every dialect. Models
and fields are named in Netforce's words.
"""

from collections.abc import Mapping
from typing import Any

from models.orm.dialect import Vocabulary
from models.orm.errors import (
    AccessError,
    AppError,
    DuplicateError,
    LoginError,
    MissingError,
    SessionError,
    TypeMismatchError,
    UnknownMethodError,
    UnknownModelError,
    ValidationError,
)
from models.orm.registry import Registry
from server.internal_error import InternalError, reported

INVALID_LOGIN = "Invalid login"
INVALID_TOKEN = "Invalid access token"  # noqa: S105  a text, no token

BEGINNINGS: Mapping[type[AppError], str] = {
    AccessError: "Permission denied",
    MissingError: "Record not found",
    DuplicateError: "Duplicate keys",
    UnknownModelError: "Model not found",
    UnknownMethodError: "Invalid method",
}
"""How the message of a kind of error begins."""

OF_A_FIELD = (ValidationError, TypeMismatchError)
INTERNAL_ERROR = -32603


class NetforceFault(Exception):  # noqa: N818  no error of a call: there was none
    """A request that is no call, with the code that JSON-RPC has for it."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def netforce_error(error: Exception, registry: Registry) -> dict[str, Any]:
    """Word an error for Netforce's clients; an unexpected one is logged and told as an id."""
    if isinstance(error, NetforceFault):
        return {"message": error.message, "code": error.code, "data": {}}
    if isinstance(error, AppError):
        return _refusal(error, registry)
    internal = error if isinstance(error, InternalError) else reported(error)
    message = f"Internal error {internal.error_id}"
    return {"message": message, "code": INTERNAL_ERROR, "data": {"error_id": internal.error_id}}


def _refusal(error: AppError, registry: Registry) -> dict[str, Any]:
    message = _message(error)
    data = {"key": error.key, **_in_their_words(error.data, registry)}
    if isinstance(error, ValidationError):
        data |= {"type": "validation_error", "details": message}
    told: dict[str, Any] = {"message": message, "code": error.code, "data": data}
    if isinstance(error, OF_A_FIELD) and error.field:
        told["error_fields"] = {data["field"]: message}
    if isinstance(error, SessionError):
        told["require_logout"] = True
    return told


def _message(error: AppError) -> str:
    if isinstance(error, SessionError):
        return INVALID_TOKEN
    if isinstance(error, LoginError):
        return INVALID_LOGIN
    beginning = next((BEGINNINGS[kind] for kind in type(error).__mro__ if kind in BEGINNINGS), "")
    if not beginning or error.message.startswith(beginning):
        return error.message
    return f"{beginning}: {error.message}"


def _in_their_words(data: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    """Name the model and the field of an error as Netforce does."""
    told = dict(data)
    model = registry.names.get(told.get("model", ""))
    if model is None:
        return told
    told["model"] = model.meta.word(Vocabulary.NETFORCE)
    field = model.meta.names.get(told.get("field", ""))
    if field is not None:
        told["field"] = field.word(Vocabulary.NETFORCE)
    return told
