"""Blanking secrets out of what the other side says, before it becomes an exception."""

from collections.abc import Iterable
from typing import Any

from rpc_client.errors import RemoteError

BLANK = "***"
SHORTEST = 4  # a shorter secret would blank letters out of ordinary words, and so tell itself


def redacted(value: Any, secrets: Iterable[str]) -> Any:
    """A copy of a JSON value in which no text holds any of the secrets."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, BLANK)
        return value
    if isinstance(value, dict):
        return {redacted(name, secrets): redacted(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [redacted(item, secrets) for item in value]
    return value


def redacted_error(error: RemoteError, secrets: Iterable[str | None]) -> RemoteError:
    """The same error without the secrets; the error itself when it holds none."""
    known = tuple(secret for secret in secrets if secret is not None and len(secret) >= SHORTEST)
    message, data = redacted(error.message, known), redacted(error.data, known)
    if message == error.message and data == error.data:
        return error
    return type(error)(message, data, retry_after=error.retry_after)
