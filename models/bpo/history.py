"""The story of a BPO lead: claim, stages, calls, visits, the endorsement with its tries, and what the dealer says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.bpo.call import BpoCall, Visit
from models.bpo.endorsing import KIND, MODEL
from models.bpo.outcome import Answering
from models.crm.story import CALLS, Traces, chatter_steps, in_order, leads_named, message_steps, told_in, trace_steps
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env

VISITS = Traces("visit", "date", "notes", "location", {"result": "state"})


class Remembering(Answering):
    """Telling a lead's way from its traces."""

    __slots__ = ()

    @rpc(readonly=True)
    @classmethod
    async def history(cls, env: Env, ids: Any) -> Any:
        """Tell the story of a lead, given by id or reference ("LEAD/00042"); of a list of leads, a list of stories.

        Answers {id, name, steps: [{at, kind, text, user, about: {model, id, name}, changes}, ...]} by time, `kind`
        being stage, won, lost, owner, call, visit, endorsement, change or note. A call has `result`, `minutes` and
        `logged_by`, an endorsement `attempt` and `result` ("delivered", or how it failed). Six statements, however
        long the story is.
        """
        own = told_in(env)
        fields = ["reference", "date_won", "date_lost"]
        leads = await cls.browse(own, await leads_named(own, cls, ids, "reference"), fields)
        numbers = [lead.id for lead in leads]
        stories = [
            await chatter_steps(own, MODEL, {(MODEL, lead): lead for lead in numbers}),
            await trace_steps(own, own[BpoCall], CALLS, numbers),
            await trace_steps(own, own[Visit], VISITS, numbers),
            await message_steps(own, MODEL, numbers, KIND, "endorsement"),
        ]
        told = [{"id": lead.id, "name": lead.reference, "steps": in_order(stories, lead)} for lead in leads]
        return told if isinstance(ids, list | tuple) else told[0]
