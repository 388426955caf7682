"""The steps of starting PostgreSQL on a directory of its own: ownership, first initialisation, spawn.

    home/             0700, of the account PostgreSQL runs under
        lock          locked by every process of the running server: free means that none lives
        data/         the data directory; `fresh/` until it is whole
        programs/     a private copy of the programs, where the account cannot read the original
        postgres.log  what the server says
        .s.PGSQL.5432 the only way in: no TCP, and the operating system vouches for who connects

No process id is ever trusted. The lock is inherited by PostgreSQL and all its children and belongs to none of us, so
it tells the truth after any kill.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from server.database.account import Account, account_for, current_name, may_enter
from server.database.address import APPLICATION, OWNER, PORT
from server.database.binaries import binaries_readable_by, find_binaries
from server.database.errors import EmbeddedError

LONGEST_SOCKET_PATH = 100  # bytes; the kernels allow 104 (macOS) and 108 (Linux) with the closing zero
LARGEST_LOG = 16 << 20
PR_SET_PDEATHSIG = 1
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    # What is asked for again and again is in memory: a page costs less than looking at its rows. At the usual prices
    # the planner takes ten thousand scattered rows of a small table for cheap.
    "seq_page_cost": "0.25",
    "random_page_cost": "0.3",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "wal_retrieve_retry_interval": "200ms",
    "max_wal_size": "2GB",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
# For tests alone: nothing survives a power cut.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


@dataclass(frozen=True, slots=True)
class Place:
    """A home directory for one PostgreSQL server and what is needed to run it there."""

    home: Path
    account: Account | None
    given_binaries: Path | None
    durable: bool

    @classmethod
    def prepare(cls, home: Path, given_binaries: Path | None = None, *, durable: bool = True) -> "Place":
        """Create the directory where it is missing and refuse one that PostgreSQL could not use."""
        home = home.absolute()
        if len(os.fsencode(home / f".s.PGSQL.{PORT}.lock")) > LONGEST_SOCKET_PATH:
            raise EmbeddedError(f"the path {home} is too long for a socket: choose a shorter --data-dir")
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            account = account_for(home / "data")
        except OSError as error:
            raise EmbeddedError(f"cannot use {home}: {error.strerror}") from None
        if account and not may_enter(home.parent, account):
            raise EmbeddedError(f"the account {account.name} cannot reach {home}: choose another --data-dir")
        return cls(home, account, given_binaries, durable)

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "postgres.log"

    def take_ownership(self) -> int | None:
        """The locked descriptor when no PostgreSQL lives here, None when one does or is being started by another."""
        try:
            lock = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except PermissionError:
            raise EmbeddedError(f"{self.home} belongs to another account") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    def initialise(self, lock: int) -> Path:
        """Make the data directory if there is none, remove what a kill left behind; returns where the programs are."""
        if self.account:
            for owned in (self.home, lock):
                os.chown(owned, self.account.uid, self.account.gid)
        self.home.chmod(0o700)
        binaries = binaries_readable_by(self.account, find_binaries(self.given_binaries), self.home / "programs")
        if not self.data.exists():
            self._create_data(binaries, lock)
        for stale in (self.data / "postmaster.pid", *self.home.glob(f".s.PGSQL.{PORT}*")):
            stale.unlink(missing_ok=True)
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        return binaries

    def spawn(self, binaries: Path, lock: int) -> "subprocess.Popen[bytes]":
        """Start the server. Call it from the main thread: the death signal follows the thread that forked."""
        settings = SETTINGS | ({} if self.durable else CARELESS)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self._open_log() as log:
            return self._start([binaries / "postgres", "-D", self.data, "-k", self.home, *options], lock, log)

    def _create_data(self, binaries: Path, lock: int) -> None:
        """Initialise beside the final name and rename last: a directory called `data` is always whole."""
        fresh = self.home / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        options = [
            "--username",
            OWNER,
            "--encoding=UTF8",
            "--data-checksums",
            "--auth-local=peer",
            "--auth-host=reject",
        ]
        command: list[str | Path] = [binaries / "initdb", "-D", fresh, *options, *_locale(binaries)]
        process = self._start(command, lock, subprocess.PIPE)
        output = process.communicate()[0]
        if process.returncode != 0:
            raise EmbeddedError(f"initdb failed: {output.decode(errors='replace').strip()[-600:]}")
        (fresh / "pg_hba.conf").write_text("local all,replication all peer map=tandem\n")
        (fresh / "pg_ident.conf").write_text(self._identities())
        fresh.rename(self.data)

    def _identities(self) -> str:
        accounts = {current_name(), self.account.name if self.account else current_name()}
        lines = [f'tandem "{account}" {role}\n' for account in sorted(accounts) for role in (OWNER, APPLICATION)]
        return "".join(lines)

    def _open_log(self) -> IO[bytes]:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.log, flags, 0o600)
        if self.account:
            os.chown(descriptor, self.account.uid, self.account.gid)
        return os.fdopen(descriptor, "ab")

    def _start(self, command: Sequence[str | Path], lock: int, output: IO[bytes] | int) -> "subprocess.Popen[bytes]":
        account = self.account
        return subprocess.Popen(  # noqa: S603 - our own program and options
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=ENVIRONMENT,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            pass_fds=[lock],
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 - system calls alone, loaded before the fork
        )


def _die_with(parent: int) -> Callable[[], None] | None:
    """What the child does first: ask the kernel to shut it down, in order, when we die. macOS has no such signal."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _locale(binaries: Path) -> list[str]:
    """Code point order, the same on every machine: no later change of a system library can break an index."""
    command = [str(binaries / "postgres"), "--version"]
    version = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own program
    major = int(version.split()[2].split(".")[0])
    if major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"]
