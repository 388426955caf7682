"""Several server processes on one port, watched by their parent.

The parent holds the port and the database and serves nothing. Each child binds the same port, tells through a pipe
when it is ready, and ends when the pipe's other end does: so no child outlives its parent. One that dies is replaced.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import structlog

from server.metrics import SHARED_FILES
from server.settings import PREFIX, Settings
from server.signals import Stop

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.1
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
STOP_SECONDS = 40.0
READY = b"r"


class ProcessError(RuntimeError):
    """The server processes do not start; the text is one line for the operator."""


@dataclass(slots=True)
class Child:
    """A child's view of its parent: one end of a pair of connected sockets."""

    descriptor: int

    def ready(self) -> None:
        """Tell the parent that calls are answered."""
        os.write(self.descriptor, READY)

    async def parent_gone_or(self, stop: Stop) -> None:
        """Wait for a signal, or for the end of the parent."""
        loop = asyncio.get_running_loop()
        os.set_blocking(self.descriptor, False)
        loop.add_reader(self.descriptor, stop.signalled)
        try:
            await stop.wait()
        finally:
            loop.remove_reader(self.descriptor)


@dataclass(slots=True)
class Place:
    """One of the processes: the one that runs now, and how often it had to be replaced."""

    process: "subprocess.Popen[bytes] | None" = None
    pipe: int = -1
    is_ready: bool = False
    failures: int = 0
    next_start: float = 0.0


@dataclass(slots=True)
class Processes:
    """The parent's view of its children."""

    settings: Settings
    port: int
    figures: str
    places: list[Place] = field(default_factory=list)

    def look(self, now: float) -> None:
        """Start what is missing, and note who is ready. Raises `ProcessError` when one never becomes so."""
        for place in self.places:
            if place.process is None and now >= place.next_start:
                self._start(place)
            elif place.process is not None and place.process.poll() is not None:
                self._bury(place, now)
            elif not place.is_ready and place.pipe >= 0:
                with suppress(BlockingIOError):
                    place.is_ready = os.read(place.pipe, 1) == READY

    @property
    def all_ready(self) -> bool:
        """Whether every process answers calls."""
        return all(place.is_ready for place in self.places)

    async def stop(self) -> None:
        """Let every process finish its calls; one that takes too long is killed."""
        running = [place.process for place in self.places if place.process is not None]
        for process in running:
            process.terminate()
        try:
            await asyncio.wait_for(asyncio.to_thread(_wait_for_all, running), STOP_SECONDS)
        except TimeoutError:
            log.warning("server processes killed", seconds=STOP_SECONDS)
        finally:
            for process in running:
                process.kill()

    def _start(self, place: Place) -> None:
        ours, theirs = _pipe()
        environment = {**os.environ, **_environment(self.settings), SHARED_FILES: self.figures}
        command = [sys.executable, "-m", "server.cli", "serve", "--port", str(self.port), "--child", str(theirs)]
        place.process = subprocess.Popen(command, env=environment, pass_fds=(theirs,))  # noqa: S603 our own program
        os.close(theirs)
        place.pipe, place.is_ready = ours, False

    def _bury(self, place: Place, now: float) -> None:
        status = place.process.returncode if place.process else None
        os.close(place.pipe)
        if not place.is_ready and place.failures == 0 and not any(other.is_ready for other in self.places):
            raise ProcessError(f"a server process ended with status {status} before it was ready")
        log.error("server process ended", status=status)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**place.failures)
        place.failures = 0 if place.is_ready else place.failures + 1
        place.process, place.pipe, place.is_ready, place.next_start = None, -1, False, now + pause


async def serve_in_processes(settings: Settings, port: int, stop: Stop, announce: Callable[[], None]) -> None:
    """Keep the processes running until told to stop; `announce` is called once, when all of them answer."""
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory(prefix="tandem-figures-") as figures:
        processes = Processes(settings, port, figures, [Place() for _ in range(settings.workers)])
        announced = False
        try:
            while not stop.wished:
                processes.look(loop.time())
                if not announced and processes.all_ready:
                    announced = True
                    announce()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            await processes.stop()


def _wait_for_all(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    for process in processes:
        process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    """The settings as a child reads them; in the environment, because the list of processes shows options to all."""
    given = {name: value for name, value in msgspec.structs.asdict(settings).items() if value not in ("", (), False)}
    return {PREFIX + name.upper(): _as_text(value) for name, value in given.items()}


def _as_text(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else "yes" if value is True else str(value)


def _pipe() -> tuple[int, int]:
    """Our end and the child's. The child's end hears nothing until ours is closed."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    return ours.detach(), theirs.detach()
