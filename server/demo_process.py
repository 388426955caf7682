"""One deployment of the demo: a server process of its own, started and stopped like any other."""

import asyncio
import os
import signal
import sys

from models.demo.people import PASSWORD
from server.settings import Settings

READY_SECONDS = 120.0
STOP_SECONDS = 40.0


class DemoProcessError(Exception):
    """A server of the demo did not start; the text is what it said."""


class DemoProcess:
    """The server of one role on a port of the loopback interface."""

    def __init__(self, chosen: Settings, role: str, port: int) -> None:
        """Take the settings of the demo: where the database is."""
        self._settings = chosen
        self._role = role
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self.database = f"tandem_demo_{role}"
        self.url = f"http://127.0.0.1:{port}"

    async def start(self) -> None:
        """Start the server and wait until it says that it is ready."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server.cli",
            *self._arguments(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TANDEM_ADMIN_PASSWORD": PASSWORD},
        )
        try:
            await asyncio.wait_for(self._ready(self._process), READY_SECONDS)
        except TimeoutError:
            raise DemoProcessError(f"the {self._role} was not ready after {READY_SECONDS:.0f} seconds") from None

    async def stop(self) -> None:
        """Stop the server in good order, or by force when that takes too long."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _arguments(self) -> list[str]:
        options = {
            "--role": self._role,
            "--host": "127.0.0.1",
            "--port": str(self._port),
            "--database-name": self.database,
            "--data-dir": str(self._settings.data_path),
            "--remote-allow": "127.0.0.0/8",
            "--log-level": self._settings.log_level,
            "--database-url": self._settings.database_url,
            "--pg-bin": self._settings.pg_bin,
        }
        return ["serve", "--demo", *(part for pair in options.items() if pair[1] for part in pair)]

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        """Read what the server prints until its line that it is ready, then go on reading so that it never blocks."""
        if process.stdout is None or process.stderr is None:
            raise DemoProcessError("the server's output cannot be read")
        while line := await process.stdout.readline():
            if b" ready on " in line:
                self._readers = [asyncio.create_task(_forward(s)) for s in (process.stdout, process.stderr)]
                return
        said = (await process.stderr.read()).decode(errors="replace").strip()
        await process.wait()
        raise DemoProcessError(
            f"the {self._role} did not start: {said.splitlines()[-1] if said else 'it said nothing'}"
        )


async def _forward(stream: asyncio.StreamReader) -> None:
    """Pass on what a server says to standard error."""
    while line := await stream.readline():
        sys.stderr.buffer.write(line)
        sys.stderr.flush()
