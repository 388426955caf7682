"""The dealer's word on an endorsed lead: `update_from_dealer_callback` (H102 to H112).

Callable by the dealers' service users alone, and by each only for leads endorsed to its own dealership. The same word
again changes nothing and gets the same answer; a word against an earlier one is refused, and logged here as well as
told to the dealer.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from models.bpo.dealer_event import DealerEvent
from models.bpo.dealer_report import WON, Report, read_report
from models.bpo.dealership import Dealership
from models.bpo.endorsing import Endorsing
from models.bpo.groups import CALLBACK_SERVICE
from models.bpo.record import LeadRecord
from models.bpo.stage import BpoStage
from models.crm.losing import LABELS
from models.crm.pipeline import Stage
from models.crm.telling import cut, tell
from models.crm.workflow_step import elevated
from models.orm.errors import AccessError, ConflictError, MissingError, UserError
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env

log = logging.getLogger(__name__)

READ = ("reference", "stage_id", "active", "dealership_id", "endorse_state", "company_id", "dealer_lead_name")


class Answering(Endorsing):
    """The BPO's end of a callback."""

    __slots__ = ()

    @rpc(groups=(CALLBACK_SERVICE,))
    @classmethod
    async def update_from_dealer_callback(cls, env: Env, payload: Any) -> dict[str, Any]:
        """Close an endorsed lead as its dealer says.

        Answers {bpo_lead_id, bpo_lead_name, stage, applied, duplicate}: `applied` that the lead is as the dealer
        says, `duplicate` that it was so before.
        """
        system = elevated(env, "the service user may do nothing but report on its dealership's leads")
        dealership = await system[Dealership].calling(system)
        if dealership is None:
            raise AccessError("This user does not call back for any dealership.", model=cls.meta.name)
        report = read_report(payload)
        lead = await cls._endorsed(system, report, dealership)
        pipeline = await system[BpoStage].walk(system)
        stage, target = pipeline[lead.stage_id], pipeline.won if report.outcome == WON else pipeline.lost
        new = await env[DealerEvent].is_new(system, report, dealership.id, lead["company_id"])
        if stage.is_closed and stage.id != target.id:
            raise cls._contradiction(system, lead, stage, report)
        if new and not stage.is_closed:
            await cls._close(system, lead, dealership, target, report)
        return {
            "bpo_lead_id": lead.id,
            "bpo_lead_name": lead.reference,
            "stage": target.name,
            "applied": True,
            "duplicate": stage.is_closed,
        }

    @classmethod
    async def _endorsed(cls, env: Env, report: Report, dealership: Dealership) -> LeadRecord:
        """Lock the lead of a report. A lead of another dealership is as missing as one that does not exist."""
        try:
            [lead] = await cls.lock(env, [report.lead_id], READ)
        except MissingError:
            raise _not_endorsed(report) from None
        if lead.dealership_id != dealership.id or lead.endorse_state == "none":
            raise _not_endorsed(report)
        if not lead.active:
            raise UserError(f"{lead.reference} is archived at the BPO.", model=cls.meta.name, ids=[lead.id])
        return lead

    @classmethod
    async def _close(cls, env: Env, lead: LeadRecord, dealership: Dealership, target: Stage, report: Report) -> None:
        """Move the lead to its end and tell its chatter what the dealer said."""
        values: dict[str, Any] = {
            "stage_id": target.id,
            "probability": target.probability,
            "dealer_closed_at": report.closed_at,
            "endorse_state": "done",  # its endorsement has arrived, whatever became of the answer
            "endorse_error": None,
        }
        if report.dealer_lead_name:
            values["dealer_lead_name"] = report.dealer_lead_name
        if report.order_name:
            values["dealer_order_name"] = report.order_name
        if report.outcome == WON:
            values["dealer_delivered_at"] = report.delivered_at
        else:
            reason_id = await cls.reason_of(env, report.lost_reason)
            values |= {"lost_reason": report.lost_reason, "lost_reason_id": reason_id, "lost_notes": report.lost_notes}
        await cls.update(env, [lead.id], values)
        await tell(env, cls, {lead.id: _told(lead, dealership, report)})

    @classmethod
    def _contradiction(cls, env: Env, lead: LeadRecord, stage: Stage, report: Report) -> ConflictError:
        """Return the refusal of a word against the known outcome, and have the lead tell of it all the same."""
        text = f"{lead.reference} is already {stage.name} at the BPO; {report.outcome} is not accepted."
        log.warning("dealer report against the known outcome, event %s: %s", report.event_id, text)
        env.after_refusal.append(partial(cls._tell_contradiction, env, lead.id, text))
        return ConflictError(text, model=cls.meta.name, ids=[lead.id])

    @classmethod
    async def _tell_contradiction(cls, env: Env, lead_id: int, text: str) -> None:
        """Show a contradiction on the lead, once however often it is repeated."""
        [lead] = await cls.lock(env, [lead_id], ["dealer_conflict"])
        if lead["dealer_conflict"] != text:
            await cls.update(env, [lead_id], {"dealer_conflict": text})
            await tell(env, cls, {lead_id: f"The dealer contradicts this outcome: {text}"})


def _not_endorsed(report: Report) -> MissingError:
    log.warning("dealer report on lead %s, which is not endorsed to the caller", report.lead_id)
    return MissingError(f"There is no lead {report.lead_id} endorsed to you.")


def _told(lead: LeadRecord, dealership: Dealership, report: Report) -> str:
    """Return the chatter line of a closed lead: who, under which references, and how it ended (H104, H105, H111)."""
    name = report.dealer_lead_name or lead["dealer_lead_name"] or "their lead"
    if report.outcome == WON:
        order = f" Order {report.order_name}" if report.order_name else " The order"
        when = f" on {report.delivered_at:%Y-%m-%d}" if report.delivered_at else ""
        return f"{dealership.name} won this lead as {name}.{order} was delivered{when}."
    reason = LABELS[report.lost_reason or "other"]
    notes = f" Notes: {cut(report.lost_notes)}" if report.lost_notes else ""
    return f"{dealership.name} lost this lead ({name}): {reason}.{notes}"
