"""Looking at the other sides: can each be reached as the account we have there, and which leads is it behind with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from models.crm.connection import RemoteConnection
from models.sync.diagnosis import Finding
from models.sync.handler import Remotes
from rpc_client import RpcError

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.model import Model

SHOWN = 20


async def look_at_connections(env: Env, remotes: Remotes) -> list[Finding]:
    """Log in at every other side that is connected."""
    findings: list[Finding] = []
    for model in env.registry.models.values():
        if issubclass(model, RemoteConnection):
            records = await model.find(env, [["url", "!=", None]], ["display_name"])
            findings.extend([await _reached(env, remotes, model, record) for record in records])
    return findings


async def _reached(env: Env, remotes: Remotes, model: type[RemoteConnection], record: Any) -> Finding:
    name = f"{model.meta.label} {record['display_name']}"
    try:
        await remotes.client(await model.account_of(env, record.id)).whoami()
    except (RpcError, OSError, ValueError) as error:
        return Finding(False, f"{name}: {error}")
    return Finding(True, f"{name}: reached, and we are known there")


async def leads_behind(env: Env, model: type[Model], domain: Sequence[Any], label: str, what: str) -> list[Finding]:
    """Say which leads match a condition that means that the other side does not know of them what it should."""
    count = await model.search_count(env.with_context(active_test=False), list(domain))
    if not count:
        return [Finding(True, f"no {what}")]
    found = await model.find(env.with_context(active_test=False), list(domain), [label], order="id", limit=SHOWN)
    names = ", ".join(str(record[label]) for record in found)
    more = f" and {count - SHOWN} more" if count > SHOWN else ""
    return [Finding(False, f"{count} {what}: {names}{more}")]
