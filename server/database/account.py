"""The account that PostgreSQL runs under: never root.

Started by an ordinary user, PostgreSQL runs as that user. Started by root it gets an account of its own, which must
be able to reach the data and the programs; nobody's permissions are widened to make that so.
"""

import grp
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from server.database.errors import EmbeddedError

PREFERRED = ("tandem", "postgres")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int


def current_name() -> str:
    """Name of the account this process runs under, as the peer check of PostgreSQL sees it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise EmbeddedError(f"user id {os.geteuid()} has no name on this machine, PostgreSQL needs one") from None


def account_for(data: Path) -> Account | None:
    """The account to hand PostgreSQL to, or None when it is our own.

    Data that exists stays with its owner, so that an account added later does not lock us out.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return _account(pwd.getpwuid(owner))
    for name in PREFERRED:
        if found := _lookup(name):
            return found
    return _create(PREFERRED[0])


def may_read(path: Path, account: Account) -> bool:
    """Whether the account can list and read this directory, entering every directory above it."""
    path = path.resolve()
    return _granted(path, account, 0o5) and all(_granted(parent, account, 0o1) for parent in path.parents)


def may_enter(path: Path, account: Account) -> bool:
    """Whether the account can go through this directory and every one above it."""
    path = path.resolve()
    return all(_granted(step, account, 0o1) for step in (path, *path.parents))


def _granted(path: Path, account: Account, wanted: int) -> bool:
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid == account.uid:
        mode >>= 6
    elif found.st_gid == account.gid:
        mode >>= 3
    return mode & wanted == wanted


def _lookup(name: str) -> Account | None:
    try:
        found = _account(pwd.getpwnam(name))
    except KeyError:
        return None
    return found if found.uid != 0 else None


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create(name: str) -> Account:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        raise EmbeddedError(f"PostgreSQL does not run as root: create a system account named {name}")
    group = ["--gid", name] if _group_exists(name) else ["--user-group"]
    command = [program, "--system", *group, "--no-create-home", "--home-dir", "/nonexistent"]
    done = subprocess.run(  # noqa: S603 - a fixed command
        [*command, "--shell", "/usr/sbin/nologin", name], capture_output=True, text=True, check=False
    )
    created = _lookup(name)
    if created is None:
        raise EmbeddedError(f"could not create the system account {name}: {done.stderr.strip()}")
    return created


def _group_exists(name: str) -> bool:
    return any(group.gr_name == name for group in grp.getgrall())
