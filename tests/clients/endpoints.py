"""What a client asks, beside what docs/protocols.md says that it asks."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs" / "protocols.md"


def described(client: str) -> set[str]:
    """The endpoints in a client's row of the table."""
    _, table = DOCS.read_text().split("### Which client for which endpoint", 1)
    rows = [line.split("|") for line in table.split("\n\n")[1].splitlines()]
    [row] = [row for row in rows if client in row[1]]
    return set(re.findall(r"`(/[^`]*)`", row[2]))


def recorded(server: Any, work: Callable[[], object]) -> set[str]:
    """What is asked of the server while the client works."""
    server.asked.clear()
    work()
    return asked(server)


def asked(server: Any) -> set[str]:
    """What was asked since the record was cleared; one service of XML-RPC stands for all."""
    return in_short(server.asked)


def in_short(routes: Iterable[str]) -> set[str]:
    """Routes as the table names them: whichever service, model or method they are for."""
    return {route.removesuffix("/{service}").removesuffix("/{model}/{method}") for route in routes}
