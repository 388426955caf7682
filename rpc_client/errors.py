"""What a call can end with instead of a result, one class for each meaning.

    RpcError
    ├── RemoteError                          the other side answered: no
    │   ├── UserError                400     the business says no
    │   ├── LoginError               401     wrong or missing credentials
    │   │   └── SessionError         401     the session or key is over
    │   ├── AccessError              403     known, but not allowed
    │   ├── MissingError             404     no such record, or not for this user
    │   ├── ConflictError            409     somebody else was first
    │   │   ├── DuplicateError       409     a unique key is taken
    │   │   └── TransitionError      409     not from this state
    │   ├── ValidationError          422     values that break a rule of the model
    │   │   └── RequiredError        422     a required value is missing
    │   ├── RateError                429     too many tries, wait `retry_after` seconds
    │   ├── BusyError                503     no room right now, nothing was done
    │   ├── ProtocolError         -32600     the call itself is malformed (-32700, -32600 to -32602)
    │   │   └── LimitError        -32602     a limit of the other side is passed
    │   └── InternalError         -32603     the other side failed; `data["error_id"]` finds its log line
    ├── TransportError                       no usable answer came; `may_have_run`: perhaps the call was carried out
    │   ├── Unreachable                      no connection: name, port, certificate
    │   ├── Timeout                          not in time
    │   ├── ConnectionLost                   cut off on the way
    │   └── BadAnswer                        something else than the protocol's answer
    │       ├── BadStatus                    an HTTP status that carries no answer; `status`, `retry_after`
    │       └── AnswerTooLarge               more bytes than allowed, also after unpacking
    └── UsageError                           the call cannot even be sent: a value, an address, a missing setting

Codes and keys are Tandem's; what Netforce and Odoo say is mapped onto the same classes by their dialects. The text
of an exception never holds credentials: the client blanks its own secrets out of whatever the other side says.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

MESSAGE_LENGTH = 4000  # characters of a foreign message that are kept


class RpcError(Exception):
    """Any failure of a call made with this package."""


class UsageError(RpcError, ValueError):
    """The call cannot be sent as it is; the text says what to change."""


class RemoteError(RpcError):
    """The other side refused the call.

    `code` and `key` say why, for programs; the message is for people. `model`, `field` and `ids` name what the
    error speaks of, where the other side says so. `data` holds everything else it gave.
    """

    code: ClassVar[int] = -32000
    key: str = "error"

    def __init__(
        self, message: str, data: Mapping[str, Any] | None = None, *, retry_after: float | None = None
    ) -> None:
        """Keep the message, and the details in `data` under the names that the attributes have."""
        self.message = message[:MESSAGE_LENGTH] or (self.__doc__ or "")
        super().__init__(self.message)
        self.data: dict[str, Any] = dict(data or {})
        self.retry_after = retry_after
        if isinstance(key := self.data.get("key"), str):
            self.key = key

    @property
    def model(self) -> str | None:
        """The model the error speaks of."""
        model = self.data.get("model")
        return model if isinstance(model, str) else None

    @property
    def field(self) -> str | None:
        """The field the error speaks of."""
        field = self.data.get("field")
        return field if isinstance(field, str) else None

    @property
    def ids(self) -> Sequence[int]:
        """The records the error speaks of."""
        ids = self.data.get("ids")
        return ids if isinstance(ids, list) else []


class UserError(RemoteError):
    """The business rules do not allow this."""

    code = 400
    key = "user"


class LoginError(RemoteError):
    """Access denied: wrong or missing login, password or key."""

    code = 401
    key = "login"


class SessionError(LoginError):
    """The session has expired."""

    key = "session"


class AccessError(RemoteError):
    """You are not allowed to do this."""

    code = 403
    key = "access"


class MissingError(RemoteError):
    """The record does not exist or is not accessible."""

    code = 404
    key = "missing"


class ConflictError(RemoteError):
    """Somebody else changed this at the same time."""

    code = 409
    key = "conflict"


class DuplicateError(ConflictError):
    """A record with this key already exists."""

    key = "duplicate"


class TransitionError(ConflictError):
    """This move is not allowed from the present state."""

    key = "transition"


class ValidationError(RemoteError):
    """The values are not valid."""

    code = 422
    key = "validation"


class RequiredError(ValidationError):
    """A required value is missing."""

    key = "required"


class RateError(RemoteError):
    """Too many tries."""

    code = 429
    key = "rate"


class BusyError(RemoteError):
    """The server is busy."""

    code = 503
    key = "busy"


class ProtocolError(RemoteError):
    """The call is not well formed for the other side: no such model, method or argument."""

    code = -32600
    key = "input"


class LimitError(ProtocolError):
    """A limit of the other side is passed."""

    code = -32602
    key = "limit"


class InternalError(RemoteError):
    """The other side failed."""

    code = -32603
    key = "internal"


class TransportError(RpcError):
    """No usable answer came. `may_have_run` is false only when the call certainly never left."""

    def __init__(self, message: str, *, may_have_run: bool) -> None:
        """Say what happened, and whether the call may have been carried out all the same."""
        super().__init__(message)
        self.may_have_run = may_have_run


class Unreachable(TransportError):  # noqa: N818  reads as what it says: except Unreachable
    """No connection could be made."""


class Timeout(TransportError):  # noqa: N818  the word of every HTTP client
    """The answer did not come in time."""


class ConnectionLost(TransportError):  # noqa: N818  reads as what it says
    """The connection was cut before the answer was complete."""


class BadAnswer(TransportError):  # noqa: N818  reads as what it says
    """The answer is not one of the protocol."""

    def __init__(self, message: str) -> None:
        """Say what is wrong with the answer. Something answered, so the call may have been carried out."""
        super().__init__(message, may_have_run=True)


class BadStatus(BadAnswer):
    """An HTTP status that carries no answer of the protocol; `retry_after` in seconds, if the other side named it."""

    def __init__(self, status: int, retry_after: float | None = None) -> None:
        """Keep the HTTP status and the wait that the other side asked for."""
        super().__init__(f"The server answered with HTTP status {status} and no result.")
        self.status = status
        self.retry_after = retry_after


class AnswerTooLarge(BadAnswer):
    """The answer has more bytes than the client accepts."""

    def __init__(self, limit: int) -> None:
        """Name the limit in bytes."""
        super().__init__(f"The answer is larger than {limit} bytes.")
        self.limit = limit


_BY_CODE: Mapping[int, type[RemoteError]] = {
    400: UserError,
    401: LoginError,
    403: AccessError,
    404: MissingError,
    409: ConflictError,
    422: ValidationError,
    429: RateError,
    503: BusyError,
    -32700: ProtocolError,
    -32600: ProtocolError,
    -32601: ProtocolError,
    -32602: ProtocolError,
    -32603: InternalError,
}
_BY_KEY: Mapping[str, type[RemoteError]] = {
    kind.key: kind for kind in (SessionError, DuplicateError, TransitionError, RequiredError, LimitError)
}


def remote_error(
    code: int, message: str, data: Mapping[str, Any] | None = None, *, retry_after: float | None = None
) -> RemoteError:
    """The exception for a code and key of Tandem. The key only refines the class that the code names."""
    kind = _BY_CODE.get(code, InternalError if code <= 0 or code >= 500 else UserError)
    finer = _BY_KEY.get(str((data or {}).get("key")), kind)
    return (finer if issubclass(finer, kind) else kind)(message, data, retry_after=retry_after)
