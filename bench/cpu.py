"""CPU time of processes, read from /proc.

Live processes are read from schedstat, which counts nanoseconds. A child that ended between two looks is in its
parent's stat, in ticks of the clock; that is why a family's time includes what its members have waited for.
"""

import os
from pathlib import Path

NANOSECONDS = 1_000_000_000
PROC = Path("/proc")
TICK = NANOSECONDS // os.sysconf("SC_CLK_TCK")
PARENT, CHILD_USER, CHILD_SYSTEM = 1, 13, 14  # places in /proc/<pid>/stat behind the name


def family_nanoseconds(head: int) -> int:
    """CPU time of a process and all that descend from it, those that have ended included."""
    return sum(_used(process) + _waited_for(process) for process in family(head))


def family(head: int) -> list[int]:
    """The process ids of a process and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            children.setdefault(int(stat[PARENT]), []).append(int(entry.name))
    found = [head]
    for process in found:  # grows while it is walked
        found.extend(children.get(process, ()))
    return found


def parent_of(process: int) -> int:
    """The process id of a process's parent."""
    return int(_stat(process)[PARENT])


def memory_mib(head: int) -> float:
    """Proportional memory of a process and its descendants in MiB; 0 where it may not be read."""
    return sum(map(_proportional_kib, family(head))) / 1024


def _used(process: int) -> int:
    total = 0
    try:
        for task in (PROC / str(process) / "task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except OSError:  # it ended meanwhile; its parent knows
        return 0
    return total


def _waited_for(process: int) -> int:
    stat = _stat(process)
    return (int(stat[CHILD_USER]) + int(stat[CHILD_SYSTEM])) * TICK if stat else 0


def _stat(process: int) -> list[str]:
    try:
        return (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _proportional_kib(process: int) -> int:
    try:
        lines = (PROC / str(process) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
