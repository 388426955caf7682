"""The dealer's side of reconciling: what it tells its BPO, and how it asks the BPO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from models.crm.agreement import Fate
from models.crm.reconciling import CALLBACK_REPAIRS, PAGE, Own, Reconcile, Reconciliation, Told, page_asked
from models.crm.workflow_step import elevated
from models.dealer.connection import REMOTE, BpoConnection
from models.dealer.groups import ADMIN, MANAGER, RECONCILE_SERVICE
from models.dealer.history import Remembering
from models.orm.arguments import is_unset
from models.orm.declare import Access
from models.orm.errors import UserError
from models.orm.methods import rpc
from models.sync.handler import RemoteAccount
from rpc_client import RemoteError

if TYPE_CHECKING:
    from models.orm.env import Env
    from rpc_client import AsyncClient

JOB = "dealer.reconcile"
KNOWN = """
select l.id, l.name, l.bpo_source_lead_id as bpo_lead_id, l.bpo_source_lead_name as bpo_lead_name,
    l.bpo_source_url as source_url, l.date_won, l.date_lost, l.lost_reason, o.name as order_name,
    l.bpo_callback_state as told
from dealer_crm_lead l left join sale_order o on o.id = l.sale_order_id
where l.company_id = $1 and l.bpo_source_lead_id > $2 and l.bpo_source_lead_id <= $3
order by l.bpo_source_lead_id, l.id
"""
IDS = """
select distinct bpo_source_lead_id from dealer_crm_lead
where company_id = $1 and bpo_source_lead_id > $2 order by 1 limit $3
"""
ODOO_GAPS = "order numbers, references and reasons of losses, and leads that the BPO alone has: an Odoo is not asked"


class Reconciling(Remembering):
    """The dealer's leads as both sides may ask about them."""

    @rpc(readonly=True, groups=(RECONCILE_SERVICE,))
    @classmethod
    async def hand_over_states(cls, env: Env, payload: Any) -> dict[str, Any]:
        """Tell the BPO what became of the leads it handed over: those after one of its ids, a page at a time.

        `payload` is {after, limit}. Answers {leads: [{bpo_lead_id, bpo_lead_name, dealer_lead_name, outcome,
        lost_reason, order_name, source_url}], next}; `next` is null on the last page, else what to ask for next.
        """
        after, limit = page_asked(payload)
        ids = [row[0] for row in await env.fetch(IDS, env.company_id, after, limit)]
        rows = await env.fetch(KNOWN, env.company_id, after, ids[-1]) if ids else []
        leads = [_own(row).fate.told() for row in rows]
        return {"leads": leads, "next": ids[-1] if len(ids) == limit else None}

    @rpc(groups=(MANAGER, ADMIN))
    @classmethod
    async def reconcile(cls, env: Env, repair: Any = False) -> int:
        """Compare all endorsed leads with the BPO; with `repair` send again what has not arrived there.

        Answers the id of a `dealer.crm.reconciliation`, which tells what differs as soon as its state is done.
        """
        system = elevated(env, "a manager has both sides compared")
        return await begun(system, env.company_id, repair=not is_unset(repair), by_worker=True)


async def begun(env: Env, company_id: int, *, repair: bool, by_worker: bool) -> int:
    """Begin a reconciliation of a company with its BPO. Raises `UserError` without a connection."""
    connection = await env[BpoConnection].active_id(env, company_id)
    if connection is None:
        raise UserError("There is no active BPO connection.")
    [row] = await env[BpoConnection].browse(env, [connection], ["url"])
    values = {"company_id": company_id, "remote_name": row["url"][:256], "repair": repair}
    return await env[DealerReconciliation].begin(env, values, REMOTE if by_worker else None)


