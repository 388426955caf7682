"""The dealer's lead, put together.

record.py       what it is made of
owning.py       claim, reassign, work on one's own
moving.py       New, Qualified, Negotiation: one step forward at a time
converting.py   Convert to Quotation, Open Quotation       (quotation.py: what the order is made of)
callback.py     telling the BPO
closing.py      Mark Won, Mark Lost                        (gate.py: when a lead may be won)
intake.py       receiving leads endorsed by the BPO        (endorsement.py: what a BPO sends)
history.py      its whole way as one story
reconciling.py  comparing all of them with the BPO
actions.py      which buttons there are
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.crm.button import told
from models.dealer.actions import Situation, buttons
from models.dealer.call import DealerCall
from models.dealer.groups import MANAGER, USER
from models.dealer.reconciling import Reconciling
from models.dealer.stage import DealerStage
from models.orm import arguments
from models.orm.declare import USER as CALLER
from models.orm.declare import Access, Index, Key, Rule
from models.orm.errors import UserError
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env

# What people filter by; `search_filters` hands these to clients.
FILTERS: dict[str, list[Any]] = {
    "unassigned": [["user_id", "=", False], ["stage_id.is_won", "=", False], ["stage_id.is_lost", "=", False]],
    "endorsed": [["bpo_source_lead_id", "!=", False]],
    "won": [["stage_id.is_won", "=", True]],
    "lost": [["stage_id.is_lost", "=", True]],
    "endorsed_won_not_told": [
        ["bpo_source_lead_id", "!=", False],
        ["stage_id.is_won", "=", True],
        ["bpo_callback_state", "!=", "done"],
    ],
}


class DealerLead(Reconciling, name="dealer.crm.lead", label="Dealer Lead"):
    """A customer who may buy a vehicle, from walk-in or endorsement to won or lost."""

    access = (Access(read=USER, write=USER, delete=MANAGER),)
    rules = (
        Rule(
            "own and unassigned leads",
            USER,
            ["|", ["user_id", "=", CALLER], ["user_id", "=", None]],
            ("read", "create"),
        ),
        Rule("own leads", USER, [["user_id", "=", CALLER]], ("write", "delete")),
        Rule("all leads", MANAGER, []),
    )
    company = "own"
    chatter = True
    feed = True
    order = "priority desc, id desc"
    keys = (
        Key(("company_id", "name"), "Another lead has this reference."),
        Key(
            ("company_id", "bpo_source_url", "bpo_source_lead_id"),
            "This BPO lead was endorsed already.",
            where="bpo_source_lead_id is not null",
        ),
    )
    indexes = (
        Index(("company_id", "stage_id", "user_id")),
        Index(("company_id", "user_id", "priority desc", "id desc")),
        Index(("company_id", "priority desc", "id desc")),
        Index(("company_id", "bpo_callback_state"), where="bpo_callback_state in ('pending', 'failed', 'skipped')"),
        Index(("company_id", "bpo_source_lead_id"), where="bpo_source_lead_id is not null"),
        Index(("company_id", "date_won"), where="date_won is not null"),
        Index(("company_id", "date_lost", "lost_reason"), where="date_lost is not null"),
    )

    @rpc
    @classmethod
    async def log_call(
        cls,
        env: Env,
        ids: Any,
        result: Any,
        duration: Any = 0,
        summary: Any = None,
        call_date: Any = None,
        user_id: Any = None,
    ) -> int | list[int]:
        """Log a call of `duration` minutes about leads; answers the id of the call log, of several leads a list."""
        given = {"result": result, "duration": duration, "summary": summary, "call_date": call_date, "user_id": user_id}
        return await env[DealerCall].log(env, ids, given)

    @rpc(readonly=True)
    @classmethod
    async def get_actions(cls, env: Env, ids: Any) -> list[dict[str, Any]]:
        """Return each lead's buttons: {id, actions: {method: {visible, ready, reason}}}. `reason` says why not."""
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        fields = ["stage_id", "user_id", "sale_order_id", "bpo_source_lead_id"]
        leads = await cls.browse(env, wanted, fields)
        pipeline = await env[DealerStage].walk(env)
        blockers = await cls.gate(env, leads, lock=False)
        answer = []
        for lead in leads:
            stage = pipeline[lead.stage_id]
            situation = Situation(
                stage=stage.name,
                is_closed=stage.is_closed,
                is_mine=lead.user_id == env.user.id,
                is_unclaimed=lead["user_id"] is None,
                is_manager=env.has_group(MANAGER),
                has_order=lead["sale_order_id"] is not None,
                blocker=blockers[lead.id],
                callback_open=stage.is_closed and lead["bpo_source_lead_id"] is not None,
            )
            answer.append(told(lead.id, buttons(situation)))
        return answer

    @rpc(readonly=True)
    @classmethod
    async def search_filters(cls, env: Env) -> dict[str, list[Any]]:
        """Return the ready-made conditions by name, the caller's own pipeline included."""
        return {"my_pipeline": [["user_id", "=", env.user.id]], **FILTERS}

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Keep leads that have an order: they are archived, never deleted (H130)."""
        await super().before_delete(env, ids)
        kept = [
            lead.name
            for lead in await cls.lock(env, ids, ["name", "sale_order_id"])
            if lead["sale_order_id"] is not None
        ]
        if kept:
            raise UserError(
                f"{', '.join(kept)} cannot be deleted: there is an order. Archive the lead instead.",
                model=cls.meta.name,
            )
