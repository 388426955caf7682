"""An event loop on a thread of its own, for code that is not async."""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

CLOSING_SECONDS = 5.0  # how long the end of a program waits for connections to close


class LoopThread:
    """Runs coroutines for threads that wait for their results. The thread never keeps a program alive."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._serve, name="rpc_client", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of `work`. An interrupt (Ctrl+C) cancels it."""
        if not self._usable():
            work.close()
            raise RuntimeError("The connection is closed, or was opened by the process that forked this one.")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def stop(self, farewell: Callable[[], Awaitable[None]]) -> None:
        """Run `farewell`, then end the loop and the thread. Doing so again does nothing."""
        if not self._usable():
            return
        asyncio.run_coroutine_threadsafe(self._end(farewell), self._loop)
        # The garbage collector may call from the loop's own thread, which cannot wait for itself.
        if threading.current_thread() is not self._thread:
            self._thread.join(CLOSING_SECONDS)

    def _usable(self) -> bool:
        return self._thread.is_alive() and not self._loop.is_closed() and os.getpid() == self._process

    async def _end(self, farewell: Callable[[], Awaitable[None]]) -> None:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        try:
            await farewell()
        finally:
            self._loop.stop()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
