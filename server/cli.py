"""`tandem COMMAND`: whatever goes wrong for an operator's reason is one line and a non-zero exit status."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

import asyncpg

from models.orm.errors import AppError
from server.database.errors import EmbeddedError
from server.database.steps import MigrationError
from server.listening import PortError
from server.processes import ProcessError
from server.settings import SettingsError

COMMANDS = {
    "serve": "answer calls",
    "worker": "do the outbox's jobs without answering calls",
    "migrate": "bring the database to this release",
    "schema": "print schema.sql",
    "reconcile": "compare every hand-over with the other side, and resend what has not arrived",
    "doctor": "look at the database, the outbox and the other side",
    "user": "list and create users, set passwords",
    "apikey": "make, list and revoke API keys",
    "demo": "walk one lead through a BPO and a dealer, then serve both",
}

EXPECTED = (AppError, SettingsError, PortError, EmbeddedError, MigrationError, ProcessError)
UNREACHABLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = _parser(given).parse_args(given)
        status: int = import_module(f"server.commands.{options.command}").run(options)
    except EXPECTED as error:
        return _failed(str(error))
    except UNREACHABLE as error:
        return _failed(f"the database cannot be used: {_one_line(error)}")
    except KeyboardInterrupt:
        return 130
    return status


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """Only the chosen command's module is imported: the others may be slow to load."""
    parser = argparse.ArgumentParser(
        prog="tandem", description="Leads, quotations and orders of a BPO and its dealers."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((word for word in given if word in COMMANDS), None)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        if name == chosen:
            import_module(f"server.commands.{name}").add_arguments(command)
    return parser


def _failed(text: str) -> int:
    sys.stderr.write(f"tandem: {text}\n")
    return 1


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
