"""Won and lost at the BPO: leads that no dealer has. Odoo's buttons and the seed's words for them.

Odoo's `action_set_lost` also archives the lead and needs no reason, as its clients expect; `mark_lost` of the call
centre asks for a reason and leaves the lead in sight, in the stage Lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.bpo.lost_reason import LostReason
from models.bpo.moving import Moving, refuse_endorsed
from models.crm.claiming import refuse_closed
from models.crm.losing import LABELS, OTHER
from models.crm.telling import cut, tell
from models.crm.workflow_step import decided, is_decided
from models.orm.errors import RequiredError, TypeMismatchError
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

REOPENED = {
    "date_lost": None,
    "date_closed": None,
    "lost_reason": None,
    "lost_reason_id": None,
    "lost_notes": None,
    "lost_from_stage_id": None,
}


class Closing(Moving):
    """Closing a lead by hand."""

    __slots__ = ()

    @rpc(aliases=("mark_won",))
    @classmethod
    async def action_set_won(cls, env: Env, ids: Any) -> bool:
        """Win open leads that are not endorsed; one that is won already stays so. Answers true."""
        leads, pipeline = await cls.lock_claimed(env, ids, ["endorse_state"])
        open_leads = [lead for lead in leads if not pipeline[lead.stage_id].is_won]
        for lead in open_leads:
            refuse_closed(lead, pipeline[lead.stage_id])
            refuse_endorsed(lead)
        won = [lead.id for lead in open_leads]
        await cls.update(decided(env), won, {"stage_id": pipeline.won.id, "probability": 100, "active": True})
        return True

    @rpc
    @classmethod
    async def action_set_won_rainbowman(cls, env: Env, ids: Any) -> dict[str, Any]:
        """Win leads and answer what Odoo's web client shows then."""
        await cls.action_set_won(env, ids)
        message = "Boom! Team record for the past 30 days."
        return {"effect": {"fadeout": "slow", "message": message, "type": "rainbow_man"}}

    @rpc(renamed={"lost_feedback": "lost_notes"})
    @classmethod
    async def action_set_lost(
        cls, env: Env, ids: Any, lost_reason_id: Any = None, lost_reason: Any = None, lost_notes: Any = None
    ) -> None:
        """Lose and archive leads as Odoo does, with a reason if one is given."""
        values = await cls._loss(env, lost_reason_id, lost_reason, lost_notes)
        await cls._lose(env, ids, {**values, "active": False})

    @rpc
    @classmethod
    async def mark_lost(cls, env: Env, ids: Any, lost_reason: Any = None, lost_notes: Any = None) -> bool:
        """Lose open leads for a reason (a code of `lost_reason`), with notes if there are any. Answers true."""
        if lost_reason is None or lost_reason is False or lost_reason == "":
            raise RequiredError("A lost reason is required.", model=cls.meta.name, field="lost_reason")
        await cls._lose(env, ids, await cls._loss(env, None, lost_reason, lost_notes))
        return True

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Reopen, where they were, lost leads that are taken out of the archive, as Odoo restores them."""
        await super().after_write(env, ids, row)
        if row.get("active") is not True or is_decided(env):
            return
        restored: dict[int, list[int]] = {}
        for lead in await cls.browse(env, ids, ["date_lost", "lost_from_stage_id", "endorse_state"]):
            if lead["date_lost"] is not None and lead["lost_from_stage_id"] and lead["endorse_state"] == "none":
                restored.setdefault(lead["lost_from_stage_id"], []).append(lead.id)
        for stage_id, group in restored.items():
            await cls.update(decided(env), group, {"stage_id": stage_id, **REOPENED})

    @classmethod
    async def _lose(cls, env: Env, ids: Any, values: dict[str, Any]) -> None:
        leads, pipeline = await cls.lock_claimed(env, ids, ["endorse_state"])
        for lead in leads:
            refuse_closed(lead, pipeline[lead.stage_id])
            refuse_endorsed(lead)
        lost = [lead.id for lead in leads]
        for stage_id in dict.fromkeys(lead.stage_id for lead in leads):
            group = [lead.id for lead in leads if lead.stage_id == stage_id]
            moved = {"stage_id": pipeline.lost.id, "probability": 0, "lost_from_stage_id": stage_id, **values}
            await cls.update(decided(env), group, moved)
        notes = f" Notes: {cut(values['lost_notes'])}" if values["lost_notes"] else ""
        await tell(env, cls, dict.fromkeys(lost, f"Lead lost: {LABELS[values['lost_reason']]}.{notes}"))

    @classmethod
    async def _loss(cls, env: Env, reason_id: Any, code: Any, notes: Any) -> dict[str, Any]:
        """Return the values of a loss, whichever word for the reason is given."""
        text = None if notes is None or notes is False else cls.lost_notes.parse(notes, env.dialect)
        if reason_id is not None and reason_id is not False:
            [reason] = await env[LostReason].browse(env, [cls.lost_reason_id.parse(reason_id, env.dialect)], ["code"])
            return {"lost_reason_id": reason.id, "lost_reason": reason.code, "lost_notes": text or None}
        if code is not None and code is not False and code not in LABELS:
            raise TypeMismatchError(
                f"lost_reason is none of: {', '.join(LABELS)}.", model=cls.meta.name, field="lost_reason"
            )
        return {
            "lost_reason_id": await cls.reason_of(env, code),
            "lost_reason": code or OTHER,
            "lost_notes": text or None,
        }

    @classmethod
    async def reason_of(cls, env: Env, code: Any) -> int | None:
        """Return Odoo's reason for a code, None without a code or when there is none left."""
        if not code:
            return None
        found = await env[LostReason].find(env, [["code", "=", code]], ["code"], order="id", limit=1)
        return found[0].id if found else None
