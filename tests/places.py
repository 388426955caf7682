"""Where tests keep databases: in memory where there is room for them."""

import os
import shutil
import tempfile
from pathlib import Path

# A folder, where a system has it, whose files are never on a disk; mkdtemp gives each run a name of its own.
MEMORY = Path("/dev/shm")  # noqa: S108
ROOM = 3 << 30  # bytes; a whole run stays far below a third of it


def short_lived_folder(prefix: str) -> Path:
    """Make a folder with a short path, for whoever made it to remove.

    Not pytest's own: run as root, PostgreSQL gets another account, which could not reach that one. A run copies and
    drops databases of hundreds of files some hundred times: on a disk that takes longer than the tests themselves.
    """
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if _has_room() else None))


def _has_room() -> bool:
    # A container may have a few megabytes of it only, and run no programs from there.
    return (
        os.access(MEMORY, os.W_OK | os.X_OK)
        and shutil.disk_usage(MEMORY).free > ROOM
        and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    )
