"""Finding out what the other side speaks.

The order matters: a Tandem answers the other protocols' questions as well, so it is asked in its own first. None of
the questions carries credentials.
"""

from collections.abc import Awaitable, Callable, Mapping

from rpc_client.dialects.base import Dialect
from rpc_client.dialects.netforce import Netforce
from rpc_client.dialects.odoo import Odoo
from rpc_client.dialects.tandem import Tandem
from rpc_client.errors import BadAnswer, UsageError
from rpc_client.exchange import Exchange

AUTO = "auto"
DIALECTS: Mapping[str, type[Dialect]] = {kind.name: kind for kind in (Tandem, Odoo, Netforce)}


def dialect_named(name: str) -> Dialect | None:
    """A new dialect of this name, None for `auto`. UsageError for anything else."""
    if name == AUTO:
        return None
    if name not in DIALECTS:
        raise UsageError(f"There is no protocol {name!r}: choose one of {', '.join((AUTO, *DIALECTS))}.")
    return DIALECTS[name]()


async def detect(ask: Callable[[Exchange[bool]], Awaitable[bool]]) -> Dialect:
    """The first dialect that the other side answers in. BadAnswer when it answers in none."""
    for kind in DIALECTS.values():
        dialect = kind()
        if await ask(dialect.probe()):
            return dialect
    raise BadAnswer("The server answers neither as Tandem nor as Odoo nor as Netforce.")
