"""Which endorsed leads have not reached their dealership."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.bpo.lead import Lead
from models.crm.behind import leads_behind
from models.sync.diagnosis import Finding
from models.sync.handler import Remotes

if TYPE_CHECKING:
    from models.orm.env import Env

BEHIND = [["endorse_state", "in", ["pending", "failed"]]]


async def look_at_endorsements(env: Env, remotes: Remotes) -> list[Finding]:  # noqa: ARG001 the form of every check
    """Name the leads that are on their way to a dealership or did not get there."""
    return await leads_behind(env, env[Lead], BEHIND, "reference", "endorsed leads their dealership has not confirmed")
