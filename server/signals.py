"""Stopping in order: the first SIGTERM or SIGINT lets running work finish, the second one does not."""

import asyncio
import os
import signal

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """The wish to stop, as an event of the running loop."""

    def __init__(self, main: "asyncio.Task[object]") -> None:
        """Listen for signals; `main` is what a second one cancels."""
        self._main = main
        self._wished = asyncio.Event()
        self._count = 0
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.signalled)

    @property
    def wished(self) -> bool:
        """Whether somebody wants us to stop."""
        return self._wished.is_set()

    def signalled(self) -> None:
        """Take one signal: stop in order, then at once, then without looking back."""
        self._count += 1
        self._wished.set()
        if self._count == 2:
            self._main.cancel()
        elif self._count > 2:
            os._exit(1)

    async def wait(self) -> None:
        """Return when somebody wants us to stop."""
        await self._wished.wait()
