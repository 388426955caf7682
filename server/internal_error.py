"""What a caller hears of a fault of ours: an id to quote. Everything else is in the log, under the same id."""

import secrets

import structlog

log = structlog.get_logger(__name__)


class InternalError(Exception):
    """Something failed that is not the caller's fault. `error_id` finds it in the log."""

    def __init__(self, error_id: str) -> None:
        super().__init__(f"internal error {error_id}")
        self.error_id = error_id


def reported(error: BaseException, **where: object) -> InternalError:
    """Log an unexpected exception with its traceback; returns what may be told about it."""
    error_id = secrets.token_hex(8)
    log.error("internal error", error_id=error_id, exc_info=error, **where)
    return InternalError(error_id)
