"""When a failed request is sent again, and how long to wait before.

- The request certainly never left: again, whatever it does.
- It may have been carried out (cut connection, timeout, a gateway's status), or the other side had no room: again
  only when sending twice does no more than sending once, that is for reads and for writes whose idempotency key the
  other side keeps.
- Anything else is an answer: never again.

Waits grow and are drawn at random below their bound, so that many clients of a server that comes back do not return
as one.
"""

import random
from dataclasses import dataclass

from rpc_client.errors import (
    BadStatus,
    BusyError,
    ConnectionLost,
    RateError,
    RpcError,
    Timeout,
    TransportError,
    Unreachable,
)

PASSING_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`tries` in all; the bound of the first wait and of any wait in seconds."""

    tries: int = 3
    first_wait: float = 0.2
    longest_wait: float = 5.0

    def wait_after(self, error: RpcError, tried: int, *, repeatable: bool) -> float | None:
        """Seconds to wait before the next try, None when there is to be none. `tried` counts the tries so far."""
        if tried >= self.tries or not _passing(error):
            return None
        unsent = isinstance(error, TransportError) and not error.may_have_run
        if not (unsent or repeatable):
            return None
        asked = error.retry_after if isinstance(error, BadStatus | RateError | BusyError) else None
        bound = min(self.longest_wait, self.first_wait * 2 ** (tried - 1))
        return (asked or 0.0) + random.uniform(0, bound)  # noqa: S311  spreads load, hides nothing


def _passing(error: RpcError) -> bool:
    """Whether the next try may end otherwise."""
    if isinstance(error, BadStatus):
        return error.status in PASSING_STATUSES
    if isinstance(error, RateError):
        return error.retry_after is not None  # a guess would only use up more tries
    return isinstance(error, Unreachable | Timeout | ConnectionLost | BusyError)
