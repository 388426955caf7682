"""The log: one event is one line of JSON, and no secret is in it."""

import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from server import log
from tests.rpc.conftest import PASSWORD, Running

NASTY = [
    "\r\n",
    "\n{}",
    "\x1b[31m",
    "\x00",
    "\u2028",
    "\u202e",
    '"}',
    "\\",
    "\ud800",
    "\x85",
    "a\tb",
    "%s %d",
    "{0}",
    "💥",
]


@pytest.fixture
def lines() -> Iterator[Any]:
    """Configure logging as a server does; call it for the events so far."""
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.BytesIO()
    log.configure("info", stream)
    writer = log._calls
    assert writer is not None

    def read() -> list[dict[str, Any]]:
        writer.flush()
        text = stream.getvalue()
        assert text.endswith(b"\n") or not text
        return [json.loads(line) for line in text.split(b"\n")[:-1]]

    yield read
    writer.flush()
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)
    log._calls = None


@pytest.mark.statement("O3")
def test_one_event_is_one_line_whatever_is_in_it(lines: Any) -> None:
    logger, handler = structlog.get_logger(), log.LibraryHandler()
    for text in NASTY:
        logger.warning(text, value=text, **{"name" + text: text})
        handler.emit(logging.LogRecord("library", logging.WARNING, "", 0, "%s", (text,), None))

    events = lines()

    assert len(events) == 2 * len(NASTY)
    assert {event["level"] for event in events} == {"warning"}


@pytest.mark.statement("O3")
@settings(max_examples=515)
@given(st.text())
def test_any_text_stays_in_its_line(text: str) -> None:
    line = log.to_line(None, "info", {"event": text, text: [text, {text: text}]})

    assert b"\n" not in line
    json.loads(line)


@pytest.mark.statement("O1")
async def test_a_call_is_one_event_with_who_what_and_how(lines: Any, running: Running) -> None:
    await running.execute("test.note", "create", {"name": "logged"}, **{"X-Request-Id": "request-7"})

    [event] = [event for event in lines() if event["event"] == "call"]

    wanted = {"model": "test.note", "method": "create", "outcome": "ok", "dialect": "native", "request_id": "request-7"}
    assert wanted.items() <= event.items()
    assert (event["attempts"], event["statements"] > 0, event["ms"] > 0, event["user"] > 1) == (1, True, True, True)


@pytest.mark.statement("O4")
async def test_an_internal_error_is_in_the_log_under_its_id(lines: Any, running: Running) -> None:
    error = await running.execute("test.note", "crash", "logged")

    [event] = [event for event in lines() if event["event"] == "internal error"]

    assert event["error_id"] == error["data"]["error_id"]
    assert "RuntimeError" in event["exception"]
    assert (event["model"], event["method"]) == ("test.note", "crash")


@pytest.mark.statement("O2")
async def test_no_credential_is_logged(lines: Any, running: Running) -> None:
    token = await running.token("clerk")
    await running.call("login", ["", "clerk", "planted wrong password"], None)
    await running.call("login", ["", "clerk", PASSWORD], None)
    await running.call("whoami", [], "clerk")
    structlog.get_logger().warning("x", password="planted", url="http://u:planted@host/", header="Bearer planted1234")

    text = json.dumps(lines())

    assert token not in text
    assert PASSWORD not in text
    assert "planted" not in text


def test_a_blocked_stream_holds_nobody_up() -> None:
    release = threading.Event()

    class Blocked(io.BytesIO):
        def write(self, data: Any) -> int:
            release.wait(20)
            return super().write(data)

    stream = Blocked()
    writer = log.LineWriter(stream)
    writer.msg(b"first")
    time.sleep(0.1)
    started = time.monotonic()

    for _ in range(log.QUEUED_LINES + 50):
        writer.msg(b"line")

    assert time.monotonic() - started < 10  # the stream is held for 20
    release.set()
    writer.flush()
    time.sleep(0.2)
    writer.msg(b"last")
    writer.flush()
    told = [json.loads(line) for line in stream.getvalue().split(b"\n") if line.startswith(b"{")]
    assert told[0]["lines"] >= 50
