"""`tandem COMMAND`: whatever goes wrong for an operator's reason is one line and a non-zero exit status.

Nothing that takes long to load is imported here: Ctrl+C is to end a command without a word while it loads, too.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

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

EPILOG = (
    "An option --pool-size is TANDEM_POOL_SIZE in the environment; the option wins. docs/operations.md tells the rest."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = _parser(given).parse_args(given)
        command = import_module(f"server.commands.{options.command}").run
        status: int = import_module("server.failures").guarded(command, options)
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
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=EPILOG)
        if name == chosen:
            import_module(f"server.commands.{name}").add_arguments(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
