"""Which closed endorsed leads the BPO does not know the end of (statements H90, H133)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.crm.behind import leads_behind
from models.dealer.lead import DealerLead
from models.sync.diagnosis import Finding
from models.sync.handler import Remotes

if TYPE_CHECKING:
    from models.orm.env import Env

BEHIND = [
    ["bpo_source_lead_id", "!=", None],
    ["|", ["date_won", "!=", None], ["date_lost", "!=", None]],
    ["bpo_callback_state", "!=", "done"],
]


async def look_at_callbacks(env: Env, remotes: Remotes) -> list[Finding]:  # noqa: ARG001 the form of every check
    """Name the leads whose outcome the BPO has not confirmed."""
    return await leads_behind(env, env[DealerLead], BEHIND, "name", "closed endorsed leads the BPO has not confirmed")
