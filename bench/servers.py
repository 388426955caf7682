"""Starting the servers to be measured, each a process of its own on the core it is given."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.dialects import Login, Native
from bench.wire import Client

START_SECONDS = 60.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.05
LAST_WORDS = 2000  # characters of a log that are shown when a server does not start


class StartError(Exception):
    """A server did not start; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    url: str
    process_id: int


@asynccontextmanager
async def bare(database_url: str, *, log: Path) -> AsyncIterator[Served]:
    """The server written by hand."""
    port = free_port()
    command = [sys.executable, "-m", "bench.bare", "--database-url", database_url, "--port", str(port)]
    async with _running(command, port, log) as served:
        yield served


@asynccontextmanager
async def tandem(
    database_url: str, *, log: Path, data: Path, role: str = "both", profile: Path | None = None
) -> AsyncIterator[Served]:
    """The product, as `tandem serve` starts it: one process. `profile`: where cProfile leaves what it saw."""
    port = free_port()
    watched = ["-m", "cProfile", "-o", str(profile)] if profile else []
    options = ["--role", role, "--database-url", database_url, "--port", str(port), "--data-dir", str(data)]
    command = [sys.executable, *watched, "-m", "server.cli", "serve", *options]
    async with _running(command, port, log) as served:
        yield served


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def _running(
    command: Sequence[str], port: int, log: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Served]:
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd=Path(__file__).parent.parent,
            env={**os.environ, **(environment or {})},
        )
    try:
        await _answering(process, url, log)
        yield Served(url, process.pid)
    finally:
        await _stop(process)


async def _answering(process: asyncio.subprocess.Process, url: str, log: Path) -> None:
    dialect = Native(Login())
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await _answers(dialect, url):
                if process.returncode is not None:
                    raise _not_started(log)
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise _not_started(log) from None


def _not_started(log: Path) -> StartError:
    return StartError(log.read_text(errors="replace")[-LAST_WORDS:])


async def _answers(dialect: Native, url: str) -> bool:
    client = Client(url, {})
    try:
        return bool(dialect.result(await client.post(*dialect.version())))
    except OSError:
        return False
    finally:
        client.close()


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
