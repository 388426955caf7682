"""One event is one line of JSON on standard error, written by a thread of its own.

A blocked terminal, a full disk or a slow collector must not hold up calls, so a line is put into a queue of bounded
length; when that is full, lines are dropped and the next line that gets through says how many. What could be a secret
is blotted out before.
"""

import atexit
import datetime as dt
import logging
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from typing import Any, BinaryIO

import orjson
import structlog

request_id: ContextVar[str] = ContextVar("request_id", default="")

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
QUEUED_LINES = 10_000
GATHER_SECONDS = 0.1
BLOT = "***"
SECRET_NAME = re.compile(r"passw|token|secret|api_?key|authorization|cookie|credential", re.IGNORECASE)
URL_PASSWORD = re.compile(r"(\w+://[^\s/:@]*:)[^\s/@]+@")
BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")


def configure(level: str = "info", stream: BinaryIO | None = None) -> None:
    """Send our events and those of the libraries to the stream (default: standard error), from this level on."""
    global _calls, _calls_wanted  # noqa: PLW0603 a process has one log
    _calls = writer = LineWriter(stream or sys.stderr.buffer)
    _calls_wanted = LEVELS[level] <= logging.INFO
    structlog.configure(
        processors=[
            _add_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            to_line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: writer,
        cache_logger_on_first_use=True,
    )
    libraries = logging.getLogger()
    libraries.handlers[:] = [LibraryHandler()]
    libraries.setLevel(max(LEVELS[level], logging.WARNING))


def log_call(**fields: Any) -> None:
    """Log the one event that each call costs, by the shortest way: its fields hold no secret and no exception."""
    if _calls is None:
        structlog.get_logger().info("call", **fields)
    elif _calls_wanted:
        now = dt.datetime.now(dt.UTC)
        event = {"event": "call", **fields, "request_id": request_id.get(), "level": "info", "timestamp": now}
        _calls.msg(orjson.dumps(event, option=orjson.OPT_UTC_Z))


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blot out values of telling names and credentials inside texts."""
    for name, value in event.items():
        if SECRET_NAME.search(name):
            event[name] = BLOT
        elif isinstance(value, str) and ("@" in value or "earer" in value or "asic" in value):
            event[name] = BEARER.sub(rf"\1 {BLOT}", URL_PASSWORD.sub(rf"\1{BLOT}@", value))
    return event


def to_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> bytes:
    """The event as JSON; what JSON cannot hold is described."""
    try:
        return orjson.dumps(event, repr)
    except TypeError:  # a lone surrogate, or a key that is no text
        return orjson.dumps({_sound(str(name)): _sound(value) for name, value in event.items()})


def _sound(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text.encode(errors="replace").decode()


def _add_request_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if number := request_id.get():
        event.setdefault("request_id", number)
    return event


class LineWriter:
    """Takes lines from the event loop and writes them from a thread, many at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lines: deque[bytes] = deque()
        self._dropped = 0
        self._news = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        atexit.register(self.flush)

    def msg(self, line: bytes) -> None:
        """Queue one line."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_for_ever, name="log", daemon=True)
            self._thread.start()
        if len(self._lines) >= QUEUED_LINES:
            self._dropped += 1
            return
        self._lines.append(line)
        if not self._news.is_set():
            self._news.set()

    debug = info = warning = error = critical = fatal = log = msg

    def flush(self) -> None:
        """Write what is queued; gives up after a second when the stream is blocked."""
        if self._writing.acquire(timeout=1):
            try:
                self._write()
            finally:
                self._writing.release()

    def _write_for_ever(self) -> None:
        while self._news.wait():
            self._news.clear()
            with self._writing:
                self._write()
            threading.Event().wait(GATHER_SECONDS)

    def _write(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        dropped, self._dropped = self._dropped, 0
        if dropped:
            lines.append(orjson.dumps({"event": "log lines dropped", "level": "warning", "lines": dropped}))
        if not lines:
            return
        try:
            self._stream.write(b"\n".join(lines) + b"\n")
            self._stream.flush()
        except (OSError, ValueError):  # the disk is full or the stream closed: there is nowhere to say so
            self._dropped += len(lines)


class LibraryHandler(logging.Handler):
    """Brings what libraries log into the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record of the standard library's logging."""
        log: Callable[..., Any] = getattr(structlog.get_logger(), record.levelname.lower(), structlog.get_logger().info)
        try:
            log(record.getMessage(), logger=record.name, exc_info=record.exc_info or None)
        except Exception:  # noqa: BLE001 as the standard library's handlers: a faulty message must not end the caller
            self.handleError(record)


_calls: LineWriter | None = None
_calls_wanted = True
