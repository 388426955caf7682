"""Passwords: how they are kept and checked.

Argon2id with 19 MiB, three rounds, one lane: 50 ms and more of one core (statement A10), so it runs in a few threads of
its own and never on the event loop. All bytes count. A hash made with other parameters still checks, and is made anew
when its owner logs in.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError

from models.orm.errors import BusyError
from models.orm.limits import LIMITS

T = TypeVar("T")

HASHER = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)

# Half the cores: others' calls go on while many log in at once.
THREADS = max(1, (os.cpu_count() or 2) // 2)
MOST_WAITING = 100
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")


def is_too_long(password: str) -> bool:
    """Return whether a password is longer than any we keep; such a one is refused without being hashed."""
    return len(password) > LIMITS.password_bytes or len(_bytes(password)) > LIMITS.password_bytes


async def hashed(password: str) -> str:
    """Return what is stored for a password. Raises `BusyError` when too many wait."""
    return await _in_thread(lambda: HASHER.hash(_bytes(password)))


async def matches(stored: str | None, password: str) -> bool:
    """Return whether the password is the stored one; nothing stored takes just as long, and is never right."""
    return await _in_thread(lambda: _verify(stored, password))


def is_outdated(stored: str) -> bool:
    """Return whether the hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


@cache
def _nobodys() -> str:
    """What an unknown login is checked against: the hash of nothing that anybody can send."""
    return HASHER.hash(os.urandom(32))


def _verify(stored: str | None, password: str) -> bool:
    other = _nobodys()
    try:
        HASHER.verify(stored or other, _bytes(password))
    except (VerifyMismatchError, InvalidHashError):
        return False
    except Argon2Error:
        raise BusyError from None
    return stored is not None


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


async def _in_thread(work: Callable[[], T]) -> T:
    # The executor's own queue is what grows when thousands try at once; no public call tells its length.
    if _threads._work_queue.qsize() >= MOST_WAITING:  # noqa: SLF001
        raise BusyError
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
