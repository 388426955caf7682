"""What a whole test run has once, whatever number of processes it has.

The process that hands out the tests owns it, so it outlives every worker. It starts when it is first asked for; with
several workers it starts before them, and they are told where it is in their environment.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest


class Server(Protocol):
    """Something that runs, and has a folder in which the others find it."""

    home: Path

    def stop(self) -> None:
        """End it and leave nothing behind."""


class RunWide:
    """One server of the run; `variable` tells the other processes its folder."""

    def __init__(self, variable: str, start: Callable[[], Server]) -> None:
        self._variable = variable
        self._start = start
        self._started: Server | None = None
        self._starting = threading.Lock()

    @property
    def home(self) -> Path:
        """The server's folder; it is started if it is not running."""
        with self._starting:
            if self._variable not in os.environ:
                self._started = self._start()
                os.environ[self._variable] = str(self._started.home)
            return Path(os.environ[self._variable])

    def precede_workers(self, config: pytest.Config) -> None:
        """Start the server now if others will hand out the tests."""
        if getattr(config.option, "numprocesses", None) and not config.option.collectonly:
            assert self.home

    def stop(self) -> None:
        """End the server if it was started here."""
        if self._started is not None:
            self._started.stop()
            self._started = None
            del os.environ[self._variable]
