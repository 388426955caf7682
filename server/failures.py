"""What ends a command for an operator's reason: one line that says what is wrong, and exit status 1."""

import argparse
import socket
import sys
from collections.abc import Callable

import asyncpg

from models.orm.errors import AppError
from server.database.errors import EmbeddedError, UnusableError
from server.database.steps import MigrationError
from server.listening import PortError
from server.processes import ProcessError
from server.settings import SettingsError

EXPECTED = (AppError, SettingsError, PortError, EmbeddedError, UnusableError, MigrationError, ProcessError)
OF_THE_DATABASE = (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError, TimeoutError, socket.gaierror)


def guarded(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; return its exit status, or 1 after one line on standard error."""
    try:
        return command(options)
    except EXPECTED as error:
        return _failed(str(error))
    except OF_THE_DATABASE as error:
        return _failed(f"the database cannot be used: {one_line(error)}")
    except OSError as error:
        return _failed(one_line(error))


def one_line(error: BaseException) -> str:
    """Return the text of an error in one line, never empty."""
    return " ".join(str(error).split()) or type(error).__name__


def _failed(text: str) -> int:
    sys.stderr.write(f"tandem: {text}\n")
    return 1
