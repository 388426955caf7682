"""What the figures were taken on, without a name or a place."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from server.database.connection import Connection

PACKAGES = ("aiohttp", "asyncpg", "uvloop", "jsonrpcserver", "orjson", "msgspec")
SETTINGS = ("shared_buffers", "fsync", "synchronous_commit", "full_page_writes", "autovacuum")


def machine() -> str:
    """Processor and cores."""
    return f"{os.cpu_count()} cores ({_processor()}), {platform.system()} {platform.machine()}"


def software() -> str:
    """Python and the packages a call passes through."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"Python {platform.python_version()}, {packages}"


async def database(connection: Connection) -> str:
    """PostgreSQL and what decides about durability."""
    number = await connection.fetchval("show server_version")
    settings = [f"{name} {await connection.fetchval(f'show {name}')}" for name in SETTINGS]
    return f"PostgreSQL {number.split()[0]}, {', '.join(settings)}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
