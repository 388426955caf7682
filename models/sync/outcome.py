"""How one try to send a job ended, in the few kinds that decide what happens next."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import rpc_client as rpc
from models.orm.errors import AppError
from models.sync.address import AddressRefusedError, RemoteUrlError
from models.sync.redaction import redact


class Verdict(StrEnum):
    """What a try comes to."""

    DELIVERED = "delivered"  # the other side has it
    SKIPPED = "skipped"  # there was nothing to send, on purpose
    UNREACHED = "unreached"  # no connection: the remote as a whole is away
    SILENT = "silent"  # a connection but no usable answer in time: the remote is in trouble, or chokes on this job
    FAILED = "failed"  # the other side or we failed on this job; another try may end otherwise
    REFUSED = "refused"  # our credentials are wrong, or the address is not allowed: concerns every job of the remote
    FORBIDDEN = "forbidden"  # we may not do this there: concerns this job, or our account as a whole
    REJECTED = "rejected"  # the other side says no to the content


SUCCESSES = frozenset({Verdict.DELIVERED, Verdict.SKIPPED})
TROUBLES = frozenset({Verdict.UNREACHED, Verdict.SILENT, Verdict.REFUSED, Verdict.FORBIDDEN})
"""What may be the remote's fault as a whole, not the job's."""
ANSWERS = frozenset({Verdict.DELIVERED, Verdict.REJECTED})
"""What shows that the remote is well."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended. `answer` is what came back, `error` a text for people, `retry_after` in seconds."""

    verdict: Verdict
    answer: Any = None
    error: str = ""
    retry_after: float | None = None

    @classmethod
    def delivered(cls, answer: Any = None) -> "Outcome":
        """The other side has it and returned this."""
        return cls(Verdict.DELIVERED, answer)

    @classmethod
    def skipped(cls, reason: str = "") -> "Outcome":
        """There is nothing to send; the job is done."""
        return cls(Verdict.SKIPPED, error=reason)

    @property
    def succeeded(self) -> bool:
        """Whether the job needs no further try."""
        return self.verdict in SUCCESSES


REJECTIONS = (
    rpc.UserError,
    rpc.MissingError,
    rpc.ConflictError,
    rpc.ValidationError,
    rpc.ProtocolError,
    rpc.UsageError,
)
TOO_LARGE = 413
SILENCES = (rpc.TransportError, rpc.BusyError, rpc.RateError)


def outcome_of(error: Exception, secrets: Iterable[str | None] = ()) -> Outcome:
    """Return what an exception of `rpc_client`, or of our own code, comes to. Secrets are taken out of the text."""
    retry_after = getattr(error, "retry_after", None)
    return Outcome(_verdict(error), error=error_text(error, secrets), retry_after=retry_after)


def error_text(error: BaseException, secrets: Iterable[str | None] = ()) -> str:
    """Return the text of an exception for people; of one that nobody foresaw only its name."""
    foreseen = isinstance(error, rpc.RpcError | AppError | AddressRefusedError)
    return redact(str(error) if foreseen else f"internal error ({type(error).__name__})", secrets)


def _verdict(error: Exception) -> Verdict:
    status = error.status if isinstance(error, rpc.BadStatus) else None
    if isinstance(error, rpc.LoginError | RemoteUrlError) or status == 401 or is_refused_address(error):
        return Verdict.REFUSED
    if isinstance(error, rpc.AccessError) or status == 403:
        return Verdict.FORBIDDEN
    if status == TOO_LARGE:
        return Verdict.REJECTED  # only this message is too long, and it will not get shorter
    if isinstance(error, rpc.TransportError) and not error.may_have_run:
        return Verdict.UNREACHED
    if isinstance(error, SILENCES):
        return Verdict.SILENT
    return Verdict.REJECTED if isinstance(error, REJECTIONS) else Verdict.FAILED


def is_refused_address(error: BaseException | None) -> bool:
    """Say whether our own policy on addresses stands behind a failure to connect."""
    while error is not None and not isinstance(error, AddressRefusedError):
        nested = getattr(error, "os_error", None)  # aiohttp keeps the reason of a failed connection there
        error = nested if isinstance(nested, AddressRefusedError) else error.__cause__
    return error is not None
