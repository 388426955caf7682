"""`tandem` as processes of their own, started by one that has loaded it already.

A pytest plugin; `tests/run_wide.py` says when the launcher starts and ends. What a fresh interpreter does between its
start and `main` is the same for all commands; tests of that start one with `python -m server.cli`.
"""

import asyncio
import atexit
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.places import short_lived_folder
from tests.run_wide import RunWide

ROOT = Path(__file__).parents[1]


class Launcher:
    """The launcher of the run; it loads nothing before somebody asks."""

    def __init__(self) -> None:
        self.home = short_lived_folder("launch-")
        command = [sys.executable, "-m", "tests.launcher", str(self.home / "socket")]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout
        assert self._process.stdout.readline() == b"listening\n"

    def stop(self) -> None:
        """End it and leave nothing behind."""
        self._process.communicate(timeout=30)
        shutil.rmtree(self.home)


RUN = RunWide("LAUNCHER_OF_THIS_TEST_RUN", Launcher)
atexit.register(RUN.stop)  # where no pytest ends it


class Process:
    """`tandem` with some arguments, as `subprocess.Popen` would show it; the streams stay the caller's.

    The first one waits until the launcher has loaded the code: an event loop starts it in a thread.
    """

    def __init__(self, arguments: list[str], environment: Mapping[str, str], streams: tuple[int, int, int]) -> None:
        self.returncode: int | None = None
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(RUN.home / "socket"))
        given = json.dumps({"arguments": arguments, "environment": dict(environment)}).encode() + b"\n"
        sent = socket.send_fds(self._line, [given], list(streams))
        self._line.sendall(given[sent:])
        self._answers = self._line.makefile("r")
        self.pid = int(self._answers.readline())

    def poll(self) -> int | None:
        """Return its exit status, minus the signal that killed it; None while it runs."""
        if self.returncode is None and select.select([self._line], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises `TimeoutError`."""
        if self.returncode is None:
            if not select.select([self._line], [], [], timeout)[0]:
                raise TimeoutError(f"process {self.pid} runs after {timeout} s")
            self.returncode = int(self._answers.readline())
            self._answers.close()
            self._line.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal; nothing when it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.send_signal(signal.SIGKILL)


class Command:
    """`tandem` with its streams in pipes, for tests that talk to it."""

    def __init__(
        self, process: Process, stdin: int, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader
    ) -> None:
        self.process = process
        self.stdout = stdout
        self.stderr = stderr
        self._stdin = stdin

    async def communicate(self, given: str = "") -> tuple[str, str]:
        """Give it all of its (small) input, wait for its end; what it said on both streams."""
        os.write(self._stdin, given.encode())
        os.close(self._stdin)
        self._stdin = -1
        said, complained = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return said.decode(), complained.decode()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def terminate(self) -> None:
        """Ask it to end."""
        self.process.terminate()

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()

    async def wait(self) -> int:
        """Wait for its end; its exit status."""
        return await asyncio.to_thread(self.process.wait)

    async def close(self) -> None:
        """End it whatever state it is in."""
        self.kill()
        await self.wait()
        if self._stdin >= 0:
            os.close(self._stdin)
        await asyncio.gather(self.stdout.read(), self.stderr.read())


async def tandem(*arguments: str, **environment: str) -> Command:
    """Start `tandem` with some arguments, the surroundings of the test and these variables."""
    (their_input, our_input), (our_output, their_output), (our_errors, their_errors) = (os.pipe() for _ in range(3))
    streams = (their_input, their_output, their_errors)
    process = await asyncio.to_thread(Process, list(arguments), os.environ | environment, streams)
    for end in streams:
        os.close(end)
    return Command(process, our_input, await _reader(our_output), await _reader(our_errors))


async def _reader(pipe: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb"))
    return reader


def pytest_configure(config: pytest.Config) -> None:
    RUN.precede_workers(config)


def pytest_unconfigure() -> None:
    RUN.stop()
