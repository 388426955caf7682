"""The BPO's lead, put together. To Odoo's clients it is their crm.lead.

record.py       what it is made of
owning.py       claim, assign, work on what is claimed
moving.py       New, Qualified, Negotiation: one step forward at a time
closing.py      won and lost by hand
endorsing.py    handing it to a dealer
outcome.py      what the dealer says became of it          (dealer_report.py: what a dealer sends)
history.py      its whole way as one story
reconciling.py  comparing all of them with the dealers
actions.py      which buttons there are
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from models.bpo.actions import Situation, buttons
from models.bpo.call import BpoCall, Visit
from models.bpo.groups import AGENT, MANAGER, SUPERVISOR
from models.bpo.reconciling import Reconciling
from models.bpo.stage import BpoStage
from models.crm.button import told
from models.crm.claiming import refuse_closed
from models.orm import arguments
from models.orm.declare import USER, Access, Index, Key, Rule
from models.orm.methods import rpc

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

NUMBERS = "select tandem_next_number('crm.lead', c) from unnest($1::bigint[]) with ordinality w(c, o) order by o"
PARTNERS = """
select id, name, is_company, function, email as email_from, phone, mobile, website,
    street, street2, city, zip, state_id, country_id
from res_partner where id = any($1::bigint[])
"""
COPIED = (
    "function", "email_from", "phone", "mobile", "website", "street", "street2", "city", "zip", "state_id",
    "country_id",
)  # fmt: skip

# What people filter by; `search_filters` hands these to clients.
FILTERS: dict[str, list[Any]] = {
    "open_leads": [["user_id", "=", False], ["won_status", "=", "pending"]],
    "endorsed": [["endorse_state", "!=", "none"]],
    "endorsed_open": [["endorse_state", "!=", "none"], ["won_status", "=", "pending"]],
    "endorsement_failed": [["endorse_state", "=", "failed"]],
    "won": [["won_status", "=", "won"]],
    "lost": [["won_status", "=", "lost"], ["active", "in", [True, False]]],
}


class Lead(Reconciling, name="crm.lead", label="Lead"):
    """A customer who may buy, from capture to won, lost or endorsed."""

    __slots__ = ()

    access = (Access(read=AGENT, write=AGENT, delete=MANAGER),)
    rules = (
        Rule("own and unclaimed leads", AGENT, ["|", ["user_id", "=", USER], ["user_id", "=", None]]),
        Rule("all leads", SUPERVISOR, []),
    )
    company = "own"
    chatter = True
    feed = True
    order = "priority desc, id desc"
    keys = (Key(("company_id", "reference"), "Another lead has this reference."),)
    indexes = (
        Index(("company_id", "stage_id", "user_id", "expected_revenue"), where="active"),
        # Wide, so that a page by revenue finds stage and customer in the index alone and stops early.
        Index(("company_id", "expected_revenue desc", "id desc", "stage_id", "partner_id"), where="active"),
        Index(("company_id", "priority desc", "id desc")),
        Index(("company_id", "user_id", "priority desc", "id desc")),
        Index(("company_id", "endorse_state"), where="endorse_state in ('pending', 'failed')"),
        Index(("dealership_id", "id"), where="endorse_state <> 'none'"),
        Index(("company_id", "date_won"), where="date_won is not null"),
        Index(("company_id", "date_lost", "lost_reason"), where="date_lost is not null"),
    )

    @rpc
    @classmethod
    async def log_call(
        cls, env: Env, ids: Any, result: Any, duration: Any = 0, summary: Any = None, call_date: Any = None
    ) -> int | list[int]:
        """Log a call of `duration` minutes about leads; answers the id of the call log, of several leads a list."""
        given = {"result": result, "duration": duration, "summary": summary, "call_date": call_date}
        return await env[BpoCall].log(env, ids, given)

    @rpc
    @classmethod
    async def schedule_visit(cls, env: Env, ids: Any, date: Any, location: Any, notes: Any = None) -> list[int]:
        """Plan a visit about each lead; answers their ids."""
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        rows = [{"lead_id": one, "date": date, "location": location, "notes": notes} for one in wanted]
        visits: list[int] = await env[Visit].create(env, rows)
        return visits

    @rpc(readonly=True)
    @classmethod
    async def get_actions(cls, env: Env, ids: Any) -> list[dict[str, Any]]:
        """Return each lead's buttons: {id, actions: {method: {visible, ready, reason}}}. `reason` says why not."""
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        leads = await cls.browse(env, wanted, ["stage_id", "user_id", "brand_id", "endorse_state"])
        pipeline = await env[BpoStage].walk(env)
        answer = []
        for lead in leads:
            stage = pipeline[lead.stage_id]
            situation = Situation(
                stage=stage.name,
                endorsed_from=pipeline.last_open.name,
                is_closed=stage.is_closed,
                is_mine=lead["user_id"] == env.user.id,
                is_unclaimed=lead["user_id"] is None,
                is_supervisor=env.has_group(SUPERVISOR),
                has_brand=lead["brand_id"] is not None,
                endorse_state=lead.endorse_state,
            )
            answer.append(told(lead.id, buttons(situation)))
        return answer

    @rpc(readonly=True)
    @classmethod
    async def search_filters(cls, env: Env) -> dict[str, list[Any]]:
        """Return the ready-made conditions by name, the caller's own pipeline included."""
        return {"my_pipeline": [["user_id", "=", env.user.id]], **FILTERS}

    @classmethod
    async def lock_open(cls, env: Env, ids: Any) -> list[Self]:
        """Lock leads that the caller may work on, none of them closed."""
        leads, pipeline = await cls.lock_claimed(env, ids)
        for lead in leads:
            refuse_closed(lead, pipeline[lead.stage_id])
        return leads

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Take over what is known of the customer, and call a lead without a name by its reference."""
        await super().prepare_create(env, rows)
        partners = sorted({row["partner_id"] for row in rows if row.get("partner_id") is not None})
        if partners:
            known = {partner["id"]: dict(partner) for partner in await env.fetch(PARTNERS, partners)}
            for row in rows:
                _copy_customer(row, known.get(row.get("partner_id")))
        unnamed = [row for row in rows if not row.get("name")]
        if unnamed:
            numbers = await env.change(NUMBERS, [row["company_id"] for row in unnamed])
            for row, number in zip(unnamed, numbers, strict=True):
                row["name"] = row["reference"] = number[0]


def _copy_customer(row: Row, partner: Mapping[str, Any] | None) -> None:
    """Fill what the caller left out of contact data and address from the customer."""
    if partner is None:
        return
    for name in COPIED:
        if row.get(name) is None:
            row[name] = partner[name]
    label = "partner_name" if partner["is_company"] else "contact_name"
    if row.get(label) is None:
        row[label] = partner["name"]
