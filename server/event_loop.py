"""The event loop: uvloop where there is one."""

import asyncio
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

if sys.platform == "win32":
    new_event_loop = asyncio.new_event_loop
else:
    from uvloop import new_event_loop


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run to the end; being cancelled, by a second signal, is one."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner, suppress(asyncio.CancelledError):
        runner.run(main)
