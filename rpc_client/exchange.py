"""What passes between a dialect and the transport: requests, answers, and how an answer is read.

A dialect knows no sockets and the transport no protocol. An `Exchange` joins the two: bytes to post, and the
function that makes a result (or an exception) of the bytes that come back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls. An API key stands in place of the password; a dialect may want a login and a database beside it."""

    database: str | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)

    @property
    def secret(self) -> str | None:
        """The password or the key, whichever was given."""
        return self.api_key if self.api_key is not None else self.password


@dataclass(frozen=True, slots=True)
class Session:
    """What a login gave. Fields that a protocol does not tell are None or empty."""

    user_id: int | None = None
    user_name: str | None = None
    company_id: int | None = None
    companies: Sequence[Any] = ()
    expires_at: str | None = None
    token: str | None = field(default=None, repr=False)
    cookies: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model's method."""

    model: str
    method: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One POST of JSON to an endpoint path below the base address."""

    path: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. `retry_after` in seconds, from the header of that name."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Exchange(Generic[Result]):
    """A request and the reader of its answer. `repeatable`: sending it twice does no more than sending it once."""

    request: HttpRequest
    read: Callable[[HttpAnswer], Result]
    repeatable: bool = False


def seconds_to_wait(header: str | None) -> float | None:
    """The seconds that a Retry-After header asks for, given as a number or as a date; None for anything else."""
    if header is None:
        return None
    if header.isdecimal() and len(header) < 10:
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
