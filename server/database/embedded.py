"""An embedded PostgreSQL: started with us, stopped with us, shared with whoever else uses the same directory.

The first process to come owns the server, later ones attach. Every one of them watches: when the server is gone,
whether it was killed or its owner ended, the first watcher to see it starts it again.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg
import structlog

from server.database.address import DatabaseAddress
from server.database.connection import connect
from server.database.databases import create_database_if_missing
from server.database.errors import EmbeddedError, explained
from server.database.launch import Place
from server.settings import Settings

log = structlog.get_logger(__name__)

START_SECONDS = 600.0  # recovery after a crash may have gigabytes of log to replay
STOP_SECONDS = 60.0
POLL_SECONDS = 0.02
WATCH_SECONDS = 0.2
LONGEST_PAUSE = 5.0
LITTLE_SPACE = 64 << 20  # bytes; a start after a crash writes two segments of log, 16 MiB each, and a checkpoint
GRAVE = re.compile(r" (FATAL|PANIC):")

NOT_YET = (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError)


@asynccontextmanager
async def database_server(settings: Settings) -> AsyncIterator[DatabaseAddress]:
    """The server that the settings name: the URL's, else the embedded one of the data directory, running meanwhile."""
    if settings.address:
        with explained(settings.address):
            yield settings.address
        return
    async with EmbeddedPostgres(settings.data_path / "postgres", settings.binaries) as embedded:
        yield embedded.address


class EmbeddedPostgres:
    """One PostgreSQL server on a directory of its own, reached by a socket in that directory.

    `home` is the directory (created 0700), `binaries` a directory of PostgreSQL programs (default: found),
    `durable=False` is for tests that can lose everything. Use it as `async with`, or with `start` and `stop`, from
    the main thread.
    """

    def __init__(self, home: Path, binaries: Path | None = None, *, durable: bool = True) -> None:
        self.place = Place.prepare(home, binaries, durable=durable)
        self.address = DatabaseAddress.of_socket(self.place.home)
        self._process: subprocess.Popen[bytes] | None = None
        self._said = 0
        self._watch: asyncio.Task[None] | None = None

    @property
    def owned(self) -> bool:
        """Whether the running server was started by this process."""
        return self._process is not None and self._process.poll() is None

    @property
    def process_id(self) -> int | None:
        """The server's process id when it is ours; for tests and messages, nothing is decided by it."""
        return self._process.pid if self._process and self.owned else None

    async def __aenter__(self) -> Self:
        """Start or attach."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what is ours."""
        await self.stop()

    async def start(self) -> None:
        """Return when the server answers. EmbeddedError, with the server's own last words, when it cannot."""
        try:
            await self._bring_up()
        except BaseException:
            await self.stop()
            raise
        self._watch = asyncio.create_task(self._keep_up(), name="watch embedded PostgreSQL")

    async def stop(self) -> None:
        """Shut the server down in order if it is ours; clients are cut off, nothing committed is lost."""
        if self._watch:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        process, self._process = self._process, None
        if process and process.poll() is None:
            await _shut_down(process)

    async def create_database_if_missing(self, name: str) -> bool:
        """Whether the database had to be created."""
        return await create_database_if_missing(self.address, name)

    async def _bring_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            if not self._process:
                await self._take_over()
            if await self._answers():
                return
            if self._process and self._process.poll() is not None:
                raise EmbeddedError(
                    f"PostgreSQL in {self.place.home} does not start: {self._last_words()} (more in {self.place.log})"
                )
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL in {self.place.home} gave no answer in {START_SECONDS:.0f} seconds")
            await asyncio.sleep(POLL_SECONDS)

    async def _take_over(self) -> None:
        """Start the server if nobody's runs. Our own copy of the lock is closed again: only the server holds it."""
        lock = self.place.take_ownership()
        if lock is None:
            self._process = None
            return
        try:
            binaries = await asyncio.to_thread(self.place.initialise, lock)
            self._said = self.place.log.stat().st_size if self.place.log.exists() else 0
            self._process = self.place.spawn(binaries, lock)
        except OSError as error:
            raise EmbeddedError(f"cannot start PostgreSQL in {self.place.home}: {error}") from error
        finally:
            os.close(lock)

    async def _answers(self) -> bool:
        try:
            connection = await connect(self.address, "postgres")
        except NOT_YET:
            return False
        except asyncpg.TooManyConnectionsError:
            return True
        await connection.close()
        return True

    async def _keep_up(self) -> None:
        pause = WATCH_SECONDS
        while True:
            await asyncio.sleep(pause)
            if self.owned:
                continue
            try:
                pause = await self._replace_if_gone()
            except (EmbeddedError, OSError, asyncpg.PostgresError) as error:
                pause = min(pause * 2, LONGEST_PAUSE)
                log.warning("embedded PostgreSQL is down", error=str(error))

    async def _replace_if_gone(self) -> float:
        was_ours = self._process is not None
        await self._take_over()
        if was_ours or self._process:
            log.warning("embedded PostgreSQL was gone", ours=was_ours, restarted_here=self._process is not None)
            await self._bring_up()
        return WATCH_SECONDS

    def _last_words(self) -> str:
        with self.place.log.open("rb") as said:
            said.seek(self._said)
            cause = cause_in(said.read().decode(errors="replace"))
        free = shutil.disk_usage(self.place.home).free
        return cause + (f"; only {free >> 20} MiB are free on its disk" if free < LITTLE_SPACE else "")


def cause_in(log: str) -> str:
    """Return what PostgreSQL names as the cause in its log, else its last words."""
    lines = log.strip().splitlines()
    grave = [line for line in lines if GRAVE.search(line)]
    return " | ".join(grave[:2] or lines[-4:]) or "it said nothing"


async def _shut_down(process: "subprocess.Popen[bytes]") -> None:
    for wish in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(wish)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return
            await asyncio.sleep(POLL_SECONDS)
