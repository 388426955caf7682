"""Fixtures of the database layer: homes that any account can reach, and programs started as a real user would."""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.database.embedded import EmbeddedPostgres
from tests.cluster import scratch_database
from tests.places import short_lived_folder

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 30.0


class Holder:
    """A process of its own that holds an embedded PostgreSQL until it is told to end."""

    SOURCE = """
import asyncio, concurrent.futures.thread, os, sys
from pathlib import Path
from server.database.embedded import EmbeddedPostgres

async def hold():
    async with EmbeddedPostgres(Path(sys.argv[1])) as postgres:
        await postgres.create_database_if_missing("kept")
        print("ready", postgres.process_id, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

if sys.argv[2:]:  # after the imports: root's Python may lie where nobody else can read
    os.setgroups([])
    os.setgid(int(sys.argv[3]))
    os.setuid(int(sys.argv[2]))
asyncio.run(hold())
"""

    def __init__(self, home: Path, account: pwd.struct_passwd | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.SOURCE, str(home), *self._ids(account)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """End it whatever state it is in."""
        with self.process:
            if self.process.poll() is None:
                self.end()

    @staticmethod
    def _ids(account: pwd.struct_passwd | None) -> list[str]:
        return [str(account.pw_uid), str(account.pw_gid)] if account else []

    def postgres_id(self) -> int | None:
        """Wait until it is ready; the id of its PostgreSQL, None when it attached to another's."""
        assert self.process.stdout
        assert self.process.stderr
        word, _, number = self.process.stdout.readline().partition(" ")
        assert word == "ready", self.process.stderr.read()
        return None if number.strip() == "None" else int(number)

    def end(self) -> int:
        """Let it end in order; its exit status."""
        self.process.communicate(timeout=DEADLINE)
        return self.process.returncode

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=DEADLINE)


def wait_until(holds: Callable[[], bool]) -> float:
    """Seconds until it held; fails after the deadline."""
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < DEADLINE
        time.sleep(0.01)
    return time.monotonic() - start


def is_alive(process_id: int) -> bool:
    """Whether such a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def is_locked(lock: Path) -> bool:
    """Whether a PostgreSQL lives there, be it only to shut down."""
    if not lock.exists():
        return False
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.fixture
def home() -> Iterator[Path]:
    """A place for a data directory with a short path that every account can reach."""
    with new_home() as place:
        yield place


@contextmanager
def new_home() -> Iterator[Path]:
    """A place that is removed when no PostgreSQL lives there any more."""
    folder = short_lived_folder("h-")
    folder.chmod(0o755)
    yield folder / "pg"
    wait_until(lambda: not is_locked(folder / "pg" / "lock"))
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
async def initialised() -> AsyncIterator[Path]:
    """A data directory that was in use once, to be copied."""
    with new_home() as place:
        async with EmbeddedPostgres(place):
            pass
        yield place / "data"


@pytest.fixture
def used_before(home: Path, initialised: Path) -> None:
    """Let `home` be one in which a PostgreSQL lived before, for tests that are not about the first start."""
    home.mkdir(mode=0o700)
    subprocess.run([shutil.which("cp") or "cp", "-a", initialised, home], check=True)  # owners and all


@pytest.fixture(scope="module")
def kept_home() -> Iterator[Path]:
    """The home of the one that keeps running."""
    with new_home() as place:
        yield place


@pytest.fixture(scope="module")
async def running(kept_home: Path) -> AsyncIterator[EmbeddedPostgres]:
    """One that runs, for tests that look at it and leave it running."""
    async with EmbeddedPostgres(kept_home) as postgres:
        yield postgres


@pytest.fixture
def hold(home: Path) -> Iterator[Callable[..., Holder]]:
    """Start a process that holds the embedded PostgreSQL in `home`; none of them outlives the test."""
    holders: list[Holder] = []

    def start(account: pwd.struct_passwd | None = None) -> Holder:
        holders.append(Holder(home, account))
        return holders[-1]

    yield start
    for holder in holders:
        holder.close()


@pytest.fixture
def ordinary_user() -> pwd.struct_passwd | None:
    """Root's stand-in for an ordinary user; None where the tests run as one already."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


@pytest.fixture
async def database() -> AsyncIterator[str]:
    """An empty database of the run's cluster."""
    async with scratch_database() as name:
        yield name