class DealerReconciliation(Reconciliation, name="dealer.crm.reconciliation", label="Reconciliation with the BPO"):
    """A comparison of the dealer's endorsed leads with the BPO's."""

    access = (Access(read=MANAGER),)
    company = "own"
    job_kind: ClassVar[str] = JOB
    their_model: ClassVar[str] = "crm.lead"
    repairs: ClassVar[frozenset[str]] = CALLBACK_REPAIRS
    waiting: ClassVar[tuple[str, str]] = ("callback_not_confirmed", "the BPO has it, but has not confirmed it here")

    @classmethod
    async def targets(cls, env: Env) -> list[tuple[int, None]]:
        """Return every company that has a BPO."""
        found = await env[BpoConnection].find(env, [["active", "=", True]], ["company_id"], order="id")
        return [(connection["company_id"], None) for connection in found]

    @classmethod
    async def start(cls, env: Env, company_id: int, other: None, *, repair: bool) -> int:  # noqa: ARG003 one BPO
        """Begin one whose pages the caller goes through itself."""
        return await begun(env, company_id, repair=repair, by_worker=False)

    @classmethod
    async def account(cls, env: Env, run_id: int) -> RemoteAccount:
        """Return the account at the company's BPO."""
        found = await env[BpoConnection].active_account(env, await cls._company(env, run_id))
        if found is None:
            raise UserError("There is no active BPO connection.")
        return found

    @classmethod
    async def own(cls, env: Env, run_id: int, after: int, upto: int) -> list[Own]:
        """Return the endorsed leads of a range."""
        rows = await env.fetch(KNOWN, await cls._company(env, run_id), after, upto)
        return [_own(row) for row in rows]

    @classmethod
    async def own_ids(cls, env: Env, run_id: int, after: int) -> list[int]:
        """Return the BPO's ids of the next page."""
        rows = await env.fetch(IDS, await cls._company(env, run_id), after, PAGE)
        return [row[0] for row in rows]

    @classmethod
    async def own_links(cls, env: Env) -> str:  # noqa: ARG003
        """All that the BPO tells was endorsed to us."""
        return ""

    @classmethod
    async def ask_odoo(cls, client: AsyncClient, ids: list[int]) -> Told:
        """Ask an Odoo for the stages of these leads. Lost is a flag of the stage, or an archived lead at 0 %."""
        hidden = {"active_test": False}
        fields = ["name", "active", "probability"]
        found = await client.execute("crm.lead", "search_read", [[["id", "in", ids]], fields], hidden)
        won = await _in_stage(client, ids, "is_won")
        lost = await _in_stage(client, ids, "is_lost")
        fates = [
            Fate(
                lead["id"],
                bpo_lead_name=lead["name"] if isinstance(lead.get("name"), str) else None,
                outcome="won" if lead["id"] in won else "lost" if lead["id"] in lost or _is_dead(lead) else None,
            )
            for lead in found
        ]
        return Told(fates, known=frozenset(), not_compared=ODOO_GAPS)

    @classmethod
    async def resend(cls, env: Env, lead_id: int) -> None:
        """Tell the outcome again, as the same event."""
        await env["dealer.crm.lead"].resend_callback(env, [lead_id])

    @classmethod
    async def _company(cls, env: Env, run_id: int) -> int:
        [run] = await cls.browse(env, [run_id], ["company_id"])
        return int(run["company_id"])


class ReconcileWithBpo(Reconcile):
    """Compares a page of leads with the BPO."""

    kind: ClassVar[str] = JOB
    model: ClassVar[type[Reconciliation]] = DealerReconciliation


async def _in_stage(client: AsyncClient, ids: list[int], flag: str) -> set[int]:
    """Return the leads whose stage has a flag; none when this Odoo does not know the flag."""
    try:
        found = await client.execute(
            "crm.lead", "search", [[["id", "in", ids], [f"stage_id.{flag}", "=", True]]], {"active_test": False}
        )
    except RemoteError:
        if flag == "is_won":
            raise
        return set()
    return set(found)


def _is_dead(lead: dict[str, Any]) -> bool:
    return lead.get("active") is False and not lead.get("probability")


def _own(row: Any) -> Own:
    outcome = "won" if row["date_won"] is not None else "lost" if row["date_lost"] is not None else None
    fate = Fate(
        row["bpo_lead_id"],
        row["bpo_lead_name"],
        row["name"],
        outcome,
        row["lost_reason"],
        row["order_name"],
        row["source_url"],
    )
    return Own(row["id"], row["name"], fate, waits=outcome is not None and row["told"] != "done")
