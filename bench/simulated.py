"""Running a program of simulated time: quietly, on a PostgreSQL of its own, its exit status 0 when all was well."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn

from tests import cluster


def run(program: Coroutine[Any, Any, bool]) -> NoReturn:
    """Run the program to its end, and end this one."""
    logging.disable(logging.CRITICAL)
    try:
        was_well = asyncio.run(program)
    finally:
        cluster.RUN.stop()
    sys.exit(0 if was_well else 1)
